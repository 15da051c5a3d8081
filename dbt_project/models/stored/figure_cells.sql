-- Grain: one row per cell that any edition of a form prints.
with

cells as (select * from {{ ref('int_cells_numbered') }})

select distinct
    cell_number,
    indicator_code,
    sex,
    age_band,
    subset,
from cells
order by cell_number
