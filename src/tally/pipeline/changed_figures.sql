-- Given beside what changed_reports.sql made: observed (the figures of the submissions that it names), lines (how indicators add
-- up), others (what else is other between the two releases: area_change, otherwise).

-- every cell of a report that is other than before, by how much, and why
create table cells as
with

said_before as (
    select
        reports.area_code,
        reports.period_code,
        reports.reason,
        observed.* exclude (submission_id),
    from reports
    inner join observed on reports.submission_id_before = observed.submission_id
),

said_now as (
    select
        reports.area_code,
        reports.period_code,
        reports.reason,
        observed.* exclude (submission_id),
    from reports
    inner join observed on reports.submission_id_now = observed.submission_id
),

corrected_before as (
    from corrections_before
    where submission_id is not null and period_code in (select scope.period_code from scope)
),

corrected_now as (
    from corrections_now
    where submission_id is not null and period_code in (select scope.period_code from scope)
)

select
    area_code,
    period_code,
    reason,
    indicator_code,
    sex,
    age_band,
    subset,
    coalesce(said_now.obs_value, 0) - coalesce(said_before.obs_value, 0) as difference,
from said_before
full join said_now using (area_code, period_code, reason, indicator_code, sex, age_band, subset)
where
    said_now.obs_value is distinct from said_before.obs_value
    or said_now.cell_state is distinct from said_before.cell_state

union all

-- a correction in force finds what it was declared for: what it makes is the difference to that
select
    area_code,
    period_code,
    'declared_correction' as reason,
    indicator_code,
    sex,
    age_band,
    subset,
    coalesce(corrected_now.value_to, 0) - coalesce(corrected_now.value_from, 0)
    - coalesce(corrected_before.value_to, 0) + coalesce(corrected_before.value_from, 0) as difference,
from corrected_before
full join corrected_now using (area_code, period_code, indicator_code, sex, age_band, subset)
where
    corrected_now.submission_id is null
    or corrected_before.submission_id is null
    or corrected_now.value_from is distinct from corrected_before.value_from
    or corrected_now.value_to is distinct from corrected_before.value_to;

-- the figures that those cells enter
create table reached as
with

-- a report that stands no more is placed where it was
placed as (
    from contributions_now
    where period_code in (select scope.period_code from scope)

    union all by name

    from contributions_before as gone
    anti join contributions_now as stands
        on
            gone.period_code = stands.period_code
            and gone.reporting_area_code = stands.reporting_area_code
    where gone.period_code in (select scope.period_code from scope)
)

select
    placed.frame,
    placed.area_code,
    cells.period_code,
    cells.indicator_code,
    cells.sex,
    cells.age_band,
    cells.subset,
    count(*) filter (where cells.reason = 'late_report') as late_reports,
    count(*) filter (where cells.reason = 'correction') as corrections,
    count(*) filter (where cells.reason = 'declared_correction') as declared_corrections,
    sum(cells.difference * placed.share) filter (where cells.reason = 'late_report') as by_late_reports,
    sum(cells.difference * placed.share) filter (where cells.reason = 'correction') as by_corrections,
    sum(cells.difference * placed.share) filter (where cells.reason = 'declared_correction')
        as by_declared_corrections,
from cells
inner join lines
    on
        cells.period_code = lines.period_code
        and cells.indicator_code = lines.indicator_code
inner join placed
    on
        cells.period_code = placed.period_code
        and cells.area_code = placed.reporting_area_code
where
    if(lines.reporting_level = 'lowest', placed.is_lowest, placed.reporting_area_level = lines.reporting_level)
    and (lines.adds_up <> 'never' or placed.is_itself)
group by all;

-- a second half is a difference over stable groups: it can change with any report of a group that lies in the area
insert into reached by name
with

placed as (
    from contributions_now
    where period_code in (select scope.period_code from scope)
),

touched as (
    select
        halves.period_code as half_code,
        halves.whole_year,
        cells.*,
    from cells
    inner join halves on cells.period_code in (halves.whole_year, halves.first_half)
),

touched_reports as (
    select distinct
        half_code,
        whole_year,
        period_code,
        area_code,
    from touched
),

