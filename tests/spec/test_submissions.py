"""The rules about who sent it, when, and for which report: a cover that breaks exactly one, and one just lawful."""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from reading import contracts

from tally.judgement.submission import Sent, Standing, standing
from tally.periods import LOCAL_TIME, Period
from tally.readings import Cover

HALF, YEAR = Period(2025, "S1"), Period(2025, "A1")
FIELDS = """
    level area_code area_name district_name province_name period start_date
    report_kind reports_expected reports_made signed_by signed_date
"""


@dataclass(frozen=True)
class Case:
    """What differs from a lawful report of an area, and what must be found: `S07 critical area_name`."""

    name: str
    found: tuple[str, ...] = ()
    code: str = "26740"
    period: Period = YEAR
    folder: str | None = None
    received_at: datetime = datetime(2025, 12, 17, 9, tzinfo=LOCAL_TIME)
    has_earlier: bool = False
    cover: dict[str, object] = field(default_factory=dict)


def judged(case: Case) -> Standing:
    register, day = contracts().register, case.period.map_date
    area, district, province = (
        find(case.code, day) for find in (register.at, register.district_of, register.province_of)
    )
    lawful = Cover(
        level=area.level if area else "commune",
        area_code=case.code,
        area_name=area.name if area else None,
        district_name=district.name if district else None,
        province_name=province.name if province else None,
        period=case.period,
        start_date=case.period.start_date,
        end_date=case.period.end_date,
        report_kind="first",
        is_signed=True,
        signed_date=case.period.map_date,
        cells={name: name for name in FIELDS.split()},
    )
    sent = Sent(case.folder or case.code, case.received_at, case.has_earlier)
    return standing(replace(lawful, **case.cover), sent, contracts())


def local(*moment: int) -> datetime:
    return datetime(*moment, tzinfo=LOCAL_TIME)  # type: ignore[arg-type, misc]


PROVINCE = {"code": "79", "received_at": local(2025, 12, 20)}
BEFORE_JULY = {"period": HALF, "received_at": local(2025, 6, 17)}

