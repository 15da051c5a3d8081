"""A copy of a received workbook in which the wrong cells are coloured and commented.

The copy is patched, not written anew: figures, stored values of formulas, pictures and the sender's own comments stay
as they are, so that the copy can be corrected and sent back. Loading and saving it with a library would drop the stored
values of every formula, which rule S12 then could not read.
"""

import re
import struct
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from xml.parsers.expat import ExpatError
from xml.sax.saxutils import escape
from zipfile import BadZipFile

from tally.errors import TallyError
from tally.exports.package import OFFICE, Package, Patch, Tag, prefix_of, tags_of, with_attributes
from tally.vocabulary import Severity

SIGNATURE = "TALLY ▸"
FILLS = {Severity.CRITICAL: "FFFFB3B3", Severity.WARNING: "FFFFF09E"}

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_COMMENTS_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.comments+xml"
_VML_TYPE = "application/vnd.openxmlformats-officedocument.vmlDrawing"
_AFTER_LEGACY_DRAWING = {
    "legacyDrawingHF", "drawingHF", "picture", "oleObjects", "controls", "webPublishItems", "tableParts", "extLst",
}  # fmt: skip
# rule S11 reads comments: what could pass for personal data stays out of ours
_LONG_NUMBER = re.compile(r"\d(?:[^\w\n=;:,+/]{0,4}\d){8,}")
_MAIL = re.compile(r"\S*(?:[@＠﹫]|[\[(]at[\])])\S*", re.IGNORECASE)
_BOX_WIDTH, _LINE_LETTERS, _LINE_HEIGHT, _TALLEST = 380, 58, 17, 460  # pixels, letters, pixels, pixels
_FARTHEST = 100


class MarkingError(TallyError):
    """A workbook that cannot be marked: it can be judged, but its package is too odd or too large to patch."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What to say at one cell. Critical and warning colour the cell, info only comments it."""

    sheet_name: str
    cell_address: str
    severity: Severity
    text: str


def marked_workbook(original: bytes, marks: Iterable[Mark]) -> bytes:
    """The workbook with its cells marked; the same arguments give the same bytes.

    Shape   several marks of a cell become one comment, and the worst of them its colour; a mark inside a merged range
            stands at the range's first cell; marks of an earlier copy that was sent back are taken away.
    Raises  MarkingError if the workbook cannot be patched, or has no such sheet.
    """
    try:
        package = Package(original)
        styles = _Styles(package.read(package.styles))
        wanted: dict[str, list[Mark]] = defaultdict(list)
        for mark in marks:
            wanted[mark.sheet_name].append(mark)
        if unknown := wanted.keys() - package.sheets.keys():
            raise MarkingError(f"no sheet {min(unknown)}")
        for number, (name, part) in enumerate(package.sheets.items(), start=1):
            _mark_sheet(package, styles, part, number, wanted.get(name, []))
        package.write(package.styles, styles.xml)
        return package.saved()
    except (
        ArithmeticError, BadZipFile, EOFError, ExpatError, LookupError, NotImplementedError, RuntimeError,
        StopIteration, ValueError, struct.error, zlib.error,
    ) as error:  # fmt: skip
        raise MarkingError(f"{type(error).__name__}: {error}") from error


