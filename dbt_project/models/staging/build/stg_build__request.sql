-- Grain: one row per build.
with

request as (
    select * from {{ rows_given('build', 'request') }}
)

select
    as_of,
    cast(timezone('Asia/Ho_Chi_Minh', as_of) as date) as today,
    collected_from,
    period_codes,
from request
