"""S11: somebody's number or address is found wherever it stands, and lawful text is left in peace."""

import re
from datetime import date
from itertools import pairwise

import openpyxl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from openpyxl.comments import Comment
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation
from reading import (
    BVTE_01,
    STRINGS,
    contracts,
    only_fault,
    packed,
    parts,
    read,
    replaced,
    typed,
    with_cells,
    with_parts,
)

from tally.intake.personal_data import holds_personal_data, may_hold_personal_data, number_is_personal

CODES = {"0101", "0102", "0103", "0201", "00004", "00091", "03163", "03164", "26740"}

LAWFUL = [
    "15/12/2024 - 14/06/2025",
    "15.12.2024 - 14.06.2025",
    "15-12-2024 - 14-06-2025",
    "15.12.2024-14.06.2025",
    "từ 01.01.2025 - 30.06.2025",
    "12.2024 - 06.2025",
    "12-2024-06-2025",
    "2024-12-15 - 2025-06-14",
    "2024-12-15T00:00:00Z 2025",
    "QĐ 1863/QĐ-TTg",
    "Điện thoại: 111",
    "Tổng đài 111, 1800 1567, 1900 54 54 16",
    "2.705.000",
    "250.000.000 đồng",
    "250.000.000đ",
    "250.000.000 VND",
    "250000000 VNĐ",
    "VNĐ 250.000.001",
    "123.456.789 đồng",
    "1.234.567.890 đồng",
    "100.123.456 - 250.123.456 đồng",
    "250.123.456đ/em",
    "250 123 456 đ.",
    "250.123.456,50 đồng",
    "kinh phí 250.000.000",
    "250.123.456 triệu đồng",
    "123 456 789 triệu",
    "0101 0102 0103",
    "00004 00091",
    "03163 03164",
    "03163-03164",
    "2023 2024 2025",
    "2021-2025",
    "giai đoạn 2021-2025, 2026-2030",
    "0102…0115",
    "(1) 12 (2) 34 (3) 56 (4) 78",
    "1, 2, 3, 4, 5, 6, 7, 8, 9, 10",
    "1 2 3 4 5 6 7 8 9",
    "1.2.3.4.5.6.7.8.9",
    "1 2 3 4 5 6 7 8 9 10 11 12",
    "Thông tư 13/2021/TT-BLĐTBXH ngày 30/9/2021",
    "120; 115; 130; 200",
    "120 + 115 + 130 = 365",
    "thôn 01 02 03 04 05",
    "12345678",
    "1234567890123",
    "1.234.567.890.123",
    "1234567 8901234",
    "0x01010079F111ED35F8CC479449609E8A0923A6",
    "{12345678-9012-3456-7890-123456789012}A",
    "{A2345678-9012-3456-7890-123456789012}",
    "10:00 15/12/2024",
    "Quyết định số 1234/QĐ-UBND ngày 12.03.2024 và 15.06.2025",
    "1.200 trẻ, 1.150 trẻ, 1.300 trẻ",
    "@",
    "a @ b",
    "BVTE-2025.1",
    "26740",
    "20251214",
    "số 123/2024/QĐ-UBND 456/2024",
    "100 % 200 % 300 %",
]

PERSONAL = [
    "Mọi thắc mắc xin gọi 0912 000 345 (cán bộ trẻ em xã).",
    "Đã xác minh, số định danh 099207001234.",
    "CCCD012345678901",
    "012 345 678 901",
    "012.345.678.901",
    "0123 4567 8901",
    "079 207 001234",
    "079 2 07 001234",
    "123456789",
    "123 456 789",
    "123.456.789",
    "CMND: 123456789.",
    "CMND 123456789 đ/c Thôn 3",
    "CCCD 012345678901 đồng bào Khmer",
    "SĐT 0912345678 đồng thời",
    "0912345678",
    "0912.345.678",
    "0912-345-678",
    "0912 - 345 - 678",
    "091 234 5678",
    "09 12 34 56 78",
    "0912.34.56.78",
    "0 9 1 2 3 4 5 6 7 8",
    "+84912345678",
    "+84 912 345 678",
    "+84 (0) 912 345 678",
    "(+84) 912345678",
    "84 912 345 678",
    "84912345678",
    "0084912345678",
    "(024) 3825 1234",
    "024.3825.1234",
    "024 38251234",
    "02438251234",
    "(0650) 3822 123",
    "0912345678/0987654321",
    "0912345678 - 0987654321",
    "0912 345 678 - 0987 654 321",
    "2024. 0912345678",
    "STT 1 001 234 567 890",
    "1. 0912 345 678",
    "15/12/2024 0912345678",
    "０９１２３４５６７８",
    "0912\u200b345678",
    "0912\u00a0345\u202f678",
    "0912–345–678",
    "abc@xyz.vn",
    "abc＠xyz.vn",
    "abc @ xyz.vn",
    "abc(at)gmail.com",
    "nguyen.van.a@molisa.gov.vn",
    "sđt:0912345678.",
    "(0912345678)",
    "0912345678 250.000.000 đồng",
    "250.000.000 đồng, gọi 0912345678",
    "CCCD 123456789 250.000.000 đồng",
    "0123456789",
    "01234567890",
    "0912345678 Triệu Thị Mai",
    "CMND 123456789 Triệu Thị Mai",
    "https://zalo.me/0912345678",
    "012-345-678-901",
    "em A 123456789, em B",
    "10 987654321",
    "0912345678x",
    "12/2024 0912345678",
    "٠٩١٢٣٤٥٦٧٨",
    "15.12.2024 - 0912345678",
    "𝟎𝟗𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖",
]


