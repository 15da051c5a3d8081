-- Grain: one row per period that has ended and is collected, or for which something was received.
with

periods as (select * from {{ ref('stg_contracts__periods') }}),

submissions as (select * from {{ ref('stg_reports__submissions') }}),

request as (select * from {{ ref('stg_build__request') }}),

collected as (
    select
        periods.period_code,
        periods.period_year,
        periods.period_part,
        periods.end_date,
        periods.map_date,
        coalesce(list_contains(request.period_codes, periods.period_code), true) as is_built,
    from periods
    cross join request
    where
        periods.end_date < request.today
        and (
            {{ period_order('periods.period_code') }} >= {{ period_order('request.collected_from') }}
            or periods.period_code in (select submissions.period_code from submissions)
        )
)

select
    period_code,
    period_year,
    period_part,
    end_date,
    map_date,
    is_built,
    -- not built itself, but with a part of its year that is: a second half is made of both
    not is_built and exists (
        select 1
        from collected as built
        where
            built.is_built
            and built.period_year = collected.period_year
    ) as is_compared,
from collected
