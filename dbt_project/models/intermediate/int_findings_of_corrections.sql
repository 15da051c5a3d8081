-- Grain: one row per declared correction in force whose report stands, as a finding about the submission.
with

corrections as (
    select *
    from {{ ref('stg_build__corrections') }}
    where status = 'active'
),

submissions as (select * from {{ ref('int_submissions_current') }}),

findings as (
    select
        submission_id,
        count(*) as findings,
    from {{ ref('stg_reports__findings') }}
    group by submission_id
)

select
    submissions.submission_id,
    cast(
        coalesce(findings.findings, 0)
        + row_number() over (partition by submissions.submission_id order by corrections.correction_code) as integer
    ) as finding_number,
    'C01' as rule_code,
    'info' as severity,
    corrections.form_code,
    cast(null as varchar) as sheet_name,
    cast(null as varchar) as cell_address,
    corrections.indicator_code,
    corrections.column_code,
    'Hiệu chỉnh ' || corrections.correction_code || ': dùng '
    || coalesce(cast(corrections.value_to as varchar), 'ô trống') || ' thay cho '
    || coalesce(cast(corrections.value_from as varchar), 'ô trống') || '; lý do: ' || corrections.reason_vi
        as message_vi,
    'Correction ' || corrections.correction_code || ': '
    || coalesce(cast(corrections.value_to as varchar), 'an empty cell') || ' is used instead of '
    || coalesce(cast(corrections.value_from as varchar), 'an empty cell') || '; reason: ' || corrections.reason_en
        as message_en,
from corrections
inner join submissions
    on
        corrections.period_code = submissions.period_code
        and corrections.area_code = submissions.area_code
left join findings on submissions.submission_id = findings.submission_id
