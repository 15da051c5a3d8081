"""The marked copy: what is wrong stands at the cells, and nothing else has changed."""

import csv
import posixpath
import re
import zipfile
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.comments import Comment
from python_calamine import CalamineWorkbook

from tally.contracts.load import load_contracts
from tally.contracts.model import Contracts
from tally.exports.marked import FILLS, SIGNATURE, Mark, MarkingError, marked_workbook
from tally.intake.personal_data import holds_personal_data
from tally.intake.workbook import read_workbook
from tally.vocabulary import CellState, Severity

SAMPLES = Path(__file__).resolve().parents[1] / "field_samples"
CLEAN = SAMPLES / "inbox" / "26740" / "BVTE_26740_2025-A1.xlsx"
WITH_FORMULAS = SAMPLES / "inbox" / "18685" / "BVTE_18685_2025-A1.xlsx"
MERGED = SAMPLES / "inbox" / "10750" / "BVTE_10750_2025-A1.xlsx"
WRONG = Mark("BVTE-02", "E9", Severity.CRITICAL, "E9 = 5; E10 + E11 = 4; hãy cộng lại.")
DOUBTFUL = Mark("BVTE-02", "E9", Severity.WARNING, "Số lớn; hãy kiểm tra lại.")


@pytest.fixture(scope="module")
def contracts() -> Contracts:
    return load_contracts(SAMPLES.parents[1] / "contracts")


def wrong_cells() -> list[tuple[str, list[tuple[str, str]]]]:
    """(path, [(sheet, cell)]) of every sample whose cells are found wrong."""
    with (SAMPLES / "expected.csv").open(encoding="utf-8", newline="") as file:
        rows = [(row["path"], re.findall(r"@(.+?)!(\w+)", row["rules"])) for row in csv.DictReader(file)]
    return [(path, cells) for path, cells in rows if cells]


def values(content: bytes) -> dict[str, list[list[object]]]:
    """Every sheet as the intake sees it."""
    book = CalamineWorkbook.from_filelike(BytesIO(content))
    return {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names}


def comments(book: Workbook | bytes) -> dict[tuple[str, str], str]:
    return {
        (sheet.title, cell.coordinate): cell.comment.text
        for sheet in (load_workbook(BytesIO(book)) if isinstance(book, bytes) else book)
        for row in sheet.iter_rows()
        for cell in row
        if cell.comment
    }


def colour(content: bytes, sheet: str, cell: str) -> str:
    return load_workbook(BytesIO(content))[sheet][cell].fill.fgColor.rgb


def formulas(book: Workbook) -> dict[str, dict[str, object]]:
    return {sheet.title: {cell.coordinate: cell.value for row in sheet.iter_rows() for cell in row} for sheet in book}


@pytest.mark.parametrize(("path", "cells"), [pytest.param(*one, id=one[0][6:]) for one in wrong_cells()])
def test_comments_stand_on_exactly_the_wrong_cells(path: str, cells: list[tuple[str, str]]) -> None:
    original = (SAMPLES / path).read_bytes()
    marked = marked_workbook(original, [Mark(sheet, cell, Severity.CRITICAL, f"{cell} sai") for sheet, cell in cells])
    before, after = load_workbook(BytesIO(original)), load_workbook(BytesIO(marked))
    merged = {sheet.title: sheet.merged_cells.ranges for sheet in before}
    shown = {
        (sheet, next((found.start_cell.coordinate for found in merged[sheet] if cell in found), cell))
        for sheet, cell in cells
    }
    assert set(comments(after)) == shown
    assert {after[sheet][cell].fill.fgColor.rgb for sheet, cell in shown} == {FILLS[Severity.CRITICAL]}
    assert values(marked) == values(original)
    assert formulas(after) == formulas(before)


@pytest.mark.parametrize(("path", "cells"), [pytest.param(*one, id=one[0][6:]) for one in wrong_cells()])
def test_a_marked_copy_sent_back_as_it_is_reads_as_the_original(
    path: str, cells: list[tuple[str, str]], contracts: Contracts
) -> None:
    original = (SAMPLES / path).read_bytes()
    marks = [Mark(sheet, cell, Severity.CRITICAL, f"Ô {cell} ghi 123456789; hãy sửa.") for sheet, cell in cells]
    assert read_workbook(marked_workbook(original, marks), contracts) == read_workbook(original, contracts)


def test_a_marked_copy_that_was_corrected_has_nothing_wrong(contracts: Contracts) -> None:
    original = (SAMPLES / "inbox" / "29158" / "BVTE_29158_2025-A1.xlsx").read_bytes()
    book = load_workbook(BytesIO(marked_workbook(original, [Mark("BVTE-03", "G23", Severity.CRITICAL, "là số âm")])))
    book["BVTE-03"]["G23"] = 0
    saved = BytesIO()
    book.save(saved)
    before, after = read_workbook(original, contracts), read_workbook(saved.getvalue(), contracts)
    assert CellState.UNREADABLE in before.figures.state
    assert CellState.UNREADABLE not in after.figures.state
    assert after.faults == ()


