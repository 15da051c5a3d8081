"""What a figure cell may hold: a whole number, nothing, zero, `x`; anything else is unreadable, and never empty."""

import re
import unicodedata
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reading import BVTE_01, CLEAN, figure_at, only_fault, packed, parts, read, replaced, rules, typed, with_cells

from tally.intake.cells import LARGEST, figure_in
from tally.vocabulary import CellState

GROUPING = [".", " ", "\u00a0", "\u2009", "\u202f", "\u2007"]


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        (0.0, 0),
        (5.0, 5),
        (-0.0, 0),
        ("7", 7),
        (" 7\u00a0", 7),
        ("007", 7),
        ("1.234", 1234),
        ("1 234", 1234),
        ("1\u00a0234\u00a0567", 1234567),
        ("12.345.678", 12345678),
        ("0", 0),
        ("-", 0),
        (" - ", 0),
        ("không", 0),
        ("KHÔNG", 0),
        (unicodedata.normalize("NFD", "Không"), 0),
    ],
)
def test_a_whole_number_is_read_however_it_is_written(cell, value):
    assert figure_in(cell)[:2] == (CellState.REPORTED, value)


@pytest.mark.parametrize("cell", ["", " ", "\u00a0", "\n"])
def test_a_blank_cell_is_not_a_zero(cell):
    assert figure_in(cell) == (CellState.BLANK, None, "", None)


@pytest.mark.parametrize("cell", ["x", "X", " x "])
def test_x_is_not_applicable(cell):
    assert figure_in(cell)[:2] == (CellState.NOT_APPLICABLE, None)


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        (1.234, "decimal"),
        (float("nan"), "decimal"),
        (float("inf"), "decimal"),
        ("1,5", "decimal"),
        ("1.5", "decimal"),
        ("1,234", "decimal"),
        ("1.23", "decimal"),
        ("5.0", "decimal"),
        ("0.123", "decimal"),
        ("01.234", "decimal"),
        ("1234.567", "decimal"),
        ("1 234.567", "decimal"),
        ("1.234 567", "decimal"),
        ("12.34.567", "decimal"),
        (-3.0, "negative"),
        ("-3", "negative"),
        ("−3", "negative"),
        ("-1.234", "negative"),
        (date(2025, 1, 3), "date"),
        (True, "boolean"),
        ("#DIV/0!", "error"),
        ("=", "formula"),
        ("+5", "text"),
        ("５", "text"),
        ("1e3", "text"),
        ("(5)", "text"),
        ("5%", "text"),
        ("3/1", "text"),
        ("½", "text"),
        ("khong", "text"),
        ("–", "text"),
        ("ｘ", "text"),
        ("xx", "text"),
        ("N/A", "text"),
        ("...", "text"),
        ("\u200b", "text"),
        ("5 trẻ", "text"),
        ("9" * 5_000, "text"),
    ],
)
def test_anything_else_is_unreadable_and_never_empty(cell, reason):
    state, value, _, why = figure_in(cell)
    assert (state, value, why) == (CellState.UNREADABLE, None, reason)


@given(st.integers(0, LARGEST - 1), st.sampled_from(GROUPING))
def test_a_number_reads_back_however_it_is_grouped(number, sign):
    assert figure_in(f"{number:,}".replace(",", sign)).value == number
    assert figure_in(str(number)).value == number


@given(st.one_of(st.text(max_size=60), st.floats(), st.booleans(), st.dates()))
def test_only_a_reported_cell_has_a_value_and_only_an_unreadable_one_a_reason(cell):
    said = figure_in(cell)
    assert (said.value is not None) == (said.state is CellState.REPORTED)
    assert (said.reason is not None) == (said.state is CellState.UNREADABLE)
    assert said.value is None or 0 <= said.value <= LARGEST