@pytest.mark.parametrize("text", LAWFUL)
def test_lawful_text_is_left_in_peace(text):
    assert not holds_personal_data(text, CODES)


@pytest.mark.parametrize("text", PERSONAL)
def test_personal_data_is_found_however_it_is_written(text):
    assert holds_personal_data(text, CODES)
    assert may_hold_personal_data(text)


def grouped(digits: str, lengths: tuple[int, ...], gap: str) -> str:
    cuts = [sum(lengths[:count]) for count in range(len(lengths) + 1)]
    return gap.join(digits[start:end] for start, end in pairwise(cuts))


BEFORE = st.sampled_from(["", "em A, ", "SĐT: ", "(", "ngày 15/12/2024 ", "1. ", "12 trẻ; ", "số ", "https://zalo.me/"])
AFTER = st.sampled_from(["", ".", ")", ", thôn 3", " - em B", "; 12 trẻ", " ngày 15/12/2024", "\nghi chú"])
MOBILE = st.builds("0{}{:08d}".format, st.sampled_from("35789"), st.integers(0, 10**8 - 1))
CITIZEN = st.builds("0{:02d}{:09d}".format, st.integers(1, 96), st.integers(0, 10**9 - 1))


@given(
    BEFORE,
    MOBILE,
    st.sampled_from([(10,), (4, 3, 3), (3, 3, 4), (3, 4, 3), (4, 6), (2, 2, 2, 2, 2)]),
    st.sampled_from([" ", ".", "-", "\u00a0", "–"]),
    AFTER,
)
def test_a_mobile_number_is_found_in_any_sentence(before, digits, lengths, gap, after):
    assert holds_personal_data(before + grouped(digits, lengths, gap) + after, CODES)


@given(BEFORE, MOBILE, st.sampled_from(["+84", "84", "+84 ", "(+84) ", "0084", "+84 (0) ", "+84-"]), AFTER)
def test_a_number_as_it_is_dialled_from_abroad_is_found(before, digits, prefix, after):
    assert holds_personal_data(before + prefix + digits[1:] + after, CODES)


@given(
    BEFORE,
    CITIZEN,
    st.sampled_from([(12,), (3, 3, 3, 3), (4, 4, 4), (3, 3, 6), (3, 1, 2, 6), (6, 6)]),
    st.sampled_from([" ", ".", "\u00a0"]),
    AFTER,
)
def test_a_citizens_number_is_found_in_any_sentence(before, digits, lengths, gap, after):
    assert holds_personal_data(before + grouped(digits, lengths, gap) + after, CODES)


@given(BEFORE, st.integers(100_000_000, 999_999_999), AFTER)
@example("", 250_000_000, "")
def test_nine_digits_in_a_row_are_an_identity_number(before, number, after):
    assert holds_personal_data(f"{before}{number}{after}", CODES)


@given(
    st.integers(1, 10**13),
    st.sampled_from([".", " ", ",", "", "\u00a0"]),
    st.sampled_from([" đồng", "đ", " VND", " VNĐ", " vnđ", " triệu đồng", "đ/em", " ₫"]),
)
def test_an_amount_of_money_is_nobodys_number(number, gap, currency):
    assert not holds_personal_data(f"Kinh phí {number:,}".replace(",", gap) + currency, CODES)


