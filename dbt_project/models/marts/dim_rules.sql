-- Grain: one row per rule.
with

rules as (select * from {{ ref('stg_contracts__rules') }})

select
    rule_code,
    form_code,
    severity,
    sentence_vi,
    sentence_en,
    rule_source,
from rules
order by rule_code
