"""The statistical bulletin of a period: a workbook with a cover and a page a report, to print on A4."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from tally.contracts.model import CodeLists, Text
from tally.contracts.reports import PROVINCES, RATIOS, YEAR, Report, ReportTable, columns_of
from tally.exports.answers import local
from tally.periods import Period
from tally.vocabulary import NATION

Cell = tuple[str, str, str]
TOTAL: Cell = ("_T", "_T", "_T")
NOT_FILLED, NOT_APPLICABLE, NO_DENOMINATOR = "…", "x", ":"
"""What stands where there is no number: a blank is not a zero, and an empty grey cell is one that no form asks for."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One row of fct_report_lines.

    Blanks  no value: nobody said it, or nobody can.
    """

    obs_value: float | None
    numerator_value: int | None
    denominator_value: int | None
    denominator_source: str | None
    obs_status: str
    status_reason: str | None
    areas_expected: int | None
    areas_filled: int | None
    value_year_before: float | None
    change_on_year: float | None
    window_start: date | None = None
    window_end: date | None = None


@dataclass(frozen=True, slots=True)
class LineWords:
    """A line of a report as dim_report_lines words it; `denominator`: of a ratio."""

    label: Text
    unit: str | None
    unit_label: Text | None
    because: Text | None
    source: str | None
    denominator: Text | None


@dataclass(frozen=True, slots=True)
class Province:
    """A province on the map of the bulletin, and how many of its lowest areas report."""

    code: str
    name: Text
    areas_expected: int
    areas_accepted: int


@dataclass(frozen=True, slots=True)
class Head:
    """What every page says: period, map, coverage, release."""

    period: Period
    map: Text
    reports_expected: int
    reports_received: int
    reports_accepted: int
    reports_on_time: int
    areas_expected: int
    areas_accepted: int
    as_of: datetime
    release_id: str
    provinces: Sequence[Province]


Lines = Mapping[tuple[str, str], LineWords]
Figures = Mapping[tuple[str, str, str, Cell], Figure]
"""By report, line, area and cell."""

_FONT = "Times New Roman"
_WIDTHS = (36, 34, 10, *(11,) * 8, 12, 6)
_FIRST = 3  # column of the first figure: before it the line in two languages, and its unit
_VALUES = 8
_LAST = len(_WIDTHS) - 1
_PAGE_POINTS = 615  # what fits on a page of A4 across at the width above, below the repeated rows
_OPENING = 40  # what a page opens with is not left alone on it
_PIXELS = 1330
_HEADERS = {
    "obs_value": Text(vi="Kỳ này", en="This period"),
    "value_year_before": Text(vi="Cùng kỳ năm trước", en="Year before"),
    "change_on_year": Text(vi="Chênh lệch", en="Change"),
    "numerator_value": Text(vi="Tử số", en="Numerator"),
    "denominator_value": Text(vi="Mẫu số", en="Denominator"),
}
_PARTS = ("numerator_value", "denominator_value")
_COVERAGE = Text(vi="Đã điền / phải điền", en="Filled / expected")
_WINDOW = Text(vi="Kỳ của nguồn", en="Window")
_STATUS = Text(vi="Tình trạng", en="Status")
_ACCEPTED = Text(vi="Đã chấp nhận / phải có", en="Accepted / expected")
_NOT_ASKED = Text(
    vi="Kỳ này biểu không hỏi; có trong báo cáo cả năm.", en="Not asked of this period; the yearly report has it."
)
_NOT_PUBLISHED = Text(vi="Nguồn này chưa công bố cho kỳ này.", en="This source has not published it for the period.")
_SIGNS = {
    NOT_FILLED: Text(
        vi="biểu có hỏi, chưa đơn vị nào điền, hoặc không so sánh được: không phải là 0",
        en="asked, and nobody filled it, or it cannot be compared: not a zero",
    ),
    NOT_APPLICABLE: Text(vi="không áp dụng: mọi đơn vị đều ghi x", en="not applicable: every area wrote x"),
    NO_DENOMINATOR: Text(
        vi="tỷ lệ không tính được: mẫu số bằng 0, hoặc không có dân số trên cùng địa bàn",
        en="no ratio: its denominator is 0, or no population of the same areas is known",
    ),
    "": Text(vi="ô xám để trống: biểu không hỏi ô này", en="an empty grey cell: no form asks for it"),
    "±": Text(
        vi="chênh lệch với cùng kỳ năm trước, trên cùng địa bàn; của tỷ lệ là điểm phần trăm",
        en="change on the same period a year before, on the same territory; of shares, in percentage points",
    ),
    "0": Text(vi="đơn vị báo cáo là không có", en="reported as none"),
    "A / P / M": Text(
        vi="tình trạng của cột số đầu tiên: A mọi đơn vị phải điền đã điền; P tạm tính, còn đơn vị chưa điền;"
        " M chưa đơn vị nào điền; I mọi số theo hiệu chỉnh đã công bố; E ước tính; Z không áp dụng",
        en="status of the first column of figures: A every area that owes it filled it; P provisional, some did not;"
        " M nobody did; I every figure is a declared correction; E estimated; Z not applicable",
    ),
}


def bulletin(reports: Sequence[Report], codelists: CodeLists, head: Head, lines: Lines, figures: Figures) -> bytes:
    """A workbook that opens in Excel and LibreOffice; the same arguments give the same bytes.

    Units   numbers are those of the marts, unrounded; formats round them where they are shown.
    """
    target = BytesIO()
    # columns are as wide as so many digits of the font of the whole book
    options = {"in_memory": True, "default_format_properties": {"font_name": _FONT, "font_size": 10}}
    with Workbook(target, options) as book:
        created = local(head.as_of).replace(tzinfo=None, microsecond=0)
        title = f"Thống kê bảo vệ trẻ em, {head.period.label_vi}"
        book.set_properties({"title": title, "comments": head.release_id, "created": created})
        styles = _Styles(book)
        _cover(book.add_worksheet("Bìa"), styles, reports, head)
        for report in reports:
            _Page(book, styles, codelists, head, report, lines, figures).write()
    return target.getvalue()


class _Styles:
    """Formats by name; a number's by unit and column."""

    def __init__(self, book: Any) -> None:
        self._book, self._made = book, dict[tuple[tuple[str, Any], ...], Any]()

    def __call__(self, **wanted: Any) -> Any:
        given = {"font_name": _FONT, "font_size": 10, "valign": "vcenter", **wanted}
        key = tuple(sorted(given.items()))
        if key not in self._made:
            self._made[key] = self._book.add_format(given)
        return self._made[key]

    def text(self, **wanted: Any) -> Any:
        return self(border=1, border_color="#A6A6A6", text_wrap=True, **wanted)

    def number(self, unit: str | None, column: str) -> Any:
        counts = column in _PARTS or unit not in ("share", "rate")
        shown = "#,##0" if counts else "0.0%" if unit == "share" else "#,##0.00"
        if column == "change_on_year":
            shown = f"+{shown};[$-42A]-{shown};[$-42A]{shown}"
        # thousands and decimals as in Vietnam
        return self(border=1, border_color="#A6A6A6", align="right", num_format=f"[$-42A]{shown}")


