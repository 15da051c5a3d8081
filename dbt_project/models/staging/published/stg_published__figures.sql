-- Grain: one row per figure of the release before.
with

figures as (
    select * from {{ rows_given('published', 'fct_indicator_values') }}
)

select
    frame,
    area_code,
    area_level,
    period_code,
    indicator_code,
    sex,
    age_band,
    subset,
    obs_value,
    obs_status,
    areas_expected,
    areas_filled,
from figures
