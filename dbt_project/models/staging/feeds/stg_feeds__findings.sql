-- Grain: one row per file of another source, rule and line, or none for the file as a whole.
with

findings as (
    select * from {{ rows_given('feeds', 'findings') }}
)

select
    feed_id,
    source_code,
    rule_code,
    severity,
    line_number,
    column_name,
    indicator_code,
    message_vi,
    message_en,
    known_code,
    note_vi,
    note_en,
from findings
