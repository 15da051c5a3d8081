-- Grain: one row per edition of an indicator.
with

indicators as (select * from {{ ref('stg_contracts__indicators') }})

select
    indicator_code,
    since_period_code,
    until_period_code,
    form_code,
    row_code,
    row_position,
    label_vi,
    label_en,
    unit,
    unit_vi,
    unit_en,
    adds_up,
    reporting_level,
from indicators
order by
    form_code,
    row_position,
    indicator_code,
    since_period_code nulls first
