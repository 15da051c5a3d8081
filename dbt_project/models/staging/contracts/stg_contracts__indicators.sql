-- Grain: one row per edition of an indicator.
with

indicators as (select * from {{ ref('indicators') }})

select
    indicator_code,
    form_code,
    row_code,
    position as row_position,
    label_vi,
    label_en,
    unit,
    unit_vi,
    unit_en,
    adds_up,
    reporting_level,
    since as since_period_code,
    until as until_period_code,
from indicators
