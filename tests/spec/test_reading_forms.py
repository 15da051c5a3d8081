"""Form sheets: rows found by their Mã số, columns by their header (S06), labels held against both (S14)."""

import unicodedata

import pytest
from reading import CLEAN, contracts, figure_at, only_fault, read, rules, typed, with_cells

from tally.periods import Period
from tally.vocabulary import Severity
from tally.workbooks import BlankWorkbook


def test_every_printed_cell_is_read_once_in_the_order_of_the_contract():
    reading = read(CLEAN)
    edition = contracts().edition(Period(2025, "A1"))
    printed = [
        (row.form.code, row.code, column.code)
        for row in edition.rows
        for column in row.form.columns
        if row.prints(column.code, "commune")
    ]
    figures = reading.figures
    assert printed == list(zip(figures.form_code, figures.indicator_code, figures.column_code, strict=True))


@pytest.mark.parametrize("level", ["commune", "district", "province"])
@pytest.mark.parametrize("period", ["2025-S1", "2025-A1"])
def test_the_workbook_that_we_hand_out_asks_for_nothing_but_figures(level, period):
    edition = contracts().edition(Period.parse(period))
    assert set(rules(read(BlankWorkbook(contracts(), edition, level).content))) == {"S16"}


def test_rows_and_columns_may_be_inserted_anywhere():
    def change(workbook):
        sheet = workbook["BVTE-01"]
        sheet.insert_rows(6, 2)
        sheet.insert_rows(12)
        sheet.insert_cols(3)
        sheet.insert_cols(7, 2)

    clean, changed = read(CLEAN), read(typed(change))
    assert not changed.faults
    assert changed.figures.value == clean.figures.value
    assert figure_at(changed, "BVTE-01", "F11")[1] == figure_at(clean, "BVTE-01", "E9")[1]


def with_a_row_more(workbook):
    workbook["BVTE-01"].insert_rows(12)


def with_two_rows_exchanged(workbook):
    for cell, other in zip(*workbook["BVTE-01"]["B9:I10"], strict=True):
        cell.value, other.value = other.value, cell.value


def with_two_columns_exchanged(workbook):
    for cell, other in workbook["BVTE-01"]["F6:G23"]:
        cell.value, other.value = other.value, cell.value


@pytest.mark.parametrize("change", [with_a_row_more, with_two_rows_exchanged, with_two_columns_exchanged])
def test_a_workbook_is_read_by_its_own_places_whatever_was_read_before(change):
    clean = read(CLEAN)
    changed = read(typed(change))
    assert changed.figures.value == clean.figures.value
    assert changed.figures.cell_address != clean.figures.cell_address
    assert read(CLEAN) == clean


def test_a_figure_that_is_not_used_is_not_looked_for_in_the_next_workbook():
    clean = read(CLEAN)
    assert rules(read(with_cells("BVTE-01", I8=3))) == ["S18@BVTE-01!I8"]
    assert read(CLEAN) == clean


def test_a_column_under_two_headers_is_read_for_both():
    reading = read(with_cells("BVTE-01", H5="Được trợ giúp", I6=None, H8=3))
    figures = reading.figures
    said = zip(figures.sheet_name, figures.cell_address, figures.state, figures.value, strict=True)
    in_h8 = [(state, value) for sheet, cell, state, value in said if (sheet, cell) == ("BVTE-01", "H8")]
    assert in_h8 == [("reported", 3), ("not_used", None)]


@pytest.mark.parametrize(
    ("sheet", "cell", "value"),
    [
        pytest.param("BVTE-02", "C9", 201, id="a Mã số that lost its zero"),
        pytest.param("BVTE-02", "C9", " 0201\u00a0", id="spaces around a Mã số"),
        pytest.param("BVTE-02", "G6", "NU ", id="a header without accents"),
        pytest.param("BVTE-02", "H6", "Không rõ\ngiới tính", id="a header in two lines"),
        pytest.param("BVTE-02", "H6", unicodedata.normalize("NFD", "Không rõ giới tính"), id="a header decomposed"),
        pytest.param("BVTE-02", "B10", "Chia theo hình thức chính: BẠO LỰC", id="a label in capitals"),
        pytest.param("BVTE-05", "B11", "Được hỗ trợ tái hoà nhập", id="a label with the other tone placement"),
        pytest.param("BVTE-02", "N9", 7, id="a figure beside the table"),
        pytest.param("BVTE-02", "C40", "0999", id="a row code of nobody below the table"),
    ],
)
def test_what_counts_for_nothing_changes_nothing(sheet, cell, value):
    assert read(with_cells(sheet, **{cell: value})) == read(CLEAN)


