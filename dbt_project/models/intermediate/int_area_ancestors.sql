-- Grain: one row per period, area and ancestor on the map of the period; each area is its own first ancestor.
with recursive

areas as (select * from {{ ref('int_areas_mapped') }}),

climb as (
    select
        period_code,
        area_code,
        area_code as ancestor_code,
        area_level as ancestor_level,
        parent_code as next_code,
        0 as distance,
    from areas

    union all

    select
        climb.period_code,
        climb.area_code,
        parents.area_code as ancestor_code,
        parents.area_level as ancestor_level,
        parents.parent_code as next_code,
        climb.distance + 1 as distance,
    from climb
    inner join areas as parents
        on
            climb.period_code = parents.period_code
            and climb.next_code = parents.area_code
)

select
    period_code,
    area_code,
    ancestor_code,
    ancestor_level,
    distance,
from climb
