{#
    A seed read by DuckDB alone: dbt's own reader of tables takes seconds for the maps of the country. A column that is
    declared and not there is an error; an empty field is null.
#}
{% materialization seed, adapter='duckdb' %}
    {%- set relation = this.incorporate(type='table') -%}
    {{ run_hooks(pre_hooks) }}
    {% call statement('main') -%}
        create or replace table {{ relation }} as
        from read_csv(
            '{{ adapter.get_seed_file_path(model) }}',
            header = true, delim = ',', quote = '"', escape = '"',
            types = { {%- for name, type in config.get('column_types').items() %}'{{ name }}': '{{ type }}', {% endfor -%} }
        )
    {%- endcall %}
    {% do store_result('agate_table', response='OK') %}
    {% do adapter.commit() %}
    {{ run_hooks(post_hooks) }}
    {{ return({'relations': [relation]}) }}
{% endmaterialization %}
