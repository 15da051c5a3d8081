"""Pages for auditors beside a release, when asked for: one a submission, with its life."""

import shutil
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from tally.adapters.ledger import Event
from tally.adapters.tables import rows_of
from tally.contracts.model import Text
from tally.errors import UsageError
from tally.exports.pages import (
    Happening,
    Sibling,
    Stood,
    SubmissionOf,
    submission_page,
    submissions_index,
    submissions_list,
    with_submissions,
)
from tally.pipeline.answer import UNKNOWN_SENDER
from tally.pipeline.carryover import link
from tally.pipeline.home import Home
from tally.pipeline.pages import DATA_DOCS, DBT_DOCS, PAGES, open_release, periods_of, write_page
from tally.pipeline.progress import Progress, unwatched
from tally.pipeline.releases import named_release
from tally.pipeline.state import State

_AT_ONCE = 5_000


def write_submission_pages(
    home: Home,
    release: str = "current",
    area: str | None = None,
    period: str | None = None,
    out: Path | None = None,
    progress: Progress = unwatched,
) -> tuple[Path, int]:
    """Write a folder with a page a submission of a release, beside copies of the pages that these link to.

    Shape   area: its own submissions and those of all below it; out: a folder that is not there yet, or empty; by
            default TALLY_HOME/pages/<release id>, made anew → (index.html, number of submissions).
    Raises  UsageError if nothing was asked for that the release has, or `out` holds something.
    """
    release_id = named_release(home, release)
    source = home.releases / release_id
    if out and out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(f"{out} is there already and not empty")
    target = out or home.root / PAGES / release_id
    target.parent.mkdir(parents=True, exist_ok=True)
    making = Path(tempfile.mkdtemp(prefix=".pages-", dir=target.parent))
    try:
        count = _write_submissions(home, source, making, area, period, progress)
        making.chmod(0o755)
        if target.exists():
            shutil.rmtree(target)
        making.rename(target)
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return target / "index.html", count


def _write_submissions(
    home: Home, release: Path, folder: Path, area: str | None, period: str | None, progress: Progress
) -> int:
    with duckdb.connect() as connection:
        open_release(connection, release)
        connection.execute(
            """
            create temp table chosen as
            select submission_id from marts.fct_submissions inner join places using (submission_id)
            where
                ($area is null or list_contains(lineage, $area) or sender = $area or area_code = $area)
                and ($period is null or period_code = $period)
            """,
            {"area": area, "period": period},
        )
        ids = [
            one
            for (one,) in connection.execute(
                """
                select submission_id from chosen inner join marts.fct_submissions using (submission_id)
                order by period_code nulls last, area_code nulls last, received_at, file_path, submission_id
                """
            ).fetchall()
        ]
        if not ids:
            asked = " ".join(filter(None, [area, period]))
            raise UsageError(f"release {release.name} has no submission {f'of {asked}' if asked else ''}".rstrip())
        has_page = frozenset(ids)
        _copy_pages(release, folder, has_page)
        (folder / "submissions").mkdir()
        (folder / "lists").mkdir()
        rule_pages, batch_pages = (
            frozenset(path.stem for path in (release / PAGES / kind).glob("*.html")) for kind in ("rules", "batches")
        )
        state = home.state()
        stood = _stood(home, state)
        progress("pages", 0, len(ids))
        done = 0
        for start in range(0, len(ids), _AT_ONCE):
            for one in _submissions(connection, home, state, ids[start : start + _AT_ONCE], stood):
                page = submission_page(release.name, one, rule_pages, batch_pages, has_page)
                write_page(folder / "submissions" / f"{one.row['submission_id']}.html", page)
                done += 1
                if done % 100 == 0 or done == len(ids):
                    progress("pages", done, len(ids))
        lists = list(_write_lists(connection, release.name, folder))
        chosen = " ".join(filter(None, [area and f"đơn vị {area}", period and f"kỳ {period}"])) or "mọi lần gửi"
        has_pages = bool(rule_pages)
        write_page(folder / "index.html", submissions_index(release.name, lists, chosen, has_pages))
    return len(ids)


def _copy_pages(release: Path, folder: Path, has_page: frozenset[str]) -> None:
    """The release's own pages, with the submissions that they name linked; Data Docs and dbt docs as they are."""
    for path in (one for docs in (DATA_DOCS, DBT_DOCS) for one in (release / docs).rglob("*")):
        copy = folder / path.relative_to(release)
        if path.is_file():
            copy.parent.mkdir(parents=True, exist_ok=True)
            link(path, copy)
    for path in (release / PAGES).rglob("*.html"):
        copy = folder / path.relative_to(release)
        copy.parent.mkdir(parents=True, exist_ok=True)
        root = "../" * (len(copy.relative_to(folder).parts) - 1)
        write_page(copy, with_submissions(path.read_text(encoding="utf-8"), has_page, root))


