"""Build the marts aside, let the gate judge them, and let a release appear whole."""

import csv
import hashlib
import json
import shutil
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from tally.adapters.archive import file_hash
from tally.adapters.data_docs import build_data_docs
from tally.adapters.dbt import build_marts
from tally.adapters.files import locked, point, sync_folder
from tally.adapters.gx import Validation, run_checkpoint
from tally.contracts.model import RELEASE
from tally.errors import BuildError, GateError, TallyError
from tally.periods import LOCAL_TIME, Period, periods_between
from tally.pipeline.home import Home
from tally.pipeline.judgements import is_whole
from tally.pipeline.state import State, state_of

CURRENT = "current"
PACKAGES = (
    "apache-airflow",
    "dbt-core",
    "dbt-duckdb",
    "duckdb",
    "great-expectations",
    "pandas",
    "pyarrow",
    "python-calamine",
)
_PLACES_NAMED = 5
_BATCHES_SHOWN = 100


def publish_release(now: datetime, home: Home | None = None) -> str | None:
    """Publish what is judged by now; the release that stands if nothing has changed; None if nothing was ever judged.

    The clock of releases only runs forwards: a `now` that is not after the last release counts as a second after it.

    Raises  BuildError or GateError: then `current` still points to the release before, and the ledger says why.
    """
    home = home or Home.default()
    with locked(home.lock("publish")):
        state = state_of(home.ledger.events())
        last = max(manifests(home), key=lambda manifest: str(manifest["as_of"]), default=None)
        if last:
            now = max(now, datetime.fromisoformat(last["as_of"]) + timedelta(seconds=1))
        judged = {one.submission_id: one.batch_id for one in state.submissions.values() if one.batch_id}
        if not judged:
            return None
        identity = _identity(home, judged, now)
        lost = sum(not is_whole(home.judgement(batch_id)) for batch_id in set(judged.values()))
        if lost:
            raise BuildError(f"the judgements of {lost} batches are gone or of older code: run collect_reports first")
        standing = last["release_id"] if last and last["identity"] == identity else None
        if standing is None:
            try:
                standing = _make(home, judged, identity, now)
            except TallyError as error:
                home.ledger.append(now, [{"event": "failed", "step": "publish", "error": type(error).__name__}])
                raise
        _settle(home, standing, state, now)
        return standing


def manifests(home: Home) -> Iterable[dict[str, Any]]:
    """The manifests of every release, oldest first."""
    for path in sorted(home.releases.glob("*/manifest.json")):
        if path.parent.name != CURRENT:
            yield json.loads(path.read_text())


def ended_periods(home: Home, now: datetime) -> list[Period]:
    """The periods that reports are collected for and that have ended."""
    today = now.astimezone(LOCAL_TIME).date()
    first = home.contracts.calendar.collected_from
    return [one for one in periods_between(first, Period(today.year, "A1")) if one.end_date < today]


def _identity(home: Home, judged: dict[str, str], now: datetime) -> str:
    """What a release is made of: the same inputs by the same code make the same release."""
    parts = [home.contracts.version, home.code_version, *(one.code for one in ended_periods(home, now))]
    parts += [f"{submission_id} {batch_id}" for submission_id, batch_id in sorted(judged.items())]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def _make(home: Home, judged: dict[str, str], identity: str, now: datetime) -> str:
    release_id = f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{identity[:8]}"
    shutil.rmtree(home.building, ignore_errors=True)
    folder = home.building / release_id
    release = folder / "release"
    release.mkdir(parents=True)
    judged_file = folder / "judged.csv"
    with judged_file.open("w", newline="") as file:
        csv.writer(file).writerows([("submission_id", "batch_id"), *sorted(judged.items())])
    batches = sorted(set(judged.values()))
    warehouse = folder / "warehouse.duckdb"
    build_marts(
        home.project / "dbt_project",
        warehouse,
        folder / "dbt",
        [home.judgement(batch_id) for batch_id in batches],
        judged_file,
        now,
        collected_from=home.contracts.calendar.collected_from.code,
    )
    gate = _judge_marts(home, warehouse, judged_file, batches, release_id, now)
    warehouse.rename(release / "national.duckdb")
    _extract(release)
    _write_changes(home, release)
    shown = [home.judgement(batch_id) / "validation" for batch_id in batches[-_BATCHES_SHOWN:]]
    validations = [path for validated in shown for path in sorted(validated.glob("*.json"))]
    gate_file = gate.save(folder / "release_gate.json")
    suites = sorted((home.project / "expectations").glob("*.json"))
    build_data_docs([gate_file, *validations], suites, release / "data_docs", release_id)
    _write_manifest(home, release, release_id, identity, judged, batches, gate, now)
    home.releases.mkdir(parents=True, exist_ok=True)
    for path in release.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o444)
    release.rename(home.releases / release_id)
    sync_folder(home.releases)
    shutil.rmtree(home.building, ignore_errors=True)
    return release_id


