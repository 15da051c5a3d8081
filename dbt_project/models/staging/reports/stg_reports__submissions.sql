-- Grain: one row per submission, as it is judged now.
{{ config(materialized='table') }}

with

submissions as (
    select * from {{ rows_given('judged', 'submissions') }}
),

judged as (
    select * from {{ rows_given('judged', 'judgements') }}
)

select
    submissions.submission_id,
    submissions.file_path,
    submissions.sha256,
    submissions.sender,
    submissions.area_code,
    submissions.area_level,
    submissions.period_code,
    submissions.template_version,
    submissions.report_kind,
    submissions.received_at,
    submissions.due_date,
    submissions.verdict,
    submissions.verdict in ('accepted', 'accepted_with_warnings') as is_accepted,
    submissions.is_late,
    submissions.judged_in as batch_id,
    submissions.received_number,
from submissions
inner join judged
    on
        submissions.submission_id = judged.submission_id
        and submissions.judged_in = judged.batch_id