def remove(name):
    return typed(lambda workbook: workbook.remove(workbook[name]))


def without_cells():
    return typed(lambda workbook: workbook["BVTE-06"].delete_rows(1, 60))


def with_a_merged_mã_số():
    return typed(lambda workbook: workbook["BVTE-01"].merge_cells("C9:C10"))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        pytest.param(remove("BVTE-04"), "thiếu trang BVTE-04", id="a sheet is gone"),
        pytest.param(
            typed(lambda book: setattr(book["BVTE-04"], "title", "bvte-04")),
            "thiếu trang BVTE-04",
            id="a sheet is renamed",
        ),
        pytest.param(without_cells(), "trang BVTE-06 không có bảng", id="a sheet is empty"),
        pytest.param(with_cells("BVTE-02", F6="Trai"), "thiếu cột «Nam»", id="a header in another word"),
        pytest.param(with_cells("BVTE-02", F6="Nam*"), "thiếu cột «Nam»", id="a header with a mark"),
        pytest.param(with_cells("BVTE-02", E6="Tæng sè"), "thiếu cột «Tổng số»", id="a header in a legacy font"),
        pytest.param(with_cells("BVTE-02", N6="Nam"), "nhiều cột «Nam» (F6, N6)", id="a header twice"),
        pytest.param(with_cells("BVTE-02", C6=None), "thiếu cột «Mã số»", id="no header for Mã số"),
        pytest.param(with_cells("BVTE-02", C9="02O1"), "thiếu Mã số 0201", id="a letter in a Mã số"),
        pytest.param(with_cells("BVTE-02", C9=None), "thiếu Mã số 0201", id="a Mã số is gone"),
        pytest.param(with_cells("BVTE-02", C40="201"), "Mã số 0201 nhiều lần (C9, C40)", id="a Mã số twice"),
        pytest.param(with_a_merged_mã_số(), "thiếu Mã số 0102", id="a Mã số swallowed by a merged range"),
    ],
)
def test_every_sheet_row_and_column_is_there_once(data, words):
    assert words in only_fault(data, "S06")


def test_each_missing_thing_is_named():
    reading = read(with_cells("BVTE-02", C9=None, C10=None, F6=None))
    assert len(reading.faults) == 3
    assert {fault.rule_code for fault in reading.faults} == {"S06"}


def test_a_table_that_begins_again_further_down_is_refused():
    def change(workbook):
        sheet = workbook["BVTE-05"]
        sheet.insert_rows(14)
        for column in range(1, 9):
            sheet.cell(14, column).value = sheet.cell(6, column).value

    assert {fault.rule_code for fault in read(typed(change)).faults} == {"S06"}


def test_a_retyped_label_is_a_warning_and_not_repeated():
    (fault,) = read(with_cells("BVTE-05", B9="chị Nguyễn Thị A, thôn 3")).faults
    assert (fault.rule_code, fault.severity, fault.cell_address) == ("S14", Severity.WARNING, "B9")
    assert fault.indicator_code == "justice_diverted"
    assert "Nguyễn" not in fault.vi


@pytest.mark.parametrize("label", [None, 7])
def test_a_label_that_is_gone_is_a_warning(label):
    (fault,) = read(with_cells("BVTE-05", B9=label)).faults
    assert (fault.rule_code, fault.severity) == ("S14", Severity.WARNING)


def test_the_label_of_another_row_is_critical():
    (fault,) = read(with_cells("BVTE-05", B9="Bị tạm giữ, tạm giam")).faults
    assert (fault.severity, fault.cell_address) == (Severity.CRITICAL, "B9")
    assert "0502" in fault.vi


@pytest.mark.parametrize(
    ("value", "is_empty"), [(None, True), ("x", True), ("abc", True), ("-", False), ("không", False), (0, False)]
)
def test_a_sheet_needs_one_figure(value, is_empty):
    reading = read(with_cells("BVTE-06", **{f"E{row}": value for row in range(8, 20)}))
    faults = [(fault.rule_code, fault.sheet_name, fault.cell_address) for fault in reading.faults]
    assert faults == ([("S16", "BVTE-06", None)] if is_empty else [])