def _cover(sheet: Worksheet, styles: _Styles, pages: Sequence[Report], head: Head) -> None:
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, 1, 78)
    big, small = styles(font_size=18, bold=True), styles(font_size=13, italic=True, font_color="#595959")
    sheet.write_string(0, 0, "THỐNG KÊ BẢO VỆ TRẺ EM", big)
    sheet.write_string(1, 0, "Child-protection statistical bulletin", small)
    sheet.write_string(2, 0, f"{head.period.label_vi} / {head.period.label_en}", styles(font_size=14, bold=True))
    start, end = head.period.start_date, head.period.end_date
    covered = f"{_count(head.areas_accepted)} / {_count(head.areas_expected)}"
    reports = (head.reports_expected, head.reports_received, head.reports_accepted, head.reports_on_time)
    counts = " · ".join(map(_count, reports))
    facts = {
        "Kỳ số liệu\nPeriod": f"{start:%d/%m/%Y} – {end:%d/%m/%Y} ({head.period.code})",
        "Bản đồ hành chính\nMap": _both(head.map),
        "Độ phủ\nCoverage": f"{covered} đơn vị cấp thấp nhất có báo cáo được chấp nhận\n"
        f"{covered} lowest-level areas whose report is accepted",
        "Báo cáo của mọi cấp\nReports of all levels": f"{counts}: phải có · đã nhận · được chấp nhận · đúng hạn\n"
        f"{counts}: expected · received · accepted · on time",
        "Số liệu đến\nFigures as of": f"{local(head.as_of):%H:%M %d/%m/%Y}, giờ Việt Nam / Viet Nam time",
        "Bản phát hành\nRelease": head.release_id,
        "Nguồn\nSource": "Báo cáo của đơn vị cấp thấp nhất theo mẫu mô phỏng BVTE, không phải mẫu chính thức\n"
        "Reports of the lowest-level areas on the simulated forms BVTE, which are not official",
        "Sử dụng\nUse": "Nội bộ: chưa kiểm soát tiết lộ thông tin, số nhỏ chưa được che; không công bố\n"
        "Internal: no disclosure control is applied yet, small numbers are not suppressed; do not publish",
    }
    for row, (label, said) in enumerate(facts.items(), start=4):
        sheet.write_string(row, 0, label, styles.text(bold=True, bg_color="#F2F2F2"))
        sheet.write_string(row, 1, said, styles.text())
        sheet.set_row(row, 14 * max(2, sum(_rows(part, 78) for part in said.split("\n"))) + 2)
    row = _section(sheet, styles, row + 2, "Ký hiệu / Signs")
    for sign, meaning in _SIGNS.items():
        grey = {} if sign else {"bg_color": "#E7E6E6"}
        sheet.write_string(row, 0, sign, styles.text(align="center", bold=True, **grey))
        said = _both(meaning)
        sheet.write_string(row, 1, said, styles.text())
        sheet.set_row(row, 14 * sum(_rows(part, 78) for part in said.split("\n")) + 2)
        row += 1
    row = _section(sheet, styles, row + 1, "Nội dung / Contents")
    for report in pages:
        link = styles.text(font_color="#1F4E79", underline=1)
        sheet.write_url(row, 0, f"internal:'{report.sheet}'!A1", link, report.sheet)
        sheet.write_string(row, 1, _both(report.title), styles.text())
        sheet.set_row(row, 28)
        row += 1
    _print_setup(sheet, head)
    sheet.set_portrait()
    sheet.fit_to_pages(1, 1)


