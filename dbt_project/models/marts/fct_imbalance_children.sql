-- Grain: one row per report of a child that explains why its parent's figures need not be the sum of its children's.
with

unsettled as (select * from {{ ref('int_children_unsettled') }}),

reports as (select * from {{ ref('int_reports_expected') }}),

areas as (select * from {{ ref('int_areas_mapped') }})

select
    unsettled.parent_code as area_code,
    unsettled.period_code,
    unsettled.area_code as child_code,
    areas.name_vi as child_label_vi,
    areas.name_en as child_label_en,
    unsettled.reason,
    reports.due_date,
    reports.last_verdict,
    reports.last_received_at,
    unsettled.submission_id,
    unsettled.submission_id_then,
from unsettled
inner join reports
    on
        unsettled.period_code = reports.period_code
        and unsettled.area_code = reports.area_code
inner join areas on unsettled.area_number = areas.area_number
order by
    unsettled.period_code,
    unsettled.parent_code,
    unsettled.area_code