@given(st.one_of(st.text(min_size=1, max_size=80), st.from_regex(r"[-0-9./ ]{1,30}", fullmatch=True), st.floats()))
def test_what_is_kept_of_a_figure_cell_is_a_short_figure_or_a_placeholder(cell):
    raw = figure_in(cell).raw_text
    is_placeholder = re.fullmatch(r"‹số lớn›|‹chữ, \d+ ký tự›|‹công thức›", raw) is not None
    assert is_placeholder or re.fullmatch(r"(?:\D*\d){0,8}\D*", raw)
    assert is_placeholder or raw in ("#N/A", "#DIV/0!") or "/" not in raw


@pytest.mark.parametrize(
    ("cell", "raw_text"),
    [
        (123456789.0, "‹số lớn›"),
        ("079 123 456 789", "‹số lớn›"),
        ("079123456789", "‹số lớn›"),
        ("123.456.789", "‹số lớn›"),
        (-123456789.0, "‹số lớn›"),
        (123456789.5, "‹số lớn›"),
        (1e300, "‹số lớn›"),
        ("12/03/2015", "‹chữ, 10 ký tự›"),
        ("#12/03/2015", "‹chữ, 11 ký tự›"),
        ("12.03.2015", "‹chữ, 10 ký tự›"),
        ("(12 - 03 - 2015)", "‹chữ, 16 ký tự›"),
        ("3/1", "‹chữ, 3 ký tự›"),
        ("#LAN", "‹chữ, 4 ký tự›"),
        (12345678.0, "12345678"),
        ("12.345.678", "12.345.678"),
        (1 / 3, "0.3333333"),
        (1.5e-7, "1.5e-07"),
        ("1,5", "1,5"),
        ("#N/A", "#N/A"),
        ("#VALUE!", "#VALUE!"),
    ],
)
def test_what_may_be_somebodys_number_or_birthday_is_not_copied(cell, raw_text):
    assert figure_in(cell).raw_text == raw_text


def test_a_large_figure_keeps_its_value_though_not_its_text():
    assert figure_at(read(with_cells("BVTE-01", E9=123456789)), "BVTE-01", "E9") == (
        "reported",
        123456789,
        "‹số lớn›",
        None,
    )


def test_the_name_of_a_child_in_a_figure_cell_is_not_copied():
    reading = read(with_cells("BVTE-01", E9="em Nguyễn Văn A, thôn 3"))
    assert figure_at(reading, "BVTE-01", "E9") == ("unreadable", None, "‹chữ, 23 ký tự›", "text")
    assert "Nguyễn" not in repr(reading.figures)


@pytest.mark.parametrize("figure", [1e15, 1e300, "9" * 30, "1" + ".000" * 6])
def test_a_figure_beyond_all_measure_stays_one_for_the_limit_to_judge(figure):
    assert figure_in(figure)[:2] == (CellState.REPORTED, LARGEST)


@pytest.mark.parametrize(
    "cell",
    [
        pytest.param('<c r="E9"><f>F9+G9</f></c>', id="no value"),
        pytest.param('<c r="E9"><f>F9+G9</f><v/></c>', id="an empty value"),
        pytest.param('<c r="E9" s="1"><f>F9+G9</f><v></v></c>', id="an empty value, written out"),
        pytest.param('<c r="E9" t="str"><f>F9+G9</f></c>', id="a text that is not there"),
        pytest.param('<c r="E9" t="e"><f>F9+G9</f><v></v></c>', id="an error without a name"),
        pytest.param('<c r="E9"><f>F9+G9<!-- sum --></f></c>', id="a comment within"),
        pytest.param('<c r="E9"><f><![CDATA[F9+G9]]></f></c>', id="CDATA"),
        pytest.param('<c r="E9"><v/><f>F9+G9</f></c>', id="an empty value before it"),
        pytest.param('<c r="E9"><f t="shared" si="0"/></c>', id="a shared formula"),
        pytest.param('<c r="E9" t="n"><f ca="1">F9+G9</f>\n<v>\n</v>\n</c>', id="in several lines"),
        pytest.param('<x:c xmlns:x="m" r="E9"><x:f>F9+G9</x:f><x:v/></x:c>', id="with a prefix"),
    ],
)
def test_a_formula_without_a_stored_value_is_unreadable(cell):
    reading = read(packed(parts() | {BVTE_01: _with_cell(cell)}))
    assert figure_at(reading, "BVTE-01", "E9") == ("unreadable", None, "‹công thức›", "formula")