def _settle(home: Home, release_id: str, state: State, now: datetime) -> None:
    """Finish what a crash may have left: the event in the ledger, then the link that readers follow."""
    if release_id not in state.releases:
        manifest = file_hash(home.releases / release_id / "manifest.json")
        home.ledger.append(now, [{"event": "published", "release_id": release_id, "manifest_sha256": manifest}])
    link = home.releases / CURRENT
    if not link.is_symlink() or link.readlink() != Path(release_id):
        point(link, release_id)


def _judge_marts(
    home: Home, warehouse: Path, judged_file: Path, batches: list[str], release_id: str, now: datetime
) -> Validation:
    """The gate: every check's rows, judged by Great Expectations.

    Raises  GateError that names the checks that failed, where, and what to do.
    """
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        connection.execute(f"create temp view judged as select * from read_csv('{judged_file}', all_varchar = true)")
        _accepted_lowest(home, connection, batches)
        frames = []
        for check in home.contracts.gate.checks:
            rows = connection.execute(check.select).df()
            frames.append(
                pd.DataFrame({"place": rows["place"].astype(str), check.code: rows["residual"].astype(float)})
            )
        some_accepted = connection.execute("select count(*) from accepted_lowest").fetchone()
    frame = pd.concat(frames, ignore_index=True)
    suite = home.project / "expectations" / f"{RELEASE}.json"
    validation = run_checkpoint(f"{RELEASE}-{release_id}", suite, frame, ["place"], now)
    failed = []
    for judgement in validation.judgements:
        check = next(one for one in home.contracts.gate.checks if one.code == judgement.rule_code)
        if judgement.outcome == "not_judged" and some_accepted and some_accepted[0]:
            failed.append(f"{check.code} judged nothing")
        if judgement.outcome == "failed":
            places = ", ".join(str(row.index[0]) for row in judgement.unexpected[:_PLACES_NAMED])
            count = len(judgement.unexpected)
            failed.append(f"{check.code} does not hold ({check.tell.en}) at {count} places: {places}; {check.mend.en}")
    if failed:
        raise GateError(f"release {release_id} is not published: " + "; ".join(failed))
    return validation


def _accepted_lowest(home: Home, connection: duckdb.DuckDBPyConnection, batches: list[str]) -> None:
    """The accepted figures of the lowest level, straight from the judged batches and the contracts: not through dbt."""
    register, contracts = home.contracts.register, home.contracts
    folders = [str(home.judgement(batch_id)) for batch_id in batches]
    connection.execute(
        """
        create temp table standing as
        select submission_id, batch_id, area_code, area_level, period_code
        from read_parquet(?) inner join judged using (submission_id, batch_id)
        where verdict in ('accepted', 'accepted_with_warnings')
        qualify row_number() over (
            partition by area_code, period_code
            order by received_at desc, file_path desc, received_number desc
        ) = 1
        """,
        [[f"{folder}/submissions.parquet" for folder in folders]],
    )
    reports = connection.execute("select distinct area_code, period_code from standing").fetchall()
    lowest = [
        (code, period)
        for code, period in reports
        if (area := register.at(code, Period.parse(period).map_date)) and register.is_lowest(area)
    ]
    cells = [
        (line.code, column.code, column.sex, column.age_band, column.subset, line.levels[0] if line.levels else None)
        for form in contracts.forms
        for line in form.indicators
        for column in contracts.columns.values()
    ]
    connection.register("lowest_reports", pd.DataFrame(lowest, columns=["area_code", "period_code"], dtype=str))
    names = ["indicator_code", "column_code", "sex", "age_band", "subset", "only_level"]
    connection.register("named_cells", pd.DataFrame(cells, columns=names, dtype=object))
    connection.execute(
        """
        create temp table accepted_lowest as
        select period_code, indicator_code, sex, age_band, subset, obs_value
        from read_parquet(?, filename = true) as observations
        inner join standing
            on
                observations.submission_id = standing.submission_id
                and regexp_extract(observations.filename, '([^/]+)/[^/]+$', 1) = standing.batch_id
        inner join named_cells using (indicator_code, column_code)
        left join lowest_reports using (area_code, period_code)
        where case when only_level is null then lowest_reports.area_code is not null else area_level = only_level end
        """,
        [[f"{folder}/observations.parquet" for folder in folders]],
    )


