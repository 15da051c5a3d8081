-- Grain: one row per derived period and frame on whose map both of the reports that it is derived from are exact.
with

halves as (select * from {{ ref('stg_contracts__second_halves') }}),

periods as (select * from {{ ref('int_periods_collected') }}),

submissions as (select * from {{ ref('int_submissions_current') }}),

areas as (select * from {{ ref('int_areas_mapped') }}),

frames as (select * from {{ ref('stg_contracts__frames') }}),

reported as (
    select distinct period_code from submissions
),

derived as (
    select
        halves.*,
        periods.is_built or first_periods.is_built as is_built,
    from halves
    inner join periods on halves.whole_year_code = periods.period_code
    inner join periods as first_periods on halves.first_half_code = first_periods.period_code
    semi join reported on halves.whole_year_code = reported.period_code
    semi join reported as first_reported on halves.first_half_code = first_reported.period_code
),

-- the map of the report is one map for both only where no lowest area has other territory
changed as (
    select
        derived.period_code,
        count(*) - count(whole_year.area_code) as areas_changed,
    from derived
    inner join areas as first_half
        on
            derived.first_half_code = first_half.period_code
            and first_half.is_lowest
    left join areas as whole_year
        on
            derived.whole_year_code = whole_year.period_code
            and whole_year.is_lowest
            and first_half.territory = whole_year.territory
            and first_half.area_code = whole_year.area_code
    group by derived.period_code
)

select
    derived.period_code,
    derived.first_half_code,
    derived.whole_year_code,
    derived.period_year,
    derived.is_built,
    frames.frame,
from derived
inner join changed on derived.period_code = changed.period_code
cross join frames
where
    not frames.has_estimates
    and (frames.frame <> 'as_reported' or changed.areas_changed = 0)
