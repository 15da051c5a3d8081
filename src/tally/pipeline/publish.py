"""Build the marts aside, let the gate judge them, and let a release appear whole."""

import csv
import hashlib
import json
import shutil
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from itertools import groupby
from pathlib import Path
from typing import Any

import duckdb

from tally.adapters.archive import file_hash
from tally.adapters.data_docs import build_data_docs
from tally.adapters.dbt import build_marts, rehearse
from tally.adapters.files import locked, sync_folder
from tally.errors import BuildError, TallyError
from tally.periods import LOCAL_TIME, Period, periods_between
from tally.pipeline.bulletin import write_bulletins
from tally.pipeline.carryover import (
    BY_PERIOD,
    FIGURES,
    Base,
    Touched,
    base_of,
    compare_releases,
    fingerprints,
    is_as_published,
    link,
    packages,
    tables_of,
    take_over,
)
from tally.pipeline.changes import Made, explain_changes, write_changes
from tally.pipeline.corrections import declared
from tally.pipeline.feeds import is_whole as is_whole_feeds
from tally.pipeline.gate import judge_marts
from tally.pipeline.home import Home
from tally.pipeline.judgements import is_whole, write_nothing
from tally.pipeline.pages import DATA_DOCS, DBT_DOCS, INDEX_OF_PAGES, PAGE_OF_MARTS, write_release_pages
from tally.pipeline.progress import Progress, unwatched
from tally.pipeline.releases import CURRENT, PUBLIC, last_manifest, let_point, manifest_of
from tally.pipeline.state import Closing, FindingKey, State
from tally.pipeline.unusual import write_unusual_counts
from tally.pipeline.workers import at_home

_BATCHES_SHOWN = 100
_NOTHING_JUDGED = "nothing"
_CLOSINGS = ("submission_id", "rule_code", "sheet_name", "cell_address", "status", "closed_at")
_STEPS_AFTER = 3  # what changed is written; the gate judges and files are extracted; the release is in its place


def prepare_to_build(home: Home) -> str | None:
    """Do what takes time and does not depend on what is built: best in a process that publishes at once after it.

    Shape   the release that the next can be made from, if it is as it was published.
    """
    rehearse(*_dbt_places(home))
    last, state = last_manifest(home), home.state()
    if last and last["release_id"] in state.releases and is_as_published(home, last["release_id"], state):
        return str(last["release_id"])
    return None


def publish_release(
    now: datetime,
    home: Home | None = None,
    judge: Executor | None = None,
    progress: Progress = unwatched,
    found_whole: str | None = None,
    compared_with: Path | None = None,
) -> str | None:
    """Publish what is judged by now; the release that stands if nothing has changed; None if nothing was ever judged.

    Shape   judge: a process of `workers` that judges for this one; found_whole: what `prepare_to_build` said;
            compared_with: the release before, if it is not the last of this home.

    The clock of releases only runs forwards: a `now` that is not after the last release counts as a second after it.

    Raises  BuildError or GateError: then `current` still points to the release before, and the ledger says why.
    """
    home = home or Home.default()
    with locked(home.lock("publish")):
        state = home.state()
        last = last_manifest(home)
        if last:
            now = max(now, datetime.fromisoformat(last["as_of"]) + timedelta(seconds=1))
        judged = state.judged
        if not judged and all(feed.is_shipped for feed in state.feeds.values()):
            return None
        corrections = declared(home.contracts)
        prints = fingerprints(state, [period.code for period in ended_periods(home, now)], corrections)
        identity = _identity(home, state, corrections, now)
        lost = sum(not is_whole(home.judgement(batch_id)) for batch_id in set(judged.values()))
        feeds = state.feeds_batch
        lost += feeds is not None and not is_whole_feeds(home.feeds_batch(feeds))
        if lost:
            raise BuildError(f"the judgements of {lost} batches are gone or of older code: run collect_reports first")
        standing = last["release_id"] if last and last["identity"] == identity else None
        if standing is None:
            try:
                base = base_of(home, last, state, prints, found_whole)
                before = compared_with or (base.release if base else _last_whole(home, state, found_whole))
                standing = _make(home, state, judged, prints, base, before, identity, now, judge, progress)
            except TallyError as error:
                home.ledger.append(now, [{"event": "failed", "step": "publish", "error": type(error).__name__}])
                raise
        _settle(home, standing, state, now)
        return standing


