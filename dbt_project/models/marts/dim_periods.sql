-- Grain: one row per period, those that are only derived included.
with

periods as (select * from {{ ref('stg_contracts__periods') }}),

second_halves as (select * from {{ ref('stg_contracts__second_halves') }})

select
    period_code,
    period_year,
    period_part,
    start_date,
    end_date,
    map_date,
    label_vi,
    label_en,
    false as is_derived,
from periods

union all

select
    period_code,
    period_year,
    'S2' as period_part,
    start_date,
    end_date,
    map_date,
    label_vi,
    label_en,
    true as is_derived,
from second_halves
order by
    end_date,
    start_date
