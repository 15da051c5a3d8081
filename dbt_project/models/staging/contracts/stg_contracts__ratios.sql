-- Grain: one row per ratio.
with

ratios as (select * from {{ ref('ratios') }})

select
    ratio_code,
    position as ratio_position,
    label_vi,
    label_en,
    kind,
    per,
    formula_vi,
    formula_en,
    denominator_vi,
    denominator_en,
    denominator_place,
    population_column,
    source,
    since as since_period_code,
    until as until_period_code,
from ratios
