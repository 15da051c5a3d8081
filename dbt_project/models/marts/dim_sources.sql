-- Grain: one row per source of figures, the communes' reports too.
with

sources as (select * from {{ ref('stg_contracts__sources') }})

select
    source_code,
    label_vi,
    label_en,
    coverage_vi,
    coverage_en,
    cut_off_vi,
    cut_off_en,
from sources
order by
    source_code
