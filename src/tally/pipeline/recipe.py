"""How a release says that a figure is made of reports, and what their cells then add up to."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import duckdb

from tally.adapters.tables import rows_of
from tally.pipeline.releases import ON_MAP
from tally.vocabulary import AS_REPORTED, Total

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


@dataclass(frozen=True)
class Line:
    """How an indicator adds up in a period, and which level reports it."""

    adds_up: str
    reporting_level: str

    def is_of(self, lowest: str, level: str) -> str:
        """In SQL: whether an area is of the level that reports it."""
        return lowest if self.reporting_level == "lowest" else f"{level} = '{self.reporting_level}'"

    @property
    def takes(self) -> str:
        """In SQL: which rows of `fct_contributions` a figure takes."""
        level = self.is_of("is_lowest", "reporting_area_level")
        return f"{level} and is_itself" if self.adds_up == "never" else level


def recipe_of(marts: duckdb.DuckDBPyConnection, asked: Figure) -> Recipe:
    """Which reports a release says that a figure is made of, and how."""
    corrected = _corrected(marts, asked)
    if asked.total != Total.FIGURE:
        return Recipe(_of_imbalance(marts, asked), corrected)
    line = lines_of(marts, asked.period_code)[asked.indicator_code]
    halves = _halves(marts, asked.period_code)
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
    by_unit: dict[str, list[Share]] = defaultdict(list)
    for share in recipe.shares:
        by_unit[str(share.unit)].append(share)
    for unit, of_unit in by_unit.items():
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


_LINES = """
    select indicator_code, adds_up, reporting_level
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


def lines_of(marts: duckdb.DuckDBPyConnection, period: str) -> dict[str, Line]:
    """The indicators of a period."""
    rows = rows_of(marts, _LINES, period_code=period)
    return {row["indicator_code"]: Line(row["adds_up"], row["reporting_level"]) for row in rows}


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


def _of_figure(marts: duckdb.DuckDBPyConnection, asked: Figure, period: str, line: Line) -> list[Share]:
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
        areas = f"""
            select area_code from marts.dim_areas as areas
            inner join marts.dim_periods on period_code = $period and {ON_MAP}
            where parent_code = $area and area_level <> 'stable_group'
        """
    reports = _REPORTS.format(weight="1.0", unit="null")
    return _shares(
        marts,
        f"{reports} where is_itself and period_code = $period and reporting_area_code in ({areas})",
        area=asked.area_code,
        period=asked.period_code,
    )


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


def _unit_frame(frame: str) -> str:
    """Where the year and its first half are compared: on one unchanged map area by area, else in stable groups."""
    return AS_REPORTED if frame == AS_REPORTED else _STABLE_GROUPS


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
        inner join marts.dim_periods on {ON_MAP}
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


def _cannot_be_said(marts: duckdb.DuckDBPyConnection, asked: Figure, period: str, line: Line) -> bool:
    """Whether the map cut through an area that owes the row, and its parts are not known or never estimated."""
    query = f"""
        select count(*) filter (where not is_whole and (share is null or not has_estimates)) as parts
        from marts.dim_frame_areas
        inner join marts.dim_areas as areas {_SAME_VERSION}
        inner join marts.dim_frames using (frame)
        inner join marts.dim_periods on {ON_MAP}
        where frame = $frame and frame_area_code = $area and period_code = $period
            and {line.is_of("is_lowest", "areas.area_level")}
    """
    return bool(rows_of(marts, query, frame=asked.frame, area=asked.area_code, period=period)[0]["parts"])


def _shares(marts: duckdb.DuckDBPyConnection, query: str, **names: Any) -> list[Share]:
    return [Share(**row) for row in rows_of(marts, query, **names)]
