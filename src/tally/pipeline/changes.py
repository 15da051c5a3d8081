"""Which figures of a release are other than in an earlier one, and why."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import yaml

from tally.adapters.dbt import memory_limit
from tally.adapters.tables import give_texts, quoted, rows_of
from tally.errors import BuildError, UsageError
from tally.periods import Period
from tally.pipeline.carryover import CHANGED, compare_releases, packages
from tally.pipeline.home import Home
from tally.pipeline.judgements import OBSERVATIONS, is_whole
from tally.pipeline.releases import PUBLIC, manifest_of, named_release, pointed_to

FIGURES, REPORTS = "fct_changes", "fct_changed_reports"
"""Marts that a release gets last: they compare it with the one before."""
_DESCRIBED = "dbt_project/models/marts/_changes.yml"
_AREAS = "areas"
_OF_THE_NATION = """
    select
        period_code, indicator_code, sex, age_band, subset, value_before, value_now, status_before, status_now, reasons
    from fct_changes
    where frame = 'as_reported' and area_level = 'nation'
    order by all
"""
_PER_LEVEL = """
    select period_code, area_level, reasons, count(*) as figures
    from fct_changes
    where frame = 'as_reported'
    group by all
    order by period_code, figures, reasons
"""


@dataclass(frozen=True)
class Made:
    """A release, or one in the making, and what made it."""

    file: Path
    code: str
    contract_parts: Mapping[str, str]
    packages: Mapping[str, str]

    @classmethod
    def now(cls, home: Home, file: Path) -> "Made":
        return cls(file, home.code_version, home.contracts.parts, packages())

    @classmethod
    def of(cls, folder: Path) -> "Made":
        """A release, as its manifest says."""
        said = manifest_of(folder)
        return cls(folder / "national.duckdb", said["code"], said.get("contract_parts", {}), said["packages"])


def explain_changes(
    home: Home, changed: Sequence[Path], now: Made, before: Made | None, judged: Mapping[str, str], folder: Path
) -> None:
    """Say why every figure that is other than before is so: fct_changes.parquet and fct_changed_reports.parquet.

    Shape   changed: Parquet files of figures, as `compare_releases` writes them; judged: the batch that judged each
            submission. reasons, with a blank between several: late_report, correction (by the sender) and
            declared_correction, each counted, and added up as far as reports on the map say it (by_…);
            area_change, contract_change, software_change, where what the reports say does not make the difference.
    Blanks  no reasons: nothing that is known makes the difference, and the gate stops the release. by_… is null of a
            second half, which is no sum of reports.
    Raises  BuildError if judgements that are needed are gone.
    """
    with duckdb.connect() as connection:
        connection.execute(f"set memory_limit = '{memory_limit()}'")
        connection.execute(f"create table changes ({', '.join(f'{name} {kind}' for name, kind in CHANGED.items())})")
        for part in changed:
            connection.execute(f"insert into changes by name from read_parquet('{part}')")
        _name_marts(connection, now.file, before.file if before else None)
        connection.execute(_script("changed_reports"))
        _name_what_they_say(home, connection, judged)
        connection.execute(
            "create table others as select ?::varchar as area_change, ?::varchar as otherwise",
            other_reasons(now, before) if before else (None, None),
        )
        connection.execute(_script("changed_figures"))
        connection.execute(f"copy explained to '{folder / FIGURES}.parquet' (format parquet)")
        connection.execute(f"copy reports_explained to '{folder / REPORTS}.parquet' (format parquet)")


def write_changes(home: Home, folder: Path, file: Path, changes: Path) -> None:
    """Put what was explained into a release: two marts, and a CSV of every figure that is other.

    Shape   what the marts and their columns are is written into the file as dbt does it, from _changes.yml.
    Blanks  none in the first release, and none of a period of which the release before has no figures.
    """
    with duckdb.connect(str(file)) as connection:
        connection.execute(f"set memory_limit = '{memory_limit()}'")
        connection.execute(f"set variable folder = '{folder}'")
        connection.execute(_script("changes_published"))
        connection.begin()  # one after the other each comment would wait for the disk
        for comment in _comments(home.project / _DESCRIBED):
            connection.execute(comment)
        connection.commit()
        connection.execute(f"copy (from marts.{FIGURES} order by all) to '{changes}' (header)")


def _comments(described: Path) -> Iterator[str]:
    for mart in yaml.load(described.read_text(encoding="utf-8"), yaml.CSafeLoader)["sources"][0]["tables"]:
        table = f"marts.{mart['name']}"
        yield f"comment on table {table} is {quoted(mart['description'].strip())}"
        for column in mart["columns"]:
            yield f"comment on column {table}.{column['name']} is {quoted(column['description'].strip())}"


def changes_since(home: Home, since: str = PUBLIC, release: str = "current", to: Path | None = None) -> dict[str, Any]:
    """What is other in a release than in an earlier one, by default than in the last that was signed, and why.

    Shape   {since, release, figures: on every map, counted: [{period_code, area_level, reasons, figures}], nation: […]
            on the map of the report, reports: […] that changed}; `to`: CSV of every figure that is other.
    Blanks  a figure that is or was not there has no value; a period that is new is no change of its figures.
    Raises  UsageError if there is no such release; BuildError if judgements that are needed are gone.
    """
    if since == PUBLIC and pointed_to(home, PUBLIC) is None:
        raise UsageError("no release was signed yet: name one with --since")
    before, now = named_release(home, since), named_release(home, release)
    made, made_before = Made.of(home.releases / now), Made.of(home.releases / before)
    with tempfile.TemporaryDirectory() as name, duckdb.connect() as connection:
        folder = Path(name)
        compare_releases(made.file, made_before.file, folder / "changed.parquet")
        explain_changes(home, [folder / "changed.parquet"], made, made_before, home.state().judged, folder)
        for mart in (FIGURES, REPORTS):
            connection.execute(f"create view {mart} as from read_parquet('{folder / mart}.parquet')")
        if to:
            connection.execute(f"copy (from {FIGURES} order by all) to '{to}' (header)")
        return {
            "since": before,
            "release": now,
            "figures": connection.execute(f"select count(*) from {FIGURES}").fetchall()[0][0],
            "counted": rows_of(connection, _PER_LEVEL),
            "nation": rows_of(connection, _OF_THE_NATION),
            "reports": rows_of(connection, f"select * exclude (received_at) from {REPORTS} order by all"),
        }


def other_reasons(now: Made, before: Made) -> tuple[str | None, str | None]:
    """What puts a figure otherwise that its reports do not explain.

    Shape   (where reports are placed into its area otherwise than before, anywhere else).
    Blanks  None where nothing is other: then there is no reason.
    """
    parts = {
        part
        for part in {*now.contract_parts, *before.contract_parts}
        if now.contract_parts.get(part) != before.contract_parts.get(part)
    }
    area = "area_change" if _AREAS in parts else None
    if parts - {_AREAS}:
        return area, "contract_change"
    is_the_same = (now.code, dict(now.packages)) == (before.code, dict(before.packages))
    return area, area or (None if is_the_same else "software_change")


def _name_marts(connection: duckdb.DuckDBPyConnection, now: Path, before: Path | None) -> None:
    """submissions_now, submissions_before and so on: what is compared; empty where there was no such mart."""
    connection.execute(f"attach '{now}' as now (read_only)")
    if before:
        connection.execute(f"attach '{before}' as before (read_only)")
    tables = "select database_name || '.' || table_name from duckdb_tables() where schema_name = 'marts'"
    there = {name for (name,) in connection.execute(tables).fetchall()}
    for mart in ("submissions", "contributions", "corrections"):
        for side in ("now", "before"):
            known = f"{side}.fct_{mart}" in there
            rows = f"{side}.marts.fct_{mart}" if known else f"now.marts.fct_{mart} limit 0"
            connection.execute(f"create view {mart}_{side} as from {rows}")


def _name_what_they_say(home: Home, connection: duckdb.DuckDBPyConnection, judged: Mapping[str, str]) -> None:
    """`observed`: the figures of the submissions that stood or stand; `lines`: how the indicators of periods add up."""
    contracts = home.contracts
    lines = [
        (period, row.code, row.indicator.adds_up, row.indicator.reporting_level)
        for (period,) in connection.execute("from scope").fetchall()
        for row in contracts.edition(Period.parse(period)).rows
    ]
    named = "select submission_id_before from reports union select submission_id_now from reports"
    batches = [(one, judged[one]) for (one,) in connection.execute(named).fetchall() if one]
    folders = [home.judgement(batch_id) for batch_id in sorted({batch_id for _, batch_id in batches})]
    lost = sum(not is_whole(folder) for folder in folders)
    if lost:
        raise BuildError(f"the judgements of {lost} batches are gone or of older code: run collect_reports first")
    columns = [(one.code, one.sex, one.age_band, one.subset) for one in contracts.columns.values()]
    give_texts(connection, "lines", ("period_code", "indicator_code", "adds_up", "reporting_level"), lines)
    give_texts(connection, "batches", ("submission_id", "batch_id"), batches)
    give_texts(connection, "columns_named", ("column_code", "sex", "age_band", "subset"), columns)
    with tempfile.TemporaryDirectory() as empty:
        pq.write_table(OBSERVATIONS.empty_table(), f"{empty}/observations.parquet")
        observations = ", ".join(f"'{folder}/observations.parquet'" for folder in (empty, *folders))
        connection.execute(
            f"""
            create table observed as
            select submission_id, indicator_code, sex, age_band, subset, obs_value, cell_state
            from read_parquet([{observations}], filename = true)
            inner join batches using (submission_id)
            inner join columns_named using (column_code)
            where regexp_extract(filename, '([^/]+)/[^/]+$', 1) = batch_id
            """
        )


def _script(name: str) -> str:
    return files(__package__).joinpath(f"{name}.sql").read_text(encoding="utf-8")
