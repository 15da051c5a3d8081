-- Grain: one row per frame, area of any level, period, indicator and cell (sex, age band, subset).
with

areas_expected as (select * from {{ ref('int_areas_expected') }}),

cells as (select * from {{ ref('int_cells_printed') }}),

rolled_up as (select * from {{ ref('int_observations_rolled_up') }}),

submissions as (select * from {{ ref('int_submissions_current') }}),

periods as (
    select distinct period_code from submissions
)

select
    'as_reported' as frame,
    areas_expected.area_code,
    areas_expected.area_level,
    areas_expected.period_code,
    cells.indicator_code,
    cells.sex,
    cells.age_band,
    cells.subset,
    rolled_up.obs_value,
    case
        when rolled_up.areas_filled = areas_expected.areas_expected then 'A'
        when rolled_up.areas_filled > 0 then 'P'
        when rolled_up.areas_not_applicable = areas_expected.areas_expected then 'Z'
        else 'M'
    end as obs_status,
    areas_expected.areas_expected,
    areas_expected.areas_accepted,
    coalesce(rolled_up.areas_filled, 0) as areas_filled,
from periods
inner join areas_expected on periods.period_code = areas_expected.period_code
inner join cells
    on
        areas_expected.period_code = cells.period_code
        and areas_expected.reporting_level = cells.reporting_level
left join rolled_up
    on
        areas_expected.period_code = rolled_up.period_code
        and areas_expected.area_code = rolled_up.area_code
        and cells.cell_number = rolled_up.cell_number
order by
    areas_expected.period_code,
    cells.cell_number,
    areas_expected.area_code
