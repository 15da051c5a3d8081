-- Grain: one row per report that is owed: an area on the map of a period.
with

areas as (select * from {{ ref('int_areas_mapped') }}),

ancestors as (select * from {{ ref('int_area_ancestors') }}),

due_days as (select * from {{ ref('stg_contracts__due_days') }}),

submissions as (select * from {{ ref('stg_reports__submissions') }}),

current_submissions as (select * from {{ ref('int_submissions_current') }}),

received as (
    select
        area_code,
        period_code,
        bool_or(is_accepted and not is_late) as is_on_time,
        min(received_at) filter (where is_accepted) as first_accepted_at,
        max_by(verdict, (received_at, file_path, received_number)) as last_verdict,
        max(received_at) as last_received_at,
    from submissions
    where verdict <> 'duplicate'
    group by area_code, period_code
),

provinces as (
    select
        period_code,
        area_code,
        ancestor_code as province_code,
    from ancestors
    where ancestor_level = 'province'
)

select
    areas.period_code,
    areas.area_code,
    areas.area_number,
    areas.area_level,
    areas.parent_code,
    provinces.province_code,
    areas.is_lowest,
    coalesce(own_days.due_date, common_days.due_date) as due_date,
    received.area_code is not null as is_received,
    current_submissions.submission_id is not null as is_accepted,
    coalesce(received.is_on_time, false) as is_on_time,
    current_submissions.submission_id,
    current_submissions.received_at,
    received.first_accepted_at,
    received.last_verdict,
    received.last_received_at,
from areas
left join provinces
    on
        areas.period_code = provinces.period_code
        and areas.area_code = provinces.area_code
left join due_days as own_days
    on
        areas.period_code = own_days.period_code
        and areas.area_level = own_days.area_level
        and provinces.province_code = own_days.province_code
left join due_days as common_days
    on
        areas.period_code = common_days.period_code
        and areas.area_level = common_days.area_level
        and common_days.province_code is null
left join received
    on
        areas.period_code = received.period_code
        and areas.area_code = received.area_code
left join current_submissions
    on
        areas.period_code = current_submissions.period_code
        and areas.area_code = current_submissions.area_code
where areas.area_level <> 'nation'
