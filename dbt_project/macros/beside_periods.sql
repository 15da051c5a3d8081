{#
    What stands of other sources, beside each period of the reports that their contracts set a window to; where several are,
    that of the reports themselves. For a view: in the file of the view itself, whatever name it is opened by.
#}
{% macro beside_periods() -%}
    (
        select
            source_values.*,
            source_windows.period_code,
        from {{ ref('fct_source_values').include(database=false) }} as source_values
        inner join {{ ref('dim_source_windows').include(database=false) }} as source_windows
            on
                source_values.source_code = source_windows.source_code
                and source_values.window_start = source_windows.window_start
                and source_values.window_end = source_windows.window_end
        where
            source_values.is_current
            and source_values.is_used
        qualify row_number() over (
            partition by
                source_values.source_code,
                source_values.indicator_code,
                source_values.area_code,
                source_windows.period_code,
                source_values.sex,
                source_values.age_band
            order by source_windows.comparability = 'same_window' desc
        ) = 1
    )
{%- endmacro %}
