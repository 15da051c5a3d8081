"""The cover: found by its labels; its template must be in force (S02), its lines all there (S06)."""

import unicodedata
from datetime import date, datetime

import pytest
from reading import CLEAN, only_fault, read, replaced, typed, with_cells

from tally.periods import Period

COVER = "TT chung"


def test_the_cover_says_whose_report_it_is():
    cover = read(CLEAN).cover
    assert cover is not None
    assert (cover.template_version, cover.level, cover.area_code) == ("BVTE-2025.1", "commune", "26740")
    assert (cover.area_name, cover.district_name, cover.province_name) == (
        "Phường Sài Gòn",
        None,
        "Thành phố Hồ Chí Minh",
    )
    assert (cover.period, cover.report_kind) == (Period(2025, "A1"), "first")
    assert (cover.start_date, cover.end_date, cover.signed_date) == (
        date(2024, 12, 15),
        date(2025, 12, 14),
        date(2025, 12, 16),
    )
    assert (cover.reports_expected, cover.reports_made, cover.unreadable_counters) == (None, None, ())
    assert cover.cells["report_kind"] == "B12"


def test_lines_are_found_where_rows_and_columns_were_inserted():
    def change(workbook):
        workbook[COVER].insert_rows(4, 3)
        workbook[COVER].insert_cols(1)

    cover = read(typed(change)).cover
    assert cover is not None
    assert cover.area_code == "26740"
    assert (cover.cells["template_version"], cover.cells["area_code"]) == ("C3", "C8")


@pytest.mark.parametrize(
    ("value", "code"),
    [
        pytest.param("00004", "00004", id="as it should be"),
        pytest.param(4, "00004", id="a number that lost its zeros"),
        pytest.param("4", "00004", id="text that lost its zeros"),
        pytest.param(" 26740 ", "26740", id="spaces around"),
        pytest.param(None, None, id="blank"),
        pytest.param("em Nguyễn Văn A", None, id="no code at all"),
        pytest.param(1.5, None, id="a decimal"),
        pytest.param("NguyenVanA", None, id="a name without spaces"),
        pytest.param("12-3-15", None, id="a birthday"),
        pytest.param("12032015", None, id="too long for any code"),
    ],
)
def test_an_area_code_has_the_width_of_its_level(value, code):
    cover = read(with_cells(COVER, B5=value)).cover
    assert cover is not None
    assert cover.area_code == code


@pytest.mark.parametrize(("level", "code"), [("Huyện", "004"), ("Tỉnh", "04")])
def test_each_level_has_its_own_width(level, code):
    cover = read(with_cells(COVER, B4=level, B5=4)).cover
    assert cover is not None
    assert cover.area_code == code


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        pytest.param("B3", " bvte-2025.1 ", id="version in small letters"),
        pytest.param("B4", "XA", id="level without accents"),
        pytest.param("B9", unicodedata.normalize("NFD", "NĂM  2025"), id="period decomposed, in capitals"),
        pytest.param("B12", "lần đầu\u00a0", id="kind with a no-break space"),
        pytest.param("A9", "KY BAO CAO", id="label without accents"),
        pytest.param("A10", " từ ngày ", id="label with spaces"),
    ],
)
def test_set_phrases_are_compared_plain(cell, value):
    cover = read(with_cells(COVER, **{cell: value})).cover
    assert cover == read(CLEAN).cover


@pytest.mark.parametrize(
    ("value", "day"),
    [
        pytest.param("15/12/2024", date(2024, 12, 15), id="text"),
        pytest.param(" 5/1/2025 ", date(2025, 1, 5), id="text without zeros"),
        pytest.param(datetime(2024, 12, 15, 8, 30), date(2024, 12, 15), id="a date with a time"),  # noqa: DTZ001
        pytest.param("31/02/2025", None, id="a day that never was"),
        pytest.param("15.12.2024", None, id="dots"),
        pytest.param("12/15/2024", None, id="the American order"),
        pytest.param(45641, None, id="a plain number"),
        pytest.param("ngày 15 tháng 12", None, id="words"),
        pytest.param(None, None, id="blank"),
    ],
)
def test_dates_are_date_cells_or_text(value, day):
    def change(workbook):
        workbook[COVER]["B10"].number_format = "General"
        workbook[COVER]["B10"] = value

    cover = read(typed(change)).cover
    assert cover is not None
    assert cover.start_date == day