def _extract(release: Path) -> None:
    """The marts as Parquet; the figures of nation and provinces, and who is late or missing, as CSV."""
    with duckdb.connect(str(release / "national.duckdb"), read_only=True) as connection:
        for (table,) in connection.execute("select table_name from duckdb_tables() order by 1").fetchall():
            (release / "parquet" / table).mkdir(parents=True)
            target = release / "parquet" / table / f"{table}.parquet"
            connection.execute(f"copy marts.{table} to '{target}' (format parquet, compression zstd)")
        (release / "exports").mkdir()
        connection.execute(
            f"""
            copy (
                select * from marts.fct_indicator_values
                where area_level in ('nation', 'province') order by all
            ) to '{release / "exports" / "nation_and_provinces.csv"}' (header)
            """
        )
        late = release / "exports" / "late_and_missing_reports.csv"
        connection.execute(f"copy (from marts.rpt_late_and_missing_reports order by all) to '{late}' (header)")


def _write_changes(home: Home, release: Path) -> None:
    """changes.csv: every figure that differs from the release before; none in the first."""
    with duckdb.connect() as connection:
        connection.execute(f"attach '{release / 'national.duckdb'}' as new (read_only)")
        figure = "frame, area_code, area_level, period_code, indicator_code, sex, age_band, subset"
        before = home.releases / CURRENT / "national.duckdb"
        if before.exists():
            connection.execute(f"attach '{before.resolve()}' as old (read_only)")
            old = "old.marts.fct_indicator_values"
        else:
            old = "new.marts.fct_indicator_values"
        connection.execute(
            f"""
            copy (
                select
                    {figure},
                    o.obs_value as value_before, n.obs_value as value_now,
                    o.obs_status as status_before, n.obs_status as status_now
                from new.marts.fct_indicator_values as n
                full join {old} as o using ({figure})
                where
                    o.obs_value is distinct from n.obs_value
                    -- a map that the release before did not have is no change of its figures
                    and frame in (select frame from {old})
                order by all
            ) to '{release / "changes.csv"}' (header)
            """
        )


def _write_manifest(
    home: Home,
    release: Path,
    release_id: str,
    identity: str,
    judged: dict[str, str],
    batches: list[str],
    gate: Validation,
    now: datetime,
) -> None:
    with duckdb.connect(str(release / "national.duckdb"), read_only=True) as connection:
        tables = [row[0] for row in connection.execute("select table_name from duckdb_tables() order by 1").fetchall()]
        rows = {table: connection.execute(f"select count(*) from marts.{table}").fetchall()[0][0] for table in tables}
    files = [path for path in sorted(release.rglob("*")) if path.is_file()]
    manifest = {
        "release_id": release_id,
        "identity": identity,
        "as_of": now.astimezone(UTC).isoformat(),
        "tally": version("tally"),
        "code": home.code_version,
        "contracts": home.contracts.version,
        "packages": {name: version(name) for name in PACKAGES},
        "batches": batches,
        "submissions": len(judged),
        "rows": rows,
        "gate": {judgement.rule_code: judgement.outcome for judgement in gate.judgements},
        "files": {
            path.relative_to(release).as_posix(): {"bytes": path.stat().st_size, "sha256": file_hash(path)}
            for path in files
        },
    }
    (release / "manifest.json").write_text(json.dumps(manifest, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
