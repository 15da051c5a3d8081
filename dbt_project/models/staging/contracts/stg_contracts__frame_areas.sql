-- Grain: one row per frame, version of an area that reports and area of the frame that holds it or a part of it.
with

frame_areas as (select * from {{ ref('frame_areas') }})

select
    frame,
    area_code,
    valid_from,
    frame_area_code,
    frame_area_level,
    is_whole,
    share,
from frame_areas
