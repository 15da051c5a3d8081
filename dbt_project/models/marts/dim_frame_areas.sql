-- Grain: one row per frame, version of an area that reports and area of the frame that holds it or a part of it.
with

frame_areas as (select * from {{ ref('stg_contracts__frame_areas') }})

select
    frame,
    frame_area_code,
    frame_area_level,
    area_code,
    valid_from,
    is_whole,
    share,
from frame_areas
order by
    frame,
    frame_area_code,
    area_code,
    valid_from nulls first
