-- Grain: one row per area of a frame, period and cell whose figure stands as published and makes a second half.
with

halves as (
    select *
    from {{ ref('int_second_halves_exact') }}
    where is_built
),

periods as (
    select *
    from {{ ref('int_periods_collected') }}
    where not is_built
),

frame_areas as (select * from {{ ref('figure_areas') }}),

figures as (select * from {{ ref('stg_published__figures') }}),

-- the other half of a year, on the maps that have its second half
areas as (
    select frame_areas.*
    from frame_areas
    semi join periods on frame_areas.period_code = periods.period_code
    semi join halves
        on
            frame_areas.period_code in (halves.first_half_code, halves.whole_year_code)
            and frame_areas.frame = halves.frame
)

select
    figures.period_code,
    figures.frame_area_number,
    figures.cell_number,
    figures.obs_value,
    figures.obs_status,
    figures.areas_filled,
    if(figures.obs_status = 'Z', figures.areas_expected, 0) as areas_not_applicable,
    figures.areas_corrected,
from figures
inner join areas
    on
        figures.frame_area_number = areas.frame_area_number
        -- not the second half, which stands on the areas of its year
        and figures.period_code = areas.period_code
where
    figures.areas_filled > 0
    or figures.obs_status = 'Z'