def _last_whole(home: Home, state: State, found_whole: str | None) -> Path | None:
    """The youngest release that is as it was published: whatever somebody edited is nothing to compare with."""
    whole = (one for one in reversed(state.releases) if one == found_whole or is_as_published(home, one, state))
    return next((home.releases / release_id for release_id in whole), None)


def ended_periods(home: Home, now: datetime) -> list[Period]:
    """The periods that reports are collected for and that have ended."""
    today = now.astimezone(LOCAL_TIME).date()
    first = home.contracts.calendar.collected_from
    return [one for one in periods_between(first, Period(today.year, "A1")) if one.end_date < today]


def _identity(home: Home, state: State, corrections: Sequence[Mapping[str, Any]], now: datetime) -> str:
    """What a release is made of: the same inputs by the same code make the same release."""
    parts = [home.contracts.version, home.code_version, *(one.code for one in ended_periods(home, now))]
    parts += [f"{submission_id} {batch_id}" for submission_id, batch_id in sorted(state.judged.items())]
    parts += [str(one) for one in (*corrections, *_closings(state.closed), *state.feeds)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def _closings(closed: Mapping[FindingKey, Closing]) -> list[tuple[str | None, ...]]:
    """What the marts are told of each closed finding: not the words, nor whose they are."""
    return [(*key, one.status.value, one.at.isoformat()) for key, one in closed.items()]


def _make(
    home: Home,
    state: State,
    judged: dict[str, str],
    prints: dict[str, str],
    base: Base | None,
    before: Path | None,
    identity: str,
    now: datetime,
    judge: Executor | None,
    progress: Progress,
) -> str:
    release_id, corrections = f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{identity[:8]}", declared(home.contracts)
    shutil.rmtree(home.building, ignore_errors=True)
    release = home.building / "release"
    release.mkdir(parents=True)
    file = release / "national.duckdb"
    judged_file = home.building / "judged.csv"
    with judged_file.open("w", newline="") as lines:
        csv.writer(lines).writerows([("submission_id", "batch_id"), *sorted(judged.items())])
    closings_file = home.building / "closings.csv"
    with closings_file.open("w", newline="") as lines:
        csv.writer(lines).writerows([_CLOSINGS, *_closings(state.closed)])
    batches = list(dict.fromkeys(judged.values()))  # in the order of receipt, the newest last
    if not batches:
        batches = [_NOTHING_JUDGED]
        write_nothing(home.judgement(_NOTHING_JUDGED))
    if base:
        shutil.copyfile(base.release / file.name, file)
    portions = _by_year(base.periods if base else prints)
    steps = len(portions) + _STEPS_AFTER
    touched: Touched = {}
    changed: list[Path] = []
    for done, portion in enumerate(portions):
        progress("publish", done, steps)
        built = build_marts(
            *_dbt_places(home),
            [home.judgement(batch_id) for batch_id in batches],
            judged_file,
            now,
            collected_from=home.contracts.calendar.collected_from.code,
            periods=portion,
            published=file if file.exists() else None,
            corrections=corrections,
            closings_file=closings_file,
            feeds_folder=home.feeds_batch(state.feeds_batch) if state.feeds_batch else None,
        )
        if file.exists():
            marts = built.build_file
            if base:
                changed.append(home.building / f"changes_{done}.parquet")
            for mart, periods in take_over(file, built, portion, changed[-1] if base else None).items():
                touched.setdefault(mart, set()).update(periods)
        else:
            marts = built.build_file.rename(file)
    _document(release, built.docs_file, base)
    progress("publish", len(portions), steps)
    made_before = Made.of(before) if before else None
    if made_before and not base:
        changed.append(home.building / "changes.parquet")
        compare_releases(file, made_before.file, changed[-1])
    explain_changes(home, changed, Made.now(home, file), made_before, judged, home.building)
    write_unusual_counts(file, home.contracts)
    write_changes(home, home.building, file, release / "changes.csv")
    # what was built in one go is judged by itself: what stood was judged when it was built
    checked = (marts, portions[0]) if len(portions) == 1 else (file, list(prints))
    progress("publish", len(portions) + 1, steps)
    with ThreadPoolExecutor(1) as aside:
        extracting = aside.submit(_extract, release, base, touched)
        written = aside.submit(write_bulletins, home, release, base, touched, now, release_id)
        asked = (*checked, judged_file, batches, release_id, before.name if before else None, now)
        gate = judge.submit(_check_at_home, *asked).result() if judge else _check(home, *asked)
        extracting.result()
        written.result()
    progress("publish", len(portions) + 2, steps)
    seq, event_sha256 = home.ledger.head()
    manifest = {
        "release_id": release_id,
        "identity": identity,
        "as_of": now.astimezone(UTC).isoformat(),
        "tally": version("tally"),
        "code": home.code_version,
        "commit": home.commit,
        "contracts": home.contracts.version,
        "contract_parts": dict(home.contracts.parts),
        "packages": packages(),
        "periods": prints,
        "built": [period for portion in portions for period in portion],
        "taken_over_from": base.release.name if base else None,
        "compared_with": before.name if before else None,
        "corrections": [one["correction_code"] for one in corrections if one["status"] == "active"],
        "ledger": {"seq": seq, "sha256": event_sha256},
        "batches": batches,
        "inputs": _inputs(state),
        "gate": gate,
    }
    _write_manifest(release, manifest, base)
    home.releases.mkdir(parents=True, exist_ok=True)
    for path in release.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o444)
    release.rename(home.releases / release_id)
    sync_folder(home.releases)
    shutil.rmtree(home.building, ignore_errors=True)
    progress("publish", steps, steps)
    return release_id


