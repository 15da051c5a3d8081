-- Grain: one row per finding.
with

findings as (select * from {{ ref('stg_reports__findings') }})

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
from findings
order by
    submission_id,
    finding_number
