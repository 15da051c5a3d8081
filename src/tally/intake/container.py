"""Rule S01: whether received bytes are an .xlsx workbook that can be opened without harm, and its sheets as grids."""

import posixpath
import re
import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from io import BytesIO
from pathlib import Path
from xml.parsers import expat
from xml.sax.saxutils import quoteattr
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from python_calamine import CalamineSheet, SheetTypeEnum, SheetVisibleEnum, load_workbook

from tally.contracts.model import Limits
from tally.intake.remembered import remembered
from tally.intake.sheet_xml import Allowance, Refused, in_usual_words, merges_first, spoken_out

Cell = str | float | bool | date | datetime | time | timedelta
Merge = tuple[tuple[int, int], tuple[int, int]]

MOST_PARTS = 2_000


@dataclass(frozen=True, slots=True)
class Grid:
    """One worksheet, hidden or not.

    Shape   rows[0][0] is A1, whatever is empty in between; every row is as long as the longest.
    Blanks  an empty cell is ""; a formula without a stored value is FORMULA_WITHOUT_VALUE; an error value is its text.
    """

    name: str
    is_hidden: bool
    rows: list[list[Cell]]
    merges: list[Merge]


@dataclass(frozen=True, slots=True)
class Package:
    """A workbook that could be opened: its worksheets in order, and the file's XML parts.

    Shape   parts are UTF-8, and worksheets among them in the usual words.
    """

    grids: list[Grid]
    parts: dict[str, bytes]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a file is not taken as a workbook, in both languages."""

    vi: str
    en: str


def open_workbook(data: bytes | Path, limits: Limits) -> Package | Refusal:
    """Open a received file as a workbook, or say what keeps it from being one.

    A path is not read before its size is known to be lawful; nothing is inflated beyond the limit, whatever the
    file says of its own size; the reader of workbooks is given only parts that were looked at.
    Units   limits in bytes, counted as really received and really inflated.
    Source  FORMS.md, "Size limits of S01".
    """
    try:
        return _opened(data, limits)
    except Refused as refused:
        return Refusal(refused.vi, refused.en)


def _opened(data: bytes | Path, limits: Limits) -> Package:
    size = data.stat().st_size if isinstance(data, Path) else len(data)
    if size > limits.file_bytes:
        most = limits.file_bytes // 1_000_000
        raise Refused(f"tệp lớn hơn {most} MB", f"the file is larger than {most} MB")
    content = data.read_bytes() if isinstance(data, Path) else data
    if not content.startswith(_ZIP):
        raise _not_a_zip(content)
    parts = _unpacked(content, limits.unpacked_bytes)
    xml = {name: _utf8(part) for name, part in parts.items() if _is_xml(name, part)}
    _check_kind(parts | xml)
    _check_active_content(parts | xml)
    for part in xml.values():
        if _DTD.search(part):
            raise Refused(
                "trong tệp có khai báo kiểu tài liệu (DTD), bảng tính bình thường không có",
                "the file contains a document type definition, which no ordinary workbook has",
            )
    return Package(_grids(xml, limits), xml)


# --- what it is, when it is no zip archive ---------------------------------------------------------------------------

_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_BEGINNINGS: list[tuple[tuple[bytes, ...], str, str]] = [
    ((b"%PDF",), "tệp là PDF, không phải bảng tính", "the file is a PDF, not a workbook"),
    (
        (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"II*\0", b"MM\0*", b"BM"),
        "tệp là ảnh, không phải bảng tính",
        "the file is a picture, not a workbook",
    ),
    (
        (b"Rar!", b"7z\xbc\xaf\x27\x1c", b"\x1f\x8b", b"BZh", b"\xfd7zXZ"),
        "tệp là tệp nén, không phải bảng tính; hãy giải nén trước khi gửi",
        "the file is a compressed archive, not a workbook",
    ),
    (
        (b"PK\x05\x06", b"PK\x07\x08"),
        "tệp nén rỗng hoặc bị chia phần, không phải bảng tính",
        "the file is an empty or split archive, not a workbook",
    ),
    ((b"{\\rtf",), "tệp là văn bản RTF, không phải bảng tính", "the file is an RTF document, not a workbook"),
]


def _not_a_zip(content: bytes) -> Refused:
    if not content:
        return Refused("tệp rỗng (0 byte)", "the file is empty (0 bytes)")
    if content.startswith(_OLE):
        return _ole(content)
    for beginnings, vi, en in _BEGINNINGS:
        if content.startswith(beginnings):
            return Refused(vi, en)
    head = content[:4096]
    text = head.decode("utf-16" if head[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8", "replace")
    words = text.lstrip("\ufeff \t\r\n").lower()
    if "urn:schemas-microsoft-com:office:spreadsheet" in words:
        return Refused(
            "tệp là bảng tính XML 2003, không phải .xlsx", "the file is an XML spreadsheet of 2003, not an .xlsx"
        )
    if words.startswith(("<!doctype html", "<html", "<table", "<meta", "<head", "<style")):
        return Refused("tệp là trang HTML đổi tên, không phải .xlsx", "the file is a renamed HTML page, not an .xlsx")
    if not any(sign < " " and sign not in "\t\r\n\f" for sign in text) and text.count("\ufffd") <= len(text) // 3:
        return Refused("tệp là văn bản (CSV), không phải .xlsx", "the file is plain text (such as CSV), not an .xlsx")
    return Refused("tệp không phải là bảng tính .xlsx", "the file is not an .xlsx workbook")


def _ole(content: bytes) -> Refused:
    def has(name: str) -> bool:
        return name.encode("utf-16-le") in content

    if has("EncryptedPackage") or has("EncryptionInfo"):
        return Refused("tệp được đặt mật khẩu", "the file is protected by a password")
    if has("Workbook") or has("Book"):
        return Refused("tệp là .xls kiểu cũ, không phải .xlsx", "the file is an old .xls, not an .xlsx")
    if has("WordDocument"):
        return Refused("tệp là văn bản Word kiểu cũ", "the file is an old Word document, not a workbook")
    return Refused(
        "tệp là tài liệu Office kiểu cũ, không phải bảng tính .xlsx", "the file is an old Office document, not an .xlsx"
    )


# --- unpacking -------------------------------------------------------------------------------------------------------

_DAMAGED = ("tệp bị hỏng (cấu trúc tệp nén sai)", "the file is damaged (its archive is malformed)")
_NAME_IS_UTF8, _IS_ENCRYPTED = 0x800, 0x1


def _unpacked(content: bytes, most: int) -> dict[str, bytes]:
    """Every part of the archive by its name, `/` between folders."""
    if b"PK\x05\x06" not in content[-65_557:]:
        raise Refused("tệp bị cắt cụt khi gửi", "the file was truncated on its way")
    if content.count(b"PK\x01\x02") > MOST_PARTS:
        raise Refused(f"tệp có hơn {MOST_PARTS} phần bên trong", f"the file has more than {MOST_PARTS} parts inside")
    try:
        with ZipFile(BytesIO(content)) as archive:
            entries = archive.infolist()
    except Exception:  # zipfile raises a dozen kinds on malformed bytes; each of them says the same
        raise Refused(*_DAMAGED) from None
    parts: dict[str, bytes] = {}
    seen: set[str] = set()
    left, end = most, 0
    for entry in sorted(entries, key=lambda entry: entry.header_offset):
        name = entry.filename.replace("\\", "/").lstrip("/")
        if name.casefold() in seen:
            raise Refused(
                "tệp bị hỏng (một phần bên trong có hai lần)", "the file is damaged (a part inside stands twice)"
            )
        seen.add(name.casefold())
        if entry.header_offset < end:
            raise Refused(*_DAMAGED)
        part, end = _part(content, entry, left, most)
        left -= len(part)
        if not name.endswith("/"):
            parts[name] = part
    return parts


def _part(content: bytes, entry: ZipInfo, left: int, most: int) -> tuple[bytes, int]:
    """One part, inflated no further than what is left, and where its bytes end in the archive."""
    if entry.flag_bits & _IS_ENCRYPTED:
        raise Refused("tệp được đặt mật khẩu", "the file is protected by a password")
    at = entry.header_offset
    header = content[at : at + 30]
    if len(header) < 30 or not header.startswith(_ZIP):
        raise Refused(*_DAMAGED)
    start = at + 30 + sum(struct.unpack_from("<HH", header, 26))
    end = start + entry.compress_size
    if end > len(content):
        raise Refused(*_DAMAGED)
    packed = memoryview(content)[start:end]
    if entry.compress_type == ZIP_STORED:
        part = bytes(packed[: left + 1])
        is_whole = len(packed) <= left
    elif entry.compress_type == ZIP_DEFLATED:
        inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            part = inflater.decompress(packed, left + 1)
        except zlib.error:
            raise Refused(*_DAMAGED) from None
        is_whole = inflater.eof
    else:
        raise Refused(
            "tệp được nén theo cách mà bảng tính .xlsx không dùng", "the file is compressed in a way that no .xlsx is"
        )
    if len(part) > left:
        size = most // 1_000_000
        raise Refused(f"tệp giải nén ra hơn {size} MB", f"the file unpacks to more than {size} MB")
    if not is_whole or zlib.crc32(part) != entry.CRC:
        raise Refused("tệp bị hỏng (sai tổng kiểm tra)", "the file is damaged (a checksum is wrong)")
    return part, end


# --- what kind of document -------------------------------------------------------------------------------------------

_TYPES = "[Content_Types].xml"
_KINDS: list[tuple[bytes, str, str]] = [
    (b"sheet.binary", "tệp là .xlsb, không phải .xlsx", "the file is an .xlsb, not an .xlsx"),
    (b"macroenabled", "tệp có macro (.xlsm)", "the workbook has macros (.xlsm)"),
    (b"spreadsheetml.sheet.main+xml", "", ""),
    (b"spreadsheetml.template.main+xml", "tệp là .xltx, không phải .xlsx", "the file is an .xltx, not an .xlsx"),
    (b"wordprocessingml", "tệp là văn bản Word, không phải bảng tính", "the file is a Word document, not a workbook"),
    (b"presentationml", "tệp là bài trình chiếu, không phải bảng tính", "the file is a presentation, not a workbook"),
]


def _check_kind(parts: Mapping[str, bytes]) -> None:
    types = next((part for name, part in parts.items() if name.casefold() == _TYPES.casefold()), None)
    if types is None:
        kind = parts.get("mimetype", b"")
        if b"opendocument" in kind or "META-INF/manifest.xml" in parts:
            raise Refused("tệp là OpenDocument (.ods), không phải .xlsx", "the file is OpenDocument (.ods), not .xlsx")
        raise Refused(
            "tệp là tệp nén chứa tệp khác, không phải .xlsx", "the file is an archive of other files, not an .xlsx"
        )
    said = types.lower()
    for mark, vi, en in _KINDS:
        if mark in said:
            if vi:
                raise Refused(vi, en)
            return
    raise Refused("tệp không phải là bảng tính .xlsx", "the file is not an .xlsx workbook")


_MACRO_PARTS = ("vbaproject", "vbadata", "macrosheets/")
_MACRO_MARKS = (b"vbaproject", b"macrosheet", b"macroenabled")
_EMBEDDED_PARTS = ("xl/embeddings/", "xl/activex/")
_EMBEDDED_MARKS = (b"/relationships/oleobject", b"/relationships/control", b"/relationships/package")


def _check_active_content(parts: Mapping[str, bytes]) -> None:
    for name, part in parts.items():
        lower = name.casefold()
        says = part.lower() if lower == _TYPES.casefold() or lower.endswith(".rels") else b""
        if any(mark in lower for mark in _MACRO_PARTS) or any(mark in says for mark in _MACRO_MARKS):
            raise Refused("tệp có macro", "the workbook has macros")
        is_embedded = lower.startswith(_EMBEDDED_PARTS) or part.startswith(_OLE)
        if is_embedded or any(mark in says for mark in _EMBEDDED_MARKS):
            raise Refused("tệp có đối tượng nhúng (OLE, ActiveX)", "the workbook has embedded objects (OLE, ActiveX)")


# --- XML -------------------------------------------------------------------------------------------------------------

_DECLARATION = re.compile(rb"\A\s*<\?xml\s[^<>]*?\?>")
_DTD = re.compile(rb"<!(?:DOCTYPE|ENTITY)")
_BEFORE_XML = b"\xef\xbb\xbf\xff\xfe\0 \t\r\n"
_ENCODING = re.compile(rb"""encoding\s*=\s*["']([^"']*)["']""")


def _is_xml(name: str, part: bytes) -> bool:
    return name.casefold().endswith((".xml", ".rels", ".vml")) or part[:64].lstrip(_BEFORE_XML).startswith(b"<")


def _utf8(part: bytes) -> bytes:
    """The part as UTF-8 without its declaration's encoding, so that nobody can read it in two ways."""
    head = part[:4]
    if head[:2] in (b"\xff\xfe", b"\xfe\xff") or head[:2] in (b"<\0", b"\0<"):
        order = "utf-16" if head[0] >= 0xFE else "utf-16-le" if head[0] else "utf-16-be"
        try:
            text = part.decode(order)
        except UnicodeDecodeError:
            text = "\0"
        if "\0" in text:
            raise _unknown_encoding()
        return _DECLARATION.sub(b"", text.encode(), count=1)
    if declaration := _DECLARATION.match(part.removeprefix(b"\xef\xbb\xbf")[:256]):
        encoding = _ENCODING.search(declaration[0])
        if encoding and encoding[1].lower() not in (b"utf-8", b"utf8", b"us-ascii"):
            raise _unknown_encoding()
    return part


