-- Grain: one row per area of a frame, period and cell whose figure stands as published and is compared with one built.
with

periods as (select * from {{ ref('int_periods_collected') }}),

halves as (select * from {{ ref('int_second_halves_exact') }}),

frame_areas as (select * from {{ ref('int_frame_areas') }}),

cells_printed as (select * from {{ ref('int_cells_printed') }}),

frames as (select * from {{ ref('stg_contracts__frames') }}),

figures as (select * from {{ ref('stg_published__figures') }}),

given as (
    select
        period_code,
        period_code as reported_period_code,
        period_year,
        period_part,
        is_built,
    from periods

    union all

    select distinct
        period_code,
        whole_year_code as reported_period_code,
        period_year,
        'S2' as period_part,
        is_built,
    from halves
),

-- the other half of a year, on the maps that have its second half; the same part of the year before, on all
compared as (
    select
        given.*,
        halves.frame,
    from given
    inner join halves on given.reported_period_code in (halves.first_half_code, halves.whole_year_code)
    where
        not given.is_built
        and given.period_part <> 'S2'
        and halves.is_built

    union

    select
        given.*,
        frames.frame,
    from given
    cross join frames
    where
        not given.is_built
        and exists (
            select 1
            from given as built
            where
                built.is_built
                and built.period_year = given.period_year + 1
                and built.period_part = given.period_part
        )
),

cells as (
    select distinct
        cell_number,
        indicator_code,
        sex,
        age_band,
        subset,
    from cells_printed
)

select
    figures.period_code,
    frame_areas.frame_area_number,
    cells.cell_number,
    figures.obs_value,
    figures.obs_status,
    figures.areas_filled,
    if(figures.obs_status = 'Z', figures.areas_expected, 0) as areas_not_applicable,
from figures
inner join compared
    on
        figures.period_code = compared.period_code
        and figures.frame = compared.frame
inner join frame_areas
    on
        figures.frame = frame_areas.frame
        and compared.reported_period_code = frame_areas.period_code
        and figures.area_code = frame_areas.area_code
inner join cells
    on
        figures.indicator_code = cells.indicator_code
        and figures.sex = cells.sex
        and figures.age_band = cells.age_band
        and figures.subset = cells.subset
where
    figures.areas_filled > 0
    or figures.obs_status = 'Z'
