-- Grain: one row per period, area level and province; no province: the day of all that set none of their own.
with

due_days as (select * from {{ ref('due_days') }})

select
    period_code,
    area_level,
    province_code,
    due_date,
from due_days
