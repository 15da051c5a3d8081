{# Periods in the order of their ends: by year, and the six months (S1) before the year (A1). #}
{% macro period_order(period_code) -%}
    cast(left({{ period_code }}, 4) as integer) * 2 + if(right({{ period_code }}, 2) = 'A1', 1, 0)
{%- endmacro %}


{# Whether a line of a contract holds in a period: `since` and `until` belong to it, blank is open. #}
{% macro in_force(line, period_code) -%}
    (
        {{ line }}.since_period_code is null
        or {{ period_order(line ~ '.since_period_code') }} <= {{ period_order(period_code) }}
    )
    and (
        {{ line }}.until_period_code is null
        or {{ period_order(line ~ '.until_period_code') }} >= {{ period_order(period_code) }}
    )
{%- endmacro %}


{# The same part of the year before. #}
{% macro year_before(period_code) -%}
    (cast(left({{ period_code }}, 4) as integer) - 1) || right({{ period_code }}, 3)
{%- endmacro %}
