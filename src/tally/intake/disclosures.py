"""Rule S11 over a whole workbook: every place where somebody's number or address stands, never the text itself."""

import html
import posixpath
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from tally.intake.cells import address, figure_in
from tally.intake.container import Cell, Grid, Package
from tally.intake.forms import Layout
from tally.intake.personal_data import holds_personal_data, may_hold_personal_data, number_is_personal
from tally.intake.remembered import remembered
from tally.intake.wording import refused
from tally.readings import Fault
from tally.vocabulary import CellState

MOST_PLACES_NAMED = 10
MOST_TEXT = 300_000
"""Characters that are looked at closely; a report whose notes have more numbers than that is none."""

SHORTEST_COMMENT = 20
"""Characters that a comment counts for at least: many empty ones take their time as well."""

Place = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Known:
    """What a workbook prints by itself: texts that need no look, sheet names that can be said aloud, codes."""

    texts: Collection[str]
    form_names: Collection[str]
    sheet_names: Collection[str]
    codes: Collection[str]


def disclosure_fault(package: Package, layouts: Sequence[Layout], known: Known) -> Fault | None:
    """S11: one fault that names the places, or none."""
    looking = _Looking(known)
    places: dict[Place, None] = {}
    is_whole = True
    try:
        for place in _places(package, {layout.plan.name: layout for layout in layouts}, looking):
            places[place] = None
    except _TooMuchText:
        is_whole = False
    if not places:
        if is_whole:
            return None
        return refused(
            "S11",
            "có quá nhiều chữ và số ngoài biểu để kiểm tra dữ liệu cá nhân",
            "there is too much text beside the forms to look for personal data in it",
        )
    named = list(places)[:MOST_PLACES_NAMED]
    more = len(places) - len(named)
    vi, en = "; ".join(vi for vi, _ in named), "; ".join(en for _, en in named)
    if more:
        vi, en = f"{vi} và {more} chỗ khác", f"{en} and {more} more"
    return refused("S11", f"có dữ liệu cá nhân ở {vi}", f"there is personal data in {en}")


class _TooMuchText(Exception):  # noqa: N818  the way out of the search; nobody else sees it
    pass


class _Looking:
    """Looks at texts, until there were too many worth a closer look."""

    def __init__(self, known: Known) -> None:
        self.known = known
        self.shown: set[str] = set()
        self._left = MOST_TEXT

    def spend(self, length: int) -> None:
        self._left -= length
        if self._left < 0:
            raise _TooMuchText

    def finds(self, text: str) -> bool:
        if not may_hold_personal_data(text):
            return False
        self.spend(len(text))
        return holds_personal_data(text, self.known.codes)

    def finds_any(self, texts: Iterable[str]) -> bool:
        """Whether one of these texts beside the cells holds personal data; what cells show is judged there."""
        together = [text for text in texts if text and text not in self.shown]
        if not may_hold_personal_data("\n".join(together)):
            return False
        return any(self.finds(text) for text in together if not _DECIMAL.fullmatch(text))


def _places(package: Package, layouts: Mapping[str, Layout], looking: _Looking) -> Iterator[Place]:
    names = [_spoken(grid, at, looking.known) for at, grid in enumerate(package.grids, start=1)]
    for grid, name in zip(package.grids, names, strict=True):
        looking.shown.add(grid.name)
        if looking.finds(grid.name):
            yield f"tên của {name[0]}", f"the name of {name[1]}"
        for cell_address in _cells(grid, layouts.get(grid.name), looking):
            yield f"{name[0]}!{cell_address}", f"{name[1]}!{cell_address}"
    yield from _part_places(package, names, looking)


def _spoken(grid: Grid, number: int, known: Known) -> Place:
    """How a sheet is called in a message: an extra sheet by its number, for its name may be a child's."""
    if grid.name in known.sheet_names:
        return grid.name, grid.name
    hidden_vi, hidden_en = (" (ẩn)", " (hidden)") if grid.is_hidden else ("", "")
    return f"trang thứ {number}{hidden_vi}", f"sheet no. {number}{hidden_en}"


