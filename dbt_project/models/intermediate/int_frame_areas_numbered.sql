-- Grain: one row per frame and code of an area of it.
with

areas as (select * from {{ ref('stg_contracts__areas') }}),

frames as (select * from {{ ref('stg_contracts__frames') }}),

frame_areas as (select * from {{ ref('stg_contracts__frame_areas') }}),

codes as (
    select
        'as_reported' as frame,
        area_code,
    from areas

    union

    select
        frame,
        frame_area_code as area_code,
    from frame_areas

    union

    select
        frame,
        'VN' as area_code,
    from frames
)

select
    frame,
    area_code,
    cast(row_number() over (order by frame, area_code) as integer) as area_position,
from codes
