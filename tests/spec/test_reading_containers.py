"""S01: what is no workbook, or none that can be opened without harm, is refused with its own plain words."""

import re
import struct
import time
import warnings
from io import BytesIO
from pathlib import Path
from xml.sax.saxutils import escape
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZIP_LZMA, ZIP_STORED, ZipFile

import pytest
from reading import (
    BOOK,
    BOOK_RELATIONS,
    BVTE_01,
    BVTE_06,
    CLEAN,
    SAMPLES,
    STRINGS,
    TYPES,
    only_fault,
    packed,
    parts,
    read,
    replaced,
    typed,
    with_cells,
    with_parts,
)

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def utf_16(part: bytes) -> bytes:
    return part.decode().replace("UTF-8", "UTF-16").encode("utf-16")


def ole_with(stream: str) -> bytes:
    return OLE + bytes(504) + stream.encode("utf-16-le") + bytes(1024)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        pytest.param(b"", "tệp rỗng", id="nothing at all"),
        pytest.param(CLEAN.read_bytes()[:12_000], "cắt cụt", id="truncated"),
        pytest.param(CLEAN.read_bytes()[:-1], "hỏng", id="its last byte is missing"),
        pytest.param(b"%PDF-1.7\n", "PDF", id="a PDF"),
        pytest.param(b"\xff\xd8\xff\xe0 JFIF", "ảnh", id="a photograph of the report"),
        pytest.param(b"Rar!\x1a\x07", "tệp nén", id="a RAR archive"),
        pytest.param(b"\xef\xbb\xbfTT,M\xc3\xa3 s\xe1\xbb\x91\n1,0100", "CSV", id="a CSV"),
        pytest.param("TT\tMã số\n".encode("utf-16"), "CSV", id="text in UTF-16"),
        pytest.param(b"<html><body><table>", "HTML", id="an HTML table"),
        pytest.param(
            b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">',
            "XML 2003",
            id="an XML spreadsheet",
        ),
        pytest.param(bytes(range(256)), "không phải là bảng tính", id="bytes that say nothing"),
        pytest.param(ole_with("EncryptedPackage"), "mật khẩu", id="encrypted"),
        pytest.param(ole_with("Workbook"), ".xls kiểu cũ", id="an old .xls"),
        pytest.param(ole_with("Book"), ".xls kiểu cũ", id="an even older .xls"),
        pytest.param(ole_with("WordDocument"), "Word", id="an old Word document"),
        pytest.param(ole_with("\x05SummaryInformation"), "Office kiểu cũ", id="another old Office document"),
        pytest.param(packed({"báo cáo.xlsx": CLEAN.read_bytes()}), "tệp nén chứa tệp khác", id="a zip of workbooks"),
        pytest.param(packed({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet"}), ".ods", id="an .ods"),
        pytest.param(
            packed({TYPES: b"application/vnd.ms-excel.sheet.binary.macroEnabled.main"}), ".xlsb", id="an .xlsb"
        ),
        pytest.param(packed({TYPES: b"wordprocessingml.document.main+xml"}), "Word", id="a .docx"),
        pytest.param(packed({TYPES: b"presentationml.presentation.main+xml"}), "trình chiếu", id="a .pptx"),
        pytest.param(packed({TYPES: b"spreadsheetml.template.main+xml"}), ".xltx", id="an .xltx"),
        pytest.param(packed({TYPES: b"<Types/>"}), "không phải là bảng tính", id="another package"),
    ],
)
def test_a_file_that_is_no_workbook_is_told_what_it_is(data, words):
    assert words in only_fault(data, "S01")


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(with_parts(**{"xl/vbaProject.bin": b"x"}), id="a macro project"),
        pytest.param(
            replaced(TYPES, "openxmlformats-officedocument.spreadsheetml.sheet", "ms-excel.sheet.macroEnabled"),
            id="declared as .xlsm",
        ),
        pytest.param(with_parts(**{"xl/macrosheets/sheet1.xml": b"<x/>"}), id="a macro sheet of Excel 4"),
        pytest.param(
            replaced(
                BOOK_RELATIONS, "</Relationships>", '<Relationship Type="x/vbaProject" Target="a"/></Relationships>'
            ),
            id="a macro project under another name",
        ),
        pytest.param(
            packed(
                parts()
                | {
                    BOOK_RELATIONS: utf_16(
                        parts()[BOOK_RELATIONS].replace(
                            b"</Relationships>", b'<Relationship Type="x/vbaProject" Target="a"/></Relationships>'
                        )
                    )
                }
            ),
            id="a macro project named in UTF-16",
        ),
    ],
)
def test_a_workbook_with_macros_is_refused(data):
    assert "macro" in only_fault(data, "S01")


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(with_parts(**{"xl/embeddings/oleObject1.bin": b"x"}), id="an embedded object"),
        pytest.param(with_parts(**{"xl/activeX/activeX1.xml": b"<x/>"}), id="an ActiveX control"),
        pytest.param(with_parts(**{"xl/media/image1.png": OLE}), id="an OLE file that calls itself a picture"),
    ],
)
def test_a_workbook_with_embedded_objects_is_refused(data):
    assert "đối tượng nhúng" in only_fault(data, "S01")


