"""The cover sheet: who reports, on which template, for which period; found by its labels, wherever they stand."""

import re
from collections import Counter, defaultdict

from tally.contracts.model import Contracts
from tally.intake.cells import address, date_in, figure_in, text_in
from tally.intake.container import Cell, Grid
from tally.intake.personal_data import holds_personal_data
from tally.intake.wording import Words, refused
from tally.periods import Period
from tally.readings import Cover, Fault
from tally.vocabulary import CellState

COUNTERS = ("reports_expected", "reports_made")
LONGEST = 200


def read_cover(grid: Grid, contracts: Contracts, words: Words) -> tuple[Cover, list[Fault]]:
    """Read the cover, and say which of its labels are missing or stand twice.

    Shape   set phrases become codes, dates dates; names stay as they were written, the persons' names are not kept.
    Blanks  what is empty or cannot be read is None, also a name that holds somebody's number, and a version or code
            that does not look like one.
    Raises  nothing: whatever stands on a cover is data.
    """
    places = _labels(grid, contracts, words)
    values: dict[str, Cell] = {}
    cells: dict[str, str] = {}
    faults: list[Fault] = []
    for field in contracts.submission.cover.fields:
        match places[field.code]:
            case [(row, column)]:
                line = grid.rows[row]
                values[field.code] = line[column + 1] if column + 1 < len(line) else ""
                cells[field.code] = address(row, column + 1)
            case []:
                faults.append(
                    refused("S06", f"bìa thiếu dòng «{field.label}»", f"the cover has no line «{field.label}»")
                )
            case several:
                where = ", ".join(address(*place) for place in several)
                faults.append(
                    refused(
                        "S06",
                        f"bìa có nhiều dòng «{field.label}» ({where})",
                        f"the cover has more than one line «{field.label}» ({where})",
                    )
                )
    return _said(values, cells, contracts, words), faults


def _labels(grid: Grid, contracts: Contracts, words: Words) -> dict[str, list[tuple[int, int]]]:
    """Where each label stands, in the column that holds most of them."""
    labels = {words.plain(field.label): field.code for field in contracts.submission.cover.fields}
    found = [
        (row, column, labels[phrase])
        for row, line in enumerate(grid.rows)
        for column, cell in enumerate(line)
        if cell and isinstance(cell, str) and (phrase := words.plain(cell)) in labels
    ]
    places: dict[str, list[tuple[int, int]]] = defaultdict(list)
    if found:
        label_column = Counter(column for _, column, _ in found).most_common(1)[0][0]
        for row, column, code in found:
            if column == label_column:
                places[code].append((row, column))
    return places


def _said(values: dict[str, Cell], cells: dict[str, str], contracts: Contracts, words: Words) -> Cover:
    def value(code: str) -> Cell:
        return values.get(code, "")

    def phrase(code: str) -> str:
        return words.plain(text_in(value(code)))

    def name(code: str) -> str | None:
        written = text_in(value(code))
        return None if not written or len(written) > LONGEST or holds_personal_data(written) else written

    level = next((one for one in contracts.codelists.levels if words.plain(one.label.vi) == phrase("level")), None)
    kinds = {words.plain(kind.label.vi): kind.code for kind in contracts.codelists.report_kinds}
    versions = {words.plain(template.version): template.version for template in contracts.submission.templates}
    counters = {code: figure_in(value(code)) for code in COUNTERS}
    return Cover(
        template_version=versions.get(phrase("template_version"), _version(text_in(value("template_version")))),
        level=level.code if level else None,
        area_code=_area_code(value("area_code"), level.width if level else 0),
        area_name=name("area_name"),
        district_name=name("district_name"),
        province_name=name("province_name"),
        period=_period(phrase("period")),
        start_date=date_in(value("start_date")),
        end_date=date_in(value("end_date")),
        report_kind=kinds.get(phrase("report_kind")),
        reports_expected=counters["reports_expected"].value,
        reports_made=counters["reports_made"].value,
        unreadable_counters=tuple(code for code in COUNTERS if counters[code].state is CellState.UNREADABLE),
        is_signed=any(sign.isalpha() for sign in text_in(value("signed_by"))),
        signed_date=date_in(value("signed_date")),
        cells=cells,
    )


def _period(phrase: str) -> Period | None:
    period = Period.of_label(phrase)
    return period if period and 1900 <= period.year <= 2999 else None


def _version(text: str) -> str | None:
    return text if re.fullmatch(r"[A-Z]{2,6}-[0-9]{4}\.[0-9]{1,3}", text) else None


def _area_code(cell: Cell, width: int) -> str | None:
    """The code as its level writes it: a number has lost its zeros on the left."""
    text = text_in(cell)
    return text.zfill(width) if re.fullmatch(r"[0-9]{1,5}", text) else None
