-- Grain: one row per frame, area on it and day on which its people were counted.
with

populations as (select * from {{ ref('populations') }})

select
    frame,
    area_code,
    valid_from,
    count_date,
    children_under_16,
    population,
    source,
from populations