DOCTYPE = '<!DOCTYPE worksheet [<!ENTITY e SYSTEM "file:///etc/passwd">]><worksheet/>'


@pytest.mark.parametrize(
    "part",
    [
        pytest.param({BVTE_06: DOCTYPE.encode()}, id="in a sheet"),
        pytest.param({BVTE_06: ("\ufeff" + DOCTYPE).encode()}, id="behind a byte order mark"),
        pytest.param({BVTE_06: DOCTYPE.encode("utf-16")}, id="in UTF-16"),
        pytest.param({BVTE_06: DOCTYPE.encode("utf-16-be")}, id="in UTF-16 without a mark"),
        pytest.param({"xl/drawings/drawing1.xml": DOCTYPE.encode()}, id="in a drawing"),
        pytest.param({"xl/media/image1.svg": b'<?xml version="1.0"?>\n' + DOCTYPE.encode()}, id="in a picture"),
        pytest.param({"_rels/.rels": DOCTYPE.encode()}, id="in the relations"),
    ],
)
def test_a_document_type_definition_is_refused_wherever_it_stands(part):
    assert "DTD" in only_fault(with_parts(**part), "S01")


def test_the_words_of_a_document_type_definition_in_a_note_do_no_harm():
    assert not read(with_cells("BVTE-06", B23="<!DOCTYPE html>")).faults


@pytest.mark.parametrize("encoding", ["UTF-7", "windows-1258", "UTF-16"])
def test_a_part_in_an_unknown_or_wrong_encoding_is_refused(encoding):
    assert "bảng mã" in only_fault(replaced(BVTE_06, "UTF-8", encoding), "S01")


def test_a_workbook_in_utf_16_reads_the_same():
    content = {name: utf_16(part) if name.endswith((".xml", ".rels")) else part for name, part in parts().items()}
    assert read(packed(content)) == read(CLEAN)


def test_the_strict_variant_of_the_format_reads_the_same():
    schema, relations = b"http://schemas.openxmlformats.org/", b"officeDocument/2006/relationships"
    content = {
        name: part.replace(
            schema + b"spreadsheetml/2006/main", b"http://purl.oclc.org/ooxml/spreadsheetml/main"
        ).replace(schema + relations, b"http://purl.oclc.org/ooxml/officeDocument/relationships")
        for name, part in parts().items()
    }
    assert read(packed(content)) == read(CLEAN)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(packed(parts(), ZIP_STORED), id="not compressed"),
        pytest.param(packed({name.replace("/", "\\"): part for name, part in parts().items()}), id="backslashes"),
        pytest.param(CLEAN.read_bytes() + b"\r\n", id="a mail gateway added an empty line"),
        pytest.param(typed(lambda workbook: workbook.create_chartsheet("Biểu đồ")), id="a sheet that is a chart"),
        pytest.param(typed(lambda workbook: [workbook.create_sheet() for _ in range(43)]), id="exactly 50 sheets"),
    ],
)
def test_what_makes_no_difference_to_a_reader_makes_none_here(data):
    assert read(data) == read(CLEAN)


MOVED = {
    STRINGS: ("xl/strings/texts.xml", "strings/texts.xml"),
    "xl/styles.xml": ("look/styles2.xml", "../look/styles2.xml"),
    BVTE_06: ("xl/chartsheets/last.xml", "/xl/chartsheets/last.xml"),
}


