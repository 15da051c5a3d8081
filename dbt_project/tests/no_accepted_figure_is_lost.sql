-- Grain: one row per period, indicator and column with figures that stand and that no cell of the period takes.
with

submissions as (select * from {{ ref('int_submissions_current') }}),

observations as (select * from {{ ref('stg_reports__observations') }}),

cells as (select * from {{ ref('int_cells_printed') }}),

reported as (
    select
        submissions.period_code,
        observations.indicator_code,
        observations.column_code,
        count(*) as figures_lost,
    from submissions
    inner join observations on submissions.submission_id = observations.submission_id
    group by
        submissions.period_code,
        observations.indicator_code,
        observations.column_code
)

select reported.*
from reported
anti join cells
    on
        reported.period_code = cells.period_code
        and reported.indicator_code = cells.indicator_code
        and reported.column_code = cells.column_code
