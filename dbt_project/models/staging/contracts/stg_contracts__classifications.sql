-- Grain: one row per scheme and indicator.
with

classifications as (select * from {{ ref('classifications') }})

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
    source as scheme_source,
from classifications
