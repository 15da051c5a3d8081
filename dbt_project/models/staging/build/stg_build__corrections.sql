-- Grain: one row per declared correction, in force or not.
with

corrections as (
    select * from {{ rows_given('build', 'corrections') }}
)

select
    correction_code,
    area_code,
    period_code,
    indicator_code,
    column_code,
    form_code,
    sex,
    age_band,
    subset,
    value_from,
    value_to,
    workbook,
    reason_vi,
    reason_en,
    declared_by,
    status,
from corrections
