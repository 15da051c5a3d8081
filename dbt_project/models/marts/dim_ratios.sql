-- Grain: one row per ratio.
with

ratios as (select * from {{ ref('stg_contracts__ratios') }})

select
    ratio_code,
    label_vi,
    label_en,
    kind,
    per,
    formula_vi,
    formula_en,
    denominator_vi,
    denominator_en,
    source,
    since_period_code,
    until_period_code,
from ratios
order by ratio_position
