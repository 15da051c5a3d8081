-- Grain: one row per report, line, frame, nation or province, period and cell (sex, age band, subset).
with

-- in the file of the view itself, whatever name it is opened by
lines as (select * from {{ ref('dim_report_lines').include(database=false) }}),

figures as (select * from {{ ref('figures').include(database=false) }}),

cells as (select * from {{ ref('figure_cells').include(database=false) }}),

ratios as (select * from {{ ref('fct_ratios').include(database=false) }}),

source_values as (
    select *
    from {{ beside_periods() }}
),

areas as (
    select *
    from {{ ref('figure_areas').include(database=false) }}
    where
        area_level in ('nation', 'province')
        and frame in ('as_reported', 'provinces_34')
),

-- what a period has figures of; a second half stands on the areas of its year
said as (
    select
        lines.report_code,
        lines.line_code,
        areas.frame,
        areas.area_code,
        areas.area_level,
        areas.territory,
        figures.period_code,
        cells.sex,
        cells.age_band,
        cells.subset,
        cast(figures.obs_value as double) as obs_value,
        cast(null as bigint) as numerator_value,
        cast(null as bigint) as denominator_value,
        cast(null as varchar) as denominator_source,
        figures.obs_status,
        figures.status_reason,
        figures.areas_expected,
        figures.areas_filled,
        cast(null as date) as window_start,
        cast(null as date) as window_end,
        cast(null as varchar) as citation,
    from lines
    inner join cells on lines.indicator_code = cells.indicator_code
    inner join figures on cells.cell_number = figures.cell_number
    inner join areas on figures.frame_area_number = areas.frame_area_number
    where lines.source_code is null

    union all

    -- what another source counts, of the windows that its contract sets beside a period: the very same, if it has that
    select
        lines.report_code,
        lines.line_code,
        areas.frame,
        areas.area_code,
        areas.area_level,
        areas.territory,
        source_values.period_code,
        source_values.sex,
        source_values.age_band,
        '_T' as subset,
        source_values.obs_value,
        null as numerator_value,
        null as denominator_value,
        null as denominator_source,
        source_values.obs_status,
        null as status_reason,
        null as areas_expected,
        null as areas_filled,
        source_values.window_start,
        source_values.window_end,
        source_values.citation,
    from lines
    inner join source_values
        on
            lines.source_code = source_values.source_code
            and lines.indicator_code = source_values.indicator_code
    inner join areas
        on
            areas.frame = 'as_reported'
            and source_values.period_code = areas.period_code
            and source_values.area_code = areas.area_code

    union all

    select
        lines.report_code,
        lines.line_code,
        areas.frame,
        areas.area_code,
        areas.area_level,
        areas.territory,
        ratios.period_code,
        '_T' as sex,
        '_T' as age_band,
        '_T' as subset,
        ratios.ratio_value as obs_value,
        ratios.numerator_value,
        ratios.denominator_value,
        ratios.denominator_source,
        ratios.obs_status,
        ratios.status_reason,
        ratios.areas_expected,
        ratios.areas_filled,
        null as window_start,
        null as window_end,
        null as citation,
    from lines
    inner join ratios on lines.ratio_code = ratios.ratio_code
    inner join areas
        on
            ratios.frame = areas.frame
            and ratios.period_code = areas.period_code
            and ratios.area_code = areas.area_code

    union all

    -- what is asked of a country and nobody reports: it stands there, and says why it is empty
    select
        lines.report_code,
        lines.line_code,
        areas.frame,
        areas.area_code,
        areas.area_level,
        areas.territory,
        areas.period_code,
        '_T' as sex,
        '_T' as age_band,
        '_T' as subset,
        null as obs_value,
        null as numerator_value,
        null as denominator_value,
        null as denominator_source,
        'M' as obs_status,
        'not_in_this_database' as status_reason,
        null as areas_expected,
        null as areas_filled,
        null as window_start,
        null as window_end,
        null as citation,
    from lines
    cross join areas
    where
        lines.empty_because_vi is not null
        and areas.period_code in (select distinct ratios.period_code from ratios)
)

select
    said.report_code,
    lines.line_position,
    said.line_code,
    lines.label_vi,
    lines.label_en,
    lines.unit,
    lines.unit_vi,
    lines.unit_en,
    said.frame,
    said.area_code,
    said.area_level,
    said.period_code,
    said.sex,
    said.age_band,
    said.subset,
    said.obs_value,
    said.numerator_value,
    said.denominator_value,
    said.denominator_source,
    said.obs_status,
    said.status_reason,
    said.areas_expected,
    said.areas_filled,
    said_before.obs_value as value_year_before,
    said_before.obs_status as status_year_before,
    said.obs_value - said_before.obs_value as change_on_year,
    said.window_start,
    said.window_end,
    said.citation,
    lines.empty_because_vi,
    lines.empty_because_en,
    lines.source,
from said
inner join lines
    on
        said.report_code = lines.report_code
        and said.line_code = lines.line_code
left join said as said_before
    on
        said.report_code = said_before.report_code
        and said.line_code = said_before.line_code
        and said.frame = said_before.frame
        and said.area_code = said_before.area_code
        and said.territory = said_before.territory
        and {{ year_before('said.period_code') }} = said_before.period_code
        and said.sex = said_before.sex
        and said.age_band = said_before.age_band
        and said.subset = said_before.subset
        and said_before.obs_value is not null
