"""Rules that compare with an earlier report: of the same territory, or of all that it was made of; and with no other.

Everything is written, received, read and judged as it comes: the year 2024 and the first half of 2025, the year 2025 on
the new map, the first half of 2026.
"""

import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tally.areas.territory import Territory
from tally.contracts.areas import Area
from tally.contracts.grammar import Call, Ref
from tally.contracts.model import ACROSS_PERIODS
from tally.errors import JudgingError
from tally.judgement.earlier import CELL, EarlierReport, Past
from tally.judgement.wording import Figure, explanation
from tally.periods import LOCAL_TIME, Period
from tally.pipeline.home import Home
from tally.pipeline.judge import judge_batch
from tally.pipeline.read import read_submissions
from tally.pipeline.receive import receive_new_files
from tally.pipeline.state import Submission, state_of
from tally.simulation.reports import areas_owing, lawful_reports
from tally.workbooks import BlankWorkbook

Y2024, H2025, Y2025, H2026 = (Period.parse(code) for code in ("2024-A1", "2025-S1", "2025-A1", "2026-S1"))
RECEIVED = {
    period: datetime.combine(period.map_date + timedelta(1), time(9), LOCAL_TIME)
    for period in (Y2024, H2025, Y2025, H2026)
}
SOON, LATER = (datetime(2025, 6, 17, 9, tzinfo=LOCAL_TIME), datetime(2025, 12, 17, 9, tzinfo=LOCAL_TIME))
NOW = datetime(2026, 7, 1, tzinfo=LOCAL_TIME)
RULES = ("R0106", "R0209", "R0210", "R0304")
Figures = Mapping[tuple[str, str], int | str | None]


def both(row: str, value: int | str | None) -> Figures:
    """So many, all of them boys."""
    return {(row, "T"): value, (row, "M"): value}


def children(number: int | str | None) -> Figures:
    special = number // 20 if isinstance(number, int) else 0
    rows = ("children_special_circumstances", "special_disability")
    return both("children_under_16", number) | both(rows[0], special) | both(rows[1], special)


def incidents(number: int | str | None) -> Figures:
    return {("abuse_incidents", "T"): number}


def offenders(number: int) -> Figures:
    return both("abuse_offenders", number)


def victims(number: int | None) -> Figures:
    """So many boys of one age, harmed in their families, each in an incident of its own."""
    one = {(row, column): number for row in VICTIMS for column in ("T", "M", "Y0T5")}
    return incidents(number) | one


def start(number: int) -> Figures:
    return both("cases_open_at_start", number) | both("cases_open_at_end", number)


def end(number: int) -> Figures:
    return both("cases_opened", number) | both("cases_open_at_end", number)


PARTS = 12  # more than any area here is made of
UNREADABLE = {("bullying_incidents", "T"): "nhiều"}
VICTIMS = ("abuse_victims", "abuse_victims_violence", "abuse_setting_family")
OUTBREAK = "R0210@BVTE-02!E9"
GREW, FELL = "R0106@BVTE-01!E8", "R0209@BVTE-02!E8"
OPEN = frozenset({"R0304@BVTE-03!E15", "R0304@BVTE-03!F15"})
TOO_MANY = children(1201) | incidents(3)  # after 1000 children and 4 incidents
THOUSAND = [children(600) | incidents(2), children(400) | incidents(2)]


@dataclass(frozen=True)
class Sent:
    """One workbook: of an area, or of one of those that made a new area up (by place, in order of code)."""

    period: Period
    figures: Figures
    of: int | None = None
    at: datetime | None = None
    cover: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Case:
    """What is sent for one area over time; `found` by the rules that look back in its last report that counts."""

    name: str
    sent: Sequence[Sent]
    found: frozenset[str] = frozenset()
    code: str | None = None  # none: a commune of Lai Châu made of two others or more
    verdict: str = ""

    @property
    def expected(self) -> str:
        return self.verdict or ("accepted_with_warnings" if self.found else "accepted")


def of_parts(period: Period, figures: Sequence[Figures | None]) -> list[Sent]:
    """A report of each area that a new one was made of: zeros after the last that is given; None sends nothing."""
    given = [*figures, *[{}] * (PARTS - len(figures))]
    return [Sent(period, said, of=part) for part, said in enumerate(given) if said is not None]


