-- Grain: one row per frame, period and area of the frame on the map of that period.
with

areas_expected as (select * from {{ ref('int_areas_expected') }})

select distinct
    frame_area_number,
    frame,
    period_code,
    area_code,
    area_level,
    territory,
from areas_expected
order by frame_area_number
