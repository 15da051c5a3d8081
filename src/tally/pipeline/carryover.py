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

from tally.adapters.dbt import BuildOutcome
from tally.errors import BuildError, LedgerError
from tally.pipeline.home import Home
from tally.pipeline.releases import verify_release
from tally.pipeline.state import State

FIGURES = "fct_indicator_values"
BY_PERIOD = frozenset({"fct_form_completeness", "fct_imbalances", FIGURES})
"""Marts made of figures; what counts reports and submissions is small, and is built of all periods every time."""
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
_log = logging.getLogger(__name__)

Touched = dict[str, set[str]]


@dataclass(frozen=True)
class Base:
    """The release that stands, and the periods whose figures are built anew; it gives the figures of all others."""

    release: Path
    periods: tuple[str, ...]


def packages() -> dict[str, str]:
    return {name: version(name) for name in PACKAGES}


def fingerprints(state: State, ended: Sequence[str]) -> dict[str, str]:
    """What the figures of each period are made of: the judgements of its submissions, and whether it has ended."""
    parts: dict[str, list[str]] = {period: ["ended"] for period in ended}
    for one in state.submissions.values():
        if one.batch_id and one.period_code:
            parts.setdefault(one.period_code, []).append(f"{one.submission_id} {one.batch_id}")
    return {
        period: hashlib.sha256("\n".join(sorted(made_of)).encode()).hexdigest()[:16]
        for period, made_of in sorted(parts.items())
    }


def base_of(home: Home, last: Mapping[str, Any] | None, state: State, prints: Mapping[str, str]) -> Base | None:
    """The release before, if figures of it can be taken over: made by the same code, and still as it was published."""
    if last is None or last["release_id"] not in state.releases:
        return None
    made_by = (home.code_version, home.contracts.version, packages())
    before = last.get("periods", {})
    if made_by != (last["code"], last["contracts"], last["packages"]) or not before.keys() <= prints.keys():
        return None
    changed = tuple(period for period, made_of in prints.items() if before.get(period) != made_of)
    if len(changed) == len(prints):
        return None
    release = home.releases / last["release_id"]
    try:
        verify_release(release, state.releases[last["release_id"]])
    except LedgerError as error:
        _log.warning("Nothing is taken over from the release before, all is built: %s", error)
        return None
    return Base(release, changed)


def take_over(file: Path, built: BuildOutcome, periods: Sequence[str], changes: Path) -> Touched:
    """Make a copy of the release before into the next one: every row that was built otherwise gives way.

    Shape   file: the copy; periods: those whose figures were built; → the periods (or "" where a mart has none) of
            which rows came or went, by mart. The figures that changed are written to `changes`.
    Raises  BuildError if the file does not end up as what was built.
    """
    with duckdb.connect(str(file)) as connection:
        connection.execute(f"set memory_limit = '{os.environ.get('TALLY_DUCKDB_MEMORY', '1GB')}'")
        connection.execute(f"attach '{built.build_file}' as built (read_only)")
        connection.execute(f"attach '{built.working_file}' as working (read_only)")
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
        marts = [name for (name,) in connection.execute(_MARTS).fetchall()]
        connection.execute("begin")
        touched = {mart: _replace(connection, mart, changes) for mart in marts if mart != FIGURES}
        touched[FIGURES] = _replace(connection, FIGURES, changes) | _move_years_before(connection)
        connection.execute("commit")
        for mart in marts:
            _difference(connection, mart, _columns(connection, mart))
            if connection.execute("select 1 from gone union all select 1 from come").fetchone():
                raise BuildError(f"{file.name}: marts.{mart} is not what was built")
        connection.execute("checkpoint")
    return touched


_MARTS = "select table_name from duckdb_tables() where database_name = 'built' and schema_name = 'marts' order by 1"


def write_changes(file: Path, before: Path | None, changes: Path) -> None:
    """The figures of a release that was built whole and are other than in the one before; none in the first."""
    with duckdb.connect(str(file), read_only=True) as connection:
        connection.execute(f"set memory_limit = '{os.environ.get('TALLY_DUCKDB_MEMORY', '1GB')}'")
        old = new = f"marts.{FIGURES}"
        if before:
            connection.execute(f"attach '{before}' as old (read_only)")
            old = f"old.marts.{FIGURES}"
        periods = f"select period_code from {new} union select period_code from {old} order by 1"
        both = [period for (period,) in connection.execute(periods).fetchall()] if before else []
        _compare(connection, old, new, (*_KEY, *_TOLD), both)
        _write_changes(connection, old, changes)


