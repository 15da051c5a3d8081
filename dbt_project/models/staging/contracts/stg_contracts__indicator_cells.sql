-- Grain: one row per edition of a cell that a form prints.
with

indicator_cells as (select * from {{ ref('indicator_cells') }})

select
    indicator_code,
    column_code,
    sex,
    age_band,
    subset,
    since as since_period_code,
    until as until_period_code,
from indicator_cells
