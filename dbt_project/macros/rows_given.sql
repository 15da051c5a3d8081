{#
    The rows of a source, its declared columns as the types that it declares; none where the build was given no such
    table. A column that is not declared goes no further: raw_text, what a sender wrote.
#}
{% macro rows_given(source_name, table_name) -%}
    {%- set relation = source(source_name, table_name) -%}
    {%- set given = execute and load_relation(relation) is not none -%}
    {%- set node = graph.sources['source.tally.' ~ source_name ~ '.' ~ table_name] if execute else {} -%}
    {%- set columns = [] -%}
    {%- for column in node.get('columns', {}).values() -%}
        {%- set said = column.name if given else 'null' -%}
        {%- do columns.append('cast(' ~ said ~ ' as ' ~ column.data_type ~ ') as ' ~ column.name) -%}
    {%- endfor -%}
    (select {{ columns | join(', ') or '*' }} {{ 'from ' ~ relation if given or not execute else 'where false' }})
{%- endmacro %}