def _unknown_encoding() -> Refused:
    return Refused("tệp dùng bảng mã mà .xlsx không dùng", "the file uses an encoding that no .xlsx does")


# --- sheets ----------------------------------------------------------------------------------------------------------


def _grids(xml: dict[str, bytes], limits: Limits) -> list[Grid]:
    left = Allowance()
    given: dict[str, bytes] = {}
    for name, part in xml.items():
        if b"sheetData" in part:
            xml[name] = in_usual_words(part, left)
            given[name] = merges_first(spoken_out(xml[name]))
        else:
            given[name] = part
    shown = Allowance()
    grids: list[Grid] = []
    try:
        workbook = load_workbook(BytesIO(_stored(_where_calamine_looks(given))))
        sheets = workbook.sheets_metadata
        if len(sheets) > limits.sheets:
            raise Refused(f"tệp có hơn {limits.sheets} trang", f"the workbook has more than {limits.sheets} sheets")
        for at, sheet in enumerate(sheets):
            if sheet.typ == SheetTypeEnum.WorkSheet:
                grid = _grid(workbook.get_sheet_by_index(at), sheet.visible != SheetVisibleEnum.Visible)
                shown.spend(cells=len(grid.rows) * len(grid.rows[0]) if grid.rows else 0)
                grids.append(grid)
    except (Refused, MemoryError, KeyboardInterrupt, SystemExit):
        raise
    except BaseException:  # a panic inside calamine is no Exception
        raise Refused(
            "tệp bị hỏng, không đọc được như một bảng tính", "the file is damaged and cannot be read as a workbook"
        ) from None
    if not grids:
        raise Refused("tệp không có trang nào", "the workbook has no sheet")
    return grids