@given(st.integers(1, 10**9), st.sampled_from([".", " ", "\u00a0"]))
def test_an_amount_in_thousands_needs_no_currency(thousands, gap):
    assert not holds_personal_data(f"Kinh phí {thousands * 1000:,}".replace(",", gap), CODES)


@given(
    st.dates(date(1950, 1, 1), date(2090, 1, 1)),
    st.dates(date(1950, 1, 1), date(2090, 1, 1)),
    st.sampled_from(["%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%Y-%m-%d", "%m/%Y", "%m.%Y"]),
    st.sampled_from([" - ", "-", " ", " đến ", ", "]),
)
def test_two_dates_are_nobodys_number(first, last, form, between):
    assert not holds_personal_data(first.strftime(form) + between + last.strftime(form))


@given(st.lists(st.sampled_from(sorted(CODES)), max_size=6), st.sampled_from([" ", ", ", "-", " - ", ";", "\n"]))
def test_a_list_of_codes_is_nobodys_number(codes, gap):
    widths = [[code for code in codes if len(code) == width] for width in (4, 5)]
    assert not any(holds_personal_data(gap.join(codes), CODES) for codes in widths)


@given(st.text(max_size=200))
@example("0" * 200)
@example("+" * 50 + "84")
def test_no_text_breaks_the_search_and_the_quick_look_misses_nothing(text):
    assert may_hold_personal_data(text) or not holds_personal_data(text)


@given(st.text(alphabet="0189 .-+()@aé,/\n", max_size=60))
def test_the_quick_look_misses_nothing_where_digits_are_dense(text):
    assert may_hold_personal_data(text) or not holds_personal_data(text)


@pytest.mark.parametrize(
    ("number", "is_personal"),
    [
        (79207001234.0, True),
        (99207001234.0, True),
        (912000345.0, True),
        (123456789.0, True),
        (12345678.0, False),
        (1234567890123.0, False),
        (250_000_000.0, False),
        (123456789.5, False),
    ],
)
def test_a_number_that_lost_its_zeros_is_still_somebodys(number, is_personal):
    assert number_is_personal(number) is is_personal


# --- where it may stand ----------------------------------------------------------------------------------------------


def comment(workbook: openpyxl.Workbook) -> None:
    workbook["BVTE-03"]["B10"].comment = Comment("Gọi 0912 000 345", "cán bộ")


def hidden_sheet(workbook: openpyxl.Workbook) -> None:
    sheet = workbook.create_sheet("Nháp")
    sheet.sheet_state = "veryHidden"
    sheet["Q40"] = "em A 012345678901"


def number_on_a_hidden_sheet(workbook: openpyxl.Workbook) -> None:
    sheet = workbook.create_sheet("Nháp")
    sheet["A1"] = 79207001234
    sheet["A2"] = 250_000_000
    sheet["A3"] = date(2020, 1, 1)


def hidden_row(workbook: openpyxl.Workbook) -> None:
    workbook["BVTE-01"]["B40"] = "a.b@xa.gov.vn"
    workbook["BVTE-01"].row_dimensions[40].hidden = True


def prompt(workbook: openpyxl.Workbook) -> None:
    validation = DataValidation(type="whole", prompt="Hỏi chị A, 0912000345")
    workbook["BVTE-01"].add_data_validation(validation)
    validation.add("E8")


def hyperlink(workbook: openpyxl.Workbook) -> None:
    workbook["BVTE-01"]["B30"] = "liên hệ"
    workbook["BVTE-01"]["B30"].hyperlink = "mailto:abc@xyz.vn"


def footer(workbook: openpyxl.Workbook) -> None:
    workbook["BVTE-01"].oddFooter.left.text = "Liên hệ 0912 000 345"


def defined_name(workbook: openpyxl.Workbook) -> None:
    workbook.defined_names["sdt"] = DefinedName("sdt", attr_text='"0912000345"')


def title(workbook: openpyxl.Workbook) -> None:
    workbook.properties.title = "Báo cáo, 0912 000 345"


def in_strings(text: str) -> bytes:
    return replaced(STRINGS, "</sst>", text + "</sst>")


TEXT_BOX = (
    '<xdr:wsDr xmlns:xdr="x" xmlns:a="a"><a:p><a:r><a:rPr lang="vi"><a:solidFill/></a:rPr><a:t>0912</a:t></a:r>'
    "<a:r><a:t>000345</a:t></a:r></a:p></xdr:wsDr>"
)
THREADED = '<ThreadedComments><threadedComment ref="C9" id="{%s}"><text>%s</text></threadedComment></ThreadedComments>'
GUID = "12345678-9012-3456-7890-123456789012"