# --- cells -----------------------------------------------------------------------------------------------------------


def _cells(grid: Grid, layout: Layout | None, looking: _Looking) -> Iterator[str]:
    """The address of every cell of a sheet that holds personal data."""
    cells = set(chain.from_iterable(grid.rows)).difference(looking.known.texts)
    looked_at = "\n".join([cell for cell in cells if type(cell) is str])
    large_numbers = [cell for cell in cells if type(cell) is float and cell >= 1e8]
    if not large_numbers and not may_hold_personal_data(looked_at):
        return
    is_form = grid.name in looking.known.form_names
    own = _own_cells(layout) if layout else None
    for row, line in enumerate(grid.rows):
        for column, cell in enumerate(line):
            # without a layout any cell of a form may be a figure's
            is_figure_cell = (row, column) in own if own is not None else is_form
            if _discloses(cell, is_figure_cell, looking):
                yield address(row, column)


def _own_cells(layout: Layout) -> set[tuple[int, int]]:
    return {
        (at, layout.columns[column]) for code, at in layout.rows.items() for column in layout.plan.rows[code].printed
    }


def _discloses(cell: Cell, is_figure_cell: bool, looking: _Looking) -> bool:
    if type(cell) is float:
        return not is_figure_cell and number_is_personal(cell)
    if not isinstance(cell, str) or not may_hold_personal_data(cell):
        return False
    looking.shown.update(cell.split("\n"))
    # a readable figure is for S17 to judge, but no figure has nine digits and begins with 0
    if is_figure_cell and not cell.strip().startswith("0") and figure_in(cell).state is CellState.REPORTED:
        return False
    return looking.finds(cell)


# --- everything beside the cells -------------------------------------------------------------------------------------

_PASSED_OVER = (
    "[content_types].xml",
    "docmetadata/",
    "xl/calcchain.xml",
    "xl/metadata.xml",
    "xl/persons/",
    "xl/styles.xml",
    "xl/theme/",
)
_RUN_BREAKS = rb"p|br|si|is|text|comment|threadedComment|rPh|v|pt|f|cell|row|tab|div"
_INSIDE_RUNS = re.compile(rb"<(?!/?(?:[\w.-]+:)?(?:" + _RUN_BREAKS + rb")[\s/>])[^<>]*>")
_TAG = re.compile(rb"<[^<>]*>")
_SPEAKING = re.compile(
    rb"""[\s:](?:prompt|promptTitle|error|errorTitle|tooltip|display|descr|title|alt|name|string|text|v|location)\s*=\s*"""
    rb"""(?:"([^"<]*)"|'([^'<]*)')"""
)
_FORMULA = re.compile(rb"<(?:[\w.-]+:)?f(?:\s[^<>]*)?>([^<]+)<")
_PRINT_CODES = re.compile(r'&"[^"]*"|&K[0-9A-Fa-f]{6}|&\d{1,2}|&[A-Za-z]')
_PEOPLE = re.compile(
    rb"<(?:\w+:)?(?:creator|lastModifiedBy)\b[^<>]*>[^<]*<|<(?:\w+:)?(?:created|modified|lastPrinted)\b[^<>]*>[^<]*<"
)
_COMMENT = re.compile(rb"""<(?:[\w.-]+:)?(?:comment|threadedComment)\s[^<>]*?\bref=["']([A-Z]{1,3}[0-9]{1,7})["']""")
_EXTERNAL = re.compile(rb"""\bTarget\s*=\s*["']((?:mailto|tel|sms|https?|callto):[^"'<>]*)["']""", re.IGNORECASE)
_DECIMAL = re.compile(r"-?\d+\.\d+(?:[eE][-+]?\d+)?")


