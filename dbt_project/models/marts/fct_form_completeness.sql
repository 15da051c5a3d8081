-- Grain: one row per area of any level, period and form that the period asks for.
with

reports as (select * from {{ ref('int_reports_expected') }}),

periods as (
    select *
    from {{ ref('int_periods_collected') }}
    where is_built
),

ancestors as (select * from {{ ref('int_area_ancestors') }}),

cells as (select * from {{ ref('int_cells_printed') }}),

observations as (select * from {{ ref('int_observations_current') }}),

cells_numbered as (
    select distinct
        cell_number,
        form_code,
    from cells
),

cells_filled as (
    select
        observations.area_number,
        cells_numbered.form_code,
        count(observations.obs_value) as cells_filled,
    from observations
    inner join cells_numbered on observations.cell_number = cells_numbered.cell_number
    group by
        observations.area_number,
        cells_numbered.form_code
),

cells_owed as (
    select
        period_code,
        form_code,
        reporting_level,
        count(*) as cells_owed,
    from cells
    group by
        period_code,
        form_code,
        reporting_level
),

-- every report prints the rows of the lowest level; those of a level of their own only a report of that level
reports_owed as (
    select
        reports.period_code,
        reports.area_code,
        reports.area_number,
        cells_owed.form_code,
        reports.is_received,
        reports.is_accepted,
        reports.is_on_time,
        sum(cells_owed.cells_owed) as cells_expected,
    from reports
    inner join cells_owed
        on
            reports.period_code = cells_owed.period_code
            and cells_owed.reporting_level in ('lowest', reports.area_level)
    semi join periods on reports.period_code = periods.period_code
    group by
        reports.period_code,
        reports.area_code,
        reports.area_number,
        cells_owed.form_code,
        reports.is_received,
        reports.is_accepted,
        reports.is_on_time
)

select
    ancestors.ancestor_code as area_code,
    ancestors.ancestor_level as area_level,
    reports_owed.period_code,
    reports_owed.form_code,
    cast(count(*) as integer) as reports_expected,
    cast(count(*) filter (where reports_owed.is_received) as integer) as reports_received,
    cast(count(*) filter (where reports_owed.is_accepted) as integer) as reports_accepted,
    cast(count(*) filter (where reports_owed.is_on_time) as integer) as reports_on_time,
    cast(sum(reports_owed.cells_expected) as integer) as cells_expected,
    cast(coalesce(sum(cells_filled.cells_filled), 0) as integer) as cells_filled,
from reports_owed
inner join ancestors
    on
        reports_owed.period_code = ancestors.period_code
        and reports_owed.area_code = ancestors.area_code
left join cells_filled
    on
        reports_owed.area_number = cells_filled.area_number
        and reports_owed.form_code = cells_filled.form_code
group by
    ancestors.ancestor_code,
    ancestors.ancestor_level,
    reports_owed.period_code,
    reports_owed.form_code
order by
    reports_owed.period_code,
    ancestors.ancestor_code,
    reports_owed.form_code