CASES = [
    Case("grew by a fifth", [*of_parts(H2025, THOUSAND), Sent(Y2025, children(1200) | incidents(4))]),
    Case("grew by more", [*of_parts(H2025, THOUSAND), Sent(Y2025, children(1201) | incidents(4))], frozenset({GREW})),
    Case("fell by a fifth", [*of_parts(H2025, THOUSAND), Sent(Y2025, children(800) | incidents(4))]),
    Case("fell by more", [*of_parts(H2025, THOUSAND), Sent(Y2025, children(799) | incidents(4))], frozenset({GREW})),
    Case("grew from nothing", [*of_parts(H2025, []), Sent(Y2025, children(100))]),
    Case(
        "fewer in the year", [*of_parts(H2025, THOUSAND), Sent(Y2025, children(999) | incidents(3))], frozenset({FELL})
    ),
    Case(
        "fewer boys in the year",
        [*of_parts(H2025, [offenders(2), offenders(1)]), Sent(Y2025, offenders(2))],
        frozenset({"R0209@BVTE-02!E27", "R0209@BVTE-02!F27"}),
    ),
    Case(
        "a predecessor did not tell the boys",
        [*of_parts(H2025, [offenders(2) | {("abuse_offenders", "M"): None}, offenders(1)]), Sent(Y2025, offenders(2))],
        frozenset({"R0209@BVTE-02!E27"}),
    ),
    Case("a predecessor is missing", [*of_parts(H2025, [None, *THOUSAND]), Sent(Y2025, TOO_MANY)]),
    Case(
        "a predecessor was returned",
        [*of_parts(H2025, [UNREADABLE, children(1000) | incidents(4)]), Sent(Y2025, TOO_MANY)],
    ),
    Case(
        "a predecessor left a cell blank",
        [*of_parts(H2025, [children(1000) | incidents(None), incidents(4)]), Sent(Y2025, TOO_MANY)],
        frozenset({GREW}),
    ),
    Case(
        "a predecessor crossed a cell out",
        [*of_parts(H2025, [children("x") | incidents(4), children(1000)]), Sent(Y2025, TOO_MANY)],
        frozenset({FELL}),
    ),
    Case("a blank cell", [*of_parts(H2025, THOUSAND), Sent(Y2025, children(None) | incidents(None))]),
    Case(
        "returned for something else",
        [*of_parts(H2025, THOUSAND), Sent(Y2025, TOO_MANY | UNREADABLE)],
        frozenset({GREW, FELL}),
        verdict="returned",
    ),
    Case(
        "a correction counts instead",
        [
            *of_parts(H2025, [incidents(9), incidents(2)]),
            Sent(H2025, incidents(3), of=0, at=SOON, cover={"report_kind": "Đính chính"}),
            Sent(Y2025, incidents(5)),
        ],
    ),
    Case(
        "a correction that says more",
        [
            *of_parts(H2025, [incidents(1), incidents(2)]),
            Sent(H2025, incidents(3), of=0, at=SOON, cover={"report_kind": "Đính chính"}),
            Sent(Y2025, incidents(4)),
        ],
        frozenset({FELL}),
    ),
    Case(
        "a correction that was returned does not count",
        [
            *of_parts(H2025, [incidents(1), incidents(2)]),
            Sent(H2025, incidents(0) | UNREADABLE, of=0, at=SOON, cover={"report_kind": "Đính chính"}),
            Sent(Y2025, incidents(2)),
        ],
        frozenset({FELL}),
    ),
    Case(
        "a correction that comes after the report of the year",
        [
            *of_parts(H2025, [incidents(1), incidents(2)]),
            Sent(Y2025, incidents(3)),
            Sent(H2025, incidents(9), of=0, at=LATER, cover={"report_kind": "Đính chính"}),
        ],
    ),
    Case(
        "a correction is not compared with what it corrects",
        [
            Sent(H2025, children(1000) | incidents(4)),
            Sent(H2025, TOO_MANY, at=SOON, cover={"report_kind": "Đính chính"}),
        ],
        code="03349",
    ),
    Case("as many open as a year ago", [*of_parts(Y2024, [end(2), end(1)]), Sent(Y2025, start(3))]),
    Case("more open than a year ago", [*of_parts(Y2024, [end(2), end(1)]), Sent(Y2025, start(4))], OPEN),
    Case("fewer open than a year ago", [*of_parts(Y2024, [end(2), end(1)]), Sent(Y2025, start(2))], OPEN),
    Case("open at the middle of the year is not asked", [*of_parts(H2025, [end(2), end(1)]), Sent(Y2025, start(4))]),
    Case(
        "the last report is a year old",
        [*of_parts(Y2024, THOUSAND), *of_parts(H2025, [None, children(9)]), Sent(Y2025, TOO_MANY)],
        frozenset({GREW}),
    ),
    Case(
        "the last report is the one that counts",
        [*of_parts(Y2024, [children(2000)]), *of_parts(H2025, THOUSAND), Sent(Y2025, children(1200) | incidents(4))],
    ),
    Case(
        "half a year on the same territory",
        [Sent(Y2025, children(1000) | end(3) | incidents(4)), Sent(H2026, children(1200) | start(3))],
    ),
    Case(
        "too much on the same territory",
        [Sent(Y2025, children(1000) | end(3)), Sent(H2026, children(1201) | start(2))],
        frozenset({GREW, *OPEN}),
    ),
    Case(
        "an outbreak",
        [*of_parts(H2025, [children(4000) | victims(1), children(2000)]), Sent(Y2025, children(6000) | victims(15))],
        frozenset({OUTBREAK}),
    ),
    Case(
        "as many as before",
        [*of_parts(H2025, [children(4000) | victims(2), children(2000)]), Sent(Y2025, children(6000) | victims(4))],
    ),
    Case(
        "an outbreak of the first half of which the year says no more",
        [*of_parts(H2025, [children(4000) | victims(15), children(2000)]), Sent(Y2025, children(6000) | victims(16))],
    ),
    Case(
        "an outbreak on the same territory",
        [Sent(Y2025, children(6000) | victims(1)), Sent(H2026, children(6000) | victims(9))],
        frozenset({OUTBREAK}),
    ),
    Case(
        "an outbreak of which a predecessor did not tell",
        [*of_parts(H2025, [children(4000) | victims(None), children(2000)]), Sent(Y2025, children(6000) | victims(15))],
    ),
    Case("an outbreak in the first report ever", [Sent(H2026, children(6000) | victims(15))]),
    Case("the first report ever", [Sent(H2026, TOO_MANY | start(5))]),
    Case("a district", [Sent(Y2024, end(3)), Sent(H2025, start(2))], OPEN, code="105"),
    Case("a commune of the old map", [Sent(Y2024, end(3)), Sent(H2025, start(3))], code="03352"),
    Case("a commune made of parts", [*of_parts(H2025, THOUSAND), Sent(Y2025, TOO_MANY)], code="00004"),
    Case(
        "a code that passed to another territory",
        [Sent(H2025, incidents(3), of=0), Sent(H2025, incidents(3), of=1), Sent(Y2025, incidents(5))],
        frozenset({FELL}),
        code="24",
    ),
    Case(
        "an island without communes",
        [Sent(H2025, incidents(3), of=0), Sent(Y2025, incidents(2))],
        frozenset({FELL}),
        code="11948",
    ),
]
BY_NAME = {case.name: case for case in CASES}


