"""A worksheet's XML, so written that no reader can take one of its values for nothing or for another."""

import re
from collections.abc import Mapping, Sequence
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

FORMULA_WITHOUT_VALUE = "="
MOST_CELLS = 1_000_000
MOST_TAGS = 1_000_000
"""Tags of all sheets that are written anew; the usual programs' sheets are none of them."""


class Refused(Exception):  # noqa: N818  the way out of the depths of opening a file; nobody outside sees it
    """Why a file is not taken as a workbook, in both languages."""

    def __init__(self, vi: str, en: str) -> None:
        self.vi, self.en = vi, en


class Allowance:
    """What is left of the cells and tags that one workbook may have."""

    def __init__(self) -> None:
        self._cells, self._tags = MOST_CELLS, MOST_TAGS

    def spend(self, cells: int = 0, tags: int = 0) -> None:
        """Raises  Refused where there is not that much left."""
        self._cells -= cells
        self._tags -= tags
        if self._cells < 0 or self._tags < 0:
            raise Refused(
                "một trang có ô ở quá xa hoặc quá nhiều ô; hãy xóa các dòng và cột thừa",
                "a sheet has a cell too far out, or too many cells",
            )


def in_usual_words(sheet: bytes, left: Allowance) -> bytes:
    """The sheet as the usual programs write it, which is nearly always as it stands.

    Shape   every cell has its address, then at most a formula, then at most a value in one piece; no prefixes,
            comments or CDATA.
    Raises  Refused for a sheet that is no XML or has too many cells, and for a cell that can be read in two ways.
    """
    if len(sheet) > MOST_CELLS and (elements := sheet.count(b"<c ")) > MOST_CELLS:
        left.spend(cells=elements)
    pieces = _USUAL_CELL.split(sheet)
    # joined by a sign that none of the searches is for, so that no tag comes about that was not there
    between, addresses = b"|".join(pieces[::2]), pieces[1::2]
    if _ODD.search(between) or between.count(b"<?") > 1 or _PREFIXED.search(sheet):
        left.spend(tags=sheet.count(b"<"))
        sheet = _Scribe().copy(sheet)
        addresses = _ADDRESS.findall(sheet)
    left.spend(cells=_used_cells(sheet, addresses))
    return sheet


# a comment, CDATA, or a cell that is none of the usual
_ODD = re.compile(rb"<(?:!|c[ >/\n\r\t])")
_PREFIXED = re.compile(rb":c[\s/>]")
_FORMULA = rb"<f(?:[\s/][^<>]*+)?>(?:(?<=/>)|[^<]*+</f>)"
_USUAL_CELL = re.compile(
    rb'<c r="([A-Z]{1,3}+[1-9][0-9]{0,6}+)"(?: s="[0-9]++")?+(?:'
    # the commonest first
    rb"><v>[^<&]*+</v></c>"
    rb'| t="s"><v>[0-9]++</v></c>'
    rb"|/>"
    rb'|(?: t="(?:n|str|b|e|d)")?>(?:' + _FORMULA + rb")?(?:<v>[^<&]*+</v>|<v/>)?</c>"
    rb'| t="inlineStr"><is><t(?: xml:space="preserve")?>[^<]*+</t></is></c>'
    rb'| t="[A-Za-z]+"/>)'
)


class _Scribe:
    """Copies a worksheet, and its cells in the usual words."""

    def __init__(self) -> None:
        self._copy: list[str] = []
        self._names: list[str] = []
        self._is_in_data = False
        self._row = self._column = 0
        self._cell: Mapping[str, str] | None = None
        self._cell_depth = 0
        self._pieces: dict[str, list[str]] = {}

    def copy(self, sheet: bytes) -> bytes:
        parser = expat.ParserCreate("UTF-8")
        parser.buffer_text = True
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        parser.CharacterDataHandler = self._characters
        try:
            parser.Parse(sheet, True)
        except expat.ExpatError:
            raise Refused("tệp bị hỏng (XML sai)", "the file is damaged (its XML is malformed)") from None
        return "".join(self._copy).encode()

    def _start(self, written: str, attributes: dict[str, str]) -> None:
        name = written.rpartition(":")[2]
        if self._cell is not None:
            self._start_within_cell(name)
        elif name == "c" and self._is_in_data:
            self._row, self._column = _place(attributes, self._row, self._column)
            self._cell, self._cell_depth, self._pieces = attributes, len(self._names), {}
        else:
            if name == "row" and self._is_in_data:
                self._row, self._column = _row(attributes, self._row), 0
            self._is_in_data = self._is_in_data or name == "sheetData"
            self._copy += ["<", name, *(f" {key}={quoteattr(value)}" for key, value in attributes.items()), ">"]
        self._names.append(name)

    def _start_within_cell(self, name: str) -> None:
        depth = len(self._names) - self._cell_depth
        if depth == 1:
            if name in self._pieces or name not in ("f", "v", "is", "extLst"):
                raise _ambiguous()
            self._pieces[name] = []
        elif self._names[self._cell_depth + 1] in ("f", "v"):
            raise _ambiguous()

    def _characters(self, text: str) -> None:
        if self._cell is None:
            self._copy.append(escape(text))
            return
        depth = len(self._names) - self._cell_depth
        if depth == 1:
            if text.strip():
                raise _ambiguous()
            return
        holder = self._names[self._cell_depth + 1]
        # what a reader shows of a rich text is its t, alone or in an r; not how it is pronounced
        if holder in ("f", "v") or (holder == "is" and self._names[-1] == "t" and self._names[-2] in ("is", "r")):
            self._pieces[holder].append(text)

    def _end(self, _: str) -> None:
        name = self._names.pop()
        if self._cell is None:
            self._is_in_data = self._is_in_data and name != "sheetData"
            self._copy.append(f"</{name}>")
        elif len(self._names) == self._cell_depth:
            self._copy.append(self._written())
            self._cell = None

    def _written(self) -> str:
        cell = self._cell or {}
        kind = cell.get("t", "n")
        said = {name: "".join(pieces) for name, pieces in self._pieces.items()}
        value = said.get("v")
        if "is" in said:
            if value and value.strip():
                raise _ambiguous()
            kind, value = "str", said["is"]
        elif kind == "inlineStr":
            kind = "str"
        elif value is not None and kind != "str":
            value = value.strip()
        if kind == "s":
            if value and not (value.isascii() and value.isdigit()):
                raise _ambiguous()
            value = value or None
        start = f'<c r="{_letters(self._column)}{self._row}"' + (f" s={quoteattr(cell['s'])}" if "s" in cell else "")
        formula = f"<f>{escape(said['f'])}</f>" if "f" in said else ""
        if not formula and value is None:
            return f"{start}/>"
        return f"{start} t={quoteattr(kind)}>{formula}{'' if value is None else f'<v>{escape(value)}</v>'}</c>"


