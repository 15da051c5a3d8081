-- Grain: one row per area of any level and period.
with

reports as (select * from {{ ref('int_reports_expected') }}),

ancestors as (select * from {{ ref('int_area_ancestors') }}),

counted as (
    select
        ancestors.period_code,
        ancestors.ancestor_code as area_code,
        ancestors.ancestor_level as area_level,
        count(*) as reports_expected,
        count(*) filter (where reports.is_received) as reports_received,
        count(*) filter (where reports.is_accepted) as reports_accepted,
        count(*) filter (where reports.is_on_time) as reports_on_time,
        count(*) filter (where reports.is_lowest) as areas_expected,
        count(*) filter (where reports.is_lowest and reports.is_accepted) as areas_accepted,
    from reports
    inner join ancestors
        on
            reports.period_code = ancestors.period_code
            and reports.area_code = ancestors.area_code
    group by
        ancestors.period_code,
        ancestors.ancestor_code,
        ancestors.ancestor_level
)

select
    area_code,
    area_level,
    period_code,
    cast(reports_expected as integer) as reports_expected,
    cast(reports_received as integer) as reports_received,
    cast(reports_accepted as integer) as reports_accepted,
    cast(reports_on_time as integer) as reports_on_time,
    reports_accepted / reports_expected as reporting_rate,
    reports_on_time / reports_expected as on_time_rate,
    cast(areas_expected as integer) as areas_expected,
    cast(areas_accepted as integer) as areas_accepted,
from counted
order by
    period_code,
    area_code