LARGE = b"<v>%s</v><v>lan@xyz.vn</v>" % (b"tr\xe1\xba\xbb em " * 10_000)


@pytest.mark.parametrize(
    ("data", "place"),
    [
        pytest.param(with_parts(**{"docProps/custom.xml": LARGE}), "thuộc tính của tệp", id="large properties"),
        pytest.param(with_cells("BVTE-03", B34="gọi 0912 000 345"), "BVTE-03!B34", id="a note"),
        pytest.param(with_cells("TT chung", B15="Lò Thu An, 0912000345"), "TT chung!B15", id="the cover"),
        pytest.param(with_cells("BVTE-01", B9="Trẻ em 012345678901"), "BVTE-01!B9", id="a label"),
        pytest.param(
            with_cells("BVTE-01", E9="0912000345"), "BVTE-01!E9", id="a number with its zero in a figure cell"
        ),
        pytest.param(with_cells("BVTE-01", E9="012 345 678 901"), "BVTE-01!E9", id="no figure in a figure cell"),
        pytest.param(with_cells("BVTE-01", I8=79207001234), "BVTE-01!I8", id="a number where the form prints x"),
        pytest.param(with_cells("BVTE-01", K9=79207001234), "BVTE-01!K9", id="a number beside the table"),
        pytest.param(typed(hidden_row), "BVTE-01!B40", id="a hidden row"),
        pytest.param(typed(hidden_sheet), "trang thứ 8 (ẩn)!Q40", id="a hidden sheet"),
        pytest.param(typed(number_on_a_hidden_sheet), "trang thứ 8!A1", id="a number on an extra sheet"),
        pytest.param(typed(comment), "BVTE-03!B10 (chú thích)", id="a comment"),
        pytest.param(
            with_parts(**{"xl/threadedComments/threadedComment1.xml": (THREADED % (GUID, "0912000345")).encode()}),
            "C9 (chú thích)",
            id="a threaded comment",
        ),
        pytest.param(typed(prompt), "lời nhắc", id="a prompt"),
        pytest.param(typed(footer), "chân trang", id="a footer"),
        pytest.param(with_cells("BVTE-01", B30='=IF(TRUE,"x","0912000345")'), "công thức", id="a formula"),
        pytest.param(typed(hyperlink), "liên kết", id="a hyperlink"),
        pytest.param(typed(defined_name), "tên vùng", id="a defined name"),
        pytest.param(typed(title), "thuộc tính", id="the title of the file"),
        pytest.param(in_strings("<si><t>CCCD 012345678901</t></si>"), "không hiện", id="a text that no cell shows"),
        pytest.param(
            in_strings("<si><r><rPr><b/></rPr><t>0912</t></r><r><t>000345</t></r></si>"),
            "không hiện",
            id="half of it in bold",
        ),
        pytest.param(in_strings("<si><t>&#48;&#57;12000345</t></si>"), "không hiện", id="written in character codes"),
        pytest.param(with_parts(**{"xl/drawings/drawing1.xml": TEXT_BOX.encode()}), "hộp văn bản", id="a text box"),
        pytest.param(
            with_parts(**{"xl/drawings/drawing1.xml": b'<d><cNvPr name="a" descr="0912000345"/></d>'}),
            "hình vẽ",
            id="what a picture is called",
        ),
        pytest.param(
            with_parts(**{"xl/worksheets/sheet9.xml": b"<sheetData><c><is><t>a@xyz.vn</t></is></c></sheetData>"}),
            "phần ẩn",
            id="a sheet that the book does not list",
        ),
        pytest.param(
            with_parts(**{"xl/externalLinks/externalLink1.xml": b"<v>012345678901</v>"}),
            "phần ẩn",
            id="what another workbook said",
        ),
        pytest.param(
            with_parts(**{"xl/pivotCache/pivotCacheDefinition1.xml": b'<s v="0912000345"/>'}),
            "phần ẩn",
            id="a pivot table's memory",
        ),
    ],
)
def test_every_corner_of_a_workbook_is_searched_and_the_place_is_named(data, place):
    vi = only_fault(data, "S11")
    assert place in vi
    assert not re.search(r"\d{5}|@", vi)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(with_cells("BVTE-01", E9="123.456.789"), id="a grouped figure is for S17"),
        pytest.param(with_cells("BVTE-01", E9=1234567890), id="a large figure is for S17"),
        pytest.param(with_cells("BVTE-01", K9=250_000_000), id="money beside the table"),
        pytest.param(with_cells("BVTE-01", B30="Theo QĐ 1863/QĐ-TTg; Điện thoại: 111"), id="a lawful note"),
        pytest.param(typed(lambda book: setattr(book.properties, "creator", "a@xyz.vn")), id="who saved the file"),
        pytest.param(
            with_parts(**{"xl/persons/person.xml": b'<p displayName="A" userId="a@xyz.vn"/>'}), id="who may comment"
        ),
        pytest.param(
            with_parts(**{"xl/threadedComments/threadedComment1.xml": (THREADED % (GUID, "xem lại")).encode()}),
            id="the number of a comment",
        ),
        pytest.param(
            with_parts(**{"docProps/custom.xml": b"<v>0x01010079F111ED35F8CC479449609E8A0923A6</v>"}),
            id="what a program calls the file",
        ),
        pytest.param(
            with_parts(**{"xl/charts/chart1.xml": b"<c><v>0.123456789</v><v>12.123456789012</v></c>"}),
            id="decimals of a chart",
        ),
    ],
)
def test_what_is_nobodys_is_left_in_peace(data):
    assert not read(data).faults