def _grid(sheet: CalamineSheet, is_hidden: bool) -> Grid:
    return Grid(sheet.name, is_hidden, sheet.to_python(skip_empty_area=False), sheet.merged_cell_ranges or [])


# --- where the parts lie ---------------------------------------------------------------------------------------------

_BOOK, _BOOK_RELATIONS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PLACES = {"sharedStrings": "xl/sharedStrings.xml", "styles": "xl/styles.xml"}
_SHEET_KINDS = ("worksheet", "chartsheet", "dialogsheet")
_MOST_RELATIONS = 100_000


def _where_calamine_looks(parts: Mapping[str, bytes]) -> dict[str, bytes]:
    """The book and what it refers to, under the names that calamine expects: a package may use any other."""
    paths = {path.casefold(): path for path in parts}
    book = next((path for kind, path in _relations(parts, paths, "").values() if kind == "officeDocument"), _BOOK)
    book = paths.get(book.casefold(), book)
    placed = {"_rels/.rels": _relations_part([_relation("book", "officeDocument", _BOOK)])}
    if book in parts:
        placed[_BOOK] = parts[book]
    lines: list[str] = []
    for at, (relation_id, (kind, path)) in enumerate(_relations(parts, paths, book).items()):
        place = f"xl/{kind}s/sheet{at}.xml" if kind in _SHEET_KINDS else _PLACES.get(kind)
        if place is None:
            continue
        if place in placed:
            raise Refused(*_DAMAGED)
        if path.casefold() in paths:
            placed[place] = parts[paths[path.casefold()]]
        lines.append(_relation(relation_id, kind, place))
    placed[_BOOK_RELATIONS] = _relations_part(lines)
    return placed


