-- Grain: one row per figure of the release before.
with

figures as (
    select * from {{ rows_given('published', 'figures') }}
)

select
    period_code,
    frame_area_number,
    cell_number,
    obs_value,
    obs_status,
    areas_expected,
    areas_filled,
    areas_corrected,
from figures