def link(source: Path, target: Path) -> None:
    """The same file in two releases, which nobody writes to; a copy where the disk knows no such thing."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def _columns(connection: duckdb.DuckDBPyConnection, mart: str) -> list[str]:
    return [row[0] for row in connection.execute(f"describe built.marts.{mart}").fetchall()]


def _replace(connection: duckdb.DuckDBPyConnection, mart: str, changes: Path) -> set[str]:
    columns = _columns(connection, mart)
    _difference(connection, mart, columns)
    if mart == FIGURES:
        _write_changes(connection, f"marts.{mart}", changes)
    connection.execute(f"delete from marts.{mart} where rowid in (select row_number from gone)")
    connection.execute(f"insert into marts.{mart} select {', '.join(columns)} from come")
    period = "period_code" if mart in BY_PERIOD else "''"
    rows = connection.execute(f"select {period} from gone union select {period} from come").fetchall()
    return {period for (period,) in rows}


def _difference(connection: duckdb.DuckDBPyConnection, mart: str, columns: Sequence[str]) -> None:
    periods = [period for (period,) in connection.execute("from scope").fetchall()] if mart in BY_PERIOD else None
    _compare(connection, f"marts.{mart}", f"built.marts.{mart}", columns, periods)


def _compare(
    connection: duckdb.DuckDBPyConnection, old: str, new: str, columns: Sequence[str], periods: Sequence[str] | None
) -> None:
    """`gone`: the rows of old that are not in new; `come`: those of new that are not in old. Told by a hash of each.

    One period after the other, so that memory holds the hashes of one.
    """
    row_hash = f"hash({', '.join(columns)})"
    connection.execute(f"create or replace temp table gone as select rowid as row_number, * from {old} limit 0")
    connection.execute(f"create or replace temp table come as from {new} limit 0")
    for period in ["true"] if periods is None else [f"period_code = '{period}'" for period in periods]:
        for name, one, other in (("gone", f"select rowid, * from {old}", new), ("come", f"from {new}", old)):
            connection.execute(
                f"""
                insert into {name} {one}
                where {period} and {row_hash} not in (select {row_hash} from {other} where {period})
                """
            )


def _write_changes(connection: duckdb.DuckDBPyConnection, old: str, changes: Path) -> None:
    connection.execute(
        f"""
        copy (
            select
                {", ".join(_KEY)},
                gone.obs_value as value_before, come.obs_value as value_now,
                gone.obs_status as status_before, come.obs_status as status_now
            from come
            full join gone using ({", ".join(_KEY)})
            where
                gone.obs_value is distinct from come.obs_value
                -- a map that the release before did not have is no change of its figures
                and frame in (select frame from {old})
            order by all
        ) to '{changes}' (header)
        """
    )


def _move_years_before(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """Figures that were taken over, and name one that changed as that of their year before; their periods."""
    key = " and ".join(f"later.{name} = changed.{name}" for name in ("frame", "area_code", *_CELL))
    connection.execute(
        f"""
        create or replace temp table changed as
        with figures as (
            select frame, area_code, period_code, {", ".join(_CELL)} from gone
            union
            select frame, area_code, period_code, {", ".join(_CELL)} from come
        ),
        years as (
            select distinct frame, area_code, period_before as period_code, years_before.period_code as period_after
            from working.intermediate.int_years_before as years_before
            inner join working.intermediate.int_frame_areas as areas
                on years_before.number_before = areas.frame_area_number
            where years_before.period_code not in (from scope)
        )
        select frame, area_code, {", ".join(_CELL)}, period_after, come.obs_value, come.obs_status
        from figures
        inner join years using (frame, area_code, period_code)
        left join come using (frame, area_code, period_code, {", ".join(_CELL)})
        """
    )
    connection.execute(
        f"""
        update marts.{FIGURES} as later
        set
            value_year_before = changed.obs_value,
            status_year_before = if(changed.obs_value is null, null, changed.obs_status),
            change_on_year = later.obs_value - changed.obs_value
        from changed
        where later.period_code = changed.period_after and {key}
        """
    )
    return {period for (period,) in connection.execute("select distinct period_after from changed").fetchall()}