class _Styles:
    """styles.xml: cell formats are only ever added, each the copy of another with its fill changed."""

    def __init__(self, xml: bytes) -> None:
        self._original = xml
        tags = tags_of(xml)
        self._fills = next(tag for tag in tags if tag.name == "fills")
        self._formats = next(tag for tag in tags if tag.name == "cellXfs")
        fills = [tag for tag in tags if tag.parent is self._fills]
        formats = [tag for tag in tags if tag.parent is self._formats]
        self._raw = [(xml[tag.start : tag.inside], xml[tag.inside : tag.end]) for tag in formats]
        self._fill_of = [int(tag.attributes.get("fillId", 0)) for tag in formats]
        self._ours = {
            at
            for at, fill in enumerate(fills)
            if any(colour.encode() in xml[fill.start : fill.end] for colour in FILLS.values())
        }
        self._first_new_fill, self._known = len(fills), len(formats)
        self._made: dict[tuple[int, int], int] = {}

    def filled(self, style: int, severity: Severity) -> int:
        """A cell format with the colour of a severity; without our colour where the severity has none."""
        style = style if 0 <= style < len(self._raw) else 0
        if severity in FILLS:
            return self._with_fill(style, self._first_new_fill + list(FILLS).index(severity))
        return self._with_fill(style, 0) if self._fill_of[style] in self._ours else style

    def _with_fill(self, style: int, fill: int) -> int:
        if (style, fill) not in self._made:
            start, rest = self._raw[style]
            self._made[style, fill] = len(self._raw)
            self._raw.append((with_attributes(start, fillId=fill, applyFill=1), rest))
            self._fill_of.append(fill)
        return self._made[style, fill]

    @property
    def xml(self) -> bytes:
        new = self._raw[self._known :]
        if not new:
            return self._original
        p = prefix_of(self._original, self._fills)
        fills = "".join(
            f'<{p}fill><{p}patternFill patternType="solid"><{p}fgColor rgb="{colour}"/><{p}bgColor indexed="64"/>'
            f"</{p}patternFill></{p}fill>"
            for colour in FILLS.values()
        )
        patch = Patch(self._original)
        counted = ((self._fills, self._first_new_fill + len(FILLS)), (self._formats, len(self._raw)))
        for tag, count in counted:
            patch.replace(tag.start, tag.inside, with_attributes(self._original[tag.start : tag.inside], count=count))
        patch.append_inside(self._fills, fills.encode())
        patch.append_inside(self._formats, b"".join(start + rest for start, rest in new))
        return patch.made()


Place = tuple[int, int]


def _place(address: str) -> Place:
    """`E9` → (9, 5)."""
    found = re.fullmatch(r"([A-Z]{1,3})([0-9]{1,7})", address)
    if found is None:
        raise ValueError(f"{address} is no cell")
    column = 0
    for letter in found[1]:
        column = column * 26 + ord(letter) - 64
    return int(found[2]), column


def _address(place: Place) -> str:
    row, column = place
    letters = ""
    while column:
        column, letter = divmod(column - 1, 26)
        letters = chr(65 + letter) + letters
    return f"{letters}{row}"


@dataclass(slots=True)
class _Sheet:
    """Where things are in a worksheet's XML, and how large its columns and rows are."""

    xml: bytes
    root: Tag
    data: Tag
    rows: dict[int, Tag] = field(default_factory=dict)
    cells: dict[Place, Tag] = field(default_factory=dict)
    merged: list[tuple[Place, Place]] = field(default_factory=list)
    widths: list[tuple[int, int, int]] = field(default_factory=list)
    heights: dict[int, int] = field(default_factory=dict)
    height: int = 20
    legacy_drawing: str | None = None
    legacy_drawing_at: int = 0

    @classmethod
    def of(cls, xml: bytes) -> "_Sheet":
        tags = tags_of(xml)
        sheet = cls(xml, tags[0], next(tag for tag in tags if tag.name == "sheetData"))
        sheet.legacy_drawing_at = sheet.root.close
        row = column = 0
        for tag in tags:
            hidden = tag.attributes.get("hidden") in ("1", "true")
            match tag.name:
                case "row" if tag.parent is sheet.data:
                    row, column = int(tag.attributes.get("r", row + 1)), 0
                    sheet.rows[row] = tag
                    if hidden or "ht" in tag.attributes:
                        sheet.heights[row] = 0 if hidden else round(float(tag.attributes["ht"]) * 4 / 3)
                case "c" if tag.parent and tag.parent.name == "row":
                    column = _place(tag.attributes["r"])[1] if "r" in tag.attributes else column + 1
                    sheet.cells[row, column] = tag
                case "mergeCell":
                    first, _, last = tag.attributes["ref"].partition(":")
                    sheet.merged.append((_place(first), _place(last or first)))
                case "col":
                    width = 0 if hidden else int(float(tag.attributes.get("width", 9.14)) * 7 + 5)
                    sheet.widths.append((int(tag.attributes["min"]), int(tag.attributes["max"]), width))
                case "sheetFormatPr" if "defaultRowHeight" in tag.attributes:
                    sheet.height = max(round(float(tag.attributes["defaultRowHeight"]) * 4 / 3), 1)
                case "legacyDrawing":
                    sheet.legacy_drawing = tag.attributes["id"]
                case name if name in _AFTER_LEGACY_DRAWING and tag.parent is sheet.root:
                    sheet.legacy_drawing_at = min(sheet.legacy_drawing_at, tag.start)
        return sheet

    def shown_at(self, place: Place) -> Place:
        """The cell that shows what a place holds: the first of its merged range."""
        for first, last in self.merged:
            if first[0] <= place[0] <= last[0] and first[1] <= place[1] <= last[1]:
                return first
        return place

    def anchor(self, place: Place, height: int) -> str:
        """The corners of a comment's box beside its cell: column, pixels, row, pixels; twice."""
        row, column = place
        right, right_rest = _walk(column, _BOX_WIDTH, self._width)
        bottom, bottom_rest = _walk(max(row - 2, 0), height, lambda at: self.heights.get(at + 1, self.height))
        return f"{column}, 12, {max(row - 2, 0)}, 4, {right}, {right_rest}, {bottom}, {bottom_rest}"

    def _width(self, at: int) -> int:
        return next((width for first, last, width in self.widths if first <= at + 1 <= last), 64)


