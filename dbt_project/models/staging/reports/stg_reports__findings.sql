-- Grain: one row per finding of the current judgements.
with

findings as (
    select * from {{ rows_given('judged', 'findings') }}
),

judged as (
    select * from {{ rows_given('judged', 'judgements') }}
),

current_findings as (
    select findings.*
    from findings
    inner join judged
        on
            findings.submission_id = judged.submission_id
            and findings.judged_in = judged.batch_id
)

select
    submission_id,
    -- two findings may agree in everything but their number
    cast(row_number() over (
        partition by submission_id
        order by rule_code, form_code, sheet_name, cell_address, indicator_code, column_code, message_vi, message_en
    ) as integer) as finding_number,
    rule_code,
    severity,
    form_code,
    sheet_name,
    cell_address,
    concat_ws('!', sheet_name, cell_address) as place,
    indicator_code,
    column_code,
    message_vi,
    message_en,
    explained_in,
    explained_at,
from current_findings
