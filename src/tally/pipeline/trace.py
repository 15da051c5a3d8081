"""From a published figure back to the cells that it is made of."""

import os
from collections.abc import Sequence
from functools import partial
from typing import Any

import duckdb

from tally.errors import UsageError
from tally.intake.workbook import read_workbook
from tally.periods import Period
from tally.pipeline.home import Home
from tally.pipeline.releases import named_release
from tally.pipeline.workers import at_home, workers
from tally.vocabulary import NATION, CellState

Report = tuple[str, str, str]  # area, file path, sha256
_MANY = 60


def trace_figure(
    home: Home, indicator: str, area: str, period: str, sex: str, age: str, subset: str, release: str
) -> dict[str, Any]:
    """Open the archived workbooks behind a published figure again and add its cells up.

    Shape   {published, total, agrees, cells: [{area_code, file_path, sha256, sheet_name, cell_address, …}]}.
    Blanks  a cell that was left empty has no value; a figure that nobody filled has none either.
    Raises  UsageError if the release has no such figure, or the period is only derived.
    """
    try:
        reported = Period.parse(period)
    except ValueError:
        why = f"{period} is no period that is reported; a second half is its year less its first half: trace those"
        raise UsageError(why) from None
    path = home.releases / named_release(home, release) / "national.duckdb"
    with duckdb.connect(str(path), read_only=True) as connection:
        published = connection.execute(
            """
            select obs_value from marts.fct_indicator_values
            where frame = 'as_reported' and indicator_code = ? and area_code = ? and period_code = ?
            and sex = ? and age_band = ? and subset = ?
            """,
            [indicator, area, period, sex, age, subset],
        ).fetchone()
        if published is None:
            raise UsageError(f"release {release} has no figure {indicator} {area} {period} {sex} {age} {subset}")
        standing = connection.execute(
            """
            select area_code, file_path, sha256 from marts.fct_submissions
            where is_current and period_code = ? order by area_code
            """,
            [period],
        ).fetchall()
    column = _column(home, sex, age, subset)
    reports = [report for report in standing if _contributes(home, report[0], area, indicator, reported)]
    if len(reports) > _MANY:
        count = os.cpu_count() or 1
        parts = [reports[start::count] for start in range(count)]
        with workers(home) as pool:
            read = pool.map(partial(_cells_of_part, indicator, column), parts)
            found = sorted((cell for part in read for cell in part), key=lambda cell: str(cell["area_code"]))
    else:
        found = _cells(home, indicator, column, reports)
    values = [cell["value"] for cell in found if cell["value"] is not None]
    total = sum(values) if values else None
    return {"published": published[0], "total": total, "agrees": published[0] == total, "cells": found}


def _column(home: Home, sex: str, age: str, subset: str) -> str:
    for column in home.contracts.columns.values():
        if (column.sex, column.age_band, column.subset) == (sex, age, subset):
            return column.code
    raise UsageError(f"no column is sex {sex}, age {age}, subset {subset}")


def _contributes(home: Home, code: str, area: str, indicator: str, period: Period) -> bool:
    """Whether the report of `code` is of the lowest level that fills the row, and lies in `area`."""
    register, day = home.contracts.register, period.map_date
    version = register.at(code, day)
    row = home.contracts.edition(period).row_of.get(indicator)
    if version is None or row is None:
        return False
    levels = row.indicator.levels
    if not (version.level in levels if levels else register.is_lowest(version)):
        return False
    return area == NATION or area in (holder.code for holder in register.lineage(code, day))


def _cells_of_part(indicator: str, column: str, reports: Sequence[Report]) -> list[dict[str, Any]]:
    return _cells(at_home(), indicator, column, reports)


def _cells(home: Home, indicator: str, column: str, reports: Sequence[Report]) -> list[dict[str, Any]]:
    """The cell of each report, read from the archive; none where the report does not print it."""
    cells = []
    for code, file_path, sha256 in reports:
        figures = read_workbook(home.archive.path(sha256), home.contracts).figures
        names = zip(figures.indicator_code, figures.column_code, figures.state, strict=True)
        for at, (of_indicator, of_column, state) in enumerate(names):
            if (of_indicator, of_column) == (indicator, column) and state != CellState.NOT_USED:
                cells.append(
                    {
                        "area_code": code,
                        "file_path": file_path,
                        "sha256": sha256,
                        "sheet_name": figures.sheet_name[at],
                        "cell_address": figures.cell_address[at],
                        "raw_text": figures.raw_text[at],
                        "value": figures.value[at],
                    }
                )
    return cells