@pytest.mark.parametrize("formula", ["<f>F9+G9</f>", '<f t="shared" si="0"/>', '<f t="array" ref="E9">F9+G9</f>'])
def test_a_formula_with_a_stored_value_is_its_value(formula):
    reading = read(packed(parts() | {BVTE_01: _with_cell(f'<c r="E9">{formula}<v>632</v></c>')}))
    assert reading == read(CLEAN)


@pytest.mark.parametrize(
    "cell",
    [
        '<c r="E9" t="str"><f>IF(F9=0,"",F9)</f><v></v></c>',
        '<c r="E9" t="str"><f>IF(F9=0,"",F9)</f><v/></c>',
        '<c r="E9" t="str"><v></v><f>IF(F9=0,"",F9)</f></c>',
    ],
)
def test_a_formula_whose_stored_value_is_the_empty_text_is_blank(cell):
    reading = read(packed(parts() | {BVTE_01: _with_cell(cell)}))
    assert figure_at(reading, "BVTE-01", "E9") == ("blank", None, "", None)


@pytest.mark.parametrize(
    "cell",
    [
        pytest.param('<c r="E9"><v><![CDATA[632]]></v></c>', id="CDATA"),
        pytest.param('<c r="E9"><v>&#54;32</v></c>', id="a digit by its number"),
        pytest.param('<c r="E9"><v>6<!-- -->32</v></c>', id="a comment within"),
        pytest.param('<c r="E9"><v>6<?note?>32</v></c>', id="an instruction within"),
        pytest.param('<!-- <c r="E9"><v>1</v></c> --><c r="E9"><v>632</v></c>', id="another one in a comment before"),
        pytest.param('<c r="E9"><v>632</v><f>F9+G9</f></c>', id="its formula behind it"),
        pytest.param('<c r="E9">\n <v>\n 632\n </v>\n</c>', id="in several lines"),
        pytest.param('<c r="E9"><v xml:space="preserve">632</v></c>', id="with an attribute"),
        pytest.param('<c r="E9"><v>632</v><extLst><ext><v>7</v></ext></extLst></c>', id="an extension behind it"),
        pytest.param('<c r="E9" t="inlineStr"><v>632</v></c>', id="called a text"),
        pytest.param('<c r="E9" t="inlineStr"><is><t>632</t></is></c>', id="a text of its own"),
        pytest.param('<c r="E9" t="inlineStr"><is><t>632</t></is><v/></c>', id="an empty value beside the text"),
        pytest.param(
            '<c r="E9" t="inlineStr"><is><r><rPr><b/></rPr><t>6</t></r><r><t>32</t></r>'
            '<rPh sb="0" eb="1"><t>7</t></rPh></is></c>',
            id="formatted text",
        ),
        pytest.param("<c r='E9'><v>632</v></c>", id="single quotes"),
        pytest.param('<x:c xmlns:x="m" r="e9"><x:v>632</x:v></x:c>', id="a prefix"),
    ],
)
def test_a_stored_figure_is_read_however_its_xml_is_written(cell):
    reading = read(packed(parts() | {BVTE_01: _with_cell(cell)}))
    assert reading == read(CLEAN)


