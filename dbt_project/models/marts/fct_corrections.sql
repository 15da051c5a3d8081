-- Grain: one row per declared correction, in force or not.
with

corrections as (select * from {{ ref('stg_build__corrections') }}),

submissions as (select * from {{ ref('int_submissions_current') }})

select
    corrections.correction_code,
    corrections.area_code,
    corrections.period_code,
    corrections.indicator_code,
    corrections.sex,
    corrections.age_band,
    corrections.subset,
    corrections.value_from,
    corrections.value_to,
    corrections.status,
    corrections.reason_vi,
    corrections.reason_en,
    corrections.declared_by,
    -- what is in force was found as it was declared: the gate lets no other release pass
    if(corrections.status = 'active', submissions.submission_id, null) as submission_id,
from corrections
left join submissions
    on
        corrections.period_code = submissions.period_code
        and corrections.area_code = submissions.area_code
order by corrections.correction_code
