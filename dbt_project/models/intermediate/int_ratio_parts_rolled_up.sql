-- Grain: one row per nation, province or district of a frame and ratio of which an area at or below it filled a part.
with

observations as (select * from {{ ref('int_observations_current') }}),

cells_printed as (select * from {{ ref('int_cells_printed') }}),

areas as (select * from {{ ref('int_areas_mapped') }}),

areas_placed as (select * from {{ ref('int_areas_placed') }}),

areas_expected as (select * from {{ ref('int_areas_expected') }}),

frames as (select * from {{ ref('stg_contracts__frames') }}),

ratio_cells as (select * from {{ ref('stg_contracts__ratio_cells') }}),

-- numbers for words: figures are joined by them in millions
cells as (
    select distinct
        dense_rank() over (order by ratio_cells.ratio_code) as ratio_number,
        ratio_cells.ratio_code,
        ratio_cells.is_numerator,
        cells_printed.cell_number,
    from ratio_cells
    inner join cells_printed
        on
            ratio_cells.indicator_code = cells_printed.indicator_code
            and ratio_cells.sex = cells_printed.sex
            and ratio_cells.age_band = cells_printed.age_band
            and ratio_cells.subset = cells_printed.subset
),

parts as (
    select
        ratio_number,
        ratio_code,
        count(*) filter (where is_numerator) as numerator_cells,
        count(*) filter (where not is_numerator) as denominator_cells,
    from cells
    group by
        ratio_number,
        ratio_code
),

of_areas as (
    select
        observations.area_number,
        cells.ratio_number,
        sum(observations.obs_value) filter (where cells.is_numerator) as numerator_value,
        sum(observations.obs_value) filter (where not cells.is_numerator) as denominator_value,
        count(*) filter (where cells.is_numerator) as numerator_cells,
        count(*) filter (where not cells.is_numerator) as denominator_cells,
    from observations
    inner join areas
        on
            observations.area_number = areas.area_number
            and areas.is_lowest
    inner join cells on observations.cell_number = cells.cell_number
    where observations.obs_value is not null
    group by
        observations.area_number,
        cells.ratio_number
),

-- an area takes part with a part of which it filled every cell
filled as (
    select
        of_areas.area_number,
        of_areas.ratio_number,
        if(of_areas.numerator_cells = parts.numerator_cells, of_areas.numerator_value, null) as numerator_value,
        if(of_areas.denominator_cells = parts.denominator_cells, of_areas.denominator_value, null)
            as denominator_value,
    from of_areas
    inner join parts on of_areas.ratio_number = parts.ratio_number
    where of_areas.numerator_cells = parts.numerator_cells
),

holders as (
    select distinct
        areas_expected.frame,
        areas_expected.period_code,
        areas_expected.area_code,
        areas_expected.frame_area_number,
    from areas_expected
    inner join frames on areas_expected.frame = frames.frame
    where
        areas_expected.area_level in ('nation', 'province', 'district')
        and not frames.has_estimates
),

placed as (
    select
        areas.area_number,
        holders.frame_area_number,
    from areas_placed
    inner join areas
        on
            areas_placed.period_code = areas.period_code
            and areas_placed.area_code = areas.area_code
            and areas.is_lowest
    inner join holders
        on
            areas_placed.frame = holders.frame
            and areas_placed.period_code = holders.period_code
            and areas_placed.frame_area_code = holders.area_code
),

-- areas that lie in the same holders are added up once for all of them
neighbours as (
    select
        area_number,
        hash(list(frame_area_number order by frame_area_number)) as neighbourhood,
    from placed
    group by area_number
),

of_neighbours as (
    select
        neighbours.neighbourhood,
        any_value(filled.area_number) as area_number,
        filled.ratio_number,
        sum(filled.numerator_value) as numerator_alone_value,
        count(*) as numerator_areas,
        sum(filled.numerator_value) filter (where filled.denominator_value is not null) as numerator_value,
        sum(filled.denominator_value) as denominator_value,
        count(filled.denominator_value) as areas_filled,
    from filled
    inner join neighbours on filled.area_number = neighbours.area_number
    group by
        neighbours.neighbourhood,
        filled.ratio_number
)

select
    placed.frame_area_number,
    parts.ratio_code,
    cast(sum(of_neighbours.numerator_alone_value) as bigint) as numerator_alone_value,
    cast(sum(of_neighbours.numerator_areas) as integer) as numerator_areas,
    cast(sum(of_neighbours.numerator_value) as bigint) as numerator_value,
    cast(sum(of_neighbours.denominator_value) as bigint) as denominator_value,
    cast(sum(of_neighbours.areas_filled) as integer) as areas_filled,
from of_neighbours
inner join placed on of_neighbours.area_number = placed.area_number
inner join parts on of_neighbours.ratio_number = parts.ratio_number
group by
    placed.frame_area_number,
    parts.ratio_code
