-- Grain: one row per form and part of the year that asks for it.
with

form_periods as (select * from {{ ref('form_periods') }})

select
    form_code,
    part as period_part,
from form_periods
