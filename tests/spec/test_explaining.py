"""A warning that was explained as genuine does not come back for the same figure; everything else is asked again."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tally.contracts.areas import Area, Flow, Register
from tally.errors import UsageError
from tally.periods import LOCAL_TIME, Period
from tally.pipeline.answer import answer_batch
from tally.pipeline.explained import Explained
from tally.pipeline.findings import explain_finding, withdraw_finding
from tally.pipeline.home import Home
from tally.pipeline.judge import judge_batch
from tally.pipeline.read import read_submissions
from tally.pipeline.receive import receive_new_files
from tally.pipeline.state import Closing
from tally.simulation.reports import areas_owing, lawful_reports
from tally.vocabulary import FindingStatus
from tally.workbooks import BlankWorkbook

Y2025, Y2026 = Period(2025, "A1"), Period(2026, "A1")
JUDGED, LATER = datetime(2025, 12, 16, 12, tzinfo=LOCAL_TIME), datetime(2026, 12, 16, 12, tzinfo=LOCAL_TIME)
NOBODY = {("protection_workers", "T"): 0, ("protection_workers_trained", "T"): 0}  # R0603, a warning
NONE_TAUGHT, ONE_TAUGHT = ({("pupils", "T"): 9, ("pupils_taught_self_protection", "T"): taught} for taught in (0, 1))
UNREADABLE = {("pupils", "T"): "nhiều"}  # S12, critical
WORKERS = {"by": "Nguyễn Thị A", "because": "xã mới lập, chưa bố trí người"}
Found = Mapping[str, tuple[str, list[tuple[str, str | None]]]]


class Senders:
    """Communes that leave workbooks, named by what becomes of them."""

    def __init__(self, home: Home) -> None:
        self.home = home
        areas = [area for area in areas_owing(home.contracts, Y2025, ["12"]) if area.level == "commune"]
        self._reports = {
            period: iter(list(lawful_reports(home.contracts, period, areas, seed=1))) for period in (Y2025, Y2026)
        }
        self._of: dict[tuple[str, Period], Any] = {}
        self._times = ["path,received_at"]

    def leave(self, name: str, period: Period, *given: Mapping[tuple[str, str], Any], hour: int = 8) -> None:
        sender = name.partition(";")[0]
        if (sender, period) not in self._of:
            for each in (Y2025, Y2026):
                self._of[sender, each] = next(self._reports[each])
        report = self._of[sender, period]
        figures = {**report.figures, **{cell: value for some in given for cell, value in some.items()}}
        kind = {"report_kind": "Đính chính"} if "again" in name else {}
        path = self.home.inbox / report.area.code / f"{name}.xlsx"
        path.parent.mkdir(parents=True, exist_ok=True)
        blank = BlankWorkbook(self.home.contracts, self.home.contracts.edition(period), "commune")
        path.write_bytes(blank.filled({**report.cover, **kind}, figures))
        at = datetime(period.year, 12, 16, hour, tzinfo=LOCAL_TIME)
        self._times.append(f"{path.relative_to(self.home.root).as_posix()},{at.isoformat()}")
        self.home.received_csv.write_text("\n".join(self._times))


def read(home: Home, now: datetime, area: str | None = None) -> list[str]:
    return [read_submissions(chunk, home) for chunk in receive_new_files(now, area=area, home=home)]


def found_in(home: Home, batch_id: str) -> Found:
    """By file name: the verdict and every finding's rule, with the file whose explanation covers it."""
    folder = home.judgement(batch_id)
    names = {one.submission_id: Path(one.file_path).stem for one in home.state().submissions.values()}
    rows = pq.read_table(folder / "submissions.parquet").to_pylist()
    found: dict[str, tuple[str, list[Any]]] = {names[row["submission_id"]]: (row["verdict"], []) for row in rows}
    for row in pq.read_table(folder / "findings.parquet").to_pylist():
        found[names[row["submission_id"]]][1].append((row["rule_code"], names.get(row["explained_in"])))
    return {name: (verdict, sorted(rules, key=str)) for name, (verdict, rules) in found.items()}


def id_of(home: Home, name: str) -> str:
    return next(one.submission_id for one in home.state().submissions.values() if Path(one.file_path).stem == name)


