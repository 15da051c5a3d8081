-- Grain: one row per code list and code.
with

codes as (select * from {{ ref('stg_contracts__codes') }})

select
    codelist,
    code,
    code_position,
    label_vi,
    label_en,
    meaning_vi,
    meaning_en,
from codes
order by
    codelist,
    code_position