def _part_places(package: Package, names: Sequence[Place], looking: _Looking) -> Iterator[Place]:
    sheet_of = _sheets_of_parts(package, names)
    for path, part in package.parts.items():
        lower = path.casefold()
        if lower.endswith(".rels"):
            if looking.finds_any(_links(part)):
                yield _of_sheet("liên kết", "a hyperlink", sheet_of.get(_owner(path)))
        elif lower.startswith(_PASSED_OVER):
            continue
        elif b"sheetData" in part and path in sheet_of:
            if looking.finds_any(_beside_cells(part)):
                yield _of_sheet(
                    "đầu trang, chân trang, lời nhắc, liên kết hoặc công thức",
                    "a header, footer, prompt, hyperlink or formula",
                    sheet_of[path],
                )
        elif b"omment" in part and _COMMENT.search(part):
            yield from _comment_places(part, sheet_of.get(path), looking)
        elif lower.startswith("docprops/"):
            if looking.finds_any(_properties(part)):
                yield "thuộc tính của tệp", "the file's properties"
        elif b"<sst" in part or b":sst" in part:
            if looking.finds_any(_strings(part)):
                yield "chữ còn lưu trong tệp nhưng không hiện ở ô nào", "text kept in the file that no cell shows"
        elif looking.finds_any(_texts(part)):
            if _lists_sheets(part):
                yield "tên vùng", "a defined name"
            elif "drawing" in lower or "diagram" in lower or "chart" in lower:
                yield _of_sheet("hộp văn bản, hình vẽ hoặc biểu đồ", "a text box, drawing or chart", sheet_of.get(path))
            else:
                yield _of_sheet("phần ẩn của tệp", "a hidden part of the file", sheet_of.get(path))


def _of_sheet(vi: str, en: str, name: Place | None) -> Place:
    return (f"{vi} của {name[0]}", f"{en} of {name[1]}") if name else (vi, en)


_NO_CHARACTER = re.compile(r"&#[0-9]{10,}")
_REFERENCE = re.compile(r"(&(?:#[0-9]+;?|#[xX][0-9a-fA-F]+;?|[^\t\n\f <&#;]{1,32};?))")  # as html.unescape has it


def _text(raw: bytes) -> str:
    text = raw.decode("utf-8", "replace")
    return _unescaped(_NO_CHARACTER.sub("&", text)) if "&" in text else text


def _unescaped(text: str) -> str:
    """html.unescape, with each reference worked out once: a part may repeat one a million times."""
    pieces = _REFERENCE.split(text)
    known = {reference: html.unescape(reference) for reference in set(pieces[1::2])}
    pieces[1::2] = [known[reference] for reference in pieces[1::2]]
    return "".join(pieces)


def _lines(inside: re.Pattern[bytes], part: bytes) -> list[str]:
    """The text between the tags, a line for each paragraph; tags `inside` one do not part what they stand between."""
    if inside is not _TAG:
        part = inside.sub(b"", part)
    return [line for line in _text(_TAG.sub(b"\n", part)).split("\n") if line]


def _attributes(part: bytes) -> list[str]:
    return [_text(one or other) for one, other in _SPEAKING.findall(part)]


def _worth_a_look(texts: Sequence[str]) -> Sequence[str]:
    """These texts; none where not one of them may hold personal data."""
    return texts if may_hold_personal_data("\n".join(texts)) else ()


@remembered
def _links(part: bytes) -> Sequence[str]:
    return _worth_a_look([_text(link) for link in _EXTERNAL.findall(part)])


@remembered
def _properties(part: bytes) -> Sequence[str]:
    return _worth_a_look([*_lines(_TAG, _PEOPLE.sub(b"<", part)), *_attributes(part)])


@remembered
def _strings(part: bytes) -> Sequence[str]:
    """The shared strings, each in one piece however it is formatted."""
    if not any(mark in part for mark in (b"<r>", b"<r ", b":r>", b":r ")) and not may_hold_personal_data(_text(part)):
        return ()
    return _worth_a_look(_lines(_INSIDE_RUNS, part))


