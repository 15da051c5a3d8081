-- Grain: one row per indicator of another source.
with

source_indicators as (select * from {{ ref('source_indicators') }})

select
    source_code,
    indicator_code,
    series_code,
    position as source_position,
    label_vi,
    label_en,
    unit,
    unit_vi,
    unit_en,
    concept_code,
from source_indicators
