"""What a release takes over from the one before: the figures of every period on which nothing new has come."""

import hashlib
import logging
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb

from tally.adapters.dbt import BuildOutcome, memory_limit
from tally.errors import BuildError, LedgerError
from tally.pipeline.home import Home
from tally.pipeline.releases import verify_release
from tally.pipeline.state import State

FIGURES = "fct_indicator_values"
"""The mart of figures: a view of `stored.figures`."""
BY_PERIOD = frozenset(
    {
        "marts.fct_contributions",
        "marts.fct_form_completeness",
        "marts.fct_imbalances",
        "marts.fct_ratios",
        "stored.figure_areas",
        "stored.figures",
    }
)
"""Tables made of figures; what counts reports and submissions is small, and is built of all periods every time."""
_FIGURES = "stored.figures"
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
_CELL = ("indicator_code", "sex", "age_band", "subset")
_KEY = ("frame", "area_code", "area_level", "period_code", *_CELL)
_TOLD = ("obs_value", "obs_status")
_IN_WORDS = f"""
    select {", ".join(_KEY).replace("period_code", "figures.period_code")}, {", ".join(_TOLD)}
    from figures
    inner join stored.figure_areas as areas using (frame_area_number)
    inner join stored.figure_cells using (cell_number)
"""
CHANGED = {
    **dict.fromkeys(_KEY, "varchar"),
    **dict.fromkeys(("value_before", "value_now"), "bigint"),
    **dict.fromkeys(("status_before", "status_now"), "varchar"),
}
"""The columns of figures that are other than before."""
_log = logging.getLogger(__name__)

Touched = dict[str, set[str]]


@dataclass(frozen=True)
class Base:
    """The release that stands, and the periods whose figures are built anew; it gives the figures of all others."""

    release: Path
    periods: tuple[str, ...]


def packages() -> dict[str, str]:
    return {name: version(name) for name in PACKAGES}


def fingerprints(state: State, ended: Sequence[str], corrections: Sequence[Mapping[str, Any]] = ()) -> dict[str, str]:
    """What the figures of each period are made of: the judgements of its submissions, its declared corrections, and
    whether it has ended.
    """
    parts: dict[str, list[str]] = {period: ["ended"] for period in ended}
    for one in state.submissions.values():
        if one.batch_id and one.period_code:
            parts.setdefault(one.period_code, []).append(f"{one.submission_id} {one.batch_id}")
    for correction in corrections:
        parts.setdefault(str(correction["period_code"]), []).append(str(correction))
    return {
        period: hashlib.sha256("\n".join(sorted(made_of)).encode()).hexdigest()[:16]
        for period, made_of in sorted(parts.items())
    }


def base_of(
    home: Home, last: Mapping[str, Any] | None, state: State, prints: Mapping[str, str], found_whole: str | None
) -> Base | None:
    """The release before, if figures of it can be taken over: made by the same code, and still as it was published.

    Shape   found_whole: the release that was found to be as published a moment ago.
    """
    if last is None or last["release_id"] not in state.releases:
        return None
    made_by = (home.code_version, home.contracts.version, packages())
    before = last.get("periods", {})
    if made_by != (last["code"], last["contracts"], last["packages"]) or not before.keys() <= prints.keys():
        return None
    changed = tuple(period for period, made_of in prints.items() if before.get(period) != made_of)
    if len(changed) == len(prints):
        return None
    if last["release_id"] != found_whole and not is_as_published(home, last["release_id"], state):
        return None
    return Base(home.releases / last["release_id"], changed)


def is_as_published(home: Home, release_id: str, state: State) -> bool:
    """Whether every byte of a release is; a second a gigabyte."""
    try:
        verify_release(home.releases / release_id, state.releases[release_id])
    except LedgerError as error:
        _log.warning("Nothing is taken over from the release before, all is built: %s", error)
        return False
    return True


def take_over(file: Path, built: BuildOutcome, periods: Sequence[str], changes: Path | None = None) -> Touched:
    """Make a copy of the release before into the next one: every row that was built otherwise gives way.

    Shape   file: the copy; periods: those whose figures were built; → the periods (or "" where a table has none) of
            which rows came or went, by table. `changes`: Parquet of the figures that are other than before.
    Raises  BuildError if the file does not end up as what was built.
    """
    with duckdb.connect(str(file)) as connection:
        connection.execute(f"set memory_limit = '{memory_limit()}'")
        connection.execute(f"attach '{built.build_file}' as built (read_only)")
        connection.execute(
            """
            create temp table scope as
            with named as (from built.marts.dim_periods where period_code in (select unnest(?)))
            select period_code from named
            union
            select period_code from built.marts.dim_periods
            where is_derived and period_year in (select period_year from named)
            """,
            [list(periods)],
        )
        tables = tables_of(connection, "built")
        touched = {table: _replace(connection, table) for table in tables if table != _FIGURES}
        touched[_FIGURES] = _replace(connection, _FIGURES)
        if changes:
            for side in ("gone", "come"):
                connection.execute(f"create temp table {side}_in_words as with figures as (from {side}) {_IN_WORDS}")
            _write_changes(connection, "gone_in_words", "come_in_words", changes)
        for table in tables:
            scope = _scope(connection, table)
            columns = ", ".join(_columns(connection, table))
            rows = "true" if scope is None else _is_of(scope)
            sums = f"select count(*), sum(hash({columns}))"
            stands, was_built = (
                connection.execute(f"{sums} from {database}{table} where {rows}").fetchone()
                for database in ("", "built.")
            )
            if stands != was_built:
                raise BuildError(f"{file.name}: {table} is not what was built")
        connection.execute("checkpoint")
    return touched


