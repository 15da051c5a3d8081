-- Grain: one row per figure that has one for the same part of the year before, on the same map and territory.
with

-- in the file of the view itself, whatever name it is opened by
figures as (select * from {{ ref('figures').include(database=false) }}),

areas as (select * from {{ ref('figure_areas').include(database=false) }}),

cells as (select * from {{ ref('figure_cells').include(database=false) }})

select
    areas.frame,
    areas.area_code,
    areas.area_level,
    figures.period_code,
    cells.indicator_code,
    cells.sex,
    cells.age_band,
    cells.subset,
    figures.obs_value,
    figures.obs_status,
    figures_before.obs_value as value_year_before,
    figures_before.obs_status as status_year_before,
    figures.obs_value - figures_before.obs_value as change_on_year,
from figures
inner join areas on figures.frame_area_number = areas.frame_area_number
inner join areas as areas_before
    on
        areas.frame = areas_before.frame
        and areas.area_code = areas_before.area_code
        and areas.territory = areas_before.territory
        and {{ year_before('areas.period_code') }} = areas_before.period_code
inner join figures as figures_before
    on
        areas_before.frame_area_number = figures_before.frame_area_number
        and figures.cell_number = figures_before.cell_number
        and {{ year_before('figures.period_code') }} = figures_before.period_code
inner join cells on figures.cell_number = cells.cell_number
where figures_before.obs_value is not null
