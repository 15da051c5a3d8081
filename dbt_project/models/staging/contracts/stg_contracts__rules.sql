-- Grain: one row per rule.
with

rules as (select * from {{ ref('rules') }})

select
    rule_code,
    form_code,
    severity,
    sentence_vi,
    sentence_en,
    source as rule_source,
from rules
