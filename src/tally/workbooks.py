"""The workbook that an edition asks for: blank as the form is handed out, or filled as an area sends it."""

import re
from collections.abc import Mapping
from datetime import date, datetime, time
from html import escape
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from tally.contracts.model import Contracts, Edition, Level, Row, Sheet

Value = int | str | date | None

SIMULATED = "Mẫu mô phỏng"
HEADER = ("TT", "Chỉ tiêu", "Mã số", "ĐVT")
HEADER_ROW, FIRST_ROW = 5, 7
PERIOD_LINE, AREA_LINE = "Kỳ báo cáo: ", "Đơn vị báo cáo: "

_FONT = {"font_name": "Times New Roman", "font_size": 12}
_BOXED = {**_FONT, "border": 1}
_MIDDLE = {"align": "center", "valign": "vcenter"}
_STYLES: dict[str, dict[str, object]] = {
    "title": {**_FONT, **_MIDDLE, "bold": True, "font_size": 14},
    "subtitle": {**_FONT, "italic": True, "font_size": 11, "align": "center"},
    "cover_label": {**_BOXED, "valign": "vcenter"},
    "cover_value": {**_BOXED, "valign": "vcenter", "text_wrap": True, "num_format": "@"},
    "cover_date": {**_BOXED, "align": "left", "num_format": "dd/mm/yyyy"},
    "form": {**_FONT, "bold": True},
    "line": _FONT,
    "header": {**_BOXED, **_MIDDLE, "bold": True, "text_wrap": True, "bg_color": "#D9E1F2"},
    "number": {**_BOXED, "italic": True, "font_size": 10, "align": "center"},
    "middle": {**_BOXED, **_MIDDLE},
    "label": {**_BOXED, "valign": "vcenter", "text_wrap": True},
    "code": {**_BOXED, **_MIDDLE, "num_format": "@"},
    "figure": {**_BOXED, "align": "right", "valign": "vcenter", "num_format": "#,##0"},
    "x": {**_BOXED, "align": "right", "valign": "vcenter"},
    "note": {**_FONT, "italic": True},
    "signer": {**_FONT, "bold": True, "align": "center"},
    "signs": {**_FONT, "italic": True, "align": "center"},
}
_DATES = ("start_date", "end_date", "signed_date")


