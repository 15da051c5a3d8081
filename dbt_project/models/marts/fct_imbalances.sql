-- Grain: one row per parent area with an accepted report, period, indicator and cell that its children owe.
-- As check_hierarchy of VTL in mode partial_zero: children that are missing or blank add nothing to the sum, and where
-- none has a figure there is no sum.
with

reports as (select * from {{ ref('int_reports_expected') }}),

periods as (
    select *
    from {{ ref('int_periods_collected') }}
    where is_built
),

areas_expected as (select * from {{ ref('int_areas_expected') }}),

cells as (select * from {{ ref('int_cells_printed') }}),

observations as (select * from {{ ref('int_observations_current') }}),

observations_accepted as (select * from {{ ref('stg_reports__observations') }}),

unsettled as (select * from {{ ref('int_children_unsettled') }}),

families as (
    select
        parents.period_code,
        parents.area_code,
        parents.area_number,
        parents.area_level,
        areas_expected.reporting_level,
        cast(count(*) as integer) as children_expected,
        cast(count(*) filter (where children.is_accepted) as integer) as children_accepted,
        cast(count(*) filter (where not children.is_accepted) as integer) as children_missing,
        cast(count(*) filter (where unsettled.reason = 'missing') as integer) as children_silent,
        cast(count(*) filter (where unsettled.reason = 'returned') as integer) as children_returned,
        cast(count(*) filter (where unsettled.reason = 'late') as integer) as children_late,
        cast(count(*) filter (where unsettled.reason = 'changed') as integer) as children_changed,
        string_agg(if(children.is_accepted, null, children.area_code), ' ' order by children.area_code)
            as missing_area_codes,
        string_agg(if(unsettled.reason = 'late', children.area_code, null), ' ' order by children.area_code)
            as late_area_codes,
        string_agg(if(unsettled.reason = 'changed', children.area_code, null), ' ' order by children.area_code)
            as changed_area_codes,
    from reports as parents
    inner join reports as children
        on
            parents.period_code = children.period_code
            and parents.area_code = children.parent_code
    semi join periods on parents.period_code = periods.period_code
    -- a row that only the parent's level carries has no children to compare it with
    inner join areas_expected
        on
            children.period_code = areas_expected.period_code
            and children.area_code = areas_expected.area_code
            and areas_expected.frame = 'as_reported'
    left join unsettled
        on
            children.period_code = unsettled.period_code
            and children.area_code = unsettled.area_code
    where parents.is_accepted
    group by
        parents.period_code,
        parents.area_code,
        parents.area_number,
        parents.area_level,
        areas_expected.reporting_level
),

parent_numbers as (
    select
        children.area_number,
        parents.area_number as parent_number,
        unsettled.reason is null as was_so_then,
    from reports as children
    inner join reports as parents
        on
            children.period_code = parents.period_code
            and children.parent_code = parents.area_code
    left join unsettled
        on
            children.period_code = unsettled.period_code
            and children.area_code = unsettled.area_code
),

-- what stands now, and what stood when the parent reported, in one list
childrens_figures as (
    select
        parent_numbers.parent_number,
        observations.cell_number,
        observations.obs_value,
        true as stands_now,
        parent_numbers.was_so_then as stood_then,
    from observations
    inner join parent_numbers on observations.area_number = parent_numbers.area_number

    union all

    select
        parent_numbers.parent_number,
        cells.cell_number,
        observations_accepted.obs_value,
        false as stands_now,
        true as stood_then,
    from unsettled
    inner join parent_numbers on unsettled.area_number = parent_numbers.area_number
    inner join observations_accepted on unsettled.submission_id_then = observations_accepted.submission_id
    inner join cells
        on
            unsettled.period_code = cells.period_code
            and observations_accepted.indicator_code = cells.indicator_code
            and observations_accepted.column_code = cells.column_code
),

children_observed as (
    select
        parent_number,
        cell_number,
        cast(sum(obs_value) filter (where stands_now) as bigint) as children_value,
        cast(count(obs_value) filter (where stands_now) as integer) as children_filled,
        cast(sum(obs_value) filter (where stood_then) as bigint) as children_value_then,
    from childrens_figures
    group by
        parent_number,
        cell_number
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
    observations.obs_value = children_observed.children_value as is_balanced,
    children_observed.children_value_then,
    observations.obs_value - children_observed.children_value_then as imbalance_then,
    families.children_expected,
    families.children_accepted,
    coalesce(children_observed.children_filled, 0) as children_filled,
    families.children_missing,
    families.children_silent,
    families.children_returned,
    families.children_late,
    families.children_changed,
    families.missing_area_codes,
    families.late_area_codes,
    families.changed_area_codes,
from families
inner join cells
    on
        families.period_code = cells.period_code
        and families.reporting_level = cells.reporting_level
left join observations
    on
        families.area_number = observations.area_number
        and cells.cell_number = observations.cell_number
left join children_observed
    on
        families.area_number = children_observed.parent_number
        and cells.cell_number = children_observed.cell_number
order by
    families.period_code,
    cells.cell_number,
    families.area_code
