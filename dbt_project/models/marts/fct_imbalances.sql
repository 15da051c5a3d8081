-- Grain: one row per parent area with an accepted report, period, indicator and cell that its children owe.
with

reports as (select * from {{ ref('int_reports_expected') }}),

areas_expected as (select * from {{ ref('int_areas_expected') }}),

cells as (select * from {{ ref('int_cells_printed') }}),

observations as (select * from {{ ref('int_observations_current') }}),

families as (
    select
        parents.period_code,
        parents.area_code,
        parents.area_level,
        areas_expected.reporting_level,
        cast(count(*) as integer) as children_expected,
        cast(count(*) filter (where children.is_accepted) as integer) as children_accepted,
        cast(count(*) filter (where not children.is_accepted) as integer) as children_missing,
        cast(count(*) filter (where not children.is_received) as integer) as children_silent,
        cast(count(*) filter (where children.received_at > parents.received_at) as integer) as children_changed,
        string_agg(if(children.is_accepted, null, children.area_code), ' ' order by children.area_code)
            as missing_area_codes,
        string_agg(
            if(children.received_at > parents.received_at, children.area_code, null), ' ' order by children.area_code
        ) as changed_area_codes,
    from reports as parents
    inner join reports as children
        on
            parents.period_code = children.period_code
            and parents.area_code = children.parent_code
    -- a row that only the parent's level carries has no children to compare it with
    inner join areas_expected
        on
            children.period_code = areas_expected.period_code
            and children.area_code = areas_expected.area_code
    where parents.is_accepted
    group by
        parents.period_code,
        parents.area_code,
        parents.area_level,
        areas_expected.reporting_level
),

children_observed as (
    select
        reports.period_code,
        reports.parent_code as area_code,
        observations.cell_number,
        cast(sum(observations.obs_value) as bigint) as children_value,
    from observations
    inner join reports
        on
            observations.period_code = reports.period_code
            and observations.area_code = reports.area_code
    group by
        reports.period_code,
        reports.parent_code,
        observations.cell_number
)

select
    families.area_code,
    families.area_level,
    families.period_code,
    cells.indicator_code,
    cells.sex,
    cells.age_band,
    cells.subset,
    observations.obs_value as reported_value,
    children_observed.children_value,
    observations.obs_value - children_observed.children_value as imbalance,
    families.children_expected,
    families.children_accepted,
    families.children_missing,
    families.children_silent,
    families.children_changed,
    families.missing_area_codes,
    families.changed_area_codes,
from families
inner join cells
    on
        families.period_code = cells.period_code
        and families.reporting_level = cells.reporting_level
left join observations
    on
        families.period_code = observations.period_code
        and families.area_code = observations.area_code
        and cells.cell_number = observations.cell_number
left join children_observed
    on
        families.period_code = children_observed.period_code
        and families.area_code = children_observed.area_code
        and cells.cell_number = children_observed.cell_number
order by
    families.period_code,
    cells.cell_number,
    families.area_code
