-- Grain: one row per area and period with an accepted report: the submission that stands.
with

submissions as (select * from {{ ref('stg_reports__submissions') }})

select
    submission_id,
    area_code,
    period_code,
    received_at,
    sha256,
from submissions
where is_accepted
qualify
    row_number() over (
        partition by area_code, period_code
        order by received_at desc, file_path desc, received_number desc
    ) = 1