def moved(**more: bytes) -> bytes:
    """The clean workbook with its parts elsewhere, as its relations say; decoys may take their places."""
    content = parts()
    for name, (path, target) in MOVED.items():
        content[path] = content.pop(name)
        old = f'Target="{name.removeprefix("xl/")}"'.encode()
        assert old in content[BOOK_RELATIONS]
        content[BOOK_RELATIONS] = content[BOOK_RELATIONS].replace(old, f'Target="{target}"'.encode())
        content[TYPES] = content[TYPES].replace(f"/{name}".encode(), f"/{path}".encode())
    return packed(content | more)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(moved(), id="elsewhere"),
        pytest.param(
            moved(**{STRINGS: b"<sst><si><t>5</t></si></sst>", "xl/styles.xml": b"<styleSheet/>"}),
            id="others in their places",
        ),
        pytest.param(
            packed(
                {name.replace("xl/", "book/", 1): part for name, part in parts().items()}
                | {"_rels/.rels": parts()["_rels/.rels"].replace(b"xl/workbook", b"book/workbook")}
            ),
            id="all in another folder",
        ),
    ],
)
def test_parts_are_found_by_their_relations_wherever_they_lie(data):
    assert read(data) == read(CLEAN)


@pytest.mark.parametrize("kind", ["sharedStrings", "styles"])
def test_a_part_of_which_there_are_two_is_refused(kind):
    line = f'<Relationship Id="two" Type="x/{kind}" Target="other.xml"/></Relationships>'
    assert "hỏng" in only_fault(replaced(BOOK_RELATIONS, "</Relationships>", line), "S01")


def test_a_workbook_streamed_with_zip64_headers_reads_the_same():
    target = BytesIO()
    with ZipFile(target, "w", ZIP_DEFLATED) as archive:
        for name, part in parts().items():
            with archive.open(name, "w", force_zip64=True) as entry:
                entry.write(part)
    assert read(target.getvalue()) == read(CLEAN)


def flag_as_encrypted(data: bytes) -> bytes:
    content, at = bytearray(data), -1
    while (at := content.find(b"PK\x01\x02", at + 1)) >= 0:
        content[at + 8] |= 1
    return bytes(content)


def overlapping(data: bytes) -> bytes:
    """The second entry of the directory points at the bytes of the first."""
    content = bytearray(data)
    first = content.find(b"PK\x01\x02")
    second = content.find(b"PK\x01\x02", first + 4)
    content[second + 42 : second + 46] = content[first + 42 : first + 46]
    return bytes(content)


def with_a_part_twice() -> bytes:
    target = BytesIO(CLEAN.read_bytes())
    with ZipFile(target, "a") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        archive.writestr(BVTE_06, b"<worksheet/>")
    return target.getvalue()


def with_a_flipped_bit() -> bytes:
    content = bytearray(CLEAN.read_bytes())
    content[9_000] ^= 1
    return bytes(content)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        pytest.param(with_a_flipped_bit(), "hỏng", id="a flipped bit"),
        pytest.param(with_a_part_twice(), "có hai lần", id="a part that stands twice"),
        pytest.param(overlapping(CLEAN.read_bytes()), "hỏng", id="parts that overlap"),
        pytest.param(flag_as_encrypted(CLEAN.read_bytes()), "mật khẩu", id="a zip with a password"),
        pytest.param(packed(parts(), ZIP_LZMA), "nén theo cách", id="compressed with LZMA"),
        pytest.param(packed(parts(), ZIP_BZIP2), "nén theo cách", id="compressed with bzip2"),
        pytest.param(
            packed({name: part for name, part in parts().items() if name != BVTE_06}), "hỏng", id="a sheet is gone"
        ),
        pytest.param(
            packed({name: part for name, part in parts().items() if name != STRINGS}), "hỏng", id="its texts are gone"
        ),
        pytest.param(
            packed({name: part for name, part in parts().items() if name != BOOK}), "không có trang", id="no book"
        ),
        pytest.param(with_parts(**{BVTE_06: parts()[BVTE_06][:2_000]}), "hỏng", id="a sheet breaks off"),
        pytest.param(
            replaced(BVTE_06, "</sheetData>", '<row r="40"><c r="E8"><v>5</v></c></row></sheetData>'),
            "một ô có hai lần",
            id="a cell that stands twice",
        ),
        pytest.param(
            replaced(BVTE_06, "</sheetData>", '<row r="40"><c r="A99999999999"><v>5</v></c></row></sheetData>'),
            "địa chỉ ô",
            id="a cell beyond every sheet",
        ),
        pytest.param(replaced(BVTE_06, 'ref="A2:E2"', 'ref="merged"'), "hỏng", id="a merged range that is none"),
    ],
)
def test_a_damaged_workbook_is_refused(data, words):
    assert words in only_fault(data, "S01")


def big_sheet(cells: bytes) -> bytes:
    return with_parts(**{BVTE_06: parts()[BVTE_06].replace(b"</sheetData>", cells + b"</sheetData>")})


