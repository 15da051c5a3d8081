-- Grain: one row per report of a child that is not as its parent can have added it up.
with

reports as (select * from {{ ref('int_reports_expected') }}),

submissions as (select * from {{ ref('stg_reports__submissions') }}),

children as (
    select
        children.*,
        parents.received_at as parent_received_at,
    from reports as children
    inner join reports as parents
        on
            children.period_code = parents.period_code
            and children.parent_code = parents.area_code
    where parents.is_accepted
),

stood_then as (
    select
        children.period_code,
        children.area_code,
        max_by(submissions.submission_id, (submissions.received_at, submissions.file_path, submissions.received_number))
            as submission_id,
    from children
    inner join submissions
        on
            children.period_code = submissions.period_code
            and children.area_code = submissions.area_code
            and children.parent_received_at >= submissions.received_at
    where
        submissions.is_accepted
        and children.received_at > children.parent_received_at
    group by
        children.period_code,
        children.area_code
)

select
    children.period_code,
    children.parent_code,
    children.area_code,
    children.area_number,
    case
        when not children.is_received then 'missing'
        when not children.is_accepted then 'returned'
        when stood_then.submission_id is null then 'late'
        else 'changed'
    end as reason,
    children.submission_id,
    children.received_at,
    stood_then.submission_id as submission_id_then,
from children
left join stood_then
    on
        children.period_code = stood_then.period_code
        and children.area_code = stood_then.area_code
where
    not children.is_accepted
    or children.received_at > children.parent_received_at
