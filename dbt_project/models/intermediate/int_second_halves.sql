-- Grain: one row per area of a frame on the map of a year and cell: the second half of a flow, as far as it is known.
-- Differences are taken over the smallest territory that both reports tell exactly, and only where both are complete.
with

halves as (
    select *
    from {{ ref('int_second_halves_exact') }}
    where is_built
),

areas as (select * from {{ ref('int_areas_mapped') }}),

placed as (select * from {{ ref('int_areas_placed') }}),

areas_expected as (select * from {{ ref('int_areas_expected') }}),

frame_areas as (select * from {{ ref('figure_areas') }}),

rolled_up as (select * from {{ ref('int_observations_rolled_up') }}),

published as (select * from {{ ref('int_figures_published') }}),

cells_printed as (select * from {{ ref('int_cells_printed') }}),

flows as (
    select
        first_cells.period_code as first_half_code,
        year_cells.period_code as whole_year_code,
        year_cells.cell_number,
    from cells_printed as year_cells
    inner join cells_printed as first_cells on year_cells.cell_number = first_cells.cell_number
    where
        year_cells.adds_up = 'flow'
        and year_cells.reporting_level = 'lowest'
),

-- a stable group, or on one unchanged map the lowest area itself
units as (
    select
        placed.frame,
        placed.period_code,
        placed.area_code,
        placed.frame_area_code as unit_code,
    from placed
    inner join areas
        on
            placed.period_code = areas.period_code
            and placed.area_code = areas.area_code
    where
        areas.is_lowest
        and (placed.frame_area_level = 'stable_group' or placed.is_itself)
),

units_placed as (
    select distinct
        halves.frame,
        halves.whole_year_code,
        units.frame as unit_frame,
        units.unit_code,
        placed.frame_area_code,
        placed.frame_area_level,
    from halves
    inner join units
        on
            halves.whole_year_code = units.period_code
            and if(halves.frame = 'as_reported', 'as_reported', 'stable_groups') = units.frame
    inner join placed
        on
            halves.frame = placed.frame
            and units.period_code = placed.period_code
            and units.area_code = placed.area_code
),

-- a unit that lies in two areas of a frame cannot be told in either
units_cut as (
    select
        *,
        count(*) over (partition by frame, whole_year_code, unit_code, frame_area_level) > 1 as is_cut,
    from units_placed
),

years as (
    select distinct
        whole_year_code,
        first_half_code,
    from halves
),

unit_numbers as (
    select
        years.whole_year_code,
        years.first_half_code,
        year_areas.frame as unit_frame,
        year_areas.area_code as unit_code,
        year_areas.frame_area_number as year_number,
        first_areas.frame_area_number as first_number,
        year_areas.areas_expected as year_expected,
        first_areas.areas_expected as first_expected,
    from years
    inner join areas_expected as year_areas on years.whole_year_code = year_areas.period_code
    inner join areas_expected as first_areas
        on
            years.first_half_code = first_areas.period_code
            and year_areas.frame = first_areas.frame
            and year_areas.area_code = first_areas.area_code
            and year_areas.territory = first_areas.territory
            and year_areas.reporting_level = first_areas.reporting_level
    where year_areas.reporting_level = 'lowest'
),

-- a unit is whole: what was published of it is what was added up
told as (
    select
        frame_area_number,
        cell_number,
        obs_value,
        areas_filled,
        areas_corrected,
    from rolled_up

    union all

    select
        published.frame_area_number,
        published.cell_number,
        published.obs_value,
        published.areas_filled,
        published.areas_corrected,
    from published
    semi join years on published.period_code in (years.whole_year_code, years.first_half_code)
),

differences as (
    select
        unit_numbers.whole_year_code,
        unit_numbers.unit_frame,
        unit_numbers.unit_code,
        whole_year.cell_number,
        unit_numbers.year_expected,
        whole_year.obs_value - first_half.obs_value as obs_value,
        whole_year.areas_corrected + first_half.areas_corrected as areas_corrected,
    from unit_numbers
    inner join told as whole_year
        on
            unit_numbers.year_number = whole_year.frame_area_number
            and unit_numbers.year_expected = whole_year.areas_filled
    inner join told as first_half
        on
            unit_numbers.first_number = first_half.frame_area_number
            and unit_numbers.first_expected = first_half.areas_filled
            and whole_year.cell_number = first_half.cell_number
    inner join flows
        on
            unit_numbers.whole_year_code = flows.whole_year_code
            and unit_numbers.first_half_code = flows.first_half_code
            and whole_year.cell_number = flows.cell_number
    -- only units that something is derived from
    semi join units_placed
        on
            unit_numbers.whole_year_code = units_placed.whole_year_code
            and unit_numbers.unit_frame = units_placed.unit_frame
            and unit_numbers.unit_code = units_placed.unit_code
)

select
    frame_areas.frame_area_number,
    differences.cell_number,
    -- a cumulative figure cannot fall: where it does, one of the two is wrong and there is no second half
    cast(sum(differences.obs_value) filter (where differences.obs_value >= 0) as bigint) as obs_value,
    cast(coalesce(sum(differences.year_expected) filter (where differences.obs_value >= 0), 0) as integer)
        as areas_filled,
    cast(coalesce(sum(differences.areas_corrected) filter (where differences.obs_value >= 0), 0) as integer)
        as areas_corrected,
    bool_or(differences.obs_value < 0) as has_fallen,
    bool_or(units_cut.is_cut) as is_cut,
from differences
inner join units_cut
    on
        differences.whole_year_code = units_cut.whole_year_code
        and differences.unit_frame = units_cut.unit_frame
        and differences.unit_code = units_cut.unit_code
inner join frame_areas
    on
        units_cut.frame = frame_areas.frame
        and units_cut.whole_year_code = frame_areas.period_code
        and units_cut.frame_area_code = frame_areas.area_code
group by
    frame_areas.frame_area_number,
    differences.cell_number
