-- Grain: one row per target of a programme.
with

programme_targets as (select * from {{ ref('stg_contracts__programme_targets') }})

select
    programme_code,
    target_code,
    target_position,
    programme_vi,
    programme_en,
    title_vi,
    title_en,
    start_year,
    target_year,
    target_at,
    target_value,
    ratio_code,
    province_indicator_code,
    reason_vi,
    reason_en,
    note_vi,
    note_en,
    verification_status,
    least_coverage,
    decision,
    programme_source,
from programme_targets
order by
    programme_code,
    target_position
