-- Grain: one row per area of a frame in a period and cell that an area at or below it reported on.
with

observations as (select * from {{ ref('int_observations_current') }}),

cells_printed as (select * from {{ ref('int_cells_printed') }}),

areas as (select * from {{ ref('int_areas_mapped') }}),

areas_placed as (select * from {{ ref('int_areas_placed') }}),

frame_areas as (select * from {{ ref('figure_areas') }}),

cells as (
    select distinct
        cell_number,
        adds_up,
        reporting_level,
    from cells_printed
),

placed as (
    select
        areas.area_number,
        frame_areas.frame_area_number,
        areas_placed.is_whole,
        areas_placed.share,
        areas_placed.is_itself,
        count(*) over (partition by frame_areas.frame_area_number) = 1 as is_alone,
    from areas_placed
    inner join areas
        on
            areas_placed.period_code = areas.period_code
            and areas_placed.area_code = areas.area_code
    inner join frame_areas
        on
            areas_placed.frame = frame_areas.frame
            and areas_placed.period_code = frame_areas.period_code
            and areas_placed.frame_area_code = frame_areas.area_code
),

owed as (
    select
        observations.area_number,
        observations.cell_number,
        observations.obs_value,
        observations.cell_state = 'not_applicable' as is_not_applicable,
        observations.is_corrected,
        cells.adds_up <> 'never' as is_added,
    from observations
    inner join cells on observations.cell_number = cells.cell_number
    inner join areas
        on
            observations.area_number = areas.area_number
            and {{ owes_row('areas', 'cells') }}
),

-- read twice: in memory it would not fit
added as not materialized (
    select
        placed.frame_area_number,
        owed.cell_number,
        owed.obs_value,
        owed.is_not_applicable,
        owed.is_corrected,
        placed.is_whole,
        placed.share,
        placed.is_alone,
    from owed
    inner join placed
        on
            owed.area_number = placed.area_number
            -- a figure that never adds up stays with the area that reported it
            and (owed.is_added or placed.is_itself)
)

-- null, not zero, where nobody reported: sum() passes over blanks, count() tells
select
    frame_area_number,
    cell_number,
    cast(sum(obs_value) filter (where is_whole) as bigint) as obs_value,
    sum(obs_value * share) filter (where not is_whole) as parts_value,
    cast(count(obs_value) as integer) as areas_filled,
    cast(count(*) filter (where is_not_applicable) as integer) as areas_not_applicable,
    cast(count(*) filter (where is_corrected) as integer) as areas_corrected,
from added
where not is_alone
group by
    frame_area_number,
    cell_number

union all

-- nearly all figures are those of one area: summing them too would take longer than all else
select
    frame_area_number,
    cell_number,
    if(is_whole, obs_value, null) as obs_value,
    if(is_whole, null, obs_value * share) as parts_value,
    if(obs_value is null, 0, 1) as areas_filled,
    if(is_not_applicable, 1, 0) as areas_not_applicable,
    if(is_corrected, 1, 0) as areas_corrected,
from added
where is_alone
