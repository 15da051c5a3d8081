-- Grain: one row per period.
with

periods as (select * from {{ ref('periods') }})

select
    period_code,
    year as period_year,
    part as period_part,
    start_date,
    end_date,
    map_date,
    label_vi,
    label_en,
from periods
