-- Grain: one row per submission.
with

submissions as (select * from {{ ref('stg_reports__submissions') }}),

current_submissions as (select * from {{ ref('int_submissions_current') }}),

replaced as (
    select
        submission_id,
        lag(submission_id) over (
            partition by area_code, period_code
            order by received_at, file_path, received_number
        ) as supersedes,
    from submissions
    where is_accepted
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
    submissions.is_late,
    current_submissions.submission_id is not null as is_current,
    replaced.supersedes,
    submissions.batch_id,
from submissions
left join current_submissions on submissions.submission_id = current_submissions.submission_id
left join replaced on submissions.submission_id = replaced.submission_id
order by
    submissions.received_at,
    submissions.file_path,
    submissions.submission_id