reach as (
    select
        touched_reports.half_code,
        touched_reports.period_code,
        touched_reports.area_code,
        placed.frame,
        placed.area_code as reached_code,
    from touched_reports
    inner join placed
        on
            touched_reports.period_code = placed.period_code
            and touched_reports.area_code = placed.reporting_area_code

    union

    select
        touched_reports.half_code,
        touched_reports.period_code,
        touched_reports.area_code,
        held.frame,
        held.area_code as reached_code,
    from touched_reports
    inner join placed as stable_groups
        on
            touched_reports.period_code = stable_groups.period_code
            and touched_reports.area_code = stable_groups.reporting_area_code
            and stable_groups.area_level = 'stable_group'
    inner join placed as members
        on
            touched_reports.whole_year = members.period_code
            and stable_groups.area_code = members.area_code
            and members.area_level = 'stable_group'
    inner join placed as held
        on
            members.period_code = held.period_code
            and members.reporting_area_code = held.reporting_area_code
)

select
    reach.frame,
    reach.reached_code as area_code,
    touched.half_code as period_code,
    touched.indicator_code,
    touched.sex,
    touched.age_band,
    touched.subset,
    count(*) filter (where touched.reason = 'late_report') as late_reports,
    count(*) filter (where touched.reason = 'correction') as corrections,
    count(*) filter (where touched.reason = 'declared_correction') as declared_corrections,
from touched
inner join reach
    on
        touched.half_code = reach.half_code
        and touched.period_code = reach.period_code
        and touched.area_code = reach.area_code
group by all;

-- areas that other parts of the map were put into than before
create table placed_otherwise as
with

now_placed as (
    select
        frame,
        area_code,
        period_code,
        reporting_area_code,
        is_whole,
        share,
    from contributions_now
    where period_code in (select scope.period_code from scope) and (select others.area_change is not null from others)
),

before_placed as (
    select
        frame,
        area_code,
        period_code,
        reporting_area_code,
        is_whole,
        share,
    from contributions_before
    where period_code in (select scope.period_code from scope) and (select others.area_change is not null from others)
)

select distinct
    frame,
    area_code,
    period_code,
from (
    (from now_placed except from before_placed)
    union all
    (from before_placed except from now_placed)
);

create table explained as
with

told as (
    select
        changes.*,
        halves.period_code is not null as is_half,
        coalesce(reached.late_reports, 0) as late_reports,
        coalesce(reached.corrections, 0) as corrections,
        coalesce(reached.declared_corrections, 0) as declared_corrections,
        coalesce(reached.by_late_reports, 0) as by_late_reports,
        coalesce(reached.by_corrections, 0) as by_corrections,
        coalesce(reached.by_declared_corrections, 0) as by_declared_corrections,
        if(placed_otherwise.frame is null, others.otherwise, others.area_change) as other,
    from changes
    cross join others
    left join halves using (period_code)
    left join reached using (frame, area_code, period_code, indicator_code, sex, age_band, subset)
    left join placed_otherwise using (frame, area_code, period_code)
),

weighed as (
    select
        *,
        late_reports + corrections + declared_corrections > 0 as has_reports,
        -- an estimate is rounded after it is added up of shares
        is_half
        or abs(
            coalesce(value_now, 0) - coalesce(value_before, 0)
            - by_late_reports - by_corrections - by_declared_corrections
        ) <= if('E' in (status_before, status_now), 1, 0.000001) as is_made_by_reports,
    from told
)

select
    frame,
    area_code,
    area_level,
    period_code,
    indicator_code,
    sex,
    age_band,
    subset,
    value_before,
    value_now,
    status_before,
    status_now,
    nullif(
        concat_ws(
            ' ',
            if(late_reports > 0 and (is_made_by_reports or other is not null), 'late_report', null),
            if(corrections > 0 and (is_made_by_reports or other is not null), 'correction', null),
            if(declared_corrections > 0 and (is_made_by_reports or other is not null), 'declared_correction', null),
            if(has_reports and is_made_by_reports, null, other)
        ), ''
    ) as reasons,
    cast(late_reports as integer) as late_reports,
    cast(corrections as integer) as corrections,
    cast(declared_corrections as integer) as declared_corrections,
    if(is_half, null, round(by_late_reports, 2)) as by_late_reports,
    if(is_half, null, round(by_corrections, 2)) as by_corrections,
    if(is_half, null, round(by_declared_corrections, 2)) as by_declared_corrections,
from weighed;

create table reports_explained as
with

all_reports as (
    from reports

    union all by name

    select distinct
        area_code,
        period_code,
        reason,
    from cells
    where reason = 'declared_correction'
)

select
    all_reports.area_code,
    all_reports.period_code,
    all_reports.reason,
    all_reports.submission_id_before,
    all_reports.submission_id_now,
    all_reports.received_at,
    all_reports.is_late,
    count(cells.indicator_code) as cells_changed,
from all_reports
left join cells
    on
        all_reports.area_code = cells.area_code
        and all_reports.period_code = cells.period_code
        and all_reports.reason = cells.reason
group by all;
