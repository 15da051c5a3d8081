-- Grain: one row per submission that stands for a report that nobody owes.
with

submissions as (select * from {{ ref('int_submissions_current') }}),

reports as (select * from {{ ref('int_reports_expected') }})

select submissions.*
from submissions
anti join reports
    on
        submissions.period_code = reports.period_code
        and submissions.area_code = reports.area_code
