-- Grain: one row per area, period and cell of the submission that stands.
with

submissions as (select * from {{ ref('int_submissions_current') }}),

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
    submissions.period_code,
    submissions.area_code,
    cells.cell_number,
    observations.obs_value,
    observations.cell_state,
from observations
inner join submissions on observations.submission_id = submissions.submission_id
inner join cells
    on
        observations.indicator_code = cells.indicator_code
        and observations.column_code = cells.column_code
