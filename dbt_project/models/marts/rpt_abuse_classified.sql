-- Grain: one row per frame, area, period, sex, age band, scheme and category, those not allocated too.
with

-- in the file of the view itself, whatever name it is opened by
figures as (
    select *
    from {{ ref('fct_indicator_values').include(database=false) }}
    where subset = '_T'
),

classifications as (select * from {{ ref('dim_classifications').include(database=false) }})

select
    figures.frame,
    figures.area_code,
    figures.area_level,
    figures.period_code,
    figures.sex,
    figures.age_band,
    classifications.scheme_code,
    classifications.category_code,
    any_value(classifications.category_vi) as label_vi,
    any_value(classifications.category_en) as label_en,
    cast(sum(figures.obs_value) as bigint) as obs_value,
    case
        when count(figures.obs_value) = 0 then 'M'
        when count(*) filter (where figures.obs_status in ('A', 'I')) = count(*) then 'A'
        when count(*) filter (where figures.obs_status = 'E') > 0 then 'E'
        else 'P'
    end as obs_status,
    max(figures.areas_expected) as areas_expected,
    min(figures.areas_filled) as areas_filled,
    string_agg(classifications.indicator_code, ' ' order by classifications.indicator_code) as indicator_codes,
    any_value(classifications.verification_status) as verification_status,
from figures
inner join classifications on figures.indicator_code = classifications.indicator_code
group by
    figures.frame,
    figures.area_code,
    figures.area_level,
    figures.period_code,
    figures.sex,
    figures.age_band,
    classifications.scheme_code,
    classifications.category_code
