"""From a figure back to the cells that it is made of, and from a workbook on to the figures that it went into."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any

import duckdb

from tally.errors import UsageError
from tally.intake.workbook import read_workbook
from tally.pipeline.home import Home
from tally.pipeline.releases import named_release, rows_of
from tally.pipeline.workers import at_home, workers
from tally.vocabulary import AS_REPORTED, CellState, Total

_MANY = 60
_STABLE_GROUPS = "stable_groups"


@dataclass(frozen=True)
class Figure:
    """One published figure; `total` other than FIGURE is one of `fct_imbalances`."""

    indicator_code: str
    area_code: str
    period_code: str
    sex: str = "_T"
    age_band: str = "_T"
    subset: str = "_T"
    frame: str = AS_REPORTED
    total: Total = Total.FIGURE


@dataclass(frozen=True)
class Share:
    """A report that a figure is made of, with what its cell is multiplied by; None where nobody knows that.

    `unit`: of a second half, the territory over which the year and its first half are compared.
    """

    area_code: str
    period_code: str
    submission_id: str
    file_path: str
    sha256: str
    weight: float | None
    is_whole: bool
    unit: str | None = None


@dataclass(frozen=True)
class Correction:
    """A declared correction in force: what counts instead of what the workbook says."""

    correction_code: str
    value_to: int | None


@dataclass(frozen=True)
class Recipe:
    """How a figure is made of reports.

    Shape   corrected: by submission, what is used instead of its cell. cannot_be_said: the map cut through an area.
            Of a second half, (year, first half), how many areas each territory has in each (one where it is not named),
            and which territories lie in two areas of the frame.
    """

    shares: list[Share]
    corrected: Mapping[str, Correction] = field(default_factory=dict)
    cannot_be_said: bool = False
    halves: tuple[str, str] | None = None
    expected: Mapping[tuple[str, str], int] = field(default_factory=dict)
    cut: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Cell:
    sheet_name: str
    cell_address: str
    raw_text: str
    value: int | None


@dataclass(frozen=True)
class Sum:
    """What cells add up to, how many areas that is, and which reports entered."""

    total: int | None
    filled: int
    counted: frozenset[Share] = frozenset()


def trace_figure(home: Home, asked: Figure, release: str = "current") -> dict[str, Any]:
    """Open the archived workbooks behind a published figure again and add its cells up.

    Shape   {release, published, obs_status, status_reason, areas_filled, total, filled, agrees, cells: [{area_code,
            period_code, submission_id, file_path, sha256, sheet_name, cell_address, raw_text, value, correction_code,
            corrected_to, weight, counts}]}. weight: 1 a whole area, less the share of a part, -1 the first half that a
            second half is made without. counts: whether the cell enters the total; of a second half only territories
            that are complete in both.
    Blanks  a cell that was left empty has no value; a figure that nobody filled or can say has none either.
    Raises  UsageError if the release has no such figure, LedgerError if an archived workbook is not what was received.
    """
    release_id = named_release(home, release)
    with _marts(home, release_id) as marts:
        published = _published(marts, asked, release_id)
        recipe = recipe_of(marts, asked)
    found = _read(home, recipe.shares, asked.indicator_code, _column(home, asked))
    added = add_up(recipe, found)
    return {
        "release": release_id,
        "published": published["obs_value"],
        "obs_status": published["obs_status"],
        "status_reason": published["status_reason"],
        "areas_filled": published["areas_filled"],
        "total": added.total,
        "filled": added.filled,
        "agrees": (published["obs_value"], published["areas_filled"]) == (added.total, added.filled),
        "cells": [
            {
                "area_code": share.area_code,
                "period_code": share.period_code,
                "submission_id": share.submission_id,
                "file_path": share.file_path,
                "sha256": share.sha256,
                **asdict(cell),
                "correction_code": correction.correction_code if correction else None,
                "corrected_to": correction.value_to if correction else None,
                "weight": share.weight,
                "counts": share in added.counted and _value(recipe, found, share) is not None,
            }
            for share in sorted(recipe.shares, key=lambda one: (one.area_code, one.period_code))
            for correction in [recipe.corrected.get(share.submission_id)]
            if (cell := found.get(share.sha256))
        ],
    }


def trace_submission(home: Home, named: str, release: str = "current") -> dict[str, Any]:
    """Where the figures of one workbook went.

    Shape   named: a submission's id, the path of its file, or its SHA-256 → {release, submission_id, file_path, sha256,
            area_code, period_code, verdict, is_current, superseded_by, areas: [{frame, area_code, area_level, is_whole,
            share}], cells: [{sheet_name, cell_address, indicator_code, sex, age_band, subset, raw_text, value,
            enters}]}. enters: `areas` the figures of all those areas, `itself` only that of the area that reported,
            `imbalances` the comparison of its parent with its children, None none.
    Blanks  no areas where it does not stand: it was not accepted, or another has taken its place.
    Raises  UsageError if the release knows no such submission, or several.
    """
    release_id = named_release(home, release)
    with _marts(home, release_id) as marts:
        known = rows_of(
            marts,
            """
            select submission_id, file_path, sha256, area_code, period_code, verdict, is_current
            from marts.fct_submissions
            where submission_id = $named or sha256 = $named or file_path = $named
            order by received_at, submission_id
            """,
            named=named,
        )
        if len(known) != 1:
            ids = ", ".join(one["submission_id"] for one in known)
            which = f"{len(known)} submissions are {named}: name one of {ids}" if known else f"no submission is {named}"
            raise UsageError(f"in release {release_id} {which}")
        (submission,) = known
        successors = rows_of(
            marts,
            "select submission_id from marts.fct_submissions where supersedes = $named",
            named=submission["submission_id"],
        )
        areas = rows_of(
            marts,
            """
            select frame, area_code, area_level, is_whole, share, is_lowest, reporting_area_level
            from marts.fct_contributions
            where submission_id = $named
            order by frame <> 'as_reported', frame, area_level, area_code
            """,
            named=submission["submission_id"],
        )
        lines = {
            row["indicator_code"]: (row["adds_up"], row["reporting_level"])
            for row in rows_of(
                marts,
                f"select indicator_code, adds_up, reporting_level from ({_LINES})",
                period_code=submission["period_code"],
            )
        }
    level = (areas[0]["is_lowest"], areas[0]["reporting_area_level"]) if areas else None
    read = read_workbook(home.archive.path(submission["sha256"]), home.contracts).figures
    home.archive.verify(submission["sha256"])
    cells = []
    for at, (indicator, column, state) in enumerate(
        zip(read.indicator_code, read.column_code, read.state, strict=True)
    ):
        if state != CellState.NOT_USED and indicator in lines:
            names = home.contracts.columns[column]
            cells.append(
                {
                    "sheet_name": read.sheet_name[at],
                    "cell_address": read.cell_address[at],
                    "indicator_code": indicator,
                    "sex": names.sex,
                    "age_band": names.age_band,
                    "subset": names.subset,
                    "raw_text": read.raw_text[at],
                    "value": read.value[at],
                    "enters": _enters(level, *lines[indicator]) if read.value[at] is not None else None,
                }
            )
    shown = ("frame", "area_code", "area_level", "is_whole", "share")
    return {
        "release": release_id,
        **submission,
        "superseded_by": successors[0]["submission_id"] if successors else None,
        "areas": [{name: area[name] for name in shown} for area in areas],
        "cells": cells,
    }


def _enters(level: tuple[bool, str] | None, adds_up: str, reporting_level: str) -> str | None:
    if level is None:
        return None
    is_lowest, area_level = level
    if not (is_lowest if reporting_level == "lowest" else area_level == reporting_level):
        return "imbalances" if reporting_level == "lowest" else None
    return "itself" if adds_up == "never" else "areas"


@dataclass(frozen=True)
class _Line:
    """How an indicator adds up in a period, and which level reports it."""

    adds_up: str
    reporting_level: str

    @property
    def takes(self) -> str:
        """Which rows of `fct_contributions` a figure takes."""
        level = "is_lowest" if self.reporting_level == "lowest" else f"reporting_area_level = '{self.reporting_level}'"
        return f"{level} and is_itself" if self.adds_up == "never" else level


_LINES = """
    select indicators.*
    from marts.dim_indicators as indicators
    cross join marts.dim_periods as asked
    left join marts.dim_periods as since on indicators.since_period_code = since.period_code
    left join marts.dim_periods as until on indicators.until_period_code = until.period_code
    where
        asked.period_code = $period_code
        and coalesce(since.end_date <= asked.end_date, true)
        and coalesce(until.end_date >= asked.end_date, true)