def tables_of(connection: duckdb.DuckDBPyConnection, database: str) -> list[str]:
    """Every table of a release, with its schema; the views of `marts` show the tables of `stored`."""
    tables = "select schema_name || '.' || table_name from duckdb_tables() where database_name = ? order by 1"
    return [name for (name,) in connection.execute(tables, [database]).fetchall()]


def compare_releases(file: Path, before: Path, changes: Path) -> None:
    """Parquet of the figures that are other than in the release before, for a file that took nothing over from it."""
    with duckdb.connect(str(file), read_only=True) as connection:
        connection.execute(f"set memory_limit = '{memory_limit()}'")
        connection.execute(f"attach '{before}' as old (read_only)")
        old = f"old.marts.{FIGURES}"
        _compare(connection, old, f"marts.{FIGURES}", (*_KEY, *_TOLD), _periods(connection, old))
        # a map that the release before did not have is no change of its figures
        connection.execute(f"delete from come where frame not in (select distinct frame from {old})")
        _write_changes(connection, "gone", "come", changes)


def link(source: Path, target: Path) -> None:
    """The same file in two releases, which nobody writes to; a copy where the disk knows no such thing."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def _columns(connection: duckdb.DuckDBPyConnection, table: str) -> list[str]:
    return [row[0] for row in connection.execute(f"describe built.{table}").fetchall()]


def _periods(connection: duckdb.DuckDBPyConnection, rows: str) -> list[str]:
    return [
        period for (period,) in connection.execute(f"select distinct period_code from {rows} order by 1").fetchall()
    ]


def _is_of(periods: Sequence[str]) -> str:
    """That a row is of these periods, said in words: then no other period is read."""
    return f"period_code in ({', '.join(repr(period) for period in periods) or 'null'})"


def _scope(connection: duckdb.DuckDBPyConnection, table: str) -> list[str] | None:
    """The periods in which a table is compared; None for one that is built whole."""
    return _periods(connection, "scope") if table in BY_PERIOD else None


def _replace(connection: duckdb.DuckDBPyConnection, table: str) -> set[str]:
    """Let what was built take the place of what stood; the periods of which rows came or went."""
    columns, new = _columns(connection, table), f"built.{table}"
    scope = _scope(connection, table)
    stood = set() if scope is None else set(_periods(connection, table))
    added = [] if scope is None else [period for period in scope if period not in stood]
    _compare(connection, table, new, columns, scope and [period for period in scope if period in stood])
    gone = f"in (select hash({', '.join(columns)}) from gone)"
    periods = "true" if scope is None else _is_of(_periods(connection, "gone"))
    connection.execute(f"delete from {table} where {periods} and hash({', '.join(columns)}) {gone}")
    # one insert and no transaction: in DuckDB 1.5 rows that follow an empty insert within one are not seen after it
    connection.execute(
        f"""
        insert into {table} by name
        from come
        union all by name
        from {new} where {"period_code in (select unnest($added))" if added else "false"}
        """,
        {"added": added} if added else {},
    )
    if scope is None:
        return {"" for _ in connection.execute("select 1 from gone union select 1 from come").fetchall()}
    return {*_periods(connection, "gone"), *_periods(connection, "come"), *added}


def _compare(
    connection: duckdb.DuckDBPyConnection, old: str, new: str, columns: Sequence[str], periods: Sequence[str] | None
) -> None:
    """`gone`: the rows of old that are not in new; `come`: those of new that are not in old. Told by a hash of each.

    One period after the other, so that memory holds the hashes of one.
    """
    row_hash = f"hash({', '.join(columns)})"
    for side, rows in (("gone", old), ("come", new)):
        connection.execute(f"create or replace temp table {side} as select {', '.join(columns)} from {rows} limit 0")
    for period in ["true"] if periods is None else [f"period_code = '{period}'" for period in periods]:
        for side, rows in (("old", old), ("new", new)):
            hashes = f"select {row_hash} as row_hash from {rows} where {period}"
            connection.execute(f"create or replace temp table {side}_hashes as {hashes}")
        for name, side, other, rows in (("gone", "old", "new", old), ("come", "new", "old", new)):
            hashes = f"from {side}_hashes anti join {other}_hashes using (row_hash)"
            connection.execute(f"create or replace temp table not_there as {hashes}")
            if connection.execute("select count(*) from not_there").fetchone() == (0,):
                continue
            connection.execute(
                f"""
                insert into {name} select {", ".join(columns)} from {rows}
                where {period} and {row_hash} in (from not_there)
                """
            )
    for name in ("old_hashes", "new_hashes", "not_there"):
        connection.execute(f"drop table if exists {name}")


def _write_changes(connection: duckdb.DuckDBPyConnection, gone: str, come: str, changes: Path) -> None:
    connection.execute(
        f"""
        copy (
            select
                {", ".join(_KEY)},
                gone.obs_value as value_before, come.obs_value as value_now,
                gone.obs_status as status_before, come.obs_status as status_now
            from {come} as come
            full join {gone} as gone using ({", ".join(_KEY)})
            where
                gone.obs_value is distinct from come.obs_value
                -- a figure that nobody asked for is as one that nobody filled
                or coalesce(gone.obs_status, 'M') <> coalesce(come.obs_status, 'M')
        ) to '{changes}' (format parquet)
        """
    )