def _walk(at: int, pixels: int, size: Callable[[int], int]) -> tuple[int, int]:
    """Where one comes to after so many pixels: the column or row, and the pixels into it."""
    for step in range(at, at + _FARTHEST):
        if pixels <= size(step):
            return step, pixels
        pixels -= size(step)
    return at + _FARTHEST, 0


def _mark_sheet(package: Package, styles: _Styles, part: str, number: int, marks: Sequence[Mark]) -> None:
    links = package.related(part)
    comments_part = next((target for kind, target in links.values() if kind == "comments"), None)
    comments = _Comments(package.read(comments_part) if comments_part else _NO_COMMENTS)
    if not marks and not comments.ours:
        return
    sheet = _Sheet.of(package.read(part))
    at: dict[Place, list[Mark]] = defaultdict(list)
    for mark in marks:
        at[sheet.shown_at(_place(mark.cell_address))].append(mark)
    texts = {place: _joined(its_marks) for place, its_marks in at.items()}
    severities = {place: min((m.severity for m in its), key=list(Severity).index) for place, its in at.items()}
    kept = comments.rewrite(texts)
    touched = set(texts) | comments.ours

    patch = Patch(sheet.xml)
    _colour(patch, sheet, styles, {place: severities.get(place, Severity.INFO) for place in touched})
    if comments_part is None:
        comments_part = _free(package, f"xl/tallyComments{number}.xml")
        package.relate(part, "rIdTallyComments", "comments", comments_part)
        package.declare(comments_part, _COMMENTS_TYPE)
    package.write(comments_part, comments.xml)

    if sheet.legacy_drawing is None:
        drawing_part = _free(package, f"xl/drawings/tallyDrawing{number}.vml")
        package.relate(part, "rIdTallyDrawing", "vmlDrawing", drawing_part)
        package.declare(drawing_part, _VML_TYPE)
        p = prefix_of(sheet.xml, sheet.root)
        link = f'<{p}legacyDrawing xmlns:r="{OFFICE}" r:id="rIdTallyDrawing"/>'.encode()
        patch.replace(sheet.legacy_drawing_at, sheet.legacy_drawing_at, link)
        drawing = _NO_DRAWING.format(number=number)
    else:
        drawing_part = links[sheet.legacy_drawing][1]
        drawing = package.read(drawing_part).decode()
    package.write(drawing_part, _redrawn(drawing, sheet, number, touched, kept).encode())
    package.write(part, patch.made())


def _free(package: Package, part: str) -> str:
    while part in package:
        part = part.replace("tally", "tally_", 1)
    return part


def _joined(marks: Sequence[Mark]) -> str:
    ordered = sorted(marks, key=lambda mark: list(Severity).index(mark.severity))
    texts = list(dict.fromkeys(_harmless(mark.text) for mark in ordered))
    return texts[0] if len(texts) == 1 else "\n".join(f"• {text}" for text in texts)


def _harmless(text: str) -> str:
    return _MAIL.sub("(…)", _LONG_NUMBER.sub("(số lớn)", text))


