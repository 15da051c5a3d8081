-- Grain: one row per complete second half above the groups that is not the difference of what was reported.
with

built as (
    select *
    from {{ ref('fct_indicator_values') }}
    where area_level in ('nation', 'province')
),

halves as (
    select *
    from {{ ref('int_second_halves_exact') }}
    where is_built
),

reported as (
    select first_half_code as period_code from halves
    union
    select whole_year_code as period_code from halves
),

published as (
    select *
    from {{ ref('stg_published__figures') }}
    where
        area_level in ('nation', 'province')
        and period_code in (select reported.period_code from reported)
        and period_code not in (select built.period_code from built)
),

figures as (
    from built
    union all by name
    from published
),

flows as (
    select distinct indicator_code
    from {{ ref('dim_indicators') }}
    where adds_up = 'flow'
),

second_halves as (
    select built.*
    from built
    semi join flows on built.indicator_code = flows.indicator_code
    where
        built.period_code like '%S2'
        and built.obs_status = 'A'
)

select
    second_halves.frame,
    second_halves.area_code,
    second_halves.period_code,
    second_halves.indicator_code,
    second_halves.sex,
    second_halves.age_band,
    second_halves.subset,
    second_halves.obs_value,
    whole_year.obs_value as year_value,
    first_half.obs_value as first_half_value,
from second_halves
inner join halves
    on
        second_halves.period_code = halves.period_code
        and second_halves.frame = halves.frame
left join figures as whole_year
    on
        halves.whole_year_code = whole_year.period_code
        and second_halves.frame = whole_year.frame
        and second_halves.area_code = whole_year.area_code
        and second_halves.indicator_code = whole_year.indicator_code
        and second_halves.sex = whole_year.sex
        and second_halves.age_band = whole_year.age_band
        and second_halves.subset = whole_year.subset
left join figures as first_half
    on
        halves.first_half_code = first_half.period_code
        and second_halves.frame = first_half.frame
        and second_halves.area_code = first_half.area_code
        and second_halves.indicator_code = first_half.indicator_code
        and second_halves.sex = first_half.sex
        and second_halves.age_band = first_half.age_band
        and second_halves.subset = first_half.subset
where second_halves.obs_value is distinct from whole_year.obs_value - first_half.obs_value
