-- Grain: one row per scheme and form of abuse.
with

classifications as (select * from {{ ref('stg_contracts__classifications') }})

select
    scheme_code,
    scheme_vi,
    scheme_en,
    indicator_code,
    category_code,
    category_vi,
    category_en,
    candidate_codes,
    note_vi,
    note_en,
    verification_status,
    scheme_source,
from classifications
order by
    scheme_code,
    indicator_code
