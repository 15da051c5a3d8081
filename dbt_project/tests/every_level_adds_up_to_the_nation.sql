-- Grain: one row per period, level and cell whose areas do not add up to the nation.
-- An area without areas below it that lies above a level stands for itself there: an island district among communes.
with

figures as (
    select
        figures.*,
        areas.area_code,
    from {{ ref('figures') }} as figures
    inner join {{ ref('figure_areas') }} as areas
        on
            figures.frame_area_number = areas.frame_area_number
            and figures.period_code = areas.period_code
    where areas.frame = 'as_reported'
),

areas as (select * from {{ ref('int_areas_mapped') }}),

ancestors as (select * from {{ ref('int_area_ancestors') }}),

never_added as (
    select cell_number
    from {{ ref('int_cells_printed') }}
    where adds_up = 'never'
),

levels as (
    select distinct
        period_code,
        area_level,
    from areas
    where area_level <> 'nation'
),

members as (
    select
        period_code,
        area_level as level_added,
        area_code,
    from areas
    where area_level <> 'nation'

    union all

    select
        areas.period_code,
        levels.area_level as level_added,
        areas.area_code,
    from areas
    inner join levels on areas.period_code = levels.period_code
    where
        areas.is_lowest
        and not exists (
            select 1
            from ancestors
            where
                ancestors.period_code = areas.period_code
                and ancestors.area_code = areas.area_code
                and ancestors.ancestor_level = levels.area_level
        )
),

added_up as (
    select
        figures.period_code,
        members.level_added,
        figures.cell_number,
        sum(figures.obs_value) as obs_value,
        sum(figures.areas_filled) as areas_filled,
        sum(figures.areas_accepted) as areas_accepted,
        sum(figures.areas_expected) as areas_expected,
    from figures
    inner join members
        on
            figures.period_code = members.period_code
            and figures.area_code = members.area_code
    where figures.cell_number not in (from never_added)
    group by all
)

select
    added_up.*,
    national.obs_value as national_value,
from added_up
inner join figures as national
    on
        added_up.period_code = national.period_code
        and added_up.cell_number = national.cell_number
        and national.area_code = 'VN'
where
    added_up.obs_value is distinct from national.obs_value
    or added_up.areas_filled <> national.areas_filled
    or added_up.areas_accepted <> national.areas_accepted
    or added_up.areas_expected <> national.areas_expected