FAR = [
    pytest.param('<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>', id="as everybody writes it"),
    pytest.param("<row r='1048576'><c r='XFD1048576'><v>1</v></c></row>", id="single quotes"),
    pytest.param('<row r="1048576"><c s="1" r = "XFD1048576"><v>1</v></c></row>', id="attributes in another order"),
    pytest.param('<row r="1048576"><x:c xmlns:x="m" r="XFD1048576"><x:v>1</x:v></x:c></row>', id="with a prefix"),
    pytest.param('<row r="1048575"/><row><c r="XFC1048576"/><c><v>1</v></c></row>', id="counted on from the last"),
]


@pytest.mark.parametrize("row", FAR)
def test_a_value_in_the_last_corner_of_a_sheet_is_refused_before_it_fills_the_memory(row):
    assert "quá xa" in only_fault(big_sheet(row.encode()), "S01")


def test_a_border_in_the_last_corner_of_a_sheet_is_no_value():
    assert not read(big_sheet(b'<row r="1048576"><c r="XFD1048576" s="1"/></row>')).faults


def test_a_report_with_a_long_list_of_villages_is_still_read():
    def change(workbook):
        sheet = workbook.create_sheet("Danh sách thôn")
        for number in range(2_000):
            sheet.append([f"Thôn {number}", number])

    assert not read(typed(change)).faults


def test_a_large_file_is_refused_without_being_read(tmp_path: Path):
    path = tmp_path / "report.xlsx"
    with path.open("wb") as file:
        file.truncate(100_000_000_000)
    assert "20 MB" in only_fault(path, "S01")


def fifty_times(cells: bytes) -> bytes:
    content = parts()
    content[BVTE_06] = content[BVTE_06].replace(b"</sheetData>", cells + b"</sheetData>")
    lines = re.findall(rb'<sheet name="BVTE-06"[^>]*/>', content[BOOK])
    assert len(lines) == 1
    more = b"".join(lines[0].replace(b'"BVTE-06"', b'"%d"' % number) for number in range(43))
    content[BOOK] = content[BOOK].replace(b"</sheets>", more + b"</sheets>")
    return packed(content)


