-- Grain: one row per code of a code list.
with

codes as (select * from {{ ref('codes') }})

select
    codelist,
    code,
    position as code_position,
    label_vi,
    label_en,
    meaning_vi,
    meaning_en,
from codes
