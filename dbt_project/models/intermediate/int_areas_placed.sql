-- Grain: one row per frame, period, area that reports and area of the frame that holds it or a part of it.
-- Only of periods whose figures are built or compared with.
with

periods as (
    select period_code
    from {{ ref('int_periods_collected') }}
    where is_built or is_compared
),

areas as (
    select areas.*
    from {{ ref('int_areas_mapped') }} as areas
    semi join periods on areas.period_code = periods.period_code
),

ancestors as (
    select ancestors.*
    from {{ ref('int_area_ancestors') }} as ancestors
    semi join periods on ancestors.period_code = periods.period_code
),

frames as (select * from {{ ref('stg_contracts__frames') }}),

frame_areas as (select * from {{ ref('stg_contracts__frame_areas') }})

-- on the map of the report itself: everything that an area lies in
select
    'as_reported' as frame,
    period_code,
    area_code,
    ancestor_code as frame_area_code,
    ancestor_level as frame_area_level,
    true as is_whole,
    cast(1 as double) as share,
    distance = 0 as is_itself,
from ancestors

union all

select
    frame_areas.frame,
    areas.period_code,
    areas.area_code,
    frame_areas.frame_area_code,
    frame_areas.frame_area_level,
    frame_areas.is_whole,
    frame_areas.share,
    false as is_itself,
from areas
inner join frame_areas
    on
        areas.area_code = frame_areas.area_code
        and areas.valid_from is not distinct from frame_areas.valid_from

union all

-- the nation holds everybody on every map; estimates are not added up to it
select
    frames.frame,
    areas.period_code,
    areas.area_code,
    'VN' as frame_area_code,
    'nation' as frame_area_level,
    true as is_whole,
    cast(1 as double) as share,
    false as is_itself,
from areas
cross join frames
where
    areas.area_level <> 'nation'
    and frames.frame <> 'as_reported'
    and not frames.has_estimates