def _inputs(state: State) -> dict[str, Any]:
    """What came into a release in one hash: that of the lines `id SHA-256` of fct_submissions and fct_feeds, sorted."""
    submissions = [f"{one.submission_id} {one.sha256}" for one in state.submissions.values() if one.batch_id]
    feeds = [f"{one.feed_id} {one.sha256}" for one in state.feeds.values() if one.batch_id]
    lines = "\n".join(sorted(submissions + feeds))
    return {
        "submissions": len(submissions),
        "feeds": len(feeds),
        "sha256": hashlib.sha256(lines.encode()).hexdigest(),
    }


def _by_year(periods: Collection[str]) -> list[list[str]]:
    """Periods in portions that are built one after the other, so that memory holds one year; at least one portion."""
    years = groupby(sorted(periods), key=lambda period: period[:4])
    return [list(of_year) for _, of_year in years] or [[]]


def _dbt_places(home: Home) -> tuple[Path, Path, Path]:
    """(project, file that is built, what dbt remembers of the project): always the same, so that it can."""
    return home.project / "dbt_project", home.building / "warehouse.duckdb", home.root / "work" / "dbt"


def _check(
    home: Home,
    marts: Path,
    periods: Sequence[str],
    judged_file: Path,
    batches: Sequence[str],
    release_id: str,
    before: str | None,
    now: datetime,
) -> dict[str, str]:
    """Let the gate judge, write Data Docs of it and of the newest batches, and our own pages; what each check said."""
    gate = judge_marts(home, marts, periods, judged_file, batches, release_id, now)
    shown = [home.judgement(batch_id) / "validation" for batch_id in batches[-_BATCHES_SHOWN:]]
    feeds = home.state().feeds_batch
    shown += [home.feeds_batch(feeds) / "validation"] if feeds else []
    validations = [path for validated in shown for path in sorted(validated.glob("*.json"))]
    gate_file = gate.save(home.building / "release_gate.json")
    suites = sorted((home.project / "expectations").glob("*.json"))
    release = home.building / "release"
    build_data_docs([gate_file, *validations], suites, release / DATA_DOCS, release_id, INDEX_OF_PAGES, PAGE_OF_MARTS)
    write_release_pages(home, release, judged_file, batches, _BATCHES_SHOWN, now, release_id, before)
    return {str(judgement.rule_code): str(judgement.outcome) for judgement in gate.judgements}