def test_parts_that_hold_no_mark_are_the_same_bytes() -> None:
    original = CLEAN.read_bytes()
    before, after = zipfile.ZipFile(BytesIO(original)), zipfile.ZipFile(BytesIO(marked_workbook(original, [WRONG])))
    changed = {name for name in before.namelist() if before.read(name) != after.read(name)}
    assert changed == {"[Content_Types].xml", "xl/styles.xml", "xl/worksheets/sheet3.xml"}


def test_formulas_keep_their_stored_values() -> None:
    original = WITH_FORMULAS.read_bytes()
    marked = marked_workbook(original, [WRONG])
    stored = [load_workbook(BytesIO(content), data_only=True)["BVTE-02"]["E9"].value for content in (original, marked)]
    assert stored[0] is not None
    assert stored[0] == stored[1]


def test_several_findings_of_a_cell_are_one_comment_in_the_colour_of_the_worst() -> None:
    marked = marked_workbook(CLEAN.read_bytes(), [DOUBTFUL, WRONG])
    assert comments(marked) == {("BVTE-02", "E9"): f"{SIGNATURE}\n• {WRONG.text}\n• {DOUBTFUL.text}"}
    assert colour(marked, "BVTE-02", "E9") == FILLS[Severity.CRITICAL]


def test_what_must_be_mended_is_reddish_and_what_must_be_looked_at_is_yellow() -> None:
    marked = marked_workbook(CLEAN.read_bytes(), [WRONG, replace(DOUBTFUL, cell_address="E10")])
    _, red, green, blue = bytes.fromhex(colour(marked, "BVTE-02", "E9"))
    assert red > green == blue
    _, red, green, blue = bytes.fromhex(colour(marked, "BVTE-02", "E10"))
    assert min(red, green) > blue + 0x40


def test_a_note_on_the_cover_colours_nothing() -> None:
    original = CLEAN.read_bytes()
    marked = marked_workbook(original, [Mark("TT chung", "A1", Severity.INFO, "Kết quả: trả lại")])
    assert colour(marked, "TT chung", "A1") == colour(original, "TT chung", "A1")
    assert list(comments(marked)) == [("TT chung", "A1")]


def test_a_mark_inside_a_merged_range_stands_where_it_is_seen() -> None:
    marks = [Mark("BVTE-05", cell, Severity.CRITICAL, f"{cell} bị gộp") for cell in ("F12", "G12")]
    marked = marked_workbook(MERGED.read_bytes(), marks)
    assert comments(marked) == {("BVTE-05", "F12"): f"{SIGNATURE}\n• F12 bị gộp\n• G12 bị gộp"}


def test_a_cell_that_the_file_leaves_out_is_marked_too() -> None:
    book = Workbook()
    book.active["B2"] = 7
    saved = BytesIO()
    book.save(saved)
    places = ["A1", "A2", "B2", "D2", "B5"]
    marked = marked_workbook(saved.getvalue(), [Mark("Sheet", at, Severity.WARNING, "trống") for at in places])
    assert set(comments(marked)) == {("Sheet", at) for at in places}
    assert {colour(marked, "Sheet", at) for at in places} == {FILLS[Severity.WARNING]}
    assert load_workbook(BytesIO(marked)).active["B2"].value == 7


@pytest.fixture
def with_a_comment_of_its_own() -> bytes:
    book = load_workbook(CLEAN)
    book["BVTE-02"]["E9"].comment = Comment("đã hỏi công an xã", "Lan")
    book["BVTE-02"]["F9"].comment = Comment("số của <trường>", "Lan")
    saved = BytesIO()
    book.save(saved)
    return saved.getvalue()


def test_comments_of_the_sender_are_kept(with_a_comment_of_its_own: bytes) -> None:
    marked = marked_workbook(with_a_comment_of_its_own, [WRONG])
    assert comments(marked) == {
        ("BVTE-02", "E9"): f"đã hỏi công an xã\n\n{SIGNATURE}\n{WRONG.text}",
        ("BVTE-02", "F9"): "số của <trường>",
    }


def test_marks_of_an_earlier_copy_are_taken_away_when_it_is_marked_again(with_a_comment_of_its_own: bytes) -> None:
    other = Mark("BVTE-05", "E8", Severity.WARNING, "kiểm tra")
    marked = marked_workbook(marked_workbook(with_a_comment_of_its_own, [WRONG]), [other])
    assert comments(marked) == {
        ("BVTE-02", "E9"): "đã hỏi công an xã",
        ("BVTE-02", "F9"): "số của <trường>",
        ("BVTE-05", "E8"): f"{SIGNATURE}\nkiểm tra",
    }
    assert colour(marked, "BVTE-02", "E9") not in FILLS.values()
    assert values(marked) == values(CLEAN.read_bytes())


def test_a_comment_never_holds_what_could_pass_for_personal_data() -> None:
    text = "E8 = 123.456.789 và 0912 345 678; ghi a.b@c.vn; dòng 0102–0115; hãy sửa."
    [comment] = comments(marked_workbook(CLEAN.read_bytes(), [Mark("BVTE-01", "E8", Severity.CRITICAL, text)])).values()
    assert comment == f"{SIGNATURE}\nE8 = (số lớn) và (số lớn); ghi (…) dòng 0102–0115; hãy sửa."
    assert not holds_personal_data(comment)