class BlankWorkbook:
    """The blank workbook of one edition and level, made once and filled as often as wanted.

    Blanks  a `notice`, where there is one, is printed on the cover beside the word that the form is simulated.
    Source  contracts/submission.yml for the cover, contracts/forms/ for the sheets
    """

    def __init__(self, contracts: Contracts, edition: Edition, level: str, notice: str = "") -> None:
        self._notice = notice
        self._cover = contracts.submission.cover
        self._figures: dict[tuple[str, str], tuple[str, str]] = {}
        self._notes: dict[str, tuple[str, str]] = {}
        self.content = self._made(contracts, edition, contracts.levels[level])
        with ZipFile(BytesIO(self.content)) as package:
            self._parts = {name: package.read(name) for name in package.namelist()}
        self._cells = {name: _Cells(part.decode()) for name, part in self._parts.items() if "/worksheets/" in name}

    def filled(
        self,
        cover: Mapping[str, Value],
        figures: Mapping[tuple[str, str], int | str | None],
        notes: Mapping[str, str] | None = None,
    ) -> bytes:
        """The workbook with these values in it; the same values give the same bytes.

        Shape   cover: field code → value; figures: (indicator code, column code) → what the cell holds, also an `x`;
                notes: form code → the free text beside `Ghi chú`.
        Blanks  what is not given stays as it is printed; None empties a cell.
        """
        written: dict[str, dict[str, Value]] = {name: {} for name in self._cells}
        for code, value in cover.items():
            written[_part(1)][self._cover.cell(code)] = value
        for place, figure in figures.items():
            part, address = self._figures[place]
            written[part][address] = figure
        for form_code, note in (notes or {}).items():
            part, address = self._notes[form_code]
            written[part][address] = note
        for part in written:
            if part != _part(1) and "period" in cover:
                written[part]["A3"] = f"{PERIOD_LINE}{cover['period'] or ''}"
            if part != _part(1) and "area_name" in cover:
                written[part]["A4"] = f"{AREA_LINE}{cover['area_name'] or ''}"
        target = BytesIO()
        with ZipFile(target, "w", ZIP_DEFLATED, compresslevel=1) as package:
            for name, content in self._parts.items():
                values = written.get(name)
                package.writestr(_entry(name), self._cells[name].filled(values).encode() if values else content)
        return target.getvalue()

    def _made(self, contracts: Contracts, edition: Edition, level: Level) -> bytes:
        target = BytesIO()
        workbook = Workbook(target, {"in_memory": True})
        printed = datetime.combine(edition.period.map_date, time())
        workbook.set_properties({"title": f"{SIMULATED} {edition.template_version}", "created": printed})
        styles = {name: workbook.add_format(style) for name, style in _STYLES.items()}
        cover = workbook.add_worksheet(contracts.submission.cover.sheet)
        _write_cover(cover, styles, contracts, edition, level, self._notice)
        units = {unit.code: unit.label.vi for unit in contracts.codelists.units if unit.in_force(edition.period)}
        for number, sheet in enumerate(edition.sheets, start=2):
            worksheet = workbook.add_worksheet(sheet.name)
            _set_up_page(worksheet, edition, sheet)
            _write_head(worksheet, styles, edition, sheet, level)
            last_row = FIRST_ROW - 1
            for last_row, row in enumerate(edition.rows_of(sheet), start=FIRST_ROW):
                _write_row(worksheet, styles, last_row, row, units[row.indicator.unit], level)
                for column, header in enumerate(sheet.columns, start=len(HEADER)):
                    self._figures[row.code, header.code] = _part(number), xl_rowcol_to_cell(last_row, column)
            _write_foot(worksheet, styles, sheet, level, last_row)
            self._notes[sheet.code] = _part(number), xl_rowcol_to_cell(last_row + 2, 1)
        workbook.close()
        return target.getvalue()


class _Cells:
    """The XML of one worksheet, taken apart at its cells so that filling it is putting it together again."""

    def __init__(self, xml: str) -> None:
        self._pieces: list[str] = []
        self._places: dict[str, tuple[int, str]] = {}
        end = 0
        for found in _CELL.finditer(xml):
            self._pieces += [xml[end : found.start()], found[0]]
            self._places[found[1]] = len(self._pieces) - 1, found[2]
            end = found.end()
        self._pieces.append(xml[end:])

    def filled(self, values: Mapping[str, Value]) -> str:
        pieces = self._pieces.copy()
        for address, value in values.items():
            at, style = self._places[address]
            pieces[at] = _cell(address, style, value)
        return "".join(pieces)


_CELL = re.compile(r'<c r="([A-Z]+[0-9]+)"( s="[0-9]+")(?:/>|(?: t="s")?><v>[^<]*</v></c>)')
_FIRST_DAY = date(1899, 12, 30)


def _cell(address: str, style: str, value: Value) -> str:
    if value is None:
        return f'<c r="{address}"{style}/>'
    if isinstance(value, str):
        text = escape(value, quote=False)
        return f'<c r="{address}"{style} t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'
    number = (value - _FIRST_DAY).days if isinstance(value, date) else value
    return f'<c r="{address}"{style}><v>{number}</v></c>'


def _part(number: int) -> str:
    return f"xl/worksheets/sheet{number}.xml"


def _entry(name: str) -> ZipInfo:
    entry = ZipInfo(name)
    entry.compress_type = ZIP_DEFLATED
    return entry


