-- Grain: one row per frame, period, area of the frame and area whose report stands and lies in it or partly in it.
with

placed as (select * from {{ ref('int_areas_placed') }}),

periods as (
    select *
    from {{ ref('int_periods_collected') }}
    where is_built
),

areas as (select * from {{ ref('int_areas_mapped') }}),

submissions as (select * from {{ ref('int_submissions_current') }})

select
    placed.frame,
    placed.frame_area_code as area_code,
    placed.frame_area_level as area_level,
    placed.period_code,
    submissions.submission_id,
    placed.area_code as reporting_area_code,
    areas.area_level as reporting_area_level,
    areas.is_lowest,
    placed.is_itself,
    placed.is_whole,
    placed.share,
from placed
semi join periods on placed.period_code = periods.period_code
inner join submissions
    on
        placed.period_code = submissions.period_code
        and placed.area_code = submissions.area_code
inner join areas
    on
        placed.period_code = areas.period_code
        and placed.area_code = areas.area_code
order by
    placed.period_code,
    placed.frame,
    placed.frame_area_code,
    placed.area_code
