"""Simulated reports, as areas send them: cover, figures, and when they come in."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import numpy as np

from tally.contracts.areas import Area
from tally.contracts.model import Contracts
from tally.errors import UsageError
from tally.periods import LOCAL_TIME, Period
from tally.simulation.figures import Cell, Counts, Province, generator, province_figures
from tally.simulation.pieces import lineage, pieces_by_province
from tally.vocabulary import Verdict

NOTICE = "SỐ LIỆU MÔ PHỎNG"
FAMILY_NAMES = (
    "Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Vũ", "Đặng", "Bùi", "Đỗ", "Hồ", "Ngô", "Dương", "Lý", "Lò", "Hà",
)  # fmt: skip
MIDDLE_NAMES = ("Văn", "Thị", "Minh", "Ngọc", "Đức", "Thanh", "Quang", "Thu", "Hải", "Hữu", "Kim", "Xuân")
GIVEN_NAMES = (
    "An", "Bình", "Chi", "Dung", "Giang", "Hà", "Hạnh", "Hùng", "Khánh", "Lan", "Linh", "Long", "Mai", "Nam", "Nga",
    "Phúc", "Phương", "Quân", "Sơn", "Tâm", "Thảo", "Trang", "Tuấn", "Uyên", "Vân", "Yến",
)  # fmt: skip
DAYS_FOR_PARENTS = 4


@dataclass(frozen=True)
class SimulatedReport:
    """One workbook to be written, and what has to come of it.

    Shape   cover: field code → value, beside what the form prints itself; figures: (indicator, column) → what the cell
            holds, whole numbers unless a fault says otherwise; `rules` are those that fail or are noted.
    Blanks  no `received_at`, no `verdict`: the report never came; no `fault`: it is as it should be.
    """

    area: Area
    period: Period
    folder: str
    file_name: str
    cover: Mapping[str, int | str | date | None]
    figures: Mapping[Cell, int | str | None]
    note: str
    received_at: datetime | None
    fault: str = ""
    verdict: Verdict | None = Verdict.ACCEPTED
    rules: tuple[str, ...] = ()


def areas_owing(contracts: Contracts, period: Period, codes: Sequence[str] | None = None) -> list[Area]:
    """Every area that owes a report: all of them, or the given ones with everything below them; parents last.

    Raises  UsageError for a code that is not on the map of the period.
    """
    register, day = contracts.register, period.map_date
    if codes is None:
        found = {area.code: area for area in register.on(day)}
    else:
        found = {}
        waiting = list(codes)
        while waiting:
            code = waiting.pop()
            area = register.at(code, day)
            if area is None:
                raise UsageError(f"no area {code} on the map of {period}")
            found[code] = area
            waiting += [child.code for child in register.children(code, day)]
    return sorted(found.values(), key=lambda area: (-contracts.levels[area.level].width, area.code))


def lawful_reports(contracts: Contracts, period: Period, areas: Sequence[Area], seed: int) -> Iterator[SimulatedReport]:
    """The reports of these areas for a period as they should be, in order of areas."""
    cells, totals = simulated_figures(contracts, period, areas, seed)
    edition = contracts.edition(period)
    printed = {
        level: [edition.row_of[name].prints(column, level) for name, column in cells] for level in contracts.levels
    }
    for area, row in zip(areas, totals.tolist(), strict=True):
        figures = {cell: n for cell, n, is_printed in zip(cells, row, printed[area.level], strict=True) if is_printed}
        yield _report(contracts, period, area, figures, seed)


def simulated_figures(
    contracts: Contracts, period: Period, areas: Sequence[Area], seed: int = 1
) -> tuple[list[Cell], Counts]:
    """The figures of these areas without cover or workbook: the cells, and one row of them for each area.

    Shape   a parent's figures are the sums of those below it, on every map; an area's are the same whichever other
            areas are asked for.
    Blanks  0 for an indicator that the simulator does not know, and for what a level does not print.
    """
    register, day = contracts.register, period.map_date
    cells = [(row.code, column) for row in contracts.edition(period).rows for column in row.columns]
    places = {area.code: at for at, area in enumerate(areas)}
    totals = np.zeros((len(areas), len(cells)), np.int64)
    for code, pieces in pieces_by_province(register).items():
        held = [(at, piece.on(day)) for at, piece in enumerate(pieces)]
        pairs = [
            (places[holder.code], at)
            for at, area in held
            if area
            for holder in lineage(register, area, day)
            if holder.code in places
        ]
        if pairs:
            table = Province(seed, code, pieces).figures(period)
            nothing = np.zeros(len(pieces), np.int64)
            matrix = np.stack([table.get(cell, nothing) for cell in cells], axis=1)
            rows, parts = np.array(pairs).T
            np.add.at(totals, rows, matrix[parts])
    for area in areas:
        if area.level == "province":
            for cell, figure in province_figures(seed, area.code, period).items():
                if cell in cells:
                    totals[places[area.code], cells.index(cell)] = figure
    return cells, totals


def _report(
    contracts: Contracts, period: Period, area: Area, figures: Mapping[Cell, int], seed: int
) -> SimulatedReport:
    register = contracts.register
    rng = generator(seed, area.code, period, "cover")
    due = contracts.due_date(area, period)
    first = period.map_date if area.level == "commune" else max(period.map_date, due - timedelta(DAYS_FOR_PARENTS))
    day = first + timedelta(int(rng.integers((due - first).days + 1)))
    received_at = datetime.combine(day, time(7, 30), LOCAL_TIME) + timedelta(minutes=int(rng.integers(600)))
    province = register.province_of(area.code, period.map_date)
    district = register.district_of(area.code, period.map_date)
    below = len(register.children(area.code, period.map_date)) or None
    cover = {
        "area_code": area.code,
        "area_name": area.name,
        "district_name": district.name if district else None,
        "province_name": province.name if province else None,
        "period": period.label_vi,
        "reports_expected": below,
        "reports_made": below,
        "prepared_by": _person(rng),
        "signed_by": _person(rng),
        "signed_date": max(period.map_date, day - timedelta(int(rng.integers(2)))),
    }
    name = f"BVTE_{area.code}_{period}.xlsx"
    return SimulatedReport(area, period, area.code, name, cover, figures, NOTICE, received_at)


def _person(rng: np.random.Generator) -> str:
    return " ".join(names[rng.integers(len(names))] for names in (FAMILY_NAMES, MIDDLE_NAMES, GIVEN_NAMES))
