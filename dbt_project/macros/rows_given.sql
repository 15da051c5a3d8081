{#
    The rows of a source, its declared columns as the types that it declares; none where the build was given no such
    table. A column that is not declared goes no further: raw_text, what a sender wrote.
#}
{% macro rows_given(source_name, table_name) -%}
    {%- set relation = source(source_name, table_name) -%}
    {%- set given = execute and load_relation(relation) is not none -%}
    {%- set node = graph.sources['source.tally.' ~ source_name ~ '.' ~ table_name] if execute else {} -%}
    (
        select
            {%- for column in node.get('columns', {}).values() %}
            cast({{ column.name if given else 'null' }} as {{ column.data_type }}) as {{ column.name }},
            {%- else %}
            *
            {%- endfor %}
        {%- if given or not execute %}
        from {{ relation }}
        {%- else %}
        where false
        {%- endif %}
    )
{%- endmacro %}
