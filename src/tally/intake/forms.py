"""The form sheets: where each row and column stands, and what each figure cell says."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from tally.contracts.model import Edition, Sheet
from tally.intake.cells import Said, address, figure_in, is_figure_other_than_zero
from tally.intake.container import Cell, Grid
from tally.intake.wording import Words, refused
from tally.names import plain
from tally.readings import Fault, Figures
from tally.vocabulary import CellState, Severity

NUMBERING, LABEL, ROW_CODE, UNIT = "TT", "Chỉ tiêu", "Mã số", "ĐVT"
HEADERS = (NUMBERING, LABEL, ROW_CODE, UNIT)
ROW_CODE_WIDTH = 4
MOST_LAYOUTS = 128
"""Whose cells are remembered: all that the editions print, and some that people changed."""

Place = tuple[int, int]


@dataclass(frozen=True, slots=True)
class RowPlan:
    indicator_code: str
    label: str
    plain_label: str
    printed: frozenset[str]


@dataclass(frozen=True, slots=True, eq=False)
class SheetPlan:
    """What one form asks of a report of one level in one period; made once for both, and equal to itself alone.

    Shape   headers: plain text → header as printed; columns: header as printed → column code; rows: Mã số → row.
    """

    name: str
    form_code: str
    headers: dict[str, str]
    columns: dict[str, str]
    rows: dict[str, RowPlan]


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a form's rows and columns stand in one workbook: Mã số → row, column code → column, both from 0."""

    plan: SheetPlan
    grid: Grid
    rows: dict[str, int]
    columns: dict[str, int]
    label_column: int


def plan_sheets(edition: Edition, level: str) -> list[SheetPlan]:
    """What every form of an edition asks of a report of this level."""
    return [_plan(sheet, edition, level) for sheet in edition.sheets]


def _plan(sheet: Sheet, edition: Edition, level: str) -> SheetPlan:
    columns = {column.label.vi: column.code for column in sheet.columns}
    headers = {plain(header): header for header in (*HEADERS, *columns)}
    rows = {
        row.indicator.row: RowPlan(
            row.code,
            row.indicator.label.vi,
            plain(row.indicator.label.vi),
            frozenset(column.code for column in sheet.columns if row.prints(column.code, level)),
        )
        for row in edition.rows_of(sheet)
    }
    return SheetPlan(sheet.name, sheet.code, headers, columns, rows)


def find_layouts(grids: Sequence[Grid], plans: Iterable[SheetPlan], words: Words) -> tuple[list[Layout], list[Fault]]:
    """Find every form's rows by their Mã số and its columns by their header.

    Shape   a layout for each sheet where all stands once; a fault (S06) for each thing that is missing or stands
            twice, only one where the whole sheet does.
    """
    layouts: list[Layout] = []
    faults: list[Fault] = []
    for plan in plans:
        named = [grid for grid in grids if grid.name == plan.name]
        if len(named) == 1:
            found = _find(named[0], plan, words)
            if isinstance(found, Layout):
                layouts.append(found)
            else:
                faults += found
        elif named:
            faults.append(refused("S06", f"trang {plan.name} có hai lần", f"sheet {plan.name} stands twice"))
        else:
            faults.append(refused("S06", f"thiếu trang {plan.name}", f"sheet {plan.name} is missing"))
    return layouts, faults


def _find(grid: Grid, plan: SheetPlan, words: Words) -> Layout | list[Fault]:
    headers, rows = _places(grid, plan, words)
    if not headers:
        return [refused("S06", f"trang {plan.name} không có bảng số liệu", f"sheet {plan.name} has no table")]
    faults = [
        _header_fault(plan, header, headers[header]) for header in plan.headers.values() if len(headers[header]) != 1
    ]
    if headers[ROW_CODE]:
        code_column = headers[ROW_CODE][0][1]
        faults += [_row_fault(plan, code, rows[code], code_column) for code in plan.rows if len(rows[code]) != 1]
    if faults:
        return faults
    return Layout(
        plan,
        grid,
        {code: rows[code][0] for code in plan.rows},
        {column: headers[header][0][1] for header, column in plan.columns.items()},
        headers[LABEL][0][1],
    )


