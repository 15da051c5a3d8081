"""Tell each province's officer what is outstanding, by the release that stands."""

from collections import defaultdict
from concurrent.futures import Executor
from datetime import date, datetime
from itertools import starmap
from pathlib import Path
from typing import Any

import duckdb

from tally.adapters.files import write_whole
from tally.adapters.tables import rows_of
from tally.contracts.areas import Register
from tally.exports.outstanding import Outstanding, Section, Standing, outstanding_page, outstanding_workbook
from tally.periods import LOCAL_TIME, Period
from tally.pipeline.answer import UNKNOWN_SENDER
from tally.pipeline.home import Home
from tally.pipeline.releases import CURRENT, manifest_of
from tally.vocabulary import Verdict

PAGE, WORKBOOK = "outstanding.html", "outstanding.xlsx"
_HEAD = 400  # the release is named among the first letters of a page

_OPEN = """
    with came as (
        from marts.fct_submissions where verdict <> 'duplicate'
    ),
    last as (
        select came.*, critical
        from came
        left join (
            select submission_id, count(*) as critical from marts.fct_findings where severity = 'critical' group by all
        ) using (submission_id)
        qualify row_number() over (
            partition by area_code, period_code order by received_at desc, file_path desc, submission_id desc
        ) = 1
    ),
    current as (
        from came where is_current
    )
    select
        period_code, area_code, province_code, label_vi, owed.due_date, report_state,
        sender, received_at, submission_id, verdict, critical
    from marts.rpt_late_and_missing_reports as owed
    left join last using (period_code, area_code)
    where report_state <> 'late'
    union all by name
    select
        period_code, area_code, due_date, 'correction' as report_state,
        sender, received_at, submission_id, verdict, critical
    from last
    semi join current using (period_code, area_code)
    where verdict in ('returned', 'refused')
"""
_UNREAD = """
    select sender, received_at, submission_id, verdict, critical
    from marts.fct_submissions
    inner join (select submission_id, count(*) as critical from marts.fct_findings group by all) using (submission_id)
    where verdict = 'refused' and sender is not null and (period_code is null or area_code is distinct from sender)
    order by received_at, file_path
"""
_COUNTS = """
    select period_code, area_code, reports_expected, reports_received, reports_accepted, reports_on_time
    from marts.fct_reporting_completeness
    where area_level = 'province'
    order by area_code
"""
Row = dict[str, Any]


def list_outstanding(home: Home | None = None, pool: Executor | None = None) -> int:
    """Write outbox/<province>/outstanding.html and .xlsx for every province of today, by the release that stands.

    Shape   the number of reports that are outstanding. The newest period, and older ones where something is; a former
            province's reports are listed for those that hold its territory now.
    Blanks  none, and nothing is written, before the first release.
    """
    home = home or Home.default()
    release = home.releases / CURRENT
    if not (release / "national.duckdb").exists():
        return 0
    manifest = manifest_of(release)
    release_id, as_of = str(manifest["release_id"]), datetime.fromisoformat(manifest["as_of"])
    today = as_of.astimezone(LOCAL_TIME).date()
    with duckdb.connect(str(release / "national.duckdb"), read_only=True) as connection:
        of_province = sections_by_province(connection, home.contracts.register, today)
    folders = {home.outbox / province.code: province for province in home.contracts.register.on(today, "province")}
    waiting = [
        (folder, (province.name, of_province.get(province.code, []), as_of, release_id))
        for folder, province in folders.items()
        if not _is_listed(folder, release_id)
    ]
    list(pool.map(_write_list, *zip(*waiting, strict=True)) if pool and waiting else starmap(_write_list, waiting))
    written = {folder / name for folder in folders for name in (PAGE, WORKBOOK)}
    for path in home.outbox.glob("*/outstanding.*"):
        if path not in written:
            path.unlink()  # of a province that is no more
    return len(
        {(one.area_code, section.period) for its in of_province.values() for section in its for one in section.reports}
    )


def _write_list(folder: Path, said: tuple[str, list[Section], datetime, str]) -> None:
    write_whole(folder / WORKBOOK, outstanding_workbook(*said))
    write_whole(folder / PAGE, outstanding_page(*said).encode())