class Country:
    """Areas that leave workbooks of zeros, more or less; what they left is judged when it is asked for."""

    def __init__(self, home: Home) -> None:
        self.home, self.register = home, home.contracts.register
        self.territory = Territory(self.register)
        lai_chau = self.register.children("12", Y2025.map_date)
        self._communes = iter([one for one in lai_chau if len(self.parts(one, H2025) or ()) > 1])
        self.areas = {case.name: self._area(case) for case in CASES}
        self._times = ["path,received_at"]
        self._blank = cache(lambda period, level: BlankWorkbook(home.contracts, home.contracts.edition(period), level))

    def parts(self, area: Area, period: Period) -> Sequence[Area]:
        """What the area was made of: all that sent it anything, if it has no whole predecessors."""
        day = period.map_date
        return self.territory.whole_predecessors(area, day) or self.territory.earlier(area, day)

    def leave(self, case: Case, number: int, sent: Sent) -> None:
        area = self.areas[case.name]
        if sent.of is not None:
            parts = self.parts(area, sent.period)
            if sent.of >= len(parts):
                return
            area = parts[sent.of]
        area = self.register.at(area.code, sent.period.map_date) or area
        edition, day = self.home.contracts.edition(sent.period), sent.period.map_date
        zeros = {(row.code, at): 0 for row in edition.rows for at in row.columns if row.prints(at, area.level)}
        if "protection_workers" in edition.row_of:
            zeros["protection_workers", "T"] = 5
        district, province = self.register.district_of(area.code, day), self.register.province_of(area.code, day)
        below = len(self.register.children(area.code, day)) or None
        cover = {
            "area_code": area.code,
            "area_name": area.name,
            "district_name": district.name if district else None,
            "province_name": province.name if province else None,
            "reports_expected": below,
            "reports_made": below,
            "signed_by": "Nguyễn Văn A",
            "signed_date": day,
            **sent.cover,
        }
        path = self.home.inbox / area.code / f"{case.name} {number}.xlsx"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self._blank(sent.period, area.level).filled(cover, {**zeros, **sent.figures}))
        at = sent.at or RECEIVED[sent.period]
        self._times.append(f"{path.relative_to(self.home.root).as_posix()},{at.isoformat()}")
        self.home.received_csv.write_text("\n".join(self._times))

    def _area(self, case: Case) -> Area:
        day = max(sent.period for sent in case.sent).map_date
        area = self.register.at(case.code, day) if case.code else next(self._communes)
        assert area, case.name
        return area


