-- Grain: one row per period, area of any level and cell that an area at or below it reported on.
with

observations as (select * from {{ ref('int_observations_current') }}),

cells as (select * from {{ ref('int_cells_printed') }}),

areas as (select * from {{ ref('int_areas_mapped') }}),

ancestors as (select * from {{ ref('int_area_ancestors') }})

select
    observations.period_code,
    ancestors.ancestor_code as area_code,
    observations.cell_number,
    -- null, not zero, where nobody reported: sum() passes over blanks, count() tells
    cast(sum(observations.obs_value) as bigint) as obs_value,
    cast(count(observations.obs_value) as integer) as areas_filled,
    cast(count(*) filter (where observations.cell_state = 'not_applicable') as integer) as areas_not_applicable,
from observations
inner join cells
    on
        observations.period_code = cells.period_code
        and observations.cell_number = cells.cell_number
inner join areas
    on
        observations.period_code = areas.period_code
        and observations.area_code = areas.area_code
        and {{ owes_row('areas', 'cells') }}
inner join ancestors
    on
        observations.period_code = ancestors.period_code
        and observations.area_code = ancestors.area_code
        -- a figure that never adds up stays with the area that reported it
        and (ancestors.distance = 0 or cells.adds_up <> 'never')
group by
    observations.period_code,
    ancestors.ancestor_code,
    observations.cell_number