CASES = [
    Case("a lawful report"),
    Case("a lawful report on the map with districts", **BEFORE_JULY),
    Case("a lawful report of a district", code="760", **BEFORE_JULY),
    Case("no area code", ("S03 critical area_code",), folder="26740", cover={"area_code": None}),
    Case("a code that never was", ("S03 critical area_code",), code="99999"),
    Case("a code that has ended", ("S03 critical area_code",), code="00001"),
    Case("a code that has ended, for a period in which it stood", code="00001", **BEFORE_JULY),
    Case("a district after districts", ("S03 critical area_code",), code="760"),
    Case("a level that the code has not", ("S03 critical level",), cover={"level": "province"}),
    Case("no level", ("S03 critical level",), cover={"level": None}),
    Case("the folder of another area", ("S04 critical area_code",), folder="26743"),
    Case("the folder of its own province", ("S04 critical area_code",), folder="79"),
    Case("no period", ("S05 critical period",), cover={"period": None}),
    Case("another first day", ("S05 critical start_date",), cover={"start_date": date(2025, 1, 1)}),
    Case("another last day", ("S05 critical start_date",), cover={"end_date": date(2025, 12, 31)}),
    Case("no last day", ("S05 critical start_date",), cover={"end_date": None}),
    Case("received on the last day", ("S05 critical period",), received_at=local(2025, 12, 14, 23, 59)),
    Case("received on the day after", received_at=local(2025, 12, 15, 0, 0)),
    Case("received on the day after, yesterday in London", received_at=datetime(2025, 12, 14, 17, 0, tzinfo=UTC)),
    Case("a name without its accents", ("S07 warning area_name",), cover={"area_name": "Phuong Sai Gon"}),
    Case("a name without its prefix", cover={"area_name": "SÀI GÒN"}),
    Case("the name of another area", ("S07 critical area_name",), cover={"area_name": "Phường Bến Nghé"}),
    Case("the name of the area in the half-year", cover={"area_name": "Phường Bến Nghé"}, **BEFORE_JULY),
    Case("no name", ("S07 critical area_name",), cover={"area_name": None}),
    Case("another province", ("S07 critical province_name",), cover={"province_name": "Thành phố Hà Nội"}),
    Case("another district", ("S07 critical district_name",), cover={"district_name": "Quận 3"}, **BEFORE_JULY),
    Case("no district", ("S07 critical district_name",), cover={"district_name": None}, **BEFORE_JULY),
    Case("a district after districts are gone", ("S07 critical district_name",), cover={"district_name": "Quận 1"}),
    Case(
        "two names at once",
        ("S07 critical province_name", "S07 warning area_name"),
        cover={"area_name": "Phuong Sai Gon", "province_name": "Huế"},
    ),
    Case("not signed", ("S08 critical signed_by",), cover={"is_signed": False}),
    Case("no date of signature", ("S08 critical signed_date",), cover={"signed_date": None}),
    Case("signed on the last day", ("S08 critical signed_date",), cover={"signed_date": date(2025, 12, 14)}),
    Case("signed on the day after", cover={"signed_date": date(2025, 12, 15)}),
    Case("a second first report", ("S10 warning report_kind",), has_earlier=True),
    Case("a second report of no kind", ("S10 warning report_kind",), has_earlier=True, cover={"report_kind": None}),
    Case("a supplement", has_earlier=True, cover={"report_kind": "supplement"}),
    Case("a correction", has_earlier=True, cover={"report_kind": "correction"}),
    Case("a correction of nothing", cover={"report_kind": "correction"}),
    Case("received in the last minute of the due day", received_at=local(2025, 12, 17, 23, 59)),
    Case("received in the first minute after", ("S13 info None",), received_at=local(2025, 12, 18, 0, 0)),
    Case(
        "received after the due day, on it in London",
        ("S13 info None",),
        received_at=datetime(2025, 12, 17, 17, 0, tzinfo=UTC),
    ),
    Case(
        "received on the due day, after it in Auckland",
        received_at=datetime(2025, 12, 18, 5, 59, tzinfo=ZoneInfo("Pacific/Auckland")),
    ),
    Case("a district's own due day", code="760", period=HALF, received_at=local(2025, 6, 20, 23, 59)),
    Case("a district after it", ("S13 info None",), code="760", period=HALF, received_at=local(2025, 6, 21)),
    Case("a province's own due day", code="79", received_at=local(2025, 12, 25, 23, 59)),
    Case("as many reports as are owed", cover={"reports_expected": 168, "reports_made": 168}, **PROVINCE),
    Case("one too many owed", ("S15 warning reports_expected",), cover={"reports_expected": 169}, **PROVINCE),
    Case("one too few owed", ("S15 warning reports_expected",), cover={"reports_expected": 167}, **PROVINCE),
    Case(
        "more reports than said to be owed",
        ("S15 warning reports_expected", "S15 warning reports_made"),
        cover={"reports_expected": 10, "reports_made": 11},
        **PROVINCE,
    ),
    Case("more reports than owed", ("S15 warning reports_made",), cover={"reports_made": 169}, **PROVINCE),
    Case("no reports made", cover={"reports_expected": 168, "reports_made": 0}, **PROVINCE),
    Case("a commune's counters are not judged", cover={"reports_expected": 9, "reports_made": 99}),
]


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_cover_gets_what_it_breaks_and_nothing_else(case: Case) -> None:
    found = [f"{fault.rule_code} {fault.severity} {fault.cell_address}" for fault in judged(case).faults]
    assert sorted(found) == sorted(case.found)


@pytest.mark.parametrize(
    ("case", "successors"),
    [
        pytest.param(Case("merged", code="00001"), ["00097 Phường Hồng Hà"], id="one"),
        pytest.param(Case("split", code="00007"), ["00008 Phường Ngọc Hà", "00025 Phường Giảng Võ"], id="several"),
    ],
)
def test_an_old_code_is_told_its_successors(case: Case, successors: list[str]) -> None:
    (fault,) = judged(case).faults
    for said in (fault.vi, fault.en):
        assert ", ".join(successors) in said


def test_only_a_known_area_and_a_known_period_are_judged_further() -> None:
    assert judged(Case("", cover={"period": None})).judged == {"S05"}
    assert judged(Case("", code="00001")).judged == {"S03", "S05"}
    assert judged(Case("", folder="26743", cover={"is_signed": False})).judged == {"S03", "S04", "S05"}
    assert judged(Case("")).judged == {"S03", "S04", "S05", "S07", "S08", "S10", "S13"}
    assert judged(Case("", code="79")).judged == {"S03", "S04", "S05", "S07", "S08", "S10", "S13", "S15"}


def test_a_report_that_is_late_is_late_by_every_day_after() -> None:
    late = Case("", received_at=local(2025, 12, 17) + timedelta(days=400))
    (fault,) = judged(late).faults
    assert (fault.vi, fault.en) == (
        "nhận ngày 21/01/2027, hạn là 17/12/2025",
        "received on 21/01/2027, due on 17/12/2025",
    )
