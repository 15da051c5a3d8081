-- Grain: one row per period that has ended and is collected, or for which something was received.
with

periods as (select * from {{ ref('stg_contracts__periods') }}),

submissions as (select * from {{ ref('stg_reports__submissions') }}),

clock as (
    select cast(timezone('Asia/Ho_Chi_Minh', cast('{{ var("as_of") }}' as timestamptz)) as date) as today
)

select
    periods.period_code,
    periods.period_part,
    periods.end_date,
    periods.map_date,
from periods
cross join clock
where
    periods.end_date < clock.today
    and (
        {{ period_order('periods.period_code') }} >= {{ period_order("'" ~ var('collected_from') ~ "'") }}
        or periods.period_code in (select submissions.period_code from submissions)
    )
