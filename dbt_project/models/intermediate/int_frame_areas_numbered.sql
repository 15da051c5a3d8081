-- Grain: one row per frame and code of an area of it.
with

areas as (select * from {{ ref('stg_contracts__areas') }}),

frames as (select * from {{ ref('stg_contracts__frames') }}),

frame_areas as (select * from {{ ref('stg_contracts__frame_areas') }}),

codes as (
    select
        'as_reported' as frame,
        area_code,
        area_level,
    from areas

    union all

    select
        frame,
        frame_area_code as area_code,
        frame_area_level as area_level,
    from frame_areas

    union all

    select
        frame,
        'VN' as area_code,
        'nation' as area_level,
    from frames
)

select
    frame,
    area_code,
    -- nation and provinces before all others: where figures of the others stand, a reader need not look for theirs
    cast(
        row_number() over (
            order by bool_or(area_level in ('nation', 'province')) desc, frame asc, area_code asc
        ) as integer
    ) as area_position,
from codes
group by
    frame,
    area_code
