-- Grain: one row per period, area and reporting level that lies in the area or is the area itself.
with

reports as (select * from {{ ref('int_reports_expected') }}),

ancestors as (select * from {{ ref('int_area_ancestors') }}),

indicators as (select * from {{ ref('stg_contracts__indicators') }}),

reporting_levels as (
    select distinct reporting_level from indicators
)

select
    ancestors.period_code,
    ancestors.ancestor_code as area_code,
    ancestors.ancestor_level as area_level,
    reporting_levels.reporting_level,
    cast(count(*) as integer) as areas_expected,
    cast(count(*) filter (where reports.is_accepted) as integer) as areas_accepted,
from reports
inner join reporting_levels
    on {{ owes_row('reports', 'reporting_levels') }}
inner join ancestors
    on
        reports.period_code = ancestors.period_code
        and reports.area_code = ancestors.area_code
group by
    ancestors.period_code,
    ancestors.ancestor_code,
    ancestors.ancestor_level,
    reporting_levels.reporting_level
