-- Grain: one row per concept, area, period, sex, age band, source and source that it stands beside.
with

-- in the file of the view itself, whatever name it is opened by
figures as (select * from {{ ref('fct_indicator_values').include(database=false) }}),

indicators as (select * from {{ ref('dim_indicators').include(database=false) }}),

periods as (select * from {{ ref('dim_periods').include(database=false) }}),

sources as (select * from {{ ref('dim_sources').include(database=false) }}),

source_indicators as (select * from {{ ref('dim_source_indicators').include(database=false) }}),

-- no indicator of a source counts the same as another of it: that is held by its contract
others as (
    select
        source_values.*,
        source_indicators.concept_code,
    from {{ beside_periods() }} as source_values
    inner join source_indicators
        on
            source_values.source_code = source_indicators.source_code
            and source_values.indicator_code = source_indicators.indicator_code
    where source_indicators.concept_code is not null
),

concepts as (
    select
        indicator_code as concept_code,
        any_value(unit) as unit,
    from indicators
    where indicator_code in (select source_indicators.concept_code from source_indicators)
    group by indicator_code
),

asked as (
    select
        concept_code,
        area_code,
        period_code,
        sex,
        age_band,
    from others
    union
    select
        figures.indicator_code as concept_code,
        figures.area_code,
        figures.period_code,
        figures.sex,
        figures.age_band,
    from figures
    inner join concepts on figures.indicator_code = concepts.concept_code
    where
        figures.frame = 'as_reported'
        and figures.area_code = 'VN'
        and figures.sex = '_T'
        and figures.age_band = '_T'
        and figures.subset = '_T'
),

communes as (
    select
        asked.*,
        concepts.unit,
        cast(figures.obs_value as double) as obs_value,
        figures.obs_status,
        figures.areas_expected,
        figures.areas_filled,
        periods.start_date as window_start,
        periods.end_date as window_end,
    from asked
    inner join concepts on asked.concept_code = concepts.concept_code
    inner join periods on asked.period_code = periods.period_code
    left join figures
        on
            figures.frame = 'as_reported'
            and figures.subset = '_T'
            and asked.concept_code = figures.indicator_code
            and asked.area_code = figures.area_code
            and asked.period_code = figures.period_code
            and asked.sex = figures.sex
            and asked.age_band = figures.age_band
),

sides as (
    select
        concept_code,
        area_code,
        period_code,
        sex,
        age_band,
        'communes' as source_code,
        concept_code as indicator_code,
        unit,
        obs_value,
        coalesce(obs_status, 'M') as obs_status,
        window_start,
        window_end,
        areas_expected,
        areas_filled,
        null as citation,
    from communes
    union all
    select
        concept_code,
        area_code,
        period_code,
        sex,
        age_band,
        source_code,
        indicator_code,
        unit,
        obs_value,
        obs_status,
        window_start,
        window_end,
        null as areas_expected,
        null as areas_filled,
        citation,
    from others
),

-- the communes first, and of others each beside those before it: no pair twice
pairs as (
    select
        sides.*,
        beside.source_code as beside_source_code,
        beside.obs_value as beside_value,
        beside.unit as beside_unit,
        beside.obs_status as beside_status,
        beside.window_start as beside_window_start,
        beside.window_end as beside_window_end,
        sides.unit = beside.unit
        and sides.unit <> 'percent'
        and sides.obs_value is not null
        and beside.obs_value is not null as is_comparable,
    from sides
    left join sides as beside
        on
            sides.concept_code = beside.concept_code
            and sides.area_code = beside.area_code
            and sides.period_code = beside.period_code
            and sides.sex = beside.sex
            and sides.age_band = beside.age_band
            and sides.source_code <> 'communes'
            and sides.source_code <> beside.source_code
            and (
                beside.source_code = 'communes'
                or sides.source_code > beside.source_code
            )
)

select
    pairs.concept_code,
    pairs.area_code,
    pairs.period_code,
    pairs.sex,
    pairs.age_band,
    pairs.source_code,
    pairs.indicator_code,
    pairs.obs_value,
    pairs.unit,
    pairs.obs_status,
    pairs.window_start,
    pairs.window_end,
    sources.cut_off_vi,
    sources.cut_off_en,
    sources.coverage_vi,
    sources.coverage_en,
    pairs.areas_expected,
    pairs.areas_filled,
    pairs.citation,
    pairs.beside_source_code,
    pairs.beside_value,
    pairs.beside_unit,
    pairs.beside_status,
    pairs.beside_window_start,
    pairs.beside_window_end,
    case
        when pairs.beside_source_code is null then null
        when pairs.obs_value is null or pairs.beside_value is null then 'not_published'
        when pairs.unit <> pairs.beside_unit then 'other_unit'
        when
            pairs.window_start = pairs.beside_window_start and pairs.window_end = pairs.beside_window_end
            then 'same_window'
        else 'shifted_window'
    end as comparability,
    if(
        pairs.beside_source_code is null, null,
        cast(
            abs(pairs.window_start - pairs.beside_window_start) + abs(pairs.window_end - pairs.beside_window_end)
            as integer
        )
    ) as days_not_shared,
    if(pairs.is_comparable, pairs.obs_value - pairs.beside_value, null) as value_difference,
    if(pairs.is_comparable and pairs.beside_value > 0, pairs.obs_value / pairs.beside_value, null) as value_ratio,
    -- whom both know is part of either; that is all that totals say of an overlap
    if(pairs.is_comparable, 0, null) as overlap_at_least,
    if(pairs.is_comparable, cast(least(pairs.obs_value, pairs.beside_value) as bigint), null) as overlap_at_most,
    if(pairs.is_comparable, cast(greatest(pairs.obs_value, pairs.beside_value) as bigint), null)
        as known_to_either_at_least,
from pairs
inner join sources on pairs.source_code = sources.source_code