def _colour(patch: Patch, sheet: _Sheet, styles: _Styles, severities: dict[Place, Severity]) -> None:
    """Gives cells their format, and makes the cells that the file leaves out."""
    p = prefix_of(sheet.xml, sheet.root)
    missing: dict[int, dict[int, bytes]] = defaultdict(dict)
    for place, severity in severities.items():
        cell = sheet.cells.get(place)
        style = int(cell.attributes.get("s", 0)) if cell else 0
        new = styles.filled(style, severity)
        if cell and new != style:
            start_tag = sheet.xml[cell.start : cell.inside]
            patch.replace(cell.start, cell.inside, with_attributes(start_tag, s=new))
        elif not cell and new:
            missing[place[0]][place[1]] = f'<{p}c r="{_address(place)}" s="{new}"/>'.encode()
    new_rows: dict[int, bytes] = {}
    for row, cells in sorted(missing.items()):
        tag = sheet.rows.get(row)
        if tag is None:
            new_rows[row] = (
                f'<{p}row r="{row}">'.encode() + b"".join(cells[at] for at in sorted(cells)) + f"</{p}row>".encode()
            )
            continue
        last: list[bytes] = []
        for column in sorted(cells):
            later = [sheet.cells[place] for place in sorted(sheet.cells) if place[0] == row and place[1] > column]
            if later:
                patch.replace(later[0].start, later[0].start, cells[column])
            else:
                last.append(cells[column])
        if last:
            patch.append_inside(tag, b"".join(last))
    at_end: list[bytes] = []
    for row in sorted(new_rows):
        below = [other for other in sorted(sheet.rows) if other > row]
        if below:
            start = sheet.rows[below[0]].start
            patch.replace(start, start, new_rows[row])
        else:
            at_end.append(new_rows[row])
    if at_end:
        patch.append_inside(sheet.data, b"".join(at_end))


_NO_COMMENTS = (
    f'<?xml version="1.0" encoding="UTF-8"?>\n<comments xmlns="{_MAIN}"><authors/><commentList/></comments>'.encode()
)


class _Comments:
    """A sheet's comments. Ours begin with a signature, behind what the sender had written on the same cell."""

    def __init__(self, xml: bytes) -> None:
        self.xml = xml
        self._tags = tags_of(xml)
        self._comments = {_place(tag.attributes["ref"]): tag for tag in self._tags if tag.name == "comment"}
        self._within: dict[int, list[Tag]] = defaultdict(list)
        for tag in self._tags:
            holder: Tag | None = tag
            while holder and holder.name != "comment":
                holder = holder.parent
            if holder and holder is not tag:
                self._within[holder.start].append(tag)
        self.ours = {place for place, tag in self._comments.items() if SIGNATURE in self._text(tag)}

    def rewrite(self, texts: dict[Place, str]) -> dict[Place, str]:
        """Puts our comments in place of our earlier ones, and returns the whole text of every comment it touched."""
        p = prefix_of(self.xml, self._tags[0])
        authors = next(tag for tag in self._tags if tag.name == "authors")
        listed = next(tag for tag in self._tags if tag.name == "commentList")
        author = sum(tag.parent is authors for tag in self._tags)
        patch = Patch(self.xml)
        whole: dict[Place, str] = {}
        written: list[str] = []
        for place in sorted(set(texts) | self.ours):
            tag = self._comments.get(place)
            theirs, runs = self._theirs(tag, p) if tag else ("", "")
            ours = _our_runs(texts[place], p, after=bool(theirs)) if place in texts else ""
            if tag:
                patch.replace(tag.start, tag.end, b"")
            if theirs or ours:
                by = tag.attributes.get("authorId", "0") if tag and theirs else str(author)
                ref = _address(place)
                written.append(f'<{p}comment ref="{ref}" authorId="{by}"><{p}text>{runs}{ours}</{p}text></{p}comment>')
                whole[place] = "\n".join(filter(None, [theirs, texts.get(place)]))
        patch.append_inside(authors, f"<{p}author>Tally</{p}author>".encode())
        patch.append_inside(listed, "".join(written).encode())
        self.xml = patch.made()
        return whole

    def _text(self, comment: Tag) -> str:
        return "".join(tag.text for tag in self._within[comment.start] if tag.name == "t")

    def _theirs(self, comment: Tag, p: str) -> tuple[str, str]:
        """What the sender wrote, as text and as runs; as they stand where we had added nothing."""
        text = self._text(comment)
        before, signed, _ = text.partition(SIGNATURE)
        if signed:
            before = before.rstrip()
            return before, _run(before, p) if before else ""
        holder = next(tag for tag in self._within[comment.start] if tag.name == "text")
        runs = []
        for tag in self._within[comment.start]:
            if tag.parent is holder:
                raw = self.xml[tag.start : tag.end].decode()
                runs.append(f"<{p}r>{raw}</{p}r>" if tag.name == "t" else raw if tag.name == "r" else "")
        return text, "".join(runs)