@remembered
def _texts(part: bytes) -> Sequence[str]:
    return _worth_a_look([*_lines(_INSIDE_RUNS, part), *_attributes(part)])


def _beside_cells(sheet: bytes) -> Sequence[str]:
    formulas = [_text(formula) for formula in _FORMULA.findall(sheet)] if b"<f" in sheet or b":f" in sheet else []
    return [*_around_data(sheet[: sheet.find(b"sheetData")] + sheet[sheet.rfind(b"sheetData") :]), *formulas]


@remembered
def _around_data(around: bytes) -> Sequence[str]:
    lines = [_PRINT_CODES.sub(" | ", line) for line in _lines(_TAG, around)]
    return _worth_a_look([*lines, *_attributes(around)])


def _comment_places(part: bytes, name: Place | None, looking: _Looking) -> Iterator[Place]:
    if not may_hold_personal_data("\n".join(_lines(_INSIDE_RUNS, part))):
        return
    starts = [*_COMMENT.finditer(part)]  # the authors, who stand before the first, are passed over
    ends = [*(start.start() for start in starts[1:]), len(part)]
    for start, end in zip(starts, ends, strict=True):
        looking.spend(SHORTEST_COMMENT)
        comment = part[start.start() : end]
        if looking.finds_any(_lines(_INSIDE_RUNS, comment)):
            cell = start[1].decode()
            vi, en = name or ("", "")
            yield f"{vi}!{cell} (chú thích)".lstrip("!"), f"{en}!{cell} (comment)".lstrip("!")


# --- which part belongs to which sheet -------------------------------------------------------------------------------

_SHEET = re.compile(rb"<(?:[\w.-]+:)?sheet\s([^<>]*)>")
_RELATION = re.compile(rb"<(?:[\w.-]+:)?Relationship\s([^<>]*)>")
_ATTRIBUTE = re.compile(rb"""(?:^|[\s:])(name|id|Id|Target)\s*=\s*["']([^"']*)["']""")


def _owner(relations: str) -> str:
    """The part that a .rels part speaks of."""
    folder, name = posixpath.split(relations)
    return posixpath.join(posixpath.dirname(folder), name.removesuffix(".rels"))


def _said(attributes: bytes) -> dict[str, str]:
    return {_text(key).lower(): _text(value) for key, value in _ATTRIBUTE.findall(attributes)}


def _targets(package: Package, part: str) -> Mapping[str, str]:
    """Relation id → path, of everything that a part refers to."""
    folder, name = posixpath.split(part)
    return _targets_in(package.parts.get(posixpath.join(folder, "_rels", name + ".rels"), b""), folder)


@remembered
def _targets_in(relations: bytes, folder: str) -> Mapping[str, str]:
    targets = {}
    for relation in _RELATION.findall(relations):
        said = _said(relation)
        path = posixpath.join("/" + folder, said.get("target", ""))
        targets[said.get("id", "")] = posixpath.normpath(path).lstrip("/")
    return targets


def _lists_sheets(part: bytes) -> bool:
    return b"sheets" in part and (b"<sheets" in part or b":sheets" in part)


@remembered
def _sheets_in(book: bytes) -> Sequence[Mapping[str, str]]:
    return [_said(sheet) for sheet in _SHEET.findall(book)]


def _sheets_of_parts(package: Package, names: Sequence[Place]) -> dict[str, Place]:
    """How the sheet is called that a part is, or that refers to it (its comments, its drawings)."""
    book = next((path for path, part in package.parts.items() if _lists_sheets(part)), "")
    spoken = dict(zip((grid.name for grid in package.grids), names, strict=True))
    paths = _targets(package, book)
    sheets: dict[str, Place] = {}
    for said in _sheets_in(package.parts.get(book, b"")):
        path, name = paths.get(said.get("id", "")), spoken.get(said.get("name", ""))
        if path and name:
            sheets[path] = name
    for path, name in list(sheets.items()):
        for target in _targets(package, path).values():
            sheets.setdefault(target, name)
    return sheets
