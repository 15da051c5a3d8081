"""The list for a province's officer: what it counts, and that Excel and LibreOffice can open it."""

from dataclasses import replace
from datetime import UTC, date, datetime
from io import BytesIO

import pytest
from openpyxl import load_workbook

from tally.exports.outstanding import Outstanding, Section, Standing, outstanding_page, outstanding_workbook
from tally.periods import Period
from tally.vocabulary import Verdict

AS_OF = datetime(2026, 1, 12, 2, 0, tzinfo=UTC)
MISSING = Outstanding("03445", "Xã Mường Tè", Standing.MISSING, date(2025, 12, 17), 26, "03445")
RETURNED = replace(
    MISSING,
    area_code="03405",
    name="Xã Tả Lèng",
    standing=Standing.RETURNED,
    folder="03405",
    received_at=datetime(2025, 12, 15, 18, 30, 0, 5, tzinfo=UTC),
    submission_id="c5780f36eddf27c1",
    verdict=Verdict.RETURNED,
    critical=2,
)
YEAR = Section(Period(2025, "A1"), "12", "Tỉnh Lai Châu", 39, 38, 37, 2, (RETURNED, MISSING))
CLEAN = replace(YEAR, received=39, accepted=39, reports=())


def page(*sections: Section) -> str:
    return " ".join(outstanding_page("Tỉnh Lai Châu", sections, AS_OF, "20260112T020000Z-c089834d").split())


def test_a_list_names_each_report_its_due_day_and_where_its_letter_lies() -> None:
    text = page(YEAR)
    assert "Còn <b>2</b> báo cáo đang chờ" in text
    assert "Đã trả lại, chờ gửi lại: 2 điểm phải sửa" in text
    assert 'href="../03405/c5780f36eddf27c1_returned.html"' in text
    assert "16/12/2025<span>01:30" in text
    assert "Chưa gửi, hạn 17/12/2025, quá hạn 26 ngày: 1 báo cáo" in text
    assert "Xã Mường Tè <span>03445" in text


def test_a_report_that_is_not_due_yet_says_how_many_days_are_left() -> None:
    early = replace(MISSING, due_date=date(2026, 1, 14), days_after_due=-2)
    assert "hạn 14/01/2026, còn 2 ngày: 1 báo cáo" in page(replace(YEAR, reports=(early,)))


def test_a_province_with_nothing_outstanding_is_thanked() -> None:
    text = page(CLEAN)
    assert "Không còn báo cáo nào đang chờ" in text
    assert "Cảm ơn Tỉnh Lai Châu" in text
    assert "<b>39</b>Phải có" in text
    assert "<table>" not in text


def test_a_former_province_is_named_by_its_code_on_the_map_of_the_period() -> None:
    former = replace(YEAR, code="74", name="Tỉnh Bình Dương")
    assert "Tỉnh Bình Dương (mã 74 trên bản đồ của kỳ)" in page(former)
    assert "trên bản đồ của kỳ" not in page(YEAR)


def test_the_workbook_has_real_dates_text_codes_and_a_frozen_header() -> None:
    book = load_workbook(BytesIO(outstanding_workbook("Tỉnh Lai Châu", [YEAR], AS_OF, "r")))
    counts, listed = book["Tổng hợp"], book["Danh sách"]
    assert [cell.value for cell in counts[5]] == ["Năm 2025", "12", "Tỉnh Lai Châu", 39, 38, 37, 2, 2]
    assert listed.freeze_panes == "A2"
    assert [cell.value for cell in listed[2]] == [
        *("2025-A1", "03405", "Xã Tả Lèng", "Đã trả lại, chờ gửi lại · returned", datetime(2025, 12, 17), 26),  # noqa: DTZ001
        *(datetime(2025, 12, 16, 1, 30), "returned", 2, "outbox/03405", "c5780f36eddf27c1"),  # noqa: DTZ001
    ]
    assert [cell.value for cell in listed[3]][6:] == [None, None, None, "inbox/03445", None]
    assert listed["E2"].number_format == "dd/mm/yyyy"


@pytest.mark.parametrize("sections", [[YEAR], [CLEAN], []], ids=["some", "none", "no period"])
def test_the_same_reports_give_the_same_bytes(sections: list[Section]) -> None:
    made = {outstanding_workbook("Tỉnh Lai Châu", sections, AS_OF, "r") for _ in range(2)}
    assert len(made) == 1
    book = load_workbook(BytesIO(made.pop()))
    assert book.sheetnames == ["Tổng hợp", "Danh sách"]
    assert book.properties.created == datetime(2026, 1, 12, 9, 0)  # noqa: DTZ001
