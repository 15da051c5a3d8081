-- Grain: one row per period and area that no chain of parents joins to the nation.
with

areas as (select * from {{ ref('int_areas_mapped') }}),

reached as (
    select *
    from {{ ref('int_area_ancestors') }}
    where ancestor_level = 'nation'
)

select
    areas.period_code,
    areas.area_code,
from areas
anti join reached
    on
        areas.period_code = reached.period_code
        and areas.area_code = reached.area_code
