-- Grain: one row per finding.
with

findings as (select * from {{ ref('stg_reports__findings') }}),

followed as (select * from {{ ref('int_findings_followed') }}),

corrections as (select * from {{ ref('int_findings_of_corrections') }}),

all_findings as (
    from findings
    union all by name
    from corrections
)

select
    all_findings.submission_id,
    all_findings.finding_number,
    all_findings.rule_code,
    all_findings.severity,
    all_findings.form_code,
    all_findings.sheet_name,
    all_findings.cell_address,
    all_findings.indicator_code,
    all_findings.column_code,
    all_findings.message_vi,
    all_findings.message_en,
    -- a declared correction is open while it is in force
    coalesce(followed.status, 'open') as status,
    followed.closed_at,
    followed.closed_by_submission_id,
    followed.explained_in_submission_id,
    followed.repeated_in_submission_id,
from all_findings
left join followed
    on
        all_findings.submission_id = followed.submission_id
        and all_findings.rule_code = followed.rule_code
        and all_findings.place = followed.place
order by
    all_findings.submission_id,
    all_findings.finding_number
