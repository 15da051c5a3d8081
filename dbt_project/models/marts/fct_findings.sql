-- Grain: one row per finding.
with

findings as (select * from {{ ref('stg_reports__findings') }}),

corrections as (select * from {{ ref('int_findings_of_corrections') }}),

all_findings as (
    from findings
    union all by name
    from corrections
)

select
    submission_id,
    finding_number,
    rule_code,
    severity,
    form_code,
    sheet_name,
    cell_address,
    indicator_code,
    column_code,
    message_vi,
    message_en,
from all_findings
order by
    submission_id,
    finding_number