@pytest.mark.parametrize(
    "cell",
    [
        pytest.param('<c r="E9" t="inlineStr"><is><t>5</t></is><v>7</v></c>', id="a text and a value"),
        pytest.param('<c r="E9"><v>5</v><v>7</v></c>', id="two values"),
        pytest.param('<c r="E9"><v>5</v><v/></c>', id="a value and none"),
        pytest.param('<c r="E9"><v>5<b/>7</v></c>', id="something within the value"),
        pytest.param('<c r="E9">5</c>', id="a figure beside the value"),
        pytest.param('<c r="E9"><V>5</V></c>', id="a value of another name"),
        pytest.param('<c r="E9" t="s"><v>-1</v></c>', id="the number of no text"),
    ],
)
def test_a_cell_that_two_readers_would_read_differently_is_refused(cell):
    assert "hai cách" in only_fault(packed(parts() | {BVTE_01: _with_cell(cell)}), "S01")


def _with_cell(cell: str) -> bytes:
    sheet, count = re.subn(rb'<c r="E9"[^>]*><v>632</v></c>', lambda _: cell.encode(), parts()[BVTE_01])
    assert count == 1
    return sheet


def test_no_cell_of_a_merged_range_can_be_read():
    reading = read(typed(lambda workbook: workbook["BVTE-01"].merge_cells("E9:F10")))
    assert rules(reading) == ["S12@BVTE-01!E10", "S12@BVTE-01!E9", "S12@BVTE-01!F10", "S12@BVTE-01!F9"]
    assert figure_at(reading, "BVTE-01", "E9")[3] == "merged"


MERGES = '<mergeCells count="1"><mergeCell ref="A2:I2"/></mergeCells>'


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(
            "<sheetData>", '<mergeCells><mergeCell ref="E9:F9"/></mergeCells><sheetData>', id="before the cells"
        ),
        pytest.param(MERGES, '<mergeCells><mergeCell ref="E9:F9"></mergeCell></mergeCells>', id="behind the cells"),
        pytest.param(MERGES, '<mergeCells>\n<mergeCell ref="E9:F9"/>\n</mergeCells >', id="with a space at the end"),
        pytest.param(MERGES, '<m:mergeCells><m:mergeCell ref="E9:F9"/></m:mergeCells>', id="with a prefix"),
    ],
)
def test_a_merged_range_counts_wherever_it_stands(old, new):
    assert rules(read(replaced(BVTE_01, old, new))) == ["S12@BVTE-01!E9", "S12@BVTE-01!F9"]


def test_a_merged_range_beside_the_figures_does_no_harm():
    assert not rules(read(typed(lambda workbook: workbook["BVTE-01"].merge_cells("A24:I26"))))


def test_a_merged_range_of_one_cell_is_none():
    sheet = parts()[BVTE_01].replace(b'<mergeCell ref="A2:I2"/>', b'<mergeCell ref="E9"/><mergeCell ref="F9:F9"/>')
    assert not rules(read(packed(parts() | {BVTE_01: sheet})))


@pytest.mark.parametrize("value", [5, "5", "1.234", 1.5, "1,5", -2, "-2"])
def test_a_figure_where_the_form_prints_x_is_not_used(value):
    reading = read(with_cells("BVTE-01", I8=value))
    assert rules(reading) == ["S18@BVTE-01!I8"]
    assert figure_at(reading, "BVTE-01", "I8")[0] == "not_used"


@pytest.mark.parametrize("value", [0, "0", "-", "không", "x", "X", None, "", "abc", True, date(2025, 1, 3)])
def test_anything_else_where_the_form_prints_x_says_nothing(value):
    assert read(with_cells("BVTE-01", I8=value)) == read(CLEAN)


def test_rows_for_the_province_alone_are_x_in_a_communes_form():
    assert rules(read(with_cells("BVTE-06", E20=1))) == ["S18@BVTE-06!E20"]


def test_x_in_a_rows_own_column_is_not_applicable():
    assert figure_at(read(with_cells("BVTE-01", E9="x")), "BVTE-01", "E9")[:2] == ("not_applicable", None)