def sections_by_province(
    connection: duckdb.DuckDBPyConnection, register: Register, today: date
) -> dict[str, list[Section]]:
    """What is outstanding in a release's marts, by the provinces of a day, newest period first."""
    found, unread, counts = (rows_of(connection, query) for query in (_OPEN, _UNREAD, _COUNTS))
    sections = _sections(register, counts, _reports(register, found, _by_report(unread, counts), today))
    newest = max((section.period for section in sections), default=None)
    of_province: dict[str, list[Section]] = defaultdict(list)
    for section in sections:
        if section.reports or section.period == newest:
            for code in _holders(register, section, today):
                of_province[code].append(section)
    return dict(of_province)


def _by_report(unread: list[Row], counts: list[Row]) -> dict[tuple[str, str], Row]:
    """(area, period) → the last file refused that names no report of its sender: it was for the newest period then."""
    periods = {Period.parse(row["period_code"]) for row in counts}
    found = {}
    for row in unread:
        day = row["received_at"].astimezone(LOCAL_TIME).date()
        ended = [period for period in periods if period.end_date < day]
        if ended:
            found[row["sender"], max(ended).code] = row
    return found


def _reports(
    register: Register, found: list[Row], unread: dict[tuple[str, str], Row], today: date
) -> dict[tuple[str, str], list[Outstanding]]:
    """(province, period) → what is outstanding there, in the order of a list."""
    reports: dict[tuple[str, str], list[Outstanding]] = defaultdict(list)
    for row in found:
        code, province, name, last = row["area_code"], row["province_code"], row["label_vi"], row
        standing = Standing(row["report_state"])
        if standing == Standing.MISSING and (code, row["period_code"]) in unread:
            standing, last = Standing.UNREAD, unread[code, row["period_code"]]
        if standing == Standing.CORRECTION:
            on_map = Period.parse(row["period_code"]).map_date
            area, holder = register.at(code, on_map), register.province_of(code, on_map)
            if area is None or holder is None:
                continue
            province, name = holder.code, area.name
        reports[province, row["period_code"]].append(
            Outstanding(
                area_code=code,
                name=name,
                standing=standing,
                due_date=row["due_date"],
                days_after_due=(today - row["due_date"]).days,
                folder=(last["sender"] or UNKNOWN_SENDER) if last["submission_id"] else code,
                received_at=last["received_at"],
                submission_id=last["submission_id"],
                verdict=Verdict(last["verdict"]) if last["verdict"] else None,
                critical=(last["critical"] or 0) if last["submission_id"] else None,
            )
        )
    for listed in reports.values():
        listed.sort(key=lambda one: (list(Standing).index(one.standing), one.area_code))
    return reports


def _sections(
    register: Register, counts: list[Row], reports: dict[tuple[str, str], list[Outstanding]]
) -> list[Section]:
    sections = []
    for row in counts:
        period = Period.parse(row["period_code"])
        area = register.at(row["area_code"], period.map_date)
        sections.append(
            Section(
                period=period,
                code=row["area_code"],
                name=area.name if area else row["area_code"],
                expected=row["reports_expected"],
                received=row["reports_received"],
                accepted=row["reports_accepted"],
                late=row["reports_accepted"] - row["reports_on_time"],
                reports=tuple(reports[row["area_code"], row["period_code"]]),
            )
        )
    return sorted(sections, key=lambda section: section.period, reverse=True)


def _holders(register: Register, section: Section, today: date) -> list[str]:
    """The provinces of today that hold the territory of one on the map of a period."""
    area = register.at(section.code, section.period.map_date)
    if area and area.exists_on(today):
        return [section.code]
    return [heir.code for heir in register.successors(section.code, today)]


def _is_listed(folder: Path, release_id: str) -> bool:
    """A release makes the same lists each time: what names it need not be written again."""
    page = folder / PAGE
    if not (page.exists() and (folder / WORKBOOK).exists()):
        return False
    with page.open(encoding="utf-8") as text:
        return f'content="{release_id}"' in text.read(_HEAD)