@pytest.mark.parametrize(
    ("value", "number", "unreadable"),
    [
        pytest.param(45, 45, (), id="a number"),
        pytest.param("1.234", 1234, (), id="text"),
        pytest.param(None, None, (), id="blank"),
        pytest.param("x", None, (), id="not applicable"),
        pytest.param("nhiều", None, ("reports_made",), id="words"),
        pytest.param(4.5, None, ("reports_made",), id="a decimal"),
    ],
)
def test_counters_are_read_like_figures(value, number, unreadable):
    cover = read(with_cells(COVER, B14=value)).cover
    assert cover is not None
    assert (cover.reports_made, cover.unreadable_counters) == (number, unreadable)


@pytest.mark.parametrize(
    ("value", "is_signed"),
    [("Ngô Ngọc Nam", True), (None, False), ("  ", False), ("-", False), ("........", False), (0, False)],
)
def test_a_report_is_signed_where_somebody_wrote_a_name(value, is_signed):
    cover = read(with_cells(COVER, B16=value)).cover
    assert cover is not None
    assert cover.is_signed is is_signed


@pytest.mark.parametrize("label", ["quý 3 năm 2025", "Năm hai nghìn", "Năm 0000", "Năm 25", 2025, None])
def test_without_a_period_no_figure_is_read(label):
    reading = read(with_cells(COVER, B9=label))
    assert reading.cover is not None
    assert reading.cover.period is None
    assert not reading.faults
    assert not reading.figures.value


def test_without_a_level_no_figure_is_read():
    reading = read(with_cells(COVER, B4="Phường"))
    assert reading.cover is not None
    assert reading.cover.level is None
    assert not reading.figures.value


@pytest.mark.parametrize(
    ("value", "words"),
    [
        pytest.param("BVTE-2024.2", "BVTE-2024.2", id="another version"),
        pytest.param(None, "để trống", id="blank"),
        pytest.param("mẫu của em Nguyễn Văn A", "không đọc được", id="free text is not repeated"),
        pytest.param("NguyenVanA", "không đọc được", id="nor is a single word"),
        pytest.param("12/03/2015", "không đọc được", id="nor a birthday"),
    ],
)
def test_an_unknown_template_version_is_refused(value, words):
    vi = only_fault(with_cells(COVER, B3=value), "S02")
    assert words in vi
    assert "Nguyễn" not in vi


def test_a_period_before_the_template_is_refused():
    assert "Năm 2019" in only_fault(with_cells(COVER, B9="Năm 2019"), "S02")


def test_a_workbook_without_cover_is_refused_once():
    assert "TT chung" in only_fault(typed(lambda workbook: workbook.remove(workbook[COVER])), "S06")


def test_sheet_names_are_compared_exactly():
    assert "TT chung" in only_fault(replaced("xl/workbook.xml", '"TT chung"', '"TT Chung"'), "S06")


@pytest.mark.parametrize(
    ("cell", "value", "words"),
    [
        pytest.param("A9", None, "thiếu dòng «Kỳ báo cáo»", id="gone"),
        pytest.param("A9", "Kỳ", "thiếu dòng «Kỳ báo cáo»", id="in other words"),
        pytest.param("A9", "Kú b¸o c¸o", "thiếu dòng «Kỳ báo cáo»", id="in a legacy font"),
        pytest.param("A20", "Kỳ báo cáo", "nhiều dòng «Kỳ báo cáo» (A9, A20)", id="twice"),
    ],
)
def test_every_line_of_the_cover_is_there_once(cell, value, words):
    assert words in only_fault(with_cells(COVER, **{cell: value}), "S06")


def test_a_name_that_is_somebodys_number_is_not_kept():
    reading = read(with_cells(COVER, B6="Xã A, 0912 000 345"))
    assert [fault.rule_code for fault in reading.faults] == ["S11"]
    assert "0912" not in repr(reading)
