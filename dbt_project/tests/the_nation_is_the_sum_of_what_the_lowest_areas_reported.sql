-- Grain: one row per period and cell whose national figure is not the sum of what the areas that owe it reported.
-- Added straight from the submissions, without the ancestors and the roll-up that built the figure.
with

submissions as (select * from {{ ref('stg_reports__submissions') }}),

observations as (select * from {{ ref('stg_reports__observations') }}),

corrections as (
    select *
    from {{ ref('stg_build__corrections') }}
    where status = 'active'
),

areas as (select * from {{ ref('areas') }}),

periods as (select * from {{ ref('periods') }}),

cells as (
    select distinct
        indicator_code,
        column_code,
        sex,
        age_band,
        subset,
    from {{ ref('indicator_cells') }}
),

added_indicators as (
    select distinct
        indicator_code,
        reporting_level,
    from {{ ref('indicators') }}
    where adds_up <> 'never'
),

last_accepted as (
    select
        area_code,
        period_code,
        max_by(submission_id, (received_at, file_path, submission_id)) as submission_id,
        max_by(sha256, (received_at, file_path, submission_id)) as sha256,
    from submissions
    where verdict in ('accepted', 'accepted_with_warnings')
    group by area_code, period_code
),

reporting_areas as (
    select
        last_accepted.submission_id,
        last_accepted.period_code,
        last_accepted.area_code,
        last_accepted.sha256,
        areas.area_level,
        areas.is_lowest,
    from last_accepted
    inner join periods on last_accepted.period_code = periods.period_code
    inner join areas
        on
            last_accepted.area_code = areas.area_code
            and periods.map_date >= coalesce(areas.valid_from, periods.map_date)
            and periods.map_date < coalesce(areas.valid_to, periods.map_date + 1)
),

figures_in_force as (
    select
        observations.submission_id,
        observations.indicator_code,
        observations.column_code,
        if(corrections.correction_code is null, observations.obs_value, corrections.value_to) as obs_value,
    from observations
    inner join reporting_areas on observations.submission_id = reporting_areas.submission_id
    left join corrections
        on
            reporting_areas.period_code = corrections.period_code
            and reporting_areas.area_code = corrections.area_code
            and observations.indicator_code = corrections.indicator_code
            and observations.column_code = corrections.column_code
            and observations.obs_value is not distinct from corrections.value_from
            and reporting_areas.sha256 = coalesce(corrections.workbook, reporting_areas.sha256)
),

added_up as (
    select
        reporting_areas.period_code,
        figures_in_force.indicator_code,
        figures_in_force.column_code,
        sum(figures_in_force.obs_value) as obs_value,
        count(figures_in_force.obs_value) as areas_filled,
    from reporting_areas
    inner join figures_in_force on reporting_areas.submission_id = figures_in_force.submission_id
    inner join added_indicators on figures_in_force.indicator_code = added_indicators.indicator_code
    where
        (added_indicators.reporting_level = 'lowest' and reporting_areas.is_lowest)
        or reporting_areas.area_level = added_indicators.reporting_level
    group by
        reporting_areas.period_code,
        figures_in_force.indicator_code,
        figures_in_force.column_code
),

expected_figures as (
    select
        added_up.period_code,
        cells.indicator_code,
        cells.sex,
        cells.age_band,
        cells.subset,
        added_up.obs_value,
        added_up.areas_filled,
    from added_up
    inner join cells
        on
            added_up.indicator_code = cells.indicator_code
            and added_up.column_code = cells.column_code
),

national_figures as (
    select figures.*
    from {{ ref('fct_indicator_values') }} as figures
    semi join added_indicators on figures.indicator_code = added_indicators.indicator_code
    -- not those that are derived
    semi join periods on figures.period_code = periods.period_code
    where
        figures.frame = 'as_reported'
        and figures.area_code = 'VN'
)

select
    coalesce(national_figures.period_code, expected_figures.period_code) as period_code,
    coalesce(national_figures.indicator_code, expected_figures.indicator_code) as indicator_code,
    national_figures.obs_value,
    expected_figures.obs_value as expected_value,
    national_figures.areas_filled,
    expected_figures.areas_filled as expected_filled,
from national_figures
full join expected_figures
    on
        national_figures.period_code = expected_figures.period_code
        and national_figures.indicator_code = expected_figures.indicator_code
        and national_figures.sex = expected_figures.sex
        and national_figures.age_band = expected_figures.age_band
        and national_figures.subset = expected_figures.subset
where
    national_figures.obs_value is distinct from expected_figures.obs_value
    or coalesce(national_figures.areas_filled, -1) <> coalesce(expected_figures.areas_filled, 0)
