-- Grain: one row per line of an accepted file of another source.
with

values as (select * from {{ ref('stg_feeds__values') }})

select
    source_code,
    indicator_code,
    series_code,
    area_code,
    window_start,
    window_end,
    sex,
    age_band,
    obs_value,
    unit,
    obs_status,
    feed_status,
    citation,
    is_current,
    is_used,
    feed_id,
    line_number,
from values
order by
    source_code,
    indicator_code,
    area_code,
    window_start,
    window_end,
    sex,
    age_band,
    feed_id,
    line_number