def _check_at_home(*checked: Any) -> dict[str, str]:
    return _check(at_home(), *checked)


def _settle(home: Home, release_id: str, state: State, now: datetime) -> None:
    """Finish what a crash may have left: the event in the ledger, then the link that readers follow."""
    if release_id not in state.releases:
        manifest = file_hash(home.releases / release_id / "manifest.json")
        home.ledger.append(now, [{"event": "published", "release_id": release_id, "manifest_sha256": manifest}])
    let_point(home, CURRENT, release_id)
    if state.last_signed:
        let_point(home, PUBLIC, state.last_signed)


def _document(release: Path, docs_file: Path, base: Base | None) -> None:
    """dbt's page of the marts; a release that takes over from another is made by the same code, which has the same."""
    page = Path(DBT_DOCS, "index.html")
    (release / DBT_DOCS).mkdir()
    if base:
        link(base.release / page, release / page)
    else:
        shutil.copyfile(docs_file, release / page)


def _extract(release: Path, base: Base | None, touched: Touched | None) -> None:
    """The marts as Parquet; the figures of nation and provinces, and who is late or missing, as CSV.

    Marts of figures have a file a period; a file whose rows the release before has too is taken from there.
    """
    with duckdb.connect(str(release / "national.duckdb"), read_only=True) as connection:
        connection.execute("set preserve_insertion_order = false")  # where order matters, the extract says which

        def extract(table: str, period: str, query: str, path: str, options: str) -> None:
            target = release / path
            target.parent.mkdir(parents=True, exist_ok=True)
            if base and touched and period not in touched.get(table, {period}) and (base.release / path).exists():
                link(base.release / path, target)
            else:
                connection.execute(f"copy ({query}) to '{target}' ({options})")

        marts = {table.removeprefix("marts."): table for table in _tables(connection) if table.startswith("marts.")}
        for mart, table in sorted({**marts, FIGURES: "stored.figures"}.items()):
            if table in BY_PERIOD:
                periods = connection.execute(f"select distinct period_code from {table} order by 1").fetchall()
                parts = [(period, f"where period_code = '{period}'") for (period,) in periods]
            else:
                parts = [("", "")]
            for period, where in parts:
                query = f"from marts.{mart} {where}"
                extract(
                    table, period, query, f"parquet/{mart}/{period or mart}.parquet", "format parquet, compression zstd"
                )
                if mart == FIGURES:
                    query += " and area_level in ('nation', 'province') order by all"
                    extract(table, period, query, f"exports/nation_and_provinces/{period}.csv", "header")
        late = "marts.rpt_late_and_missing_reports"
        extract(late, "", f"from {late} order by all", "exports/late_and_missing_reports.csv", "header")


def _tables(connection: duckdb.DuckDBPyConnection) -> list[str]:
    return tables_of(connection, "national")


def _write_manifest(release: Path, manifest: dict[str, Any], base: Base | None) -> None:
    with duckdb.connect(str(release / "national.duckdb"), read_only=True) as connection:
        rows = {
            table: connection.execute(f"select count(*) from {table}").fetchall()[0][0] for table in _tables(connection)
        }
    verified = manifest_of(base.release)["files"] if base else {}
    files = {}
    for path in sorted(path for path in release.rglob("*") if path.is_file()):
        name = path.relative_to(release).as_posix()
        is_the_same = base and name in verified and path.samefile(base.release / name)
        files[name] = verified[name] if is_the_same else {"bytes": path.stat().st_size, "sha256": file_hash(path)}
    text = json.dumps({**manifest, "rows": rows, "files": files}, ensure_ascii=False, indent=1)
    (release / "manifest.json").write_text(text + "\n", encoding="utf-8")
