-- Given: changes (figures that are other than before), the marts of both releases as submissions_now, submissions_before …

-- of each second half with changed figures, what it is made of
create table halves as
select
    derived.period_code,
    whole.period_code as whole_year,
    half.period_code as first_half,
from now.marts.dim_periods as derived
inner join now.marts.dim_periods as whole
    on
        derived.period_year = whole.period_year
        and whole.period_part = 'A1'
inner join now.marts.dim_periods as half
    on
        derived.period_year = half.period_year
        and half.period_part = 'S1'
where
    derived.is_derived
    and derived.period_code in (select changes.period_code from changes);

-- the periods whose reports make the changed figures
create table scope as
select whole_year as period_code from halves
union
select first_half as period_code from halves
union
select period_code from changes
where period_code not in (select halves.period_code from halves);

-- the reports of which another submission stands than before
create table reports as
with

now_standing as (
    from submissions_now
    where is_current and period_code in (select scope.period_code from scope)
),

stood_before as (
    from submissions_before
    where is_current and period_code in (select scope.period_code from scope)
)

select
    area_code,
    period_code,
    now_standing.received_at,
    now_standing.is_late,
    stood_before.submission_id as submission_id_before,
    now_standing.submission_id as submission_id_now,
    case
        when stood_before.submission_id is null then 'late_report'
        when now_standing.submission_id is null then 'no_longer_accepted'
        else 'correction'
    end as reason,
from now_standing
full join stood_before using (area_code, period_code)
where now_standing.submission_id is distinct from stood_before.submission_id;