def _our_runs(text: str, p: str, after: bool) -> str:
    bold = _run(("\n\n" if after else "") + f"{SIGNATURE}\n", p, "<{p}b/>")
    return bold + _run(text, p)


def _run(text: str, p: str, bold: str = "") -> str:
    clean = "".join(letter for letter in text if letter in "\n\t" or letter >= " ")
    looks = f'{bold.format(p=p)}<{p}sz val="10"/><{p}color indexed="81"/><{p}rFont val="Tahoma"/><{p}family val="2"/>'
    return f'<{p}r><{p}rPr>{looks}</{p}rPr><{p}t xml:space="preserve">{escape(clean)}</{p}t></{p}r>'


_NO_DRAWING = (
    '<xml xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office"'
    ' xmlns:x="urn:schemas-microsoft-com:office:excel">\n'
    '<o:shapelayout v:ext="edit"><o:idmap v:ext="edit" data="{number}"/></o:shapelayout>\n'
    '<v:shapetype id="_x0000_t202" coordsize="21600,21600" o:spt="202" path="m,l,21600r21600,l21600,xe">'
    '<v:stroke joinstyle="miter"/><v:path gradientshapeok="t" o:connecttype="rect"/></v:shapetype>\n</xml>'
)
_NOTE_PLACE = re.compile(r"<x:(Row|Column)>\s*(\d+)\s*</x:\1>")


def _redrawn(drawing: str, sheet: _Sheet, number: int, touched: set[Place], texts: dict[Place, str]) -> str:
    """The boxes of the comments: those of touched cells made anew, large enough to be read, everything else kept."""

    drawing = _without_notes(drawing, touched)
    taken = {int(shape) for shape in re.findall(r"_x0000_s(\d+)", drawing)}
    shape = max(taken | {number * 1024})
    boxes = []
    for place, text in sorted(texts.items()):
        shape += 1
        lines = sum(max(-(-len(line) // _LINE_LETTERS), 1) for line in text.split("\n")) + 2
        height = min(lines * _LINE_HEIGHT + 10, _TALLEST)
        boxes.append(
            f'<v:shape id="_x0000_s{shape}" type="#_x0000_t202" style="position:absolute;margin-left:60pt;'
            f"margin-top:2pt;width:{_BOX_WIDTH * 3 // 4}pt;height:{height * 3 // 4}pt;visibility:hidden"
            '" fillcolor="#ffffe1" o:insetmode="auto"><v:fill color2="#ffffe1"/><v:shadow on="t" color="black"'
            ' obscured="t"/><v:path o:connecttype="none"/><v:textbox style="mso-direction-alt:auto">'
            '<div style="text-align:left"></div></v:textbox><x:ClientData ObjectType="Note"><x:MoveWithCells/>'
            f"<x:SizeWithCells/><x:Anchor>{sheet.anchor(place, height)}</x:Anchor><x:AutoFill>False</x:AutoFill>"
            f"<x:Row>{place[0] - 1}</x:Row><x:Column>{place[1] - 1}</x:Column></x:ClientData></v:shape>\n"
        )
    head, closing, tail = drawing.rpartition("</xml>")
    if not closing:
        raise ValueError("a drawing without an end")
    return head + "".join(boxes) + closing + tail


def _without_notes(drawing: str, places: set[Place]) -> str:
    kept, at = [], 0
    while (start := drawing.find("<v:shape ", at)) >= 0 and (end := drawing.find("</v:shape>", start)) >= 0:
        end += len("</v:shape>")
        where = {name: int(value) + 1 for name, value in _NOTE_PLACE.findall(drawing, start, end)}
        is_note = "Note" in drawing[start:end] and (where.get("Row"), where.get("Column")) in places
        kept.append(drawing[at : start if is_note else end])
        at = end
    return "".join([*kept, drawing[at:]])