def _section(sheet: Worksheet, styles: _Styles, row: int, words: str) -> int:
    sheet.write_string(row, 0, words, styles(bold=True, font_size=12))
    return row + 1


def _print_setup(sheet: Worksheet, head: Head) -> None:
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    sheet.hide_gridlines(2)
    sheet.set_footer(f"&L&8 {head.release_id}&C&8 Trang &P / &N&R&8 Nội bộ, mẫu mô phỏng / Internal, simulated forms")


class _Page:
    """One report on one sheet, table under table."""

    def __init__(
        self,
        book: Any,
        styles: _Styles,
        codelists: CodeLists,
        head: Head,
        report: Report,
        lines: Lines,
        figures: Figures,
    ) -> None:
        self.book, self.styles, self.codelists, self.head = book, styles, codelists, head
        self.report, self.lines, self.figures = report, lines, figures
        self.columns = {column.code: column for column in codelists.columns}
        self.sheet: Worksheet = book.add_worksheet(report.sheet)
        self.row, self.used = 0, 0.0
        self.breaks: list[int] = []

    def write(self) -> None:
        for column, width in enumerate(_WIDTHS):
            self.sheet.set_column(column, column, width)
        words, head = self.report, self.head
        self._line(f"{words.title.vi} – {head.period.label_vi}", 20, bold=True, font_size=14)
        self._line(f"{words.title.en} – {head.period.label_en}", 16, italic=True, font_size=11, font_color="#595959")
        self.sheet.repeat_rows(0, 1)
        self.sheet.freeze_panes(2, 0)
        self.used = 0
        self._wrapped(f"Căn cứ / Basis: {words.basis.vi} / {words.basis.en}", font_size=9)
        for table in words.tables:
            self._table(table)
        self.sheet.set_h_pagebreaks(self.breaks)
        _print_setup(self.sheet, head)

    def _table(self, table: ReportTable) -> None:
        rows = self._rows_of(table)
        columns = columns_of(table, self.codelists)
        heads = self._headers(table, columns)
        in_a_line, points = (13, 10.5) if table.columns == PROVINCES else (11, 12)
        header_height = points * max(_rows(part.vi, in_a_line) + _rows(part.en, in_a_line) for part in heads) + 4
        height = 90 + header_height + sum(one.height for one in rows)
        self._begin(height)
        self._line("", 8)
        self._line(table.title.vi, 17, bold=True, font_size=12)
        self._line(table.title.en, 15, italic=True, font_color="#595959")
        self._meta(table)
        self._header(table, heads, header_height)
        first = self.row
        for one in rows:
            self._data_row(table, columns, one)
        if table.chart:
            self._chart(table, columns, rows, first)

    def _rows_of(self, table: ReportTable) -> "list[_Row]":
        if table.columns == PROVINCES:
            nation = _Row(NATION, Text(vi="Cả nước", en="Viet Nam"), None, None, 12.5)
            return [nation, *(_Row(one.code, one.name, None, None, 12.5) for one in self.head.provinces)]
        rows = []
        room = sum(_WIDTHS[_FIRST : self._coverage_column(table) + 2])
        for line in table.lines:
            words = self.lines[self.report.code, line.name]
            because = words.because
            if not because and (self.report.code, line.name, NATION, TOTAL) not in self.figures:
                because = _NOT_PUBLISHED if line.source else _NOT_ASKED
            denominator = words.denominator if table.columns == RATIOS else None
            height = 12 * max(
                _rows(words.label.vi, 36),
                _rows(words.label.en, 34),
                2 if words.unit_label and words.unit != "share" else 1,
                _rows(because.vi, room) + _rows(because.en, room) if because else 1,
                _rows(denominator.vi, 40) + _rows(denominator.en, 40) if denominator else 1,
            )
            rows.append(_Row(line.name, words.label, words, because, height + 2.0))
        return rows

    def _headers(self, table: ReportTable, columns: Sequence[str]) -> list[Text]:
        if table.columns == PROVINCES:
            return [self.lines[self.report.code, code].label for code in columns]
        return [_HEADERS.get(code) or self.columns[code].label for code in columns]

    def _meta(self, table: ReportTable) -> None:
        """Period, map, coverage and source of a table."""
        head = self.head
        sources = dict.fromkeys(
            source for line in table.lines if (source := self.lines[self.report.code, line.name].source)
        )
        sheets = dict.fromkeys(source.partition(":")[0] if source.startswith("BVTE") else source for source in sources)
        counts = f"{_count(head.areas_accepted)}/{_count(head.areas_expected)}"
        covered = Text(vi=f"{counts} đơn vị có báo cáo được chấp nhận", en=f"{counts} areas whose report is accepted")
        if table.lines[0].source:
            covered = Text(vi="của nguồn, không theo đơn vị báo cáo", en="the source's own, not that of reports")
        named = "; ".join(sheets)
        self._wrapped(
            f"Kỳ: {head.period.label_vi} · Bản đồ: {head.map.vi} · Độ phủ: {covered.vi} · Nguồn: {named}",
            font_size=9,
        )
        self._wrapped(
            f"Period: {head.period.label_en} · Map: {head.map.en} · Coverage: {covered.en}"
            f" · Source: {named}",
            font_size=9, italic=True, font_color="#595959",
        )  # fmt: skip

    def _header(self, table: ReportTable, heads: Sequence[Text], height: float) -> None:
        is_provinces = table.columns == PROVINCES
        size = 8 if is_provinces else 9
        style = self.styles.text(bold=True, align="center", bg_color="#D9E1F2", font_size=size)
        fixed = ("Tỉnh, thành phố", "Province", "Mã\nCode") if is_provinces else ("Chỉ tiêu", "Indicator", "ĐVT\nUnit")
        for column, words in enumerate((*fixed, *map(_both, heads))):
            self.sheet.write_string(self.row, column, words, style)
        end = self._coverage_column(table)
        if table.columns == RATIOS:
            words = "Mẫu số là gì, lấy từ đâu\nWhat the denominator is, and from where"
            self.sheet.merge_range(self.row, _FIRST + len(heads), self.row, end - 1, words, style)
        covered = _ACCEPTED if is_provinces else _WINDOW if table.lines[0].source else _COVERAGE
        self.sheet.write_string(self.row, end, _both(covered), style)
        if not is_provinces:
            self.sheet.write_string(self.row, end + 1, _both(_STATUS), style)
        self._next(max(height, 38))

    def _coverage_column(self, table: ReportTable) -> int:
        return _FIRST + (_VALUES if table.columns == RATIOS else len(columns_of(table, self.codelists)))

    def _data_row(self, table: ReportTable, columns: Sequence[str], one: "_Row") -> None:
        sheet, styles, end = self.sheet, self.styles, self._coverage_column(table)
        sheet.write_string(self.row, 0, one.label.vi, styles.text())
        sheet.write_string(self.row, 1, one.label.en, styles.text(italic=True, font_color="#595959"))
        if table.columns == PROVINCES:
            sheet.write_string(self.row, 2, one.code, styles.text(align="center"))
            self._numbers(table, columns, one)
            accepted, expected = self._covered(one.code)
            sheet.write_string(self.row, end, f"{_count(accepted)}/{_count(expected)}", styles.text(align="right"))
        else:
            unit = one.words.unit_label if one.words else None
            sheet.write_string(self.row, 2, _both(unit) if unit else "", styles.text(align="center", font_size=9))
            if one.because:
                reason = styles.text(italic=True, bg_color="#FBF5E6", font_size=9)
                sheet.merge_range(self.row, _FIRST, self.row, end + 1, _both(one.because), reason)
            else:
                self._figures(table, columns, one, end)
        self._next(one.height)

    def _figures(self, table: ReportTable, columns: Sequence[str], one: "_Row", end: int) -> None:
        self._numbers(table, columns, one)
        first = self.figures.get((self.report.code, one.code, NATION, TOTAL))
        if table.columns == RATIOS:
            words = one.words.denominator if one.words else None
            place = f" ({first.denominator_source})" if first and first.denominator_source else ""
            style = self.styles.text(font_size=8)
            said = _both(words) + place if words else ""
            self.sheet.merge_range(self.row, _FIRST + len(columns), self.row, end - 1, said, style)
        covered, status = "", ""
        if first and first.areas_expected is not None:
            covered, status = f"{_count(first.areas_filled or 0)}/{_count(first.areas_expected)}", first.obs_status
        if first and first.window_start and first.window_end:  # another source counts no areas, but days of its own
            covered, status = f"{first.window_start:%d/%m/%y}–{first.window_end:%d/%m/%y}", first.obs_status
        amber = {"bg_color": "#FCE4D6"} if status == "P" else {}
        self.sheet.write_string(self.row, end, covered, self.styles.text(align="right", **amber))
        self.sheet.write_string(self.row, end + 1, status, self.styles.text(align="center", **amber))

    def _numbers(self, table: ReportTable, columns: Sequence[str], one: "_Row") -> None:
        for column, code in enumerate(columns, start=_FIRST):
            line, name, figure = self._at(table, code, one)
            unit = self.lines[self.report.code, line].unit
            self._number(column, name, unit, figure)

    def _at(self, table: ReportTable, column: str, one: "_Row") -> tuple[str, str, Figure | None]:
        """What stands in a column of a row: the line, which of a figure's numbers, and the figure."""
        line, area, name, cell = one.code, NATION, "obs_value", TOTAL
        if table.columns == PROVINCES:
            line, area = column, one.code
        elif table.columns in (YEAR, RATIOS):
            name = column
        else:
            said = self.columns[column]
            cell = (said.sex, said.age_band, said.subset)
        return line, name, self.figures.get((self.report.code, line, area, cell))

    def _number(self, column: int, name: str, unit: str | None, figure: Figure | None) -> None:
        if figure is None or (name in _PARTS and unit not in ("share", "rate")):
            self.sheet.write_blank(self.row, column, None, self.styles.text(bg_color="#E7E6E6"))
            return
        value = getattr(figure, name)
        if value is None:
            sign = self.styles.text(align="right", font_color="#7F7F7F")
            self.sheet.write_string(self.row, column, _sign(figure, name), sign)
        else:
            self.sheet.write_number(self.row, column, value, self.styles.number(unit, name))

    def _covered(self, code: str) -> tuple[int, int]:
        if code == NATION:
            return self.head.areas_accepted, self.head.areas_expected
        one = next(one for one in self.head.provinces if one.code == code)
        return one.areas_accepted, one.areas_expected

    def _chart(self, table: ReportTable, columns: Sequence[str], rows: "Sequence[_Row]", first: int) -> None:
        """A native chart of the rows with figures; the nation is no bar among its provinces."""
        assert table.chart
        start = first + (1 if table.columns == PROVINCES else table.chart.skip)
        last = first + len(rows) - 1
        kind = {"bar": "bar", "column": "column", "stacked": "bar"}[table.chart.kind]
        chart = self.book.add_chart({"type": kind, **({"subtype": "stacked"} if table.chart.kind == "stacked" else {})})
        missing, drawn = False, 0
        for number, code in enumerate(table.chart.of):
            column = _FIRST + columns.index(code)
            found = [self._at(table, code, one) for one in rows[start - first :]]
            known = [getattr(figure, name) is not None for _, name, figure in found if figure]
            missing |= known.count(True) < len(found)
            if not any(known):
                continue
            drawn += 1
            chart.add_series(
                {
                    "name": _both(self._headers(table, columns)[columns.index(code)]).replace("\n", " / "),
                    "categories": [self.report.sheet, start, 0, last, 0],
                    "values": [self.report.sheet, start, column, last, column],
                    "fill": {"color": _COLOURS[number]},
                    "gap": 60,
                }
            )
        if not drawn:
            return
        count = last - start + 1
        height = 300 if kind == "column" else 110 + 34 * count
        font = {"name": _FONT, "size": 9}
        title = f"{table.title.vi}, {self.head.period.label_vi}"
        chart.set_title({"name": title, "name_font": {**font, "size": 11}, "overlay": False})
        chart.set_size({"width": _PIXELS, "height": height})
        chart.set_legend({"position": "bottom", "font": font})
        names = {
            "interval_unit": 1,
            "num_font": {**font, "rotation": -45} if kind == "column" and count > _MANY else font,
        }
        values = {"num_font": font, "major_gridlines": {"visible": True, "line": {"color": "#D9D9D9"}}}
        if kind == "bar":  # whose lines stand along the vertical axis, the first on top
            chart.set_y_axis({**names, "reverse": True})
            chart.set_x_axis(values)
        else:
            chart.set_x_axis(names)
            chart.set_y_axis(values)
        points = height * 0.75
        self._begin(points + 30)
        self._line("", 8)
        self.sheet.insert_chart(self.row, 0, chart, {"object_position": 1})
        for _ in range(math.ceil(points / 15) + 1):
            self._next(15)
        if missing:
            self._wrapped(
                "Nơi không có cột là chưa có số liệu, không phải bằng 0, trừ khi bảng ghi 0."
                " / Where no bar stands nothing is known, which is not zero, unless the table says 0.",
                font_size=9, italic=True,
            )  # fmt: skip

    def _begin(self, points: float) -> None:
        """On a new page if what comes does not fit on what is left of this one."""
        if self.used > _OPENING and self.used + points > _PAGE_POINTS:
            self.breaks.append(self.row)
            self.used = 0

    def _line(self, words: str, height: float, **wanted: Any) -> None:
        self.sheet.write_string(self.row, 0, words, self.styles(**wanted))
        self._next(height)

    def _wrapped(self, words: str, **wanted: Any) -> None:
        style = self.styles(text_wrap=True, **wanted)
        self.sheet.merge_range(self.row, 0, self.row, _LAST, words, style)
        self._next(12.5 * _rows(words, 215))

    def _next(self, height: float) -> None:
        self.sheet.set_row(self.row, height)
        self.row += 1
        self.used += height
        if self.used > _PAGE_POINTS:  # the page breaks within a long table by itself
            self.used = height


_COLOURS = ("#1F4E79", "#C55A11", "#7F7F7F", "#548235")
_MANY = 12


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of a table: a line, or a province; `because`: why it has no figures."""

    code: str
    label: Text
    words: LineWords | None
    because: Text | None
    height: float


def _sign(figure: Figure, name: str) -> str:
    if name in ("value_year_before", "change_on_year"):
        return NOT_FILLED
    if figure.status_reason in ("nobody_to_divide_by", "no_population"):
        return NO_DENOMINATOR
    return NOT_APPLICABLE if figure.obs_status == "Z" else NOT_FILLED


def _both(words: Text) -> str:
    return words.vi if words.vi == words.en else f"{words.vi}\n{words.en}"


def _count(number: int) -> str:
    return f"{number:,}".replace(",", ".")


def _rows(words: str, width: int) -> int:
    """How many lines a text takes in a column of that width."""
    return max(1, math.ceil(len(words) / (width * 1.1)))
