-- Grain: one row per area of a frame and period that has the same territory in that frame a year before.
with

frame_areas as (select * from {{ ref('int_frame_areas') }}),

periods as (select * from {{ ref('stg_contracts__periods') }}),

halves as (select * from {{ ref('int_second_halves_exact') }}),

-- each period under the reported one whose map it stands on
given as (
    select
        period_code,
        period_code as reported_period_code,
        period_year,
        period_part,
        cast(null as varchar) as frame,
    from periods

    union all

    select
        period_code,
        whole_year_code as reported_period_code,
        period_year,
        'S2' as period_part,
        frame,
    from halves
),

areas_given as (
    select
        given.period_code,
        given.period_year,
        given.period_part,
        frame_areas.frame,
        frame_areas.frame_area_number,
        frame_areas.area_code,
        frame_areas.territory,
    from frame_areas
    inner join given
        on
            frame_areas.period_code = given.reported_period_code
            and (given.frame is null or frame_areas.frame = given.frame)
)

select
    now.frame_area_number,
    now.period_code,
    before.frame_area_number as number_before,
    before.period_code as period_before,
from areas_given as now
inner join areas_given as before
    on
        now.period_year = before.period_year + 1
        and now.period_part = before.period_part
        and now.frame = before.frame
        and now.area_code = before.area_code
        and now.territory = before.territory
