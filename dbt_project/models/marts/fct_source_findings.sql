-- Grain: one row per file of another source, rule and line.
with

findings as (select * from {{ ref('stg_feeds__findings') }})

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
order by
    source_code,
    feed_id,
    line_number,
    rule_code
