-- Grain: one row per derived period.
with

second_halves as (select * from {{ ref('second_halves') }})

select
    period_code,
    year as period_year,
    first_half_code,
    whole_year_code,
    start_date,
    end_date,
    map_date,
    label_vi,
    label_en,
from second_halves
