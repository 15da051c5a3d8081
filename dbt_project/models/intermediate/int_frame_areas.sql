-- Grain: one row per frame, period and area of the frame.
with

areas_expected as (select * from {{ ref('int_areas_expected') }})

select distinct
    frame,
    period_code,
    area_code,
    area_level,
    frame_area_number,
    territory,
from areas_expected
