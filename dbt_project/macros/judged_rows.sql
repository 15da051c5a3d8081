{#
    One Parquet file of every judgement folder: the columns that the source declares, as the types it declares, and the
    batch that the folder names. Without folders: no rows. A column that is not declared goes no further: raw_text, what
    a sender wrote.
#}
{% macro judged_rows(table_name) -%}
    {%- set relation = source('judgements', table_name) -%}
    {%- set folders = var('judgement_folders') -%}
    {%- set columns = graph.sources['source.tally.judgements.' ~ table_name].columns.values() if execute else [] -%}
    (
        select
            {%- for column in columns %}
            cast({{ column.name if folders else 'null' }} as {{ column.data_type }}) as {{ column.name }},
            {%- endfor %}
            {%- if folders %}
            regexp_extract(filename, '([^/]+)/[^/]+$', 1) as judged_in,
        from read_parquet(
            [
                {%- for folder in folders %}
                '{{ folder | replace("'", "''") }}/{{ table_name }}.parquet',
                {%- endfor %}
            ],
            union_by_name = true,
            filename = true
        )
            {%- else %}
            cast(null as varchar) as judged_in,
        where false
            {%- endif %}
    )
{%- endmacro %}


{# Which batch holds the current judgement of each submission; a replay leaves older ones behind. #}
{% macro current_judgements() -%}
    {%- if var('judgement_folders') -%}
        read_csv('{{ var("judged_file") | replace("'", "''") }}', header = true, all_varchar = true)
    {%- else -%}
        (select cast(null as varchar) as submission_id, cast(null as varchar) as batch_id where false)
    {%- endif -%}
{%- endmacro %}
