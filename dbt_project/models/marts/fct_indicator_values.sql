-- Grain: one row per frame, area of the frame, period, indicator and cell (sex, age band, subset).
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
    figures.status_reason,
    figures.areas_expected,
    figures.areas_accepted,
    figures.areas_filled,
    figures.areas_corrected,
from figures
inner join areas on figures.frame_area_number = areas.frame_area_number
inner join cells on figures.cell_number = cells.cell_number