def explain(home: Home, name: str, rule: str = "R0603", cell: str | None = None, until: Period | None = None) -> str:
    return explain_finding(home, id_of(home, name), rule, cell, **WORKERS, until=until, now=JUDGED)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return Home(tmp_path_factory.mktemp("explaining"))


@pytest.fixture(scope="module")
def found(home: Home) -> Found:
    """Warned, then explained or not; a correction of the same year; the report of the next."""
    senders = Senders(home)
    for name in ("genuine", "for a year", "not explained", "taken back", "on its way"):
        senders.leave(name, Y2025, NOBODY)
    senders.leave("unannounced", Y2025)
    senders.leave("unannounced; second", Y2025, NONE_TAUGHT, hour=9)
    senders.leave("critical", Y2025, NOBODY, UNREADABLE)
    first = judge_batch(read(home, JUDGED), JUDGED, home)
    senders.leave("on its way; again", Y2025, NOBODY, hour=9)
    waiting = read(home, JUDGED)
    for name in ("genuine", "taken back", "on its way", "critical"):
        explain(home, name)
    explain(home, "for a year", until=Y2025)
    explain(home, "unannounced; second", "S10")
    withdraw_finding(home, id_of(home, "taken back"), "R0603", None, by="B", because="nhầm", now=JUDGED)
    senders.leave("genuine; again", Y2025, NOBODY, hour=10)
    senders.leave("for a year; again", Y2025, NOBODY, hour=10)
    senders.leave("critical; again", Y2025, NOBODY, UNREADABLE, hour=10)
    senders.leave("unannounced; third", Y2025, ONE_TAUGHT, hour=10)
    for name in ("genuine", "for a year", "not explained", "taken back"):
        senders.leave(f"{name}; next year", Y2026, NOBODY)
    second = judge_batch(waiting + read(home, LATER), LATER, home)
    answer_batch(second, LATER, home)
    return {**found_in(home, first), **found_in(home, second)}


@pytest.mark.parametrize(
    ("name", "verdict", "findings"),
    [
        ("genuine", "accepted_with_warnings", [("R0603", None)]),
        ("genuine; again", "accepted", [("R0603", "genuine")]),
        ("genuine; next year", "accepted", [("R0603", "genuine")]),
        ("for a year; again", "accepted", [("R0603", "for a year")]),
        ("for a year; next year", "accepted_with_warnings", [("R0603", None)]),
        ("not explained; next year", "accepted_with_warnings", [("R0603", None)]),
        ("taken back; next year", "accepted_with_warnings", [("R0603", None)]),
        ("on its way; again", "accepted_with_warnings", [("R0603", None)]),
        ("unannounced; third", "accepted_with_warnings", [("S10", None)]),
        ("critical; again", "returned", [("R0603", "critical"), ("S12", None)]),
    ],
)
def test_an_explanation_covers_the_same_figure_of_what_comes_after_it(
    found: Found, name: str, verdict: str, findings: list[tuple[str, str | None]]
) -> None:
    assert found[name] == (verdict, findings)


def test_what_was_explained_is_no_letter_and_no_mark_but_one_line_where_there_is_a_letter(
    home: Home, found: Found
) -> None:
    letters = {path.name.partition("_")[0]: path.read_text(encoding="utf-8") for path in home.outbox.rglob("*_*.html")}
    marked = {path.name.partition("_")[0] for path in home.outbox.rglob("*_marked.xlsx")}
    quiet, wrong = id_of(home, "genuine; next year"), id_of(home, "critical; again")
    assert quiet not in letters
    assert quiet not in marked
    assert "1 điểm khác đã được giải trình" in letters[wrong]
    assert "R0603" not in letters[wrong]
    assert "được giải trình" not in letters[id_of(home, "not explained; next year")]


def test_judging_again_finds_what_was_found_before_the_explanation(home: Home, found: Found) -> None:
    sender = next(path.parent.name for path in home.inbox.rglob("genuine.xlsx"))
    again = found_in(home, judge_batch(read(home, LATER, area=sender), LATER, home))
    assert len(again) == 3
    assert again == {name: found[name] for name in again}