def test_the_same_marks_give_the_same_bytes() -> None:
    original = CLEAN.read_bytes()
    assert marked_workbook(original, [WRONG, DOUBTFUL]) == marked_workbook(original, [WRONG, DOUBTFUL])


def rewritten(change: dict[str, tuple[bytes, bytes]]) -> bytes:
    """The clean sample with some bytes of some parts replaced."""
    written = BytesIO()
    with zipfile.ZipFile(CLEAN) as source, zipfile.ZipFile(written, "w") as target:
        for name in source.namelist():
            target.writestr(name, source.read(name).replace(*change.get(name, (b"\0", b""))))
    return written.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"PK\x03\x04 cut short", id="no package"),
        pytest.param(CLEAN.read_bytes()[:10_000], id="truncated"),
        pytest.param(rewritten({"xl/worksheets/sheet3.xml": (b"<worksheet", b"<!DOCTYPE x><worksheet")}), id="doctype"),
        pytest.param(rewritten({"xl/worksheets/sheet3.xml": (b'r="A8"', b'r="!"')}), id="a cell that is nowhere"),
        pytest.param(rewritten({"xl/worksheets/sheet3.xml": (b"</sheetData>", b"")}), id="not well formed"),
        pytest.param(rewritten({"xl/styles.xml": (b"cellXfs", b"formats")}), id="no cell formats"),
        pytest.param(rewritten({"xl/_rels/workbook.xml.rels": (b"sheet3.xml", b"sheet9.xml")}), id="a sheet astray"),
        pytest.param(
            rewritten({"xl/worksheets/sheet3.xml": (b"<row ", b" " * 5_000_000 + b"<row ")}), id="too large to patch"
        ),
    ],
)
def test_a_workbook_that_cannot_be_marked_says_so(content: bytes) -> None:
    with pytest.raises(MarkingError):
        marked_workbook(content, [WRONG])


def test_a_part_that_is_not_in_utf_8_cannot_be_marked() -> None:
    sheet = zipfile.ZipFile(CLEAN).read("xl/worksheets/sheet3.xml")
    with pytest.raises(MarkingError, match="UTF-8"):
        marked_workbook(rewritten({"xl/worksheets/sheet3.xml": (sheet, sheet.decode().encode("utf-16"))}), [WRONG])


# ECMA-376 part 1, CT_Worksheet
ORDER = [
    "sheetPr", "dimension", "sheetViews", "sheetFormatPr", "cols", "sheetData", "sheetProtection", "autoFilter",
    "mergeCells", "conditionalFormatting", "dataValidations", "hyperlinks", "printOptions", "pageMargins", "pageSetup",
    "headerFooter", "rowBreaks", "ignoredErrors", "drawing", "legacyDrawing", "legacyDrawingHF", "picture",
    "oleObjects", "controls", "tableParts", "extLst",
]  # fmt: skip


@pytest.mark.parametrize("content", [
    pytest.param(WITH_FORMULAS.read_bytes(), id="formulas"),
    pytest.param(MERGED.read_bytes(), id="merged cells"),
    pytest.param(
        rewritten({"xl/worksheets/sheet3.xml": (b"</worksheet>", b'<tableParts count="0"/></worksheet>')}), id="tables"
    ),
])  # fmt: skip
def test_a_marked_copy_is_a_package_as_excel_wants_it(content: bytes) -> None:
    marks = [replace(WRONG, sheet_name=f"BVTE-0{form}") for form in range(1, 7)]
    package = zipfile.ZipFile(BytesIO(marked_workbook(content, marks)))
    parts = {name: ElementTree.fromstring(package.read(name)) for name in package.namelist()}
    declared = {child.get("PartName") or child.get("Extension") for child in parts["[Content_Types].xml"]}
    for name, root in parts.items():
        assert name == "[Content_Types].xml" or {f"/{name}", name.rpartition(".")[2]} & declared, name
        links = {link.get("Id"): link.get("Target") for link in root if link.tag.endswith("}Relationship")}
        for target in links.values():
            folder = posixpath.dirname(posixpath.dirname(name))
            assert posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/") in parts
        if name.startswith("xl/worksheets/sheet"):
            tags = [child.tag.rpartition("}")[2] for child in root]
            assert tags == sorted(tags, key=ORDER.index)
            related = {link.get("Id") for link in parts.get(name.replace("sheets/", "sheets/_rels/") + ".rels", ())}
            drawn = [id_ for child in root if child.tag.endswith("}legacyDrawing") for id_ in child.attrib.values()]
            assert len(drawn) == (name != "xl/worksheets/sheet1.xml")
            assert set(drawn) <= related


def test_a_sheet_that_is_not_there_cannot_be_marked() -> None:
    with pytest.raises(MarkingError, match="BVTE-09"):
        marked_workbook(CLEAN.read_bytes(), [Mark("BVTE-09", "E9", Severity.CRITICAL, "sai")])
