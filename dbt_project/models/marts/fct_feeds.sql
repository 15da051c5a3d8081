-- Grain: one row per file of another source.
with

files as (select * from {{ ref('stg_feeds__files') }})

select
    feed_id,
    source_code,
    file_path,
    sha256,
    received_at,
    verdict,
    line_count,
from files
order by
    received_at,
    file_path,
    feed_id
