-- Grain: one row per report that is owed and was not accepted, or not on time.
with

reports as (select * from {{ ref('int_reports_expected') }}),

areas as (select * from {{ ref('int_areas_mapped') }}),

request as (select * from {{ ref('stg_build__request') }})

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
            request.today
        ) - reports.due_date as integer
    ) as days_after_due,
from reports
inner join areas on reports.area_number = areas.area_number
cross join request
where not reports.is_on_time
order by
    reports.period_code,
    reports.province_code,
    reports.area_code
