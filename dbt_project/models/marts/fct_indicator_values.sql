-- Grain: one row per frame, area of the frame, period, indicator and cell (sex, age band, subset).
with

figures_unordered as (select * from {{ ref('int_figures') }}),

published as (select * from {{ ref('int_figures_published') }}),

years_before as (select * from {{ ref('int_years_before') }}),

frame_areas as (select * from {{ ref('int_frame_areas') }}),

cells_printed as (select * from {{ ref('int_cells_printed') }}),

cells as (
    select distinct
        cell_number,
        indicator_code,
        sex,
        age_band,
        subset,
    from cells_printed
),

-- most are asked for these, and where they stand together the others need not be read: sorting all would cost more
largest_areas as (
    select frame_area_number
    from frame_areas
    where area_level in ('nation', 'province')
),

figures as (
    select figures_unordered.*
    from figures_unordered
    semi join largest_areas on figures_unordered.frame_area_number = largest_areas.frame_area_number

    union all

    select figures_unordered.*
    from figures_unordered
    anti join largest_areas on figures_unordered.frame_area_number = largest_areas.frame_area_number
),

figures_told as (
    select
        period_code,
        frame_area_number,
        cell_number,
        obs_value,
        obs_status,
    from figures_unordered
    where obs_value is not null

    union all

    select
        period_code,
        frame_area_number,
        cell_number,
        obs_value,
        obs_status,
    from published
    where obs_value is not null
),

figures_before as (
    select
        years_before.frame_area_number,
        years_before.period_code,
        figures_told.cell_number,
        figures_told.obs_value,
        figures_told.obs_status,
    from years_before
    inner join figures_told
        on
            years_before.number_before = figures_told.frame_area_number
            and years_before.period_before = figures_told.period_code
)

select
    frame_areas.frame,
    frame_areas.area_code,
    frame_areas.area_level,
    figures.period_code,
    cells.indicator_code,
    cells.sex,
    cells.age_band,
    cells.subset,
    figures.obs_value,
    figures.obs_status,
    figures.status_reason,
    figures.areas_expected,
    figures.areas_accepted,
    figures.areas_filled,
    figures_before.obs_value as value_year_before,
    figures_before.obs_status as status_year_before,
    figures.obs_value - figures_before.obs_value as change_on_year,
from figures
inner join frame_areas on figures.frame_area_number = frame_areas.frame_area_number
inner join cells on figures.cell_number = cells.cell_number
left join figures_before
    on
        figures.frame_area_number = figures_before.frame_area_number
        and figures.period_code = figures_before.period_code
        and figures.cell_number = figures_before.cell_number