HOSTILE = {
    "one part inflates to 80 MB": lambda: with_parts(**{"xl/media/a.xml": b"<a>" + bytes(80_000_000)}),
    "thirty parts inflate to 90 MB": lambda: with_parts(**{f"xl/media/{n}": bytes(3_000_000) for n in range(30)}),
    "five thousand parts": lambda: with_parts(**{f"x/{number}": b"" for number in range(5_000)}),
    "more than 50 sheets": lambda: typed(lambda workbook: [workbook.create_sheet() for _ in range(44)]),
    "two million cells without an address": lambda: big_sheet(
        b'<row r="99">' + b"<c><v>1</v></c>" * 2_000_000 + b"</row>"
    ),
    "three million tags that are written anew": lambda: big_sheet(b"<!-- -->" + b"<a></a>" * 1_500_000),
    "one large sheet fifty times": lambda: fifty_times(
        b"".join(b'<row r="%d"><c r="CV%d"><v>1</v></c></row>' % (row, row) for row in range(99, 9_000))
    ),
    "half a million rows": lambda: big_sheet(
        b"".join(b'<row r="%d"><c r="A%d"><v>1</v></c></row>' % (row, row) for row in range(99, 500_000))
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_workbook_costs_little(name):
    data = HOSTILE[name]()
    start = time.perf_counter()
    only_fault(data, "S01")
    assert time.perf_counter() - start < 5


MANY = 2_000_000
LONG = {
    "spaces behind a formula": b'<c r="E40"><f>1</f>' + b" " * MANY + b"<v>1</v></c>",
    "spaces within a value": b'<c r="E40"><f>1</f><v>' + b" " * MANY + b"1</v></c>",
    "spaces within a tag": b'<c r="E40"' + b" " * MANY + b"><f>1</f></c>",
    "spaces before an address": b"<c r" + b" " * MANY + b'= "E40"><v>1</v></c>',
    "spaces before a type": b'<c r="E40" t' + b" " * MANY + b'="e"><v>1</v></c>',
    "a long formula": b'<c r="E40"><f>' + b"1+" * (MANY // 2) + b"</f><v>1</v></c>",
    "a long value": b'<c r="E40" t="str"><v>' + b"1 " * (MANY // 2) + b"</v></c>",
    "a long comment": b"<!--" + b" <c" * (MANY // 3) + b"-->",
    "a long prefix": b"<" + b"a." * (MANY // 2) + b":c/>",
    "a long attribute": b'<c r="E40" x="' + b" t='" * (MANY // 4) + b'"/>',
    "a figure of many groups": b'<c r="E40" t="str"><v>' + b"1.2," * (MANY // 4) + b"</v></c>",
}


def takes_less_than_a_second(work):
    """Once in three times: a slow moment of the machine says nothing of the reader."""

    def seconds():
        start = time.process_time()
        work()
        return time.process_time() - start

    return any(seconds() < 1 for _ in range(3))


@pytest.mark.parametrize("name", LONG)
def test_two_million_characters_in_a_row_cost_no_second(name):
    data = big_sheet(b'<row r="40">' + LONG[name] + b"</row>")
    assert takes_less_than_a_second(lambda: read(data))


@pytest.mark.parametrize("sign", [" ", "1", "-", "&", '&"', "a.", "1.2", "a@", "01/2020-", "#", "x ", "0 ", "1a1-"])
def test_two_million_characters_in_a_figure_cell_cost_no_second(sign):
    text = sign * (MANY // len(sign))
    assert takes_less_than_a_second(lambda: read(with_cells_text(text)))


def with_cells_text(text: str) -> bytes:
    row = f'<c r="E9" t="inlineStr"><is><t>{escape(text)}</t></is></c>'
    sheet, count = re.subn(rb'<c r="E9"[^>]*><v>632</v></c>', lambda _: row.encode(), parts()[BVTE_01])
    assert count == 1
    return with_parts(**{BVTE_01: sheet})


@pytest.mark.parametrize("part", ["xl/comments1.xml", "docProps/core.xml", "xl/drawings/drawing1.xml", "xl/a.rels"])
@pytest.mark.parametrize(
    "text", [" ", "<", '<comment ref="', "<x:", " v='", ' v= "', '<creator a="', "&", "&#9", " Target='tel:", "<f>"]
)
def test_two_million_characters_beside_the_sheets_cost_no_second(part, text):
    data = with_parts(**{part: b'<x><comment ref="A1">' + text.encode() * (MANY // len(text))})
    assert takes_less_than_a_second(lambda: read(data))


@pytest.mark.parametrize("part", ["xl/comments1.xml", "docProps/core.xml", STRINGS])
def test_a_character_reference_of_many_digits_breaks_nothing(part):
    data = with_parts(**{part: b"<sst><comment ref='A1'><si><t>&#" + b"9" * 5_000 + b";</t></si></comment></sst>"})
    read(data)


@pytest.mark.parametrize("text", [b"1 ", b"12-", b"1.234.", b"0912 ", b"a@"])
def test_fifty_megabytes_of_text_cost_little(text):
    strings = b"<si><t>" + text * (50_000_000 // len(text)) + b"</t></si></sst>"
    data = with_parts(**{STRINGS: parts()[STRINGS].replace(b"</sst>", strings)})
    start = time.perf_counter()
    only_fault(data, "S11")
    assert time.perf_counter() - start < 10


def test_every_byte_may_be_wrong_and_nothing_breaks():
    content = CLEAN.read_bytes()
    for at in range(0, len(content), 97):
        read(content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1 :])
    for at in range(0, len(content), 499):
        assert "S01" in {fault.rule_code for fault in read(content[:at]).faults}


def test_a_directory_that_lies_about_sizes_gains_nothing():
    content = bytearray(with_parts(**{"xl/media/a.bin": bytes(70_000_000)}))
    at = content.rfind(b"PK\x01\x02")
    content[at + 24 : at + 28] = struct.pack("<I", 10)
    assert "64 MB" in only_fault(bytes(content), "S01")


@pytest.mark.parametrize("name", ["20791/BVTE_20791_2025-A1.xlsx", "22207/BVTE_22207_2025-A1.xls"])
def test_the_english_words_say_the_same(name):
    assert read(SAMPLES / "inbox" / name).faults[0].en in (
        "the file is protected by a password",
        "the file is an old .xls, not an .xlsx",
    )


def test_error_values_are_no_empty_cells_and_do_no_harm():
    row = parts()[BVTE_01].split(b'<c r="E9"')[1].split(b"</c>")[0].decode()
    for error in ("#DIV/0!", "#SPILL!", "#N/A"):
        reading = read(replaced(BVTE_01, f'<c r="E9"{row}', f'<c r="E9" t="e"><v>{error}</v>'))
        assert not reading.faults
        assert (error, "error") in set(zip(reading.figures.raw_text, reading.figures.reason, strict=True))