def _submissions(
    connection: duckdb.DuckDBPyConnection,
    home: Home,
    state: State,
    ids: Sequence[str],
    stood: Mapping[str, list[Stood]],
) -> Iterator[SubmissionOf]:
    connection.execute("create or replace temp table taken as select unnest($ids) as submission_id", {"ids": list(ids)})
    rows = rows_of(
        connection,
        """
        select
            submissions.*, places.area_vi, places.province_code, places.province_vi, periods.label_vi as period_vi,
            later.submission_id as superseded_by,
        from taken
        inner join marts.fct_submissions as submissions using (submission_id)
        inner join places using (submission_id)
        left join marts.dim_periods as periods on submissions.period_code = periods.period_code
        left join marts.fct_submissions as later on submissions.submission_id = later.supersedes
        """,
    )
    by_id = {row["submission_id"]: row for row in rows}
    findings = _grouped(
        rows_of(connection, "select * from taken inner join marts.fct_findings using (submission_id) order by all")
    )
    siblings: dict[tuple[str, str], list[Sibling]] = defaultdict(list)
    for row in rows_of(
        connection,
        """
        select area_code, period_code, submission_id, received_at, verdict, is_current
        from marts.fct_submissions
        inner join (
            select distinct area_code, period_code
            from taken inner join marts.fct_submissions using (submission_id)
        ) using (area_code, period_code)
        order by received_at, file_path, submission_id
        """,
    ):
        siblings[row.pop("area_code"), row.pop("period_code")].append(Sibling(**row))
    lives = _lives(home.ledger.events(), by_id)
    for submission_id in ids:
        row = by_id[submission_id]
        known = state.submissions.get(submission_id)
        same = state.original_of(known).submission_id if known and row["verdict"] == "duplicate" else None
        of_report = siblings.get((row["area_code"], row["period_code"]), [])
        yield SubmissionOf(
            row=row,
            findings=sorted(findings.get(submission_id, []), key=_severity_first),
            life=lives.get(submission_id, []),
            letters=_letters(home, row),
            siblings=of_report if len(of_report) > 1 else [],
            superseded_by=row["superseded_by"],
            same_as=same if same != submission_id else None,
            stood=stood.get(submission_id, []),
        )


def _severity_first(finding: Mapping[str, Any]) -> tuple[int, int]:
    return ("critical", "warning", "info").index(finding["severity"]), finding["finding_number"]


def _lives(events: Iterable[Event], wanted: Mapping[str, Any]) -> dict[str, list[Happening]]:
    """What the ledger says of some submissions, in its order."""
    lives: dict[str, list[Happening]] = defaultdict(list)
    done: set[tuple[str, str]] = set()
    for event in events:
        kind, at = str(event["event"]), datetime.fromisoformat(event["at"])
        for submission_id in [event["submission_id"]] if "submission_id" in event else event.get("submission_ids", ()):
            if submission_id in wanted:
                lives[submission_id].append(Happening(at, kind, event, (submission_id, kind) in done))
                done.add((submission_id, kind))
    return lives


def _letters(home: Home, row: Mapping[str, Any]) -> list[str]:
    folder = home.outbox / (row["sender"] or UNKNOWN_SENDER)
    return sorted(path.relative_to(home.root).as_posix() for path in folder.glob(f"{row['submission_id']}_*"))


def _stood(home: Home, state: State) -> dict[str, list[Stood]]:
    """In which releases each submission was the one that counts, of those that are on disk."""
    stood: dict[str, list[Stood]] = defaultdict(list)
    last: str | None = None
    for release_id in state.releases:
        file = home.releases / release_id / "national.duckdb"
        if not file.is_file():
            continue
        with duckdb.connect(str(file), read_only=True) as marts:
            current = marts.execute("select submission_id from marts.fct_submissions where is_current").fetchall()
        signed = int(state.is_signed(release_id))
        for (submission_id,) in current:
            spans = stood[submission_id]
            if spans and spans[-1].last == last:
                spans[-1] = Stood(spans[-1].first, release_id, spans[-1].releases + 1, spans[-1].signed + signed)
            else:
                spans.append(Stood(release_id, release_id, 1, signed))
        last = release_id
    return stood


def _write_lists(
    connection: duckdb.DuckDBPyConnection, release_id: str, folder: Path
) -> Iterator[tuple[str, Text | None, str | None, Counter[str]]]:
    periods = periods_of(connection)
    keys = connection.execute(
        """
        select distinct period_code, province_code, province_vi
        from chosen inner join marts.fct_submissions using (submission_id) inner join places using (submission_id)
        order by period_code desc nulls last, province_code nulls last
        """
    ).fetchall()
    for period, code, name in keys:
        rows = rows_of(
            connection,
            """
            select submissions.*, places.area_vi, coalesce(found.findings, 0) as findings
            from chosen
            inner join marts.fct_submissions as submissions using (submission_id)
            inner join places using (submission_id)
            left join (select submission_id, count(*) as findings from marts.fct_findings group by all) as found
                using (submission_id)
            where
                submissions.period_code is not distinct from $period
                and places.province_code is not distinct from $code
            order by submissions.area_code nulls last, submissions.received_at, submission_id
            """,
            period=period,
            code=code,
        )
        page = f"lists/{period or 'unknown'}_{code or 'unknown'}.html"
        label = periods[period] if period else None
        write_page(folder / page, submissions_list(release_id, label, name, rows))
        yield page, label, name, Counter(row["verdict"] for row in rows)


def _grouped(rows: Iterable[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        groups[row["submission_id"]].append(row)
    return groups