@pytest.mark.parametrize(
    ("name", "rule", "cell", "given", "says"),
    [
        pytest.param("critical; again", "S12", None, {}, "S12 is critical", id="critical"),
        pytest.param("genuine; next year", "R0601", None, {}, "it has R0603", id="no such finding"),
        pytest.param("genuine; next year", "R0603", "BVTE-06!E9", {}, "it has BVTE-06!E12", id="no such cell"),
        pytest.param("genuine", "R0603", None, {}, "has taken the place of", id="a submission that was replaced"),
        pytest.param("genuine; next year", "R0603", None, {"until": Y2025}, "is before 2026-A1", id="until before it"),
        pytest.param(
            "unannounced; third", "S10", None, {"until": Y2026}, "not about one figure", id="until of no figure"
        ),
        pytest.param("genuine; next year", "R0603", None, {"because": " \n"}, "--because is blank", id="no reason"),
        pytest.param("genuine; next year", "R0603", None, {"because": "a" * 501}, "at most 500", id="too long"),
        pytest.param(
            "genuine; next year",
            "R0603",
            None,
            {"because": "gọi 0912 345 678"},
            "must not keep",
            id="a telephone number",
        ),
        pytest.param("genuine; next year", "R0603", None, {"by": ""}, "--by is blank", id="nobody"),
    ],
)
def test_an_explanation_that_must_not_be_is_refused_and_leaves_no_trace(
    home: Home, found: Found, name: str, rule: str, cell: str | None, given: dict[str, Any], says: str
) -> None:
    events = home.ledger.path.read_bytes()
    with pytest.raises(UsageError, match=says):
        explain_finding(home, id_of(home, name), rule, cell, **{**WORKERS, "until": None, **given}, now=LATER)
    assert home.ledger.path.read_bytes() == events


# 00001 was recoded 00002; 00003 and 00004 became 00005; code 00006 was given to another territory.
CHANGE = date(2026, 7, 1)


def _unit(code: str, valid_from: date | None = None, valid_to: date | None = None) -> Area:
    return Area(code, "commune", valid_from, valid_to, f"Xã {code}", code, "Xã", None, "")


REGISTER = Register(
    [
        *(_unit(code, None, CHANGE) for code in ("00001", "00003", "00004", "00006", "00007")),
        *(_unit(code, CHANGE) for code in ("00002", "00005", "00006")),
    ],
    [
        Flow("commune", CHANGE, old, new, "", Decimal(1), "", "G1")
        for old, new in (
            ("00001", "00002"),
            ("00003", "00005"),
            ("00004", "00005"),
            ("00006", "00005"),
            ("00007", "00006"),
        )
    ],
)


def covers(explained: str, asked: str, *, period: Period = Y2026, number: int = 6, severity: str = "warning") -> bool:
    """Whether what was explained of one area's report of 2025 covers the same of another report."""
    word = Closing(
        ("a", "R0603", "BVTE-06", "E12"), FindingStatus.EXPLAINED, "", "", datetime(2026, 1, 1, tzinfo=UTC), 5,
        "protection_workers", "T", explained, "2025-A1", None,
    )  # fmt: skip
    finding = {"rule_code": "R0603", "severity": severity, "indicator_code": "protection_workers", "column_code": "T"}
    area = REGISTER.at(asked, period.map_date)
    assert area
    return Explained([word], REGISTER).covering(finding, area, period, number) is word


@pytest.mark.parametrize(
    ("explained", "asked", "covered"),
    [
        pytest.param("00001", "00002", True, id="recoded"),
        pytest.param("00003", "00005", False, id="merged with others"),
        pytest.param("00006", "00006", False, id="the code of another territory"),
        pytest.param("00007", "00006", True, id="the territory under a code of another"),
    ],
)
def test_an_explanation_follows_the_territory_and_not_the_code(explained: str, asked: str, covered: bool) -> None:
    assert covers(explained, asked) == covered


@pytest.mark.parametrize(
    ("asked", "covered"),
    [
        pytest.param({"period": Y2025}, True, id="the same period"),
        pytest.param({"period": Period(2025, "S1")}, False, id="an earlier period"),
        pytest.param({"number": 4}, False, id="a submission that was there before"),
        pytest.param({"severity": "critical"}, False, id="critical by now"),
    ],
)
def test_an_explanation_looks_ahead_only_and_never_covers_what_is_critical(
    asked: dict[str, Any], covered: bool
) -> None:
    assert covers("00001", "00001" if "period" in asked else "00002", **asked) == covered
