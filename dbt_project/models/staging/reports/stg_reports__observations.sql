-- Grain: one row per figure cell of an accepted submission, as it is judged now.
with

observations as (
    select * from {{ rows_given('judged', 'observations') }}
),

judged as (
    select * from {{ rows_given('judged', 'judgements') }}
)

select
    observations.submission_id,
    observations.period_code,
    observations.form_code,
    observations.indicator_code,
    observations.column_code,
    observations.sheet_name,
    observations.cell_address,
    observations.obs_value,
    observations.cell_state,
from observations
inner join judged
    on
        observations.submission_id = judged.submission_id
        and observations.judged_in = judged.batch_id
