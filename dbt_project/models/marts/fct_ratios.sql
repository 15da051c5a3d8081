-- Grain: one row per frame, nation, province or district of the frame, period and ratio that the period can have.
with

areas_expected as (select * from {{ ref('int_areas_expected') }}),

frames as (select * from {{ ref('stg_contracts__frames') }}),

periods as (
    select *
    from {{ ref('int_periods_collected') }}
    where is_built
),

submissions as (select * from {{ ref('int_submissions_current') }}),

areas as (select * from {{ ref('int_areas_mapped') }}),

cells_printed as (select * from {{ ref('int_cells_printed') }}),

ratios as (select * from {{ ref('stg_contracts__ratios') }}),

ratio_cells as (select * from {{ ref('stg_contracts__ratio_cells') }}),

populations as (select * from {{ ref('stg_contracts__populations') }}),

parts as (select * from {{ ref('int_ratio_parts_rolled_up') }}),

-- in a period that prints every cell of it
ratios_asked as (
    select
        periods.period_code,
        ratios.ratio_code,
        ratios.per,
        ratios.population_column,
        ratios.denominator_place,
    from periods
    cross join ratios
    where
        {{ in_force('ratios', 'periods.period_code') }}
        and periods.period_code in (select submissions.period_code from submissions)
        and not exists (
            select 1
            from ratio_cells
            where
                ratio_cells.ratio_code = ratios.ratio_code
                and not exists (
                    select 1
                    from cells_printed
                    where
                        cells_printed.period_code = periods.period_code
                        and cells_printed.indicator_code = ratio_cells.indicator_code
                        and cells_printed.sex = ratio_cells.sex
                        and cells_printed.age_band = ratio_cells.age_band
                        and cells_printed.subset = ratio_cells.subset
                )
        )
),

counts as (
    from populations unpivot (
        people for population_column in (children_under_16, population)
    )
),

-- of the year of the period and not after its end, the last; on the map of the report, of the very version that reports
populations_known as (
    select
        counts.frame,
        periods.period_code,
        counts.area_code,
        counts.population_column,
        max_by(counts.people, counts.count_date) as people,
        max_by(counts.source || ', ' || strftime(counts.count_date, '%Y-%m-%d'), counts.count_date) as people_source,
    from counts
    inner join periods
        on
            year(counts.count_date) = periods.period_year
            and counts.count_date <= periods.end_date
    left join areas
        on
            periods.period_code = areas.period_code
            and counts.area_code = areas.area_code
    where
        counts.frame <> 'as_reported'
        or areas.valid_from is not distinct from counts.valid_from
    group by
        counts.frame,
        periods.period_code,
        counts.area_code,
        counts.population_column
),

holders as (
    select
        areas_expected.*,
        areas_expected.unknown_because is null as is_known,
    from areas_expected
    inner join frames on areas_expected.frame = frames.frame
    where
        areas_expected.reporting_level = 'lowest'
        and areas_expected.area_level in ('nation', 'province', 'district')
        and not frames.has_estimates
),

-- a population counts everybody, so only a numerator of everybody goes with it
divided as (
    select
        holders.frame,
        holders.area_code,
        holders.area_level,
        holders.period_code,
        holders.areas_expected,
        holders.unknown_because,
        ratios_asked.ratio_code,
        ratios_asked.per,
        ratios_asked.population_column,
        ratios_asked.denominator_place,
        populations_known.people_source,
        holders.is_known
        and parts.numerator_areas = holders.areas_expected
        and populations_known.people is not null as is_by_population,
        holders.is_known and parts.areas_filled > 0 as is_by_reports,
        parts.numerator_alone_value,
        populations_known.people,
        parts.numerator_value,
        parts.denominator_value,
        parts.areas_filled,
    from holders
    inner join ratios_asked on holders.period_code = ratios_asked.period_code
    left join parts
        on
            holders.frame_area_number = parts.frame_area_number
            and ratios_asked.ratio_code = parts.ratio_code
    left join populations_known
        on
            holders.frame = populations_known.frame
            and holders.period_code = populations_known.period_code
            and holders.area_code = populations_known.area_code
            and ratios_asked.population_column = populations_known.population_column
),

chosen as (
    select
        *,
        case when is_by_population then numerator_alone_value when is_by_reports then numerator_value end as numerator,
        case when is_by_population then people when is_by_reports then denominator_value end as denominator,
        case when is_by_population then areas_expected when is_by_reports then areas_filled else 0 end as filled,
        case when is_by_population then people_source when is_by_reports then denominator_place end as denominator_from,
    from divided
)

select
    frame,
    area_code,
    area_level,
    period_code,
    ratio_code,
    numerator as numerator_value,
    denominator as denominator_value,
    cast(per as double) * numerator / nullif(denominator, 0) as ratio_value,
    case when filled = 0 then 'M' when filled < areas_expected then 'P' else 'A' end as obs_status,
    case
        when filled > 0 then if(denominator = 0, 'nobody_to_divide_by', null)
        when unknown_because is not null then unknown_because
        when population_column = 'population' then 'no_population'
        else 'not_filled'
    end as status_reason,
    areas_expected,
    filled as areas_filled,
    denominator_from as denominator_source,
from chosen
order by
    period_code,
    frame,
    area_code,
    ratio_code