def with_a_shared_string(cell: str, text: str) -> bytes:
    """The clean workbook with a text in a cell of BVTE-01, kept as office programs keep texts."""
    content = parts()
    strings = content[STRINGS]
    sheet, count = re.subn(
        rf'<c r="{cell}"([^>]*?)(?: t="s")?(?:/>|><v>\d+</v></c>)'.encode(),
        rf'<c r="{cell}"\1 t="s"><v>{strings.count(b"<si>")}</v></c>'.encode(),
        content[BVTE_01],
    )
    assert count == 1
    more = f"<si><t>{text}</t></si></sst>".encode()
    return packed(content | {BVTE_01: sheet, STRINGS: strings.replace(b"</sst>", more)})


def test_a_text_that_a_cell_shows_is_judged_there_alone():
    assert not read(with_a_shared_string("E9", "123.456.789")).faults
    vi = only_fault(with_a_shared_string("B9", "gọi\n0912000345 nhé\nhoặc 0987654321"), "S11")
    assert vi == "có dữ liệu cá nhân ở BVTE-01!B9"


def test_the_same_strings_are_judged_by_the_cells_of_each_workbook():
    shown = with_a_shared_string("B9", "gọi 0912000345")
    hidden = in_strings("<si><t>gọi 0912000345</t></si>")
    for data, where in ((shown, "BVTE-01!B9"), (hidden, "chữ còn lưu trong tệp"), (shown, "BVTE-01!B9")):
        assert where in only_fault(data, "S11")


def test_a_cell_among_the_merged_ranges_is_searched():
    sheet = re.sub(b"<mergeCells.*</mergeCells>", b"", parts()[BVTE_01])
    cell = b'<mergeCells><c r="K30" t="inlineStr"><is><t>0912000345</t></is></c></mergeCells></sheetData>'
    assert "BVTE-01!K30" in only_fault(packed(parts() | {BVTE_01: sheet.replace(b"</sheetData>", cell)}), "S11")


def test_ten_places_are_named_and_the_others_counted():
    vi = only_fault(with_cells("BVTE-01", **{f"K{row}": "0912000345" for row in range(9, 22)}), "S11")
    assert vi.count("BVTE-01!") == 10
    assert vi.endswith("và 3 chỗ khác")


def test_the_name_of_an_extra_sheet_is_not_repeated():
    vi = only_fault(typed(lambda book: book.create_sheet("Em A 0912000345").append(["a@xyz.vn"])), "S11")
    assert vi == "có dữ liệu cá nhân ở tên của trang thứ 8; trang thứ 8!A1"


def test_the_search_goes_on_where_the_period_is_unknown():
    assert "BVTE-03!B34" in only_fault(_without_period(), "S11")


def _without_period() -> bytes:
    def change(workbook: openpyxl.Workbook) -> None:
        workbook["TT chung"]["B9"] = None
        workbook["BVTE-03"]["B34"] = "0912000345"
        workbook["BVTE-01"]["E8"] = 1234567890

    return typed(change)


def test_nothing_that_a_form_prints_looks_like_somebodys_number():
    printed = [(form.title.vi, *(indicator.label.vi for indicator in form.indicators)) for form in contracts().forms]
    assert not any(holds_personal_data("\n".join(texts)) for texts in printed)
