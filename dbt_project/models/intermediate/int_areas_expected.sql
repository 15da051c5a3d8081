-- Grain: one row per frame, period, area of the frame and reporting level that lies in the area or is the area itself.
with

reports as (select * from {{ ref('int_reports_expected') }}),

areas as (select * from {{ ref('int_areas_mapped') }}),

placed as (select * from {{ ref('int_areas_placed') }}),

frames as (select * from {{ ref('stg_contracts__frames') }}),

numbers as (select * from {{ ref('int_frame_areas_numbered') }}),

indicators as (select * from {{ ref('stg_contracts__indicators') }}),

reporting_levels as (
    select distinct reporting_level from indicators
),

-- an area of two maps is the same territory if just the same lowest areas make it up; the nation always is
territories as (
    select
        placed.frame,
        placed.period_code,
        placed.frame_area_code,
        if(
            placed.frame_area_level = 'nation', placed.frame_area_code,
            md5(string_agg(areas.territory, ' ' order by areas.territory))
        ) as territory,
    from placed
    inner join areas
        on
            placed.period_code = areas.period_code
            and placed.area_code = areas.area_code
    where
        placed.frame = 'as_reported'
        and areas.is_lowest
    group by
        placed.frame,
        placed.period_code,
        placed.frame_area_code,
        placed.frame_area_level
),

counted as (
    select
        placed.frame,
        placed.period_code,
        placed.frame_area_code,
        placed.frame_area_level,
        reporting_levels.reporting_level,
        cast(count(*) as integer) as areas_expected,
        cast(count(*) filter (where reports.is_accepted) as integer) as areas_accepted,
        cast(count(*) filter (where not placed.is_whole) as integer) as areas_cut,
        cast(count(*) filter (where placed.share is null) as integer) as areas_without_share,
    from reports
    inner join reporting_levels
        on {{ owes_row('reports', 'reporting_levels') }}
    inner join placed
        on
            reports.period_code = placed.period_code
            and reports.area_code = placed.area_code
    group by
        placed.frame,
        placed.period_code,
        placed.frame_area_code,
        placed.frame_area_level,
        reporting_levels.reporting_level
)

select
    counted.frame,
    counted.period_code,
    counted.frame_area_code as area_code,
    counted.frame_area_level as area_level,
    10000 * numbers.area_position + {{ period_order('counted.period_code') }} as frame_area_number,
    counted.reporting_level,
    counted.areas_expected,
    counted.areas_accepted,
    frames.has_estimates and counted.areas_cut > 0 as is_estimate,
    case
        when counted.areas_cut = 0 then null
        when not frames.has_estimates then 'area_cut'
        when counted.areas_without_share > 0 then 'share_unknown'
    end as unknown_because,
    coalesce(territories.territory, counted.frame_area_code) as territory,
from counted
inner join frames on counted.frame = frames.frame
inner join numbers
    on
        counted.frame = numbers.frame
        and counted.frame_area_code = numbers.area_code
left join territories
    on
        counted.frame = territories.frame
        and counted.period_code = territories.period_code
        and counted.frame_area_code = territories.frame_area_code
