"""What a province's officer still waits for: its reports that were not accepted, as a page and as a workbook."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from importlib.resources import files
from io import BytesIO

from jinja2 import Environment, StrictUndefined
from xlsxwriter import Workbook

from tally.exports.answers import local
from tally.periods import Period
from tally.vocabulary import Verdict

_PAGE = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True).from_string(
    files(__package__).joinpath("outstanding.html").read_text(encoding="utf-8")
)


class Standing(StrEnum):
    """Why a report is outstanding, in the order in which a list has them."""

    RETURNED = "returned"
    REFUSED = "refused"
    CORRECTION = "correction"
    UNREAD = "unread"
    MISSING = "missing"


WORDS = {
    Standing.RETURNED: ("Đã trả lại, chờ gửi lại", "returned"),
    Standing.REFUSED: ("Chưa tiếp nhận được, chờ gửi lại", "refused"),
    Standing.CORRECTION: ("Bản đính chính chờ gửi lại; báo cáo trước vẫn có hiệu lực", "correction not accepted"),
    Standing.UNREAD: ("Chưa có; tệp đã gửi chưa tiếp nhận được", "missing; a file was refused"),
    Standing.MISSING: ("Chưa gửi", "missing"),
}


@dataclass(frozen=True, slots=True)
class Outstanding:
    """A report that is not accepted, or whose last correction is not.

    Units   `days_after_due` is below zero before the due day.
    Blanks  nothing came: no time of receipt, no submission, no verdict, no count of critical findings.
    """

    area_code: str
    name: str
    standing: Standing
    due_date: date
    days_after_due: int
    folder: str
    received_at: datetime | None = None
    submission_id: str | None = None
    verdict: Verdict | None = None
    critical: int | None = None

    @property
    def place(self) -> str:
        """Where the letter lies, or where to send a report that never came."""
        return f"{'outbox' if self.submission_id else 'inbox'}/{self.folder}"


@dataclass(frozen=True, slots=True)
class Section:
    """What a province of the map of a period owes: how many reports in all, and those that are outstanding."""

    period: Period
    code: str
    name: str
    expected: int
    received: int
    accepted: int
    late: int
    reports: tuple[Outstanding, ...]

    @property
    def came(self) -> list[Outstanding]:
        """Those of which something came."""
        return [one for one in self.reports if one.submission_id]

    @property
    def missing(self) -> list[tuple[tuple[date, int], list[Outstanding]]]:
        """(due day, days after it) → those of which nothing came."""
        by_due: dict[tuple[date, int], list[Outstanding]] = defaultdict(list)
        for one in self.reports:
            if not one.submission_id:
                by_due[one.due_date, one.days_after_due].append(one)
        return sorted(by_due.items())


def outstanding_page(name: str, sections: Sequence[Section], as_of: datetime, release_id: str) -> str:
    """One HTML page to print on A4, that fetches nothing, Vietnamese first, English second."""
    return _PAGE.render(
        name=name,
        sections=sections,
        outstanding=sum(len(section.reports) for section in sections),
        as_of=local(as_of),
        release_id=release_id,
        WORDS=WORDS,
        local=local,
    )


_COUNTS = (
    ("Kỳ báo cáo\nPeriod", 22), ("Mã tỉnh\nProvince code", 12), ("Tỉnh, thành phố\nProvince", 28),
    ("Phải có\nExpected", 12), ("Đã nhận\nReceived", 12), ("Đã chấp nhận\nAccepted", 14),
    ("Trong đó muộn\nOf these late", 14), ("Còn lại\nOutstanding", 14),
)  # fmt: skip
_LIST = (
    ("Kỳ báo cáo\nPeriod", 12), ("Mã đơn vị\nArea code", 11), ("Đơn vị\nArea", 28), ("Tình trạng\nState", 74),
    ("Hạn nộp\nDue", 12), ("Số ngày sau hạn\nDays after due", 15), ("Nhận lần cuối\nLast received", 18),
    ("Kết luận\nVerdict", 12), ("Điểm phải sửa\nTo be corrected", 15), ("Thư mục của đơn vị\nFolder", 18),
    ("Mã lần gửi\nSubmission", 20),
)  # fmt: skip


def outstanding_workbook(name: str, sections: Sequence[Section], as_of: datetime, release_id: str) -> bytes:
    """The same as a workbook: the counts, then one row a report; the same arguments give the same bytes."""
    target = BytesIO()
    with Workbook(target, {"in_memory": True}) as book:
        book.set_properties({"title": f"Báo cáo còn thiếu: {name}", "created": local(as_of).replace(tzinfo=None)})
        font = {"font_name": "Times New Roman", "font_size": 11, "valign": "top"}
        plain = book.add_format(font)
        bold = book.add_format({**font, "bold": True})
        day = book.add_format({**font, "num_format": "dd/mm/yyyy", "align": "left"})
        moment = book.add_format({**font, "num_format": "dd/mm/yyyy hh:mm", "align": "left"})
        header = book.add_format({**font, "bold": True, "text_wrap": True, "border": 1, "bg_color": "#D9E1F2"})

        counts = book.add_worksheet("Tổng hợp")
        counts.write_string(0, 0, f"Báo cáo còn thiếu – {name}", bold)
        counts.write_string(1, 0, f"Tính đến / as of {local(as_of):%H:%M %d/%m/%Y}; {release_id}", plain)
        for column, (words, width) in enumerate(_COUNTS):
            counts.set_column(column, column, width)
            counts.write_string(3, column, words, header)
        for row, section in enumerate(sections, start=4):
            for column, text in enumerate((section.period.label_vi, section.code, section.name)):
                counts.write_string(row, column, text, plain)
            numbers = (section.expected, section.received, section.accepted, section.late, len(section.reports))
            for column, number in enumerate(numbers, start=3):
                counts.write_number(row, column, number, plain)
        counts.set_row(3, 32)
        counts.freeze_panes(4, 0)

        listed = book.add_worksheet("Danh sách")
        for column, (words, width) in enumerate(_LIST):
            listed.set_column(column, column, width)
            listed.write_string(0, column, words, header)
        reports = [(section.period.code, one) for section in sections for one in section.reports]
        for row, (period_code, one) in enumerate(reports, start=1):
            listed.write_string(row, 0, period_code, plain)
            listed.write_string(row, 1, one.area_code, plain)
            listed.write_string(row, 2, one.name, plain)
            listed.write_string(row, 3, " · ".join(WORDS[one.standing]), plain)
            listed.write_datetime(row, 4, one.due_date, day)
            listed.write_number(row, 5, one.days_after_due, plain)
            if one.received_at and one.submission_id and one.verdict:
                listed.write_datetime(row, 6, local(one.received_at).replace(tzinfo=None, microsecond=0), moment)
                listed.write_string(row, 7, one.verdict, plain)
                listed.write_number(row, 8, one.critical or 0, plain)
                listed.write_string(row, 10, one.submission_id, plain)
            listed.write_string(row, 9, one.place, plain)
        listed.autofilter(0, 0, len(reports), len(_LIST) - 1)
        for sheet in (counts, listed):
            sheet.set_landscape()
            sheet.set_paper(9)
            sheet.fit_to_pages(1, 0)
        listed.set_row(0, 32)
        listed.freeze_panes(1, 0)
        listed.repeat_rows(0)
    return target.getvalue()
