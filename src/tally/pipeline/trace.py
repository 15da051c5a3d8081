"""From a figure back to the cells that it is made of, and from a workbook on to the figures that it went into."""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import duckdb

from tally.adapters.tables import rows_of
from tally.errors import UsageError
from tally.intake.workbook import read_workbook
from tally.pipeline.feeds import read_archived
from tally.pipeline.home import Home
from tally.pipeline.recipe import Cell, Figure, Line, Share, add_up, lines_of, recipe_of
from tally.pipeline.releases import named_release
from tally.pipeline.workers import at_home, workers
from tally.vocabulary import CellState, Total

_MANY = 60


@dataclass(frozen=True)
class SourceFigure:
    """A figure of another source; `window`: a period that it stands beside, or its days, `2024-01-01..2024-12-31`."""

    source_code: str
    indicator_code: str
    area_code: str
    window: str
    sex: str = "_T"
    age_band: str = "_T"


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
                "counts": share in added.counted,
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
        lines = lines_of(marts, submission["period_code"])
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
                    "enters": _enters(level, lines[indicator]) if read.value[at] is not None else None,
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


def trace_source(home: Home, asked: SourceFigure, release: str = "current") -> dict[str, Any]:
    """Every line that other sources sent for a figure, read again in the archived files.

    Shape   {release, lines: [{feed_id, file_path, sha256, line_number, window_start, window_end, published, read,
            citation, is_current, agrees}], agrees}; the line that stands first.
    Raises  UsageError if the release has no such figure, LedgerError if an archived file is not what was received.
    """
    release_id = named_release(home, release)
    with _marts(home, release_id) as marts:
        lines = rows_of(
            marts,
            """
            select
                feed_id, file_path, sha256, received_at, line_number, window_start, window_end, obs_value as published,
                citation, is_current
            from marts.fct_source_values as figures
            inner join marts.fct_feeds using (feed_id, source_code)
            where
                source_code = $source_code and indicator_code = $indicator_code and area_code = $area_code
                and sex = $sex and age_band = $age_band
                and (
                    window_start || '..' || window_end = $window
                    or (window_start, window_end) in (
                        select (window_start, window_end) from marts.dim_source_windows
                        where source_code = $source_code and period_code = $window
                    )
                )
            order by is_current desc, received_at desc, line_number
            """,
            **asdict(asked),
        )
    if not lines:
        what = " ".join(str(part) for part in asdict(asked).values())
        raise UsageError(f"release {release_id} has no figure {what}")
    source = next(one for one in home.contracts.sources if one.source == asked.source_code)
    read: dict[str, dict[int, float | None]] = {}
    for line in lines:
        if line["sha256"] not in read:
            file = read_archived(home, line["sha256"], line["received_at"], source)
            read[line["sha256"]] = {one.number: one.value for one in file.lines}
        value = read[line["sha256"]].get(line["line_number"])
        line |= {"read": value, "agrees": value == line["published"]}
        del line["received_at"]
        line |= {name: line[name].isoformat() for name in ("window_start", "window_end")}
    return {"release": release_id, "lines": lines, "agrees": all(line["agrees"] for line in lines)}


def _enters(level: tuple[bool, str] | None, line: Line) -> str | None:
    if level is None:
        return None
    is_lowest, area_level = level
    if not (is_lowest if line.reporting_level == "lowest" else area_level == line.reporting_level):
        return "imbalances" if line.reporting_level == "lowest" else None
    return "itself" if line.adds_up == "never" else "areas"


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


@contextmanager
def _marts(home: Home, release_id: str) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(home.releases / release_id / "national.duckdb"), read_only=True) as marts:
        if not marts.execute("select 1 from duckdb_tables() where table_name = 'fct_contributions'").fetchone():
            why = "does not say which reports its figures are made of: trace it with the code that made it"
            raise UsageError(f"release {release_id} {why} (tally rebuild says how to get that)")
        yield marts


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