@dataclass(frozen=True)
class Found:
    """What judging left: by file name (verdict, findings as `rule@sheet!cell`), and every message."""

    verdicts: Mapping[str, tuple[str, frozenset[str]]]
    messages: Mapping[tuple[str, str], tuple[str, str]]

    @classmethod
    def of(cls, *folders: Path) -> "Found":
        verdicts, messages = {}, {}
        for folder in folders:
            names = {}
            for row in pq.read_table(folder / "submissions.parquet").to_pylist():
                names[row["submission_id"]] = name = Path(row["file_path"]).stem
                verdicts[name] = (row["verdict"], set())
            for row in pq.read_table(folder / "findings.parquet").to_pylist():
                name = names[row["submission_id"]]
                place = "{rule_code}@{sheet_name}!{cell_address}".format(**row)
                verdicts[name][1].add(place)
                messages[name, place] = row["message_vi"], row["message_en"]
        return cls({name: (verdict, frozenset(rules)) for name, (verdict, rules) in verdicts.items()}, messages)


def judge(home: Home, now: datetime, period: str | None = None) -> Path:
    chunks = receive_new_files(now, period=period, home=home)
    return home.judgement(judge_batch([read_submissions(chunk, home) for chunk in chunks], now, home))


def last_report(case: Case) -> str:
    """The name of the file that the case is about: the report that counts of its latest period."""
    last = max(sent.period for sent in case.sent)
    return f"{case.name} {max(at for at, sent in enumerate(case.sent) if sent.period == last)}"


@pytest.fixture(scope="module")
def country(tmp_path_factory: pytest.TempPathFactory) -> Country:
    return Country(Home(tmp_path_factory.mktemp("country")))


@pytest.fixture(scope="module")
def judged(country: Country) -> Found:
    """Everything as it came: three batches, the first of two periods."""
    for case in CASES:
        for number, sent in enumerate(case.sent):
            country.leave(case, number, sent)
    return Found.of(*(judge(country.home, now) for now in (SOON, LATER, NOW)))


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_report_is_compared_with_the_earlier_ones_of_its_territory_alone(case: Case, judged: Found) -> None:
    verdict, found = judged.verdicts[last_report(case)]
    assert verdict == case.expected
    assert {place for place in found if place.startswith(RULES)} == case.found