"""
_REPORTS = """
    select
        reporting_area_code as area_code, period_code, submission_id, file_path, sha256,
        cast({weight} as double) as weight, is_whole, {unit} as unit
    from marts.fct_contributions as contributions
    inner join marts.fct_submissions using (submission_id, period_code)
"""


def _published(marts: duckdb.DuckDBPyConnection, asked: Figure, release_id: str) -> dict[str, Any]:
    cell = "indicator_code = $indicator_code and sex = $sex and age_band = $age_band and subset = $subset"
    where = f"area_code = $area_code and period_code = $period_code and {cell}"
    if asked.total == Total.FIGURE:
        query = f"""
            select obs_value, obs_status, status_reason, areas_filled
            from marts.fct_indicator_values where frame = $frame and {where}
        """
    else:
        value, filled = {
            Total.REPORTED: ("reported_value", "count(reported_value) over ()"),
            Total.CHILDREN: ("children_value", "children_filled"),
        }[asked.total]
        query = f"""
            select {value} as obs_value, null as obs_status, null as status_reason, {filled} as areas_filled
            from marts.fct_imbalances where {where}
        """
    names = asdict(asked)
    del names["total"]
    if asked.total != Total.FIGURE:
        del names["frame"]
    rows = rows_of(marts, query, **names)
    if not rows:
        what = " ".join(str(part) for part in asdict(asked).values())
        raise UsageError(f"release {release_id} has no figure {what}")
    return rows[0]


def _line(marts: duckdb.DuckDBPyConnection, asked: Figure) -> _Line:
    query = f"select adds_up, reporting_level from ({_LINES}) where indicator_code = $indicator_code"
    (row,) = rows_of(marts, query, period_code=asked.period_code, indicator_code=asked.indicator_code)
    return _Line(**row)


def _halves(marts: duckdb.DuckDBPyConnection, period: str) -> tuple[str, str] | None:
    """(year, first half) of a second half."""
    query = """
        select whole.period_code as whole_year, half.period_code as first_half
        from marts.dim_periods as derived
        inner join marts.dim_periods as whole using (period_year)
        inner join marts.dim_periods as half using (period_year)
        where
            derived.is_derived and derived.period_code = $period
            and whole.period_part = 'A1' and half.period_part = 'S1'
    """
    rows = rows_of(marts, query, period=period)
    return (rows[0]["whole_year"], rows[0]["first_half"]) if rows else None


def _of_figure(marts: duckdb.DuckDBPyConnection, asked: Figure, period: str, line: _Line) -> list[Share]:
    reports = _REPORTS.format(weight="share", unit="null")
    return _shares(
        marts,
        f"""
        {reports}
        where frame = $frame and contributions.area_code = $area and period_code = $period and {line.takes}
        """,
        frame=asked.frame,
        area=asked.area_code,
        period=period,
    )


def _of_imbalance(marts: duckdb.DuckDBPyConnection, asked: Figure) -> list[Share]:
    if asked.total == Total.REPORTED:
        areas = "select $area"
    else:
        areas = """
            select area_code from marts.dim_areas inner join marts.dim_periods on
                period_code = $period and coalesce(map_date >= valid_from, true) and coalesce(map_date < valid_to, true)
            where parent_code = $area and area_level <> 'stable_group'
        """
    reports = _REPORTS.format(weight="1.0", unit="null")
    return _shares(
        marts,
        f"{reports} where is_itself and period_code = $period and reporting_area_code in ({areas})",
        area=asked.area_code,
        period=asked.period_code,
    )


_SAME_VERSION = """
    on
        dim_frame_areas.area_code = areas.area_code
        and dim_frame_areas.valid_from is not distinct from areas.valid_from
