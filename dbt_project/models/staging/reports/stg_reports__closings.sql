-- Grain: one row per submission, rule and place (sheet and cell) whose finding somebody closed.
with

closings as (
    select * from {{ rows_given('judged', 'closings') }}
)

select
    submission_id,
    rule_code,
    concat_ws('!', sheet_name, cell_address) as place,
    status,
    closed_at,
from closings
