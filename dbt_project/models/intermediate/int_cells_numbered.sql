-- Grain: one row per edition of a cell: an indicator and a column.
with

indicator_cells as (select * from {{ ref('stg_contracts__indicator_cells') }})

select
    indicator_code,
    column_code,
    sex,
    age_band,
    subset,
    since_period_code,
    until_period_code,
    cast(dense_rank() over (order by indicator_code, column_code) as integer) as cell_number,
from indicator_cells
