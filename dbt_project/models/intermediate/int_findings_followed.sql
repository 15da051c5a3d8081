-- Grain: one row per submission, rule and place (sheet and cell) with a finding.
with recursive

submissions as (select * from {{ ref('stg_reports__submissions') }}),

findings as (select * from {{ ref('stg_reports__findings') }}),

closings as (select * from {{ ref('stg_reports__closings') }}),

-- what takes the place of a submission: the next of the same report that is accepted; what was not accepted itself
-- gives way to one that was read and returned, too
followed as (
    select
        submission_id,
        if(
            is_accepted,
            lead(if(is_accepted, submission_id, null) ignore nulls) over following,
            lead(if(is_accepted or verdict = 'returned', submission_id, null) ignore nulls) over following
        ) as next_submission_id,
    from submissions
    where area_code is not null and period_code is not null
    window following as (partition by area_code, period_code order by received_at, file_path, received_number)
),

places as (
    select
        findings.submission_id,
        findings.rule_code,
        findings.place,
        min(findings.explained_in) as explained_in,
        min(findings.explained_at) as explained_at,
    from findings
    group by all
),

said as (
    select
        places.submission_id,
        places.rule_code,
        places.place,
        followed.next_submission_id,
        next_places.submission_id as repeated_in_submission_id,
        coalesce(closings.status, if(places.explained_in is null, null, 'explained')) as status,
        coalesce(closings.closed_at, places.explained_at) as closed_at,
        if(closings.status is null, places.explained_in, places.submission_id) as closed_in,
    from places
    left join followed on places.submission_id = followed.submission_id
    left join places as next_places
        on
            followed.next_submission_id = next_places.submission_id
            and places.rule_code = next_places.rule_code
            and places.place = next_places.place
    left join closings
        on
            places.submission_id = closings.submission_id
            and places.rule_code = closings.rule_code
            and places.place = closings.place
),

-- from the last submission that has a finding back to the first: it is one finding, and has one end
lives as (
    select
        submission_id,
        rule_code,
        place,
        repeated_in_submission_id,
        next_submission_id as corrected_by,
        status,
        closed_at,
        closed_in,
    from said
    where repeated_in_submission_id is null
    union all
    select
        said.submission_id,
        said.rule_code,
        said.place,
        said.repeated_in_submission_id,
        lives.corrected_by,
        coalesce(lives.status, said.status) as status,
        if(lives.status is null, said.closed_at, lives.closed_at) as closed_at,
        if(lives.status is null, said.closed_in, lives.closed_in) as closed_in,
    from said
    inner join lives
        on
            said.repeated_in_submission_id = lives.submission_id
            and said.rule_code = lives.rule_code
            and said.place = lives.place
),

ended as (
    select
        lives.*,
        case
            when lives.status = 'withdrawn' then 'withdrawn'
            when lives.corrected_by is not null then 'corrected'
            else coalesce(lives.status, 'open')
        end as ended_as,
    from lives
)

select
    ended.submission_id,
    ended.rule_code,
    ended.place,
    ended.ended_as as status,
    if(ended.ended_as = 'corrected', submissions.received_at, ended.closed_at) as closed_at,
    if(ended.ended_as = 'corrected', ended.corrected_by, null) as closed_by_submission_id,
    if(ended.ended_as = 'explained', ended.closed_in, null) as explained_in_submission_id,
    ended.repeated_in_submission_id,
from ended
left join submissions on ended.corrected_by = submissions.submission_id
