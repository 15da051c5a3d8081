-- Grain: one row per report with a submission that stands and cell of it; an area number names area and period.
with

submissions as (select * from {{ ref('int_submissions_current') }}),

areas as (select * from {{ ref('int_areas_mapped') }}),

observations as (select * from {{ ref('stg_reports__observations') }}),

cells_printed as (select * from {{ ref('int_cells_printed') }}),

-- without the period: joined by period too, submissions and cells would be crossed before they meet the figures
cells as (
    select distinct
        cell_number,
        indicator_code,
        column_code,
    from cells_printed
)

select
    areas.area_number,
    cells.cell_number,
    observations.obs_value,
    observations.cell_state,
from observations
inner join submissions on observations.submission_id = submissions.submission_id
inner join areas
    on
        submissions.period_code = areas.period_code
        and submissions.area_code = areas.area_code
inner join cells
    on
        observations.indicator_code = cells.indicator_code
        and observations.column_code = cells.column_code
