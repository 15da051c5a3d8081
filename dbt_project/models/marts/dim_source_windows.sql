-- Grain: one row per source, period and window that stands beside it.
with

source_windows as (select * from {{ ref('stg_contracts__source_windows') }})

select
    source_code,
    period_code,
    window_start,
    window_end,
    comparability,
from source_windows
order by
    source_code,
    period_code,
    window_start
