-- Grain: one row per ratio, part of it and cell that is added up to the part.
with

ratio_cells as (select * from {{ ref('ratio_cells') }})

select
    ratio_code,
    is_numerator,
    indicator_code,
    sex,
    age_band,
    subset,
from ratio_cells
