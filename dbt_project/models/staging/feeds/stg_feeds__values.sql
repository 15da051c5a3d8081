-- Grain: one row per line of an accepted file of another source.
with

values as (
    select * from {{ rows_given('feeds', 'values') }}
)

select
    feed_id,
    source_code,
    line_number,
    area_code,
    indicator_code,
    series_code,
    sex,
    age_band,
    unit,
    window_start,
    window_end,
    obs_value,
    feed_status,
    obs_status,
    citation,
    is_current,
    is_used,
from values