def test_a_finding_says_which_earlier_report_it_compares_with(judged: Found, country: Country) -> None:
    def named(name: str, period: Period) -> list[str]:
        return [f"{area.code} {area.name}" for area in country.parts(country.areas[name], period)]

    def message(name: str, place: str) -> tuple[str, str]:
        vi, en = judged.messages[last_report(BY_NAME[name]), place]
        return vi.partition(". Quy tắc: ")[0], en.partition(". Rule: ")[0]

    first, second = named("a code that passed to another territory", H2025)
    assert (first, second) == ("24 Tỉnh Bắc Giang", "27 Tỉnh Bắc Ninh")
    assert message("a code that passed to another territory", FELL) == (
        f"E8 = 5; 2025-S1 của {first}, {second} = 6",
        f"E8 = 5; 2025-S1 of {first}, {second} = 6",
    )
    areas = ", ".join(named("grew by more", H2025))
    assert message("grew by more", GREW) == (
        f"E8 = 1.201; 2025-S1 của {areas} = 1.000",
        f"E8 = 1,201; 2025-S1 of {areas} = 1,000",
    )
    (area,) = named("too much on the same territory", Y2025)
    assert message("too much on the same territory", "R0304@BVTE-03!F15")[1] == f"F15 = 2; 2025-A1 of {area} = 3"
    assert message("the last report is a year old", GREW)[1].startswith("E8 = 1,201; 2024-A1 of ")
    year, half = message("an outbreak", OUTBREAK)
    limit = (
        r"E9 = 15; giới hạn trên \(dự kiến \d,\d: 2025-S1 = 1 của (.*); đơn vị cùng loại \d+,\d trên 100.000 .*\) = \d"
    )
    assert re.fullmatch(limit, year)[1] == ", ".join(named("an outbreak", H2025))
    assert re.fullmatch(
        r"E9 = 15; upper limit \(\d\.\d expected: 2025-S1 = 1 of .* per 100,000 children a year\) = \d", half
    )
    assert message("an island without communes", FELL)[0] == "E8 = 2; 2025-S1 của 318 Huyện Bạch Long Vĩ = 3"


def test_judging_a_period_again_finds_the_same_whatever_came_since(judged: Found, country: Country) -> None:
    late = Sent(H2025, incidents(9), of=0, at=SOON, cover={"report_kind": "Đính chính"})
    country.leave(BY_NAME["grew by a fifth"], 99, late)
    judge(country.home, NOW)
    again = Found.of(judge(country.home, NOW, Y2025.code))
    assert again.verdicts == {name: judged.verdicts[name] for name in again.verdicts}
    assert {
        last_report(case) for case in CASES if case.found and case.sent[-1].period == Y2025
    } <= again.verdicts.keys()


def test_what_was_received_later_does_not_count_however_soon_it_was_met(judged: Found, country: Country) -> None:
    case = BY_NAME["a correction that comes after the report of the year"]
    in_between = RECEIVED[Y2025] + timedelta(hours=1)
    country.leave(case, 99, Sent(Y2025, incidents(3), at=in_between, cover={"report_kind": "Đính chính"}))
    assert Found.of(judge(country.home, NOW)).verdicts == {f"{case.name} 99": ("accepted", frozenset())}


def test_both_periods_in_one_batch_are_judged_as_in_two(judged: Found, country: Country) -> None:
    shutil.rmtree(country.home.root / "work" / "judgements")
    at_once = Found.of(judge(country.home, NOW))
    assert judged.verdicts.items() <= at_once.verdicts.items()
    assert judged.messages.items() <= at_once.messages.items()


@pytest.fixture
def alone(judged: Found, country: Country) -> str:
    """The chunk of all reports of 2025-A1, when the judgements are gone."""
    ids = [one.submission_id for one in submissions(country.home) if one.period_code == Y2025.code]
    shutil.rmtree(country.home.root / "work" / "judgements", ignore_errors=True)
    return read_submissions(ids, country.home)


def submissions(home: Home) -> Sequence[Submission]:
    return list(state_of(home.ledger.events()).submissions.values())


def test_a_judgement_that_is_gone_is_an_error_and_no_rule_that_rests(alone: str, country: Country) -> None:
    with pytest.raises(JudgingError, match="earlier reports are compared with, and their judgement"):
        judge_batch([alone], NOW, country.home)