def _write_cover(
    worksheet: Worksheet, styles: dict[str, Format], contracts: Contracts, edition: Edition, level: Level, notice: str
) -> None:
    cover = contracts.submission.cover
    kinds = [kind.label.vi for kind in contracts.codelists.report_kinds if kind.in_force(edition.period)]
    printed: dict[str, Value] = {
        "template_version": edition.template_version,
        "level": level.label.vi,
        "period": edition.period.label_vi,
        "start_date": edition.period.start_date,
        "end_date": edition.period.end_date,
        "report_kind": kinds[0],
    }
    worksheet.set_paper(9)
    worksheet.set_portrait()
    worksheet.fit_to_pages(1, 1)
    worksheet.set_column(0, 0, 38)
    worksheet.set_column(1, 1, 46)
    worksheet.merge_range(0, 0, 0, 1, cover.title, styles["title"])
    worksheet.write_string(1, 0, f"({SIMULATED}) {notice}".strip(), styles["subtitle"])
    for field in cover.fields:
        worksheet.write_string(field.row - 1, 0, field.label, styles["cover_label"])
        style = styles["cover_date" if field.code in _DATES else "cover_value"]
        worksheet.write(field.row - 1, 1, printed.get(field.code), style)
    worksheet.data_validation(cover.cell("report_kind"), {"validate": "list", "source": kinds})


def _set_up_page(worksheet: Worksheet, edition: Edition, sheet: Sheet) -> None:
    worksheet.set_paper(9)
    worksheet.set_landscape()
    worksheet.fit_to_pages(1, 0)
    worksheet.set_margins(left=0.5, right=0.4, top=0.6, bottom=0.6)
    worksheet.set_footer(f'&L&"Times New Roman,Italic"&9{SIMULATED} {edition.template_version}&R&9Trang &P/&N')
    worksheet.repeat_rows(HEADER_ROW, HEADER_ROW + 1)
    worksheet.freeze_panes(FIRST_ROW, len(HEADER))
    worksheet.set_row(HEADER_ROW, 48)
    for column, width in enumerate((6, 52, 9, 10)):
        worksheet.set_column(column, column, width)
    worksheet.set_column(len(HEADER), _last_column(sheet), 11.57)


def _write_head(worksheet: Worksheet, styles: dict[str, Format], edition: Edition, sheet: Sheet, level: Level) -> None:
    worksheet.write_string(0, 0, f"Biểu {sheet.name}/{level.mark}", styles["form"])
    worksheet.merge_range(1, 0, 1, _last_column(sheet), sheet.form.title.vi.upper(), styles["title"])
    worksheet.write_string(2, 0, f"{PERIOD_LINE}{edition.period.label_vi}", styles["line"])
    worksheet.write_string(3, 0, AREA_LINE, styles["line"])
    headers = (*HEADER, *(column.label.vi for column in sheet.columns))
    for column, header in enumerate(headers):
        worksheet.write_string(HEADER_ROW, column, header, styles["header"])
    for column, number in enumerate((*"ABCD", *range(1, len(sheet.columns) + 1))):
        worksheet.write(HEADER_ROW + 1, column, number, styles["number"])


def _write_row(worksheet: Worksheet, styles: dict[str, Format], at: int, row: Row, unit: str, level: Level) -> None:
    worksheet.write_number(at, 0, at - FIRST_ROW + 1, styles["middle"])
    worksheet.write_string(at, 1, row.indicator.label.vi, styles["label"])
    worksheet.write_string(at, 2, row.indicator.row, styles["code"])
    worksheet.write_string(at, 3, unit, styles["middle"])
    for column, header in enumerate(row.form.columns, start=len(HEADER)):
        if row.prints(header.code, level.code):
            worksheet.write_blank(at, column, None, styles["figure"])
        else:
            worksheet.write_string(at, column, "x", styles["x"])


def _write_foot(worksheet: Worksheet, styles: dict[str, Format], sheet: Sheet, level: Level, last_row: int) -> None:
    worksheet.write_string(last_row + 2, 0, "Ghi chú", styles["note"])
    worksheet.write_blank(last_row + 2, 1, None, styles["line"])
    right = min(len(HEADER) + 1, _last_column(sheet))
    worksheet.write_string(last_row + 4, 1, "NGƯỜI LẬP BIỂU", styles["signer"])
    worksheet.write_string(last_row + 4, right, level.signs, styles["signer"])
    worksheet.write_string(last_row + 5, 1, "(Ký, họ tên)", styles["signs"])
    worksheet.write_string(last_row + 5, right, "(Ký, họ tên, đóng dấu)", styles["signs"])


def _last_column(sheet: Sheet) -> int:
    return len(HEADER) + len(sheet.columns) - 1