def _row(attributes: Mapping[str, str], before: int) -> int:
    if "r" not in attributes:
        return before + 1
    if not re.fullmatch(r"\s*0*[1-9][0-9]{0,6}\s*", attributes["r"], re.ASCII):
        raise _no_address()
    return int(attributes["r"])


def _place(attributes: Mapping[str, str], row: int, column: int) -> tuple[int, int]:
    """Row and column of a cell, the next after the one before where it has no address."""
    if "r" not in attributes:
        return row, column + 1
    found = re.fullmatch(r"\s*([A-Za-z]{1,3})([1-9][0-9]{0,6})\s*", attributes["r"], re.ASCII)
    if found is None:
        raise _no_address()
    return int(found[2]), _column_number(found[1].upper().encode())


def _no_address() -> Refused:
    return Refused("tệp bị hỏng (địa chỉ ô sai)", "the file is damaged (a cell has no right address)")


def _ambiguous() -> Refused:
    return Refused(
        "tệp bị hỏng (một ô có thể đọc theo hai cách)", "the file is damaged (a cell can be read in two ways)"
    )


# --- how much it is --------------------------------------------------------------------------------------------------

_ADDRESS = re.compile(rb'<c r="([A-Z]{1,3}[1-9][0-9]{0,6})"')
_FILLED_CELL = re.compile(rb'<c r="([A-Z]{1,3})([1-9][0-9]{0,6})"(?:[^<>]*[^/<>])?>')


def _used_cells(sheet: bytes, addresses: Sequence[bytes]) -> int:
    """How many cells lie between A1 and the last used row and column: what the reader will hold in memory.

    Raises  Refused where a cell stands twice: two readers would read two values.
    """
    if len(set(addresses)) != len(addresses):
        raise Refused("tệp bị hỏng (một ô có hai lần)", "the file is damaged (a cell stands twice)")
    if not addresses or len(max(addresses, key=len)) <= 3:
        return 99 * 26 if addresses else 0
    filled = _FILLED_CELL.findall(sheet)
    rows = max((int(row) for _, row in filled), default=0)
    columns = max(map(_column_number, {letters for letters, _ in filled}), default=0)
    return rows * columns


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _letters(column: int) -> str:
    name = ""
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name


# --- what the reader would pass over ---------------------------------------------------------------------------------

_HOLLOW = re.compile(
    rb'<c (r="[A-Z]+[0-9]+"(?: s="[0-9]+")?)(?: t="([A-Za-z]+)")?>(' + _FORMULA + rb")(<v>\s*+</v>|<v/>)?</c>"
)
_ERROR = re.compile(rb'(<c r="[A-Z]+[0-9]+"(?: s="[0-9]+")? t=)"e">')


def spoken_out(sheet: bytes) -> bytes:
    """The sheet with error values and formulas without a stored value as texts: calamine reads both as empty cells.

    Shape   a sheet in the usual words. A formula whose stored value is the empty text has a value.
    """
    if b"<f" in sheet:
        sheet = _HOLLOW.sub(_with_sign, sheet)
    return _ERROR.sub(rb'\1"str">', sheet) if b't="e"' in sheet else sheet


def _with_sign(cell: re.Match[bytes]) -> bytes:
    if cell[2] == b"str" and cell[4]:
        return cell[0]
    return b'<c %b t="str">%b<v>%b</v></c>' % (cell[1], cell[3], FORMULA_WITHOUT_VALUE.encode())


# --- what the reader looks through twice -----------------------------------------------------------------------------

_MERGES = re.compile(rb"<mergeCells(?:\s[^<>]*+)?>(?:<mergeCell\s[^<>]*+>|</mergeCell>|\s)*+</mergeCells>")


def merges_first(sheet: bytes) -> bytes:
    """The sheet with its merged ranges before its cells: calamine looks for them from the start once more.

    Shape   as it stands where it is not plain which ranges are the sheet's own.
    """
    cells, mentions = sheet.find(b"<sheetData"), sheet.count(b"mergeCells")
    if sheet.count(b"<sheetData") != 1:
        return sheet
    if not mentions:
        return b"%b<mergeCells/>%b" % (sheet[:cells], sheet[cells:])
    merges = _MERGES.search(sheet, cells)
    if not merges or mentions > 2:
        return sheet
    return b"".join((sheet[:cells], merges[0], sheet[cells : merges.start()], sheet[merges.end() :]))