def _relation(relation_id: str, kind: str, path: str) -> str:
    return f'<Relationship Id={quoteattr(relation_id)} Type="{_OFFICE}/{kind}" Target="/{path}"/>'


def _relations_part(lines: Sequence[str]) -> bytes:
    return f"<Relationships>{''.join(lines)}</Relationships>".encode()


def _relations(parts: Mapping[str, bytes], paths: Mapping[str, str], part: str) -> Mapping[str, tuple[str, str]]:
    """What a part, or with "" the package itself, refers to: id → (last word of the type, path)."""
    folder, name = posixpath.split(part)
    place = paths.get(posixpath.join(folder, "_rels", f"{name}.rels").casefold(), "")
    return _relations_in(parts.get(place, b"<none/>"), folder)


@remembered
def _relations_in(relations: bytes, folder: str) -> Mapping[str, tuple[str, str]]:
    found: dict[str, tuple[str, str]] = {}

    def start(written: str, said: dict[str, str]) -> None:
        if written.rpartition(":")[2] != "Relationship" or said.get("TargetMode") == "External":
            return
        if said["Id"] in found:
            raise Refused(*_DAMAGED)
        path = posixpath.normpath(posixpath.join("/", folder, said["Target"])).lstrip("/")
        found[said["Id"]] = said["Type"].rpartition("/")[2], path

    parser = expat.ParserCreate("UTF-8")
    parser.StartElementHandler = start
    try:
        if relations.count(b"<") > _MOST_RELATIONS:
            raise Refused(*_DAMAGED)
        parser.Parse(relations, True)
    except (expat.ExpatError, KeyError):
        raise Refused(*_DAMAGED) from None
    return found


def _stored(parts: Mapping[str, bytes]) -> bytes:
    """An archive of these parts, not compressed."""
    pieces: list[bytes] = []
    directory: list[bytes] = []
    at = 0
    for name, part in parts.items():
        raw = name.encode()
        size = len(part)
        facts = struct.pack("<HHHHHIIIHH", 20, _NAME_IS_UTF8, 0, 0, 0x21, zlib.crc32(part), size, size, len(raw), 0)
        pieces += [_ZIP, facts, raw, part]
        directory += [b"PK\x01\x02\x14\0", facts, struct.pack("<HHHII", 0, 0, 0, 0, at), raw]
        at += len(_ZIP) + len(facts) + len(raw) + size
    central = b"".join(directory)
    end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, len(parts), len(parts), len(central), at, 0)
    return b"".join([*pieces, central, end])
