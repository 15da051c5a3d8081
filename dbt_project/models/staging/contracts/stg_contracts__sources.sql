-- Grain: one row per source.
with

sources as (select * from {{ ref('sources') }})

select
    source_code,
    label_vi,
    label_en,
    coverage_vi,
    coverage_en,
    cut_off_vi,
    cut_off_en,
from sources