def test_an_earlier_report_that_we_can_no_longer_read_holds_up_nothing(alone: str, country: Country) -> None:
    lost = [one.submission_id for one in submissions(country.home) if one.period_code != Y2025.code]
    events = [{"event": "failed", "submission_id": one, "step": "read", "error": "ValueError"} for one in lost]
    country.home.ledger.append(NOW, events)
    found = Found.of(country.home.judgement(judge_batch([alone], NOW, country.home)))
    assert not any(place.startswith(RULES) for _, places in found.verdicts.values() for place in places)


@pytest.mark.parametrize(
    ("areas", "vi", "en"),
    [(1, "", ""), (4, "", ""), (5, " và 1 đơn vị khác", " and 1 other"), (9, " và 5 đơn vị khác", " and 5 others")],
)
def test_after_four_areas_the_others_are_counted(country: Country, areas: int, vi: str, en: str) -> None:
    report = EarlierReport(H2025, tuple(country.register.on(H2025.map_date, "commune")[:areas]), ())
    claims = country.home.contracts.edition(Y2025).claims
    claim = next(one for one in claims if one.rule.code == "R0209" and one.statement.anchor == "abuse_incidents")
    figures = {"abuse_incidents": Figure("BVTE-02", "E8", 3)}
    earlier = Figure("", "", 123_456_789, report)
    text = explanation(claim, "T", lambda name, _: figures.get(name, earlier))
    names = ", ".join(f"{area.code} {area.name}" for area in report.areas[:4])
    assert text.vi == f"E8 = 3; 2025-S1 của {names}{vi} = > 99.999.999"
    assert text.en == f"E8 = 3; 2025-S1 of {names}{en} = > 99,999,999"


def test_a_simulated_province_without_faults_is_judged_and_found_right(tmp_path: Path) -> None:
    home = Home(tmp_path)
    times = ["path,received_at"]
    for period in (H2025, Y2025, H2026):
        blanks: Callable[[str], Any] = cache(
            lambda level, period=period: BlankWorkbook(home.contracts, home.contracts.edition(period), level)
        )
        for report in lawful_reports(home.contracts, period, areas_owing(home.contracts, period, ["12"]), seed=4):
            path = home.inbox / report.folder / report.file_name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(blanks(report.area.level).filled(report.cover, report.figures))
            times.append(f"inbox/{report.folder}/{report.file_name},{report.received_at.isoformat()}")
    home.received_csv.write_text("\n".join(times))
    folder = judge(home, NOW)
    assert pq.read_table(folder / "findings.parquet").num_rows == 0
    outcomes = pq.read_table(folder / "outcomes.parquet").to_pylist()
    counted = {one["rule_code"]: one["judged"] for one in outcomes if one["suite"] == ACROSS_PERIODS}
    reports = 38 + 1
    # every total of the year against the half year; children, victims in both later periods; cases at the start of 2026
    cells = sum(len(row.columns) for row in home.contracts.edition(Y2025).rows if row.form.code == "bvte_02")
    assert counted == {"R0106": 2 * reports, "R0209": cells * reports, "R0210": 2 * reports, "R0304": 4 * reports}


cell = st.one_of(st.none(), st.integers(0, 50))


@given(st.lists(st.lists(cell, min_size=1, max_size=4), max_size=6), st.data())
def test_earlier_figures_are_the_sum_of_all_areas_or_not_known(parts, data):
    figures = {f"{at}-{part}": value for at, values in enumerate(parts) for part, value in enumerate(values)}
    reports = {
        (f"now {at}", "previous"): EarlierReport(H2025, (), tuple(f"{at}-{part}" for part in range(len(values))))
        for at, values in enumerate(parts)
    }
    past = Past(reports, ["a"], ["T", "M"])
    rows = [(one, "a", "T", value) for one, value in figures.items()] + [("somebody else's", "a", "T", 7)]
    table = pd.DataFrame(data.draw(st.permutations(rows)), columns=[*CELL, "value"]).astype({"value": "Int64"})
    past.add(table)
    asked = data.draw(st.permutations([f"now {at}" for at in range(len(parts))] + ["never compared"]))
    found = past.figures(Call("previous", (Ref("a"),)), asked)
    assert np.isnan(found[:, 1]).all()
    for one, value in zip(asked, found[:, 0], strict=True):
        of = parts[int(one.split()[1])] if one.startswith("now") else [None]
        assert np.isnan(value) if None in of else value == sum(of)
