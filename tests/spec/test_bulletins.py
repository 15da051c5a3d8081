"""What a page of the bulletin says, and what it never says: that a blank is a zero."""

from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO

import pytest
import python_calamine
from openpyxl import load_workbook
from reading_bulletins import parts_of, shown_in

from tally.contracts.model import CodeLists, Column, Level, ReportKind, Text, Unit
from tally.contracts.reports import Chart, Report, ReportLine, ReportTable
from tally.exports.bulletin import TOTAL, Figure, Head, LineWords, Province, bulletin
from tally.periods import Period

WORDS = Text(vi="Việt", en="English")
CODELISTS = CodeLists(
    columns=[
        Column(code="T", label=Text(vi="Tổng số", en="Total"), sex="_T", age_band="_T", subset="_T"),
        Column(code="F", label=Text(vi="Nữ", en="Female"), sex="F", age_band="_T", subset="_T"),
    ],
    column_sets={"S": ["T", "F"]},
    units=[Unit(code="children", label=WORDS)],
    levels=[Level(code="commune", width=5, mark="X", label=WORDS, largest_figure=1, signs="a")],
    report_kinds=[ReportKind(code="first", label=WORDS)],
    codes={},
)
GIRLS = ("F", "_T", "_T")
BECAUSE = Text(vi="phải điều tra", en="takes a survey")
VICTIMS, SHARE = ReportLine(indicator="victims"), ReportLine(ratio="girls_share")
EMPTY = ReportLine(code="sdg", label=Text(vi="SDG", en="SDG"), empty_because=BECAUSE)


def page(*tables: ReportTable) -> Report:
    return Report(
        code="abuse", title=Text(vi="Xâm hại", en="Abuse"), sheet="1 Xâm hại", basis=WORDS, tables=list(tables)
    )


def table(columns: str, *lines: ReportLine, chart: Chart | None = None) -> ReportTable:
    return ReportTable(title=Text(vi="Bảng", en="Table"), columns=columns, lines=list(lines), chart=chart)


LINES = {
    ("abuse", "victims"): LineWords(Text(vi="Nạn nhân", en="Victims"), "children", WORDS, None, "BVTE-02: 0201", None),
    ("abuse", "girls_share"): LineWords(
        Text(vi="Tỷ lệ nữ", en="Girls"), "share", Text(vi="%", en="%"), None, "TT 13", Text(vi="Mọi nạn nhân", en="All")
    ),
    ("abuse", "sdg"): LineWords(Text(vi="SDG", en="SDG"), None, None, BECAUSE, "SDG", None),
}
HEAD = Head(
    Period(2025, "A1"), Text(vi="bản đồ của kỳ", en="map of the period"), 7, 6, 5, 4, 3321, 3290,
    datetime(2026, 1, 5, tzinfo=UTC), "20260105T000000Z-abc",
    [Province("01", Text(vi="Hà Nội", en="Ha Noi"), 126, 120)],
)  # fmt: skip
SAID = Figure(5, None, None, None, "P", None, 3321, 3000, 4, 1)
RATIO = Figure(0.4, 2, 5, "BVTE-02: 0201", "A", None, 3321, 3321, None, None)
FIGURES = {
    ("abuse", "victims", "VN", TOTAL): SAID,
    ("abuse", "victims", "VN", GIRLS): replace(SAID, obs_value=2),
    ("abuse", "victims", "01", TOTAL): replace(SAID, obs_value=3),
    ("abuse", "girls_share", "VN", TOTAL): RATIO,
}


def made(*tables: ReportTable, figures=FIGURES) -> bytes:
    return bulletin([page(*tables)], CODELISTS, HEAD, LINES, figures)


def values(content: bytes) -> dict[str, object]:
    return {name: value for _, _, _, name, value in shown_in(content, "1 Xâm hại", CODELISTS)}


def texts(content: bytes) -> list[str]:
    rows = load_workbook(BytesIO(content))["1 Xâm hại"].iter_rows(values_only=True)
    return [str(value) for row in rows for value in row if value is not None]


@pytest.mark.parametrize(
    ("figure", "stands"),
    [
        pytest.param(replace(SAID, obs_value=0), 0, id="none were counted"),
        pytest.param(replace(SAID, obs_value=None, obs_status="M", status_reason="not_filled"), "…", id="nobody said"),
        pytest.param(replace(SAID, obs_value=None, obs_status="Z"), "x", id="every area wrote x"),
        pytest.param(
            replace(RATIO, obs_value=None, denominator_value=0, status_reason="nobody_to_divide_by"), ":",
            id="nobody to divide by",
        ),
        pytest.param(replace(RATIO, obs_value=None, status_reason="no_population"), ":", id="no population is known"),
        pytest.param(None, None, id="no form asks for it"),
    ],
)  # fmt: skip
def test_only_what_was_counted_as_none_is_a_zero(figure: Figure | None, stands: object) -> None:
    figures = {("abuse", "victims", "VN", TOTAL): SAID} | (
        {("abuse", "victims", "VN", GIRLS): figure} if figure else {}
    )
    content = made(table("S", VICTIMS), figures=figures)
    girls = [value for *_, cell, _, value in shown_in(content, "1 Xâm hại", CODELISTS) if cell == GIRLS]
    assert girls == [stands]


