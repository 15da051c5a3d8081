-- Grain: one row per report that is owed and was not accepted, or not on time.
with

reports as (select * from {{ ref('int_reports_expected') }}),

areas as (select * from {{ ref('stg_contracts__areas') }}),

periods as (select * from {{ ref('stg_contracts__periods') }}),

clock as (
    select cast(timezone('Asia/Ho_Chi_Minh', cast('{{ var("as_of") }}' as timestamptz)) as date) as today
)

select
    reports.area_code,
    areas.area_level,
    areas.name_vi as label_vi,
    areas.name_en as label_en,
    reports.province_code,
    reports.period_code,
    reports.due_date,
    case
        when reports.is_accepted then 'late'
        when not reports.is_received then 'missing'
        else reports.last_verdict
    end as report_state,
    reports.last_received_at,
    cast(
        if(
            reports.is_accepted,
            cast(timezone('Asia/Ho_Chi_Minh', reports.first_accepted_at) as date),
            clock.today
        ) - reports.due_date as integer
    ) as days_after_due,
from reports
inner join periods on reports.period_code = periods.period_code
inner join areas
    on
        reports.area_code = areas.area_code
        and (areas.valid_from is null or periods.map_date >= areas.valid_from)
        and (areas.valid_to is null or periods.map_date < areas.valid_to)
cross join clock
where not reports.is_on_time
order by
    reports.period_code,
    reports.province_code,
    reports.area_code