Places = dict[str, list[Place]]


def _places(grid: Grid, plan: SheetPlan, words: Words) -> tuple[Places, dict[str, list[int]]]:
    """Where each header and each row stands.

    Headers stand above the first row that has a Mã số of this form, and in any line further down that repeats them.
    """
    headers: Places = defaultdict(list)
    rows: dict[str, list[int]] = defaultdict(list)
    row_code_header = words.plain(ROW_CODE)
    code_column = -1
    for at, line in enumerate(grid.rows):
        if code_column >= 0:
            cell = line[code_column]
            code = cell if isinstance(cell, str) and cell in plan.rows else _row_code(cell)
            if code in plan.rows:
                rows[code].append(at)
                continue
            if rows and (not code or words.plain(code) != row_code_header):
                continue
        for column, cell in enumerate(line):
            if cell and isinstance(cell, str) and (phrase := words.plain(cell)) in plan.headers:
                headers[plan.headers[phrase]].append((at, column))
        if code_column < 0 and headers[ROW_CODE]:
            code_column = headers[ROW_CODE][0][1]
    return headers, rows


def _header_fault(plan: SheetPlan, header: str, places: list[Place]) -> Fault:
    """What is wrong with a header that is missing or stands more than once."""
    if not places:
        return refused("S06", f"trang {plan.name} thiếu cột «{header}»", f"sheet {plan.name} has no column «{header}»")
    where = ", ".join(address(*place) for place in places[:5])
    return refused(
        "S06",
        f"trang {plan.name} có nhiều cột «{header}» ({where})",
        f"sheet {plan.name} has more than one column «{header}» ({where})",
    )


def _row_fault(plan: SheetPlan, code: str, rows: list[int], code_column: int) -> Fault:
    """What is wrong with a row that is missing or stands more than once."""
    if not rows:
        return refused("S06", f"trang {plan.name} thiếu Mã số {code}", f"sheet {plan.name} has no row {code}")
    where = ", ".join(address(row, code_column) for row in rows[:5])
    return refused(
        "S06",
        f"trang {plan.name} có Mã số {code} nhiều lần ({where})",
        f"sheet {plan.name} has row {code} more than once ({where})",
    )


def _row_code(cell: Cell) -> str:
    """A Mã số with the zeros that it may have lost as a number."""
    if type(cell) is float:
        return str(int(cell)).zfill(ROW_CODE_WIDTH) if 0 <= cell < 10**ROW_CODE_WIDTH and cell.is_integer() else ""
    code = cell.strip() if isinstance(cell, str) else ""
    return code.zfill(ROW_CODE_WIDTH) if code else ""


def label_faults(layout: Layout, words: Words) -> list[Fault]:
    """S14: a label that is not that of its Mã số; critical where it is that of another row of the form."""
    faults = []
    for code, at in layout.rows.items():
        row = layout.plan.rows[code]
        cell = layout.grid.rows[at][layout.label_column]
        if cell == row.label:
            continue
        phrase = words.plain(cell) if isinstance(cell, str) else ""
        if phrase == row.plain_label:
            continue
        other = next((one for one, other in layout.plan.rows.items() if other.plain_label == phrase), None)
        where = layout.plan.name, address(at, layout.label_column), row.indicator_code
        if other:
            vi = f"dòng {code} mang tên chỉ tiêu của dòng {other} «{layout.plan.rows[other].label}»"
            en = f"row {code} carries the label of row {other} «{layout.plan.rows[other].label}»"
            faults.append(Fault("S14", Severity.CRITICAL, *where, vi, en))
        else:
            vi = f"tên chỉ tiêu ở dòng {code} không phải là «{row.label}»"
            en = f"the label of row {code} is not «{row.label}»"
            faults.append(Fault("S14", Severity.WARNING, *where, vi, en))
    return faults


