-- Grain: one row per file of another source.
with

files as (
    select * from {{ rows_given('feeds', 'files') }}
)

select
    feed_id,
    source_code,
    file_path,
    sha256,
    received_at,
    received_number,
    verdict,
    line_count,
from files