"""

_UNITS = """
    select distinct units.area_code as unit, held.area_code as held_by, held.area_level
    from marts.fct_contributions as held
    inner join marts.fct_contributions as units using (period_code, submission_id)
    where
        held.frame = $frame and period_code = $whole_year and units.frame = $unit_frame and units.is_lowest
        and (units.is_itself or units.area_level = 'stable_group')
"""


def _unit_frame(frame: str) -> str:
    """Where the year and its first half are compared: on one unchanged map area by area, else in stable groups."""
    return AS_REPORTED if frame == AS_REPORTED else _STABLE_GROUPS


def _of_second_half(marts: duckdb.DuckDBPyConnection, asked: Figure, whole_year: str, first_half: str) -> list[Share]:
    weight = f"if(period_code = '{first_half}', -1.0, 1.0)"
    reports = _REPORTS.format(weight=weight, unit="contributions.area_code")
    return _shares(
        marts,
        f"""
        {reports}
        where
            frame = $unit_frame and is_lowest and period_code in ($whole_year, '{first_half}')
            and (is_itself or contributions.area_level = 'stable_group')
            and contributions.area_code in (select unit from ({_UNITS}) where held_by = $area)
        """,
        area=asked.area_code,
        frame=asked.frame,
        unit_frame=_unit_frame(asked.frame),
        whole_year=whole_year,
    )


def _cut(marts: duckdb.DuckDBPyConnection, asked: Figure, whole_year: str) -> frozenset[str]:
    """The units of which a part lies in another area of the frame."""
    query = f"""
        with units as ({_UNITS})
        select unit from units
        where area_level in (select area_level from units where held_by = $area)
        group by unit, area_level having count(distinct held_by) > 1
    """
    names = {"frame": asked.frame, "unit_frame": _unit_frame(asked.frame), "whole_year": whole_year}
    return frozenset(row["unit"] for row in rows_of(marts, query, area=asked.area_code, **names))


def _expected(marts: duckdb.DuckDBPyConnection, frame: str, halves: tuple[str, str]) -> dict[tuple[str, str], int]:
    """How many lowest areas a stable group has on the map of each half; on the map of the report every unit is one."""
    if frame == AS_REPORTED:
        return {}
    query = f"""
        select frame_area_code, period_code, count(*) as areas
        from marts.dim_frame_areas
        inner join marts.dim_areas as areas {_SAME_VERSION}
        inner join marts.dim_periods on
            coalesce(map_date >= areas.valid_from, true) and coalesce(map_date < areas.valid_to, true)
        where frame = $frame and is_lowest and period_code in ($whole_year, $first_half)
        group by all
    """
    rows = rows_of(marts, query, frame=_STABLE_GROUPS, whole_year=halves[0], first_half=halves[1])
    return {(row["frame_area_code"], row["period_code"]): row["areas"] for row in rows}


def _corrected(marts: duckdb.DuckDBPyConnection, asked: Figure) -> dict[str, Correction]:
    query = """
        select submission_id, correction_code, value_to
        from marts.fct_corrections
        where
            submission_id is not null and indicator_code = $indicator_code
            and sex = $sex and age_band = $age_band and subset = $subset
    """
    cell = {name: getattr(asked, name) for name in ("indicator_code", "sex", "age_band", "subset")}
    return {row.pop("submission_id"): Correction(**row) for row in rows_of(marts, query, **cell)}


def _cannot_be_said(marts: duckdb.DuckDBPyConnection, asked: Figure, period: str, line: _Line) -> bool:
    """Whether the map cut through an area that owes the row, and its parts are not known or never estimated."""
    level = "is_lowest" if line.reporting_level == "lowest" else f"areas.area_level = '{line.reporting_level}'"
    query = f"""
        select count(*) filter (where not is_whole and (share is null or not has_estimates)) as parts
        from marts.dim_frame_areas
        inner join marts.dim_areas as areas {_SAME_VERSION}
        inner join marts.dim_frames using (frame)
        inner join marts.dim_periods on
            coalesce(map_date >= areas.valid_from, true) and coalesce(map_date < areas.valid_to, true)
        where frame = $frame and frame_area_code = $area and period_code = $period and {level}
    """
    return bool(rows_of(marts, query, frame=asked.frame, area=asked.area_code, period=period)[0]["parts"])


@contextmanager
def _marts(home: Home, release_id: str) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(home.releases / release_id / "national.duckdb"), read_only=True) as marts:
        if not marts.execute("select 1 from duckdb_tables() where table_name = 'fct_contributions'").fetchone():
            why = "does not say which reports its figures are made of: trace it with the code that made it"
            raise UsageError(f"release {release_id} {why} (tally rebuild says how to get that)")
        yield marts


def recipe_of(marts: duckdb.DuckDBPyConnection, asked: Figure) -> Recipe:
    """Which reports a release says that a figure is made of, and how."""
    corrected = _corrected(marts, asked)
    if asked.total != Total.FIGURE:
        return Recipe(_of_imbalance(marts, asked), corrected)
    line, halves = _line(marts, asked), _halves(marts, asked.period_code)
    if halves and line.adds_up == "flow":
        return Recipe(
            _of_second_half(marts, asked, *halves),
            corrected,
            _cannot_be_said(marts, asked, halves[0], line),
            halves,
            _expected(marts, asked.frame, halves),
            _cut(marts, asked, halves[0]),
        )
    period = halves[0] if halves else asked.period_code
    return Recipe(_of_figure(marts, asked, period, line), corrected, _cannot_be_said(marts, asked, period, line))


def add_up(recipe: Recipe, found: Mapping[str, Cell]) -> Sum:
    """Add up the cells of a figure, by the hashes of their workbooks.

    Blanks  no total where no area filled its cell, or the figure cannot be said.
    """
    if recipe.cannot_be_said:
        return Sum(None, 0)
    if recipe.halves:
        return _second_half(recipe, recipe.halves, found)
    filled = [(share, value) for share in recipe.shares if (value := _value(recipe, found, share)) is not None]
    if not filled:
        return Sum(None, 0)
    whole = sum(value for share, value in filled if share.is_whole)
    parts = sum((share.weight or 0) * value for share, value in filled if not share.is_whole)
    return Sum(whole + int(parts + 0.5), len(filled), frozenset(share for share, _ in filled))


def _second_half(recipe: Recipe, halves: tuple[str, str], found: Mapping[str, Cell]) -> Sum:
    """The sum over territories that are complete in both reports and did not fall."""
    total, filled, counted = 0, 0, set[Share]()
    for unit in {str(share.unit) for share in recipe.shares}:
        of_unit = [share for share in recipe.shares if share.unit == unit]
        values = {
            period: [_value(recipe, found, one) for one in of_unit if one.period_code == period] for period in halves
        }
        sums = {
            period: sum(value for value in said if value is not None)
            for period, said in values.items()
            if None not in said and len(said) == recipe.expected.get((unit, period), 1)
        }
        if len(sums) < len(halves):
            continue
        if unit in recipe.cut:
            return Sum(None, 0)
        difference = sums[halves[0]] - sums[halves[1]]
        if difference >= 0:
            total, filled = total + difference, filled + recipe.expected.get((unit, halves[0]), 1)
            counted.update(of_unit)
    return Sum(total if filled else None, filled, frozenset(counted))


def _value(recipe: Recipe, found: Mapping[str, Cell], share: Share) -> int | None:
    cell, correction = found.get(share.sha256), recipe.corrected.get(share.submission_id)
    if correction:
        return correction.value_to
    return cell.value if cell else None


def _column(home: Home, asked: Figure) -> str:
    column = home.contracts.codelists.column_at(asked.sex, asked.age_band, asked.subset)
    if column is None:
        raise UsageError(f"no column is sex {asked.sex}, age {asked.age_band}, subset {asked.subset}")
    return column.code


def _read(home: Home, shares: Iterable[Share], indicator: str, column: str) -> dict[str, Cell]:
    """The cell of every workbook, by its hash; none where it does not print the cell."""
    hashes = sorted({share.sha256 for share in shares})
    if len(hashes) <= _MANY:
        return _cells(home, indicator, column, hashes)
    count = os.cpu_count() or 1
    with workers(home) as pool:
        read = pool.map(partial(_cells_at_home, indicator, column), [hashes[start::count] for start in range(count)])
        return {sha256: cell for part in read for sha256, cell in part.items()}


def _cells_at_home(indicator: str, column: str, hashes: Sequence[str]) -> dict[str, Cell]:
    return _cells(at_home(), indicator, column, hashes)


def _cells(home: Home, indicator: str, column: str, hashes: Sequence[str]) -> dict[str, Cell]:
    cells = {}
    for sha256 in hashes:
        home.archive.verify(sha256)
        figures = read_workbook(home.archive.path(sha256), home.contracts).figures
        names = zip(figures.indicator_code, figures.column_code, figures.state, strict=True)
        for at, (of_indicator, of_column, state) in enumerate(names):
            if (of_indicator, of_column) == (indicator, column) and state != CellState.NOT_USED:
                cells[sha256] = Cell(
                    figures.sheet_name[at], figures.cell_address[at], figures.raw_text[at], figures.value[at]
                )
    return cells


def _shares(marts: duckdb.DuckDBPyConnection, query: str, **names: Any) -> list[Share]:
    return [Share(**row) for row in rows_of(marts, query, **names)]