def read_figures(layout: Layout, figures: Figures) -> bool:
    """Add what every figure cell of a sheet says; whether at least one of them holds a figure.

    Shape   a cell that the form prints as `x` is there only where it holds a figure other than 0.
    """
    lines, merged = layout.grid.rows, _merged_cells(layout)
    rows, columns = tuple(layout.rows.items()), tuple(layout.columns.items())
    asked = _asked(layout.plan, rows, columns, frozenset())
    crossed_out = {number: lines[row][column] for number, (row, column) in asked.crossed_out.items()}
    filled = {number for number, cell in crossed_out.items() if cell != "x" and is_figure_other_than_zero(cell)}
    if filled:
        asked = _asked(layout.plan, rows, columns, frozenset(filled))
    said = [figure_in(lines[row][column]) for row, column in asked.places]
    if filled or merged:
        said = [
            Said(CellState.NOT_USED, None, one.raw_text)
            if number in filled
            else Said(CellState.UNREADABLE, None, one.raw_text, "merged")
            if place in merged
            else one
            for number, place, one in zip(asked.numbers, asked.places, said, strict=True)
        ]
    values = [one.value for one in said]
    figures.form_code += asked.form_code
    figures.indicator_code += asked.indicator_code
    figures.column_code += asked.column_code
    figures.sheet_name += asked.sheet_name
    figures.cell_address += asked.cell_address
    figures.raw_text += [one.raw_text for one in said]
    figures.value += values
    figures.state += [one.state for one in said]
    figures.reason += [one.reason for one in said]
    return any(value is not None for value in values)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is the same of the figure cells of every workbook of one layout, in columns of equal length.

    Shape   numbers count the cells of all rows and columns in the order of the contract, whether printed or not;
            places are (row, column), both from 0; crossed_out: the number and place of each cell that is not printed.
    """

    numbers: list[int] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    form_code: list[str] = field(default_factory=list)
    indicator_code: list[str] = field(default_factory=list)
    column_code: list[str] = field(default_factory=list)
    sheet_name: list[str] = field(default_factory=list)
    cell_address: list[str] = field(default_factory=list)
    crossed_out: dict[int, Place] = field(default_factory=dict)


@lru_cache(maxsize=MOST_LAYOUTS)
def _asked(
    plan: SheetPlan, rows: tuple[tuple[str, int], ...], columns: tuple[tuple[str, int], ...], filled: frozenset[int]
) -> _Asked:
    """What a sheet asks for whose rows and columns stand there, and its crossed out cells with the numbers `filled`."""
    asked = _Asked()
    cells = [(row_code, column, (at, to)) for row_code, at in rows for column, to in columns]
    for number, (row_code, column, place) in enumerate(cells):
        row = plan.rows[row_code]
        if column not in row.printed:
            asked.crossed_out[number] = place
            if number not in filled:
                continue
        asked.numbers.append(number)
        asked.places.append(place)
        asked.form_code.append(plan.form_code)
        asked.indicator_code.append(row.indicator_code)
        asked.column_code.append(column)
        asked.sheet_name.append(plan.name)
        asked.cell_address.append(address(*place))
    return asked


def _merged_cells(layout: Layout) -> set[Place]:
    """The form's cells that lie in a merged range of more than one cell."""
    rows, columns = layout.rows.values(), layout.columns.values()
    merged: set[Place] = set()
    for (row, column), (last_row, last_column) in layout.grid.merges:
        top, bottom = sorted((row, last_row))
        left, right = sorted((column, last_column))
        if (top, left) != (bottom, right):
            merged.update((at, to) for at in rows if top <= at <= bottom for to in columns if left <= to <= right)
    return merged


def no_figure_fault(plan: SheetPlan) -> Fault:
    """S16."""
    return Fault(
        "S16",
        Severity.CRITICAL,
        plan.name,
        None,
        None,
        f"trang {plan.name} không có số liệu nào đọc được",
        f"sheet {plan.name} holds no readable figure",
    )
