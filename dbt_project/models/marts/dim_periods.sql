-- Grain: one row per period.
with

periods as (select * from {{ ref('stg_contracts__periods') }})

select
    period_code,
    period_year,
    period_part,
    start_date,
    end_date,
    map_date,
    label_vi,
    label_en,
from periods
order by end_date
