-- Grain: one row per frame.
with

frames as (select * from {{ ref('frames') }})

select
    frame,
    label_vi,
    label_en,
    has_estimates,
from frames