def test_a_share_stands_beside_its_parts_and_names_its_denominator() -> None:
    content = made(table("ratios", SHARE))
    assert values(content) == {
        "obs_value": 0.4, "numerator_value": 2, "denominator_value": 5, "value_year_before": "…", "change_on_year": "…",
    }  # fmt: skip
    assert "Mọi nạn nhân\nAll (BVTE-02: 0201)" in texts(content)


def test_what_the_database_cannot_say_stands_there_with_its_reason() -> None:
    content = made(table("year", VICTIMS, EMPTY))
    assert "phải điều tra\ntakes a survey" in texts(content)
    assert [value for line, *_, value in shown_in(content, "1 Xâm hại", CODELISTS) if line == "SDG"][1:] == [None, None]


def test_a_line_that_the_period_does_not_ask_for_says_so() -> None:
    assert any("Kỳ này biểu không hỏi" in text for text in texts(made(table("year", VICTIMS), figures={})))


def test_every_table_names_its_period_map_coverage_and_source() -> None:
    said = texts(made(table("S", VICTIMS), table("ratios", SHARE), table("provinces", VICTIMS)))
    named = [text for text in said if text.startswith("Kỳ: ")]
    sources = ("BVTE-02", "TT 13", "BVTE-02")
    assert named == [
        f"Kỳ: Năm 2025 · Bản đồ: bản đồ của kỳ · Độ phủ: 3.290/3.321 đơn vị có báo cáo được chấp nhận · Nguồn: {source}"
        for source in sources
    ]
    assert [text.partition(" · ")[0] for text in said if text.startswith("Period: ")] == ["Period: Year 2025"] * 3


def test_the_nation_is_no_bar_among_its_provinces() -> None:
    chart = Chart(kind="column", of=["victims"])
    parts = parts_of(made(table("provinces", VICTIMS, chart=chart)))
    (drawn,) = [part for name, part in parts.items() if name.startswith("xl/charts/")]
    assert "<c:v>Hà Nội</c:v>" in drawn
    assert "<c:v>3</c:v>" in drawn
    assert "Cả nước" not in drawn


def test_a_chart_shows_no_series_that_nobody_filled() -> None:
    unknown = replace(SAID, value_year_before=None, change_on_year=None)
    figures = {("abuse", "victims", "VN", TOTAL): unknown}
    content = made(
        table("year", VICTIMS, chart=Chart(kind="bar", of=["obs_value", "value_year_before"])), figures=figures
    )
    (drawn,) = [part for name, part in parts_of(content).items() if name.startswith("xl/charts/")]
    assert drawn.count("<c:ser>") == 1
    assert any("không phải bằng 0" in text for text in texts(content))


def test_pages_print_on_a4_across_with_their_title_and_number() -> None:
    sheet = load_workbook(BytesIO(made(table("S", VICTIMS))))["1 Xâm hại"]
    assert (sheet.page_setup.paperSize, sheet.page_setup.orientation) == (9, "landscape")
    assert (sheet.sheet_properties.pageSetUpPr.fitToPage, sheet.page_setup.fitToHeight) == (True, 0)
    assert sheet.print_title_rows == "$1:$2"
    assert "Trang &P / &N" in parts_of(made(table("S", VICTIMS)))["xl/worksheets/sheet2.xml"].replace("&amp;", "&")


def test_the_cover_says_that_it_is_simulated_and_internal_and_what_signs_mean() -> None:
    rows = python_calamine.load_workbook(BytesIO(made(table("S", VICTIMS)))).get_sheet_by_name("Bìa").to_python()
    said = " ".join(str(value) for row in rows for value in row)
    for words in ("mẫu mô phỏng", "chưa kiểm soát tiết lộ", "không phải là 0", "20260105T000000Z-abc", "3.290 / 3.321"):
        assert words in said


def test_the_same_figures_give_the_same_bytes() -> None:
    chart = Chart(kind="stacked", of=["T", "F"])
    assert made(table("S", VICTIMS, chart=chart)) == made(table("S", VICTIMS, chart=chart))
