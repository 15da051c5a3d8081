-- Grain: one row per target of a programme, year that was reported (none where no year was), frame and area.
with

-- in the file of the view itself, whatever name it is opened by
-- an earlier target of the same programme and ratio is a place on the way to the later one
targets as (
    select
        *,
        lag(target_year, 1, start_year - 1) over way as way_from_year,
        lag(target_value, 1, if(target_at = 'least', 0, null)) over way as way_from_value,
    from {{ ref('dim_programme_targets').include(database=false) }}
    window way as (
        partition by programme_code, coalesce(ratio_code, target_code)
        order by target_year
    )
),

periods as (
    select *
    from {{ ref('dim_periods').include(database=false) }}
    where period_part = 'A1'
),

codes as (
    select *
    from {{ ref('dim_codes').include(database=false) }}
    where codelist = 'why_not'
),

ratios as (select * from {{ ref('fct_ratios').include(database=false) }}),

figures as (
    select *
    from {{ ref('fct_indicator_values').include(database=false) }}
    where
        frame = 'as_reported'
        and area_code = 'VN'
        and sex = '_T'
        and age_band = '_T'
        and subset = '_T'
),

years as (
    select
        period_code,
        period_year,
    from periods
    where period_code in (select ratios.period_code from ratios)
),

-- a ratio is told of the nation and of each province, what provinces have of the nation alone
measured as (
    select
        targets.target_code,
        ratios.period_code,
        ratios.frame,
        ratios.area_code,
        ratios.area_level,
        cast(ratios.numerator_value as double) as numerator_value,
        cast(ratios.denominator_value as double) as denominator_value,
        ratios.areas_expected,
        ratios.areas_filled,
        ratios.denominator_source,
    from targets
    inner join ratios on targets.ratio_code = ratios.ratio_code
    where ratios.area_level in ('nation', 'province')
    union all
    select
        targets.target_code,
        figures.period_code,
        figures.frame,
        figures.area_code,
        figures.area_level,
        cast(figures.obs_value as double) as numerator_value,
        cast(figures.areas_filled as double) as denominator_value,
        figures.areas_expected,
        figures.areas_filled,
        null as denominator_source,
    from targets
    inner join figures on targets.province_indicator_code = figures.indicator_code
),

-- what cannot be told stands with every year, too
asked as (
    select
        targets.*,
        years.period_code,
        years.period_year,
        coalesce(measured.frame, 'as_reported') as frame,
        coalesce(measured.area_code, 'VN') as area_code,
        coalesce(measured.area_level, 'nation') as area_level,
        measured.numerator_value,
        measured.denominator_value,
        measured.areas_expected,
        measured.areas_filled,
        measured.denominator_source,
    from targets
    left join years on true
    left join measured
        on
            targets.target_code = measured.target_code
            and years.period_code = measured.period_code
),

judged as (
    select
        *,
        100 * numerator_value / nullif(denominator_value, 0) as value_percent,
        case
            when reason_vi is not null then 'not_measured'
            when period_code is null or numerator_value is null or denominator_value is null then 'not_reported'
            when areas_filled < least_coverage * areas_expected then 'coverage_too_low'
            when denominator_value = 0 then 'nobody_to_divide_by'
        end as why_not,
        -- where a straight way is at the end of the year; of a share that has to fall nobody says where it begins
        way_from_value
        + (target_value - way_from_value)
        * greatest(period_year - way_from_year, 0) / (target_year - way_from_year) as way_value,
        if(
            target_at = 'least',
            100 * numerator_value >= target_value * denominator_value,
            100 * numerator_value <= target_value * denominator_value
        ) as is_reached,
    from asked
),

told as (
    select
        judged.*,
        codes.meaning_vi,
        codes.meaning_en,
    from judged
    left join codes on judged.why_not = codes.code
)

select
    programme_code,
    target_code,
    target_year,
    target_at,
    target_value,
    period_code,
    frame,
    area_code,
    area_level,
    title_vi,
    title_en,
    if(why_not is null, value_percent, null) as value_percent,
    cast(numerator_value as bigint) as numerator_value,
    cast(denominator_value as bigint) as denominator_value,
    denominator_source,
    areas_expected,
    areas_filled,
    areas_filled / nullif(areas_expected, 0) as coverage,
    case
        when why_not is not null then 'cannot_be_evaluated'
        when is_reached then 'met'
        when period_year >= target_year then 'behind'
        when if(target_at = 'least', value_percent >= way_value, value_percent <= way_value) then 'on_course'
        else 'behind'
    end as target_status,
    why_not,
    coalesce(reason_vi, meaning_vi) as reason_vi,
    coalesce(reason_en, meaning_en) as reason_en,
    note_vi,
    note_en,
    verification_status,
    decision,
    programme_source,
from told
