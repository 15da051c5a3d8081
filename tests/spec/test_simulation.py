"""Simulated reports are lawful, look like what is published, and stay the same for the same seed.

The rules are evaluated here as FORMS.md writes them, by Mã số, and not by the product's judge.
"""

import csv
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from tally.contracts.areas import Area
from tally.contracts.load import load_contracts
from tally.errors import UsageError
from tally.periods import LOCAL_TIME, Period
from tally.pipeline.simulate import simulate_to
from tally.simulation.faults import FAULTS
from tally.simulation.reports import NOTICE, SimulatedReport, areas_owing, simulated_figures
from tally.simulation.simulate import simulate_reports
from tally.vocabulary import Verdict

CONTRACTS = load_contracts(Path(__file__).parents[2] / "contracts")
NEW, OLD = Period(2025, "A1"), Period(2025, "S1")
S, SA, G = "T M F U", "T M F U Y0T5 Y6T10 Y11T15 AGE_U", "T M F ETH SUP"
AGES = ("Y0T5", "Y6T10", "Y11T15", "AGE_U")
SPECIAL = [f"{row:04}" for row in range(102, 116)]
SERVICES = [f"{row:04}" for row in range(321, 331)]
SA_ROWS = [f"{row:04}" for row in (*range(201, 209), *range(211, 216), *range(221, 226))]
S_ROWS = {"R0201": [*SA_ROWS, "0230", "0231", "0232"]}
S_ROWS["R0302"] = [f"{row:04}" for row in (310, 311, 312, 313, 314, 315, 316, 320)] + SERVICES
S_ROWS["R0401"] = ["0401", "0402", "0403", "0404", "0410", "0411", "0420"]
S_ROWS["R0501"] = ["0500", "0501", "0502", "0503", "0510", "0511", "0520", "0521", "0522"]
NEVER = -1.0

Figures = dict[tuple[str, str], np.ndarray]

seeds = st.integers(0, 2**31)
periods = st.builds(Period, st.integers(2022, 2027), st.sampled_from(["S1", "A1"]))


def figures_of(period: Period, areas: Sequence[Area], seed: int) -> Figures:
    """(Mã số, column) → one figure for each area."""
    row_of = {row.code: row.indicator.row for row in CONTRACTS.edition(period).rows}
    cells, totals = simulated_figures(CONTRACTS, period, areas, seed)
    return {(row_of[name], column): totals[:, at].astype(float) for at, (name, column) in enumerate(cells)}


def written_figures(reports: Sequence[SimulatedReport]) -> Figures:
    """The same of whole reports; what is not a number stays out of every rule."""
    row_of = {row.code: row.indicator.row for row in CONTRACTS.edition(reports[0].period).rows}
    cells = {cell for report in reports for cell in report.figures}

    def number(report: SimulatedReport, cell: tuple[str, str]) -> float:
        figure = report.figures.get(cell)
        return float(figure) if isinstance(figure, int) and figure >= 0 else np.nan

    return {
        (row_of[name], column): np.array([number(report, (name, column)) for report in reports])
        for name, column in cells
    }


def broken(
    f: Figures, level: str, earlier: Figures | None = None, last_year: Figures | None = None
) -> dict[str, np.ndarray]:
    """Rule → which areas break it, as FORMS.md says."""
    found: dict[str, np.ndarray] = defaultdict(lambda: np.zeros(len(f["0100", "T"]), bool))

    def differ(rule: str, total: np.ndarray, parts: Iterable[np.ndarray]) -> None:
        found[rule] |= np.abs(total - sum(parts)) > 0

    def above(rule: str, part: np.ndarray, whole: np.ndarray) -> None:
        found[rule] |= part > whole

    def between_max_and_sum(rule: str, whole: str, parts: Sequence[str], column: str) -> None:
        known = np.array([f[part, column] for part in parts])
        above(rule, np.nanmax(known, axis=0, initial=NEVER), f[whole, column])
        above(rule, f[whole, column], known.sum(axis=0))

    for row in ("0100", "0101", *SPECIAL):
        differ("R0101", f[row, "T"], (f[row, "M"], f[row, "F"]))
        above("R0104", f[row, "ETH"], f[row, "T"])
        if row != "0100":
            above("R0104", f[row, "SUP"], f[row, "T"])
    for column in G.split():
        between_max_and_sum("R0102", "0101", SPECIAL, column)
    for column in ("T", "M", "F", "ETH"):
        above("R0103", f["0101", column], f["0100", column])
    large = f["0100", "T"] >= 500
    share = f["0101", "T"] / np.maximum(f["0100", "T"], 1)
    found["R0105"] |= large & ((share < 0.005) | (share > 0.3))

    for rule, rows in S_ROWS.items():
        for row in rows:
            differ(rule, f[row, "T"], (f[row, sex] for sex in ("M", "F", "U")))
    for rule, rows in (("R0202", SA_ROWS), ("R0402", ["0401", "0402", "0403", "0410", "0411"])):
        for row in rows:
            differ(rule, f[row, "T"], (f[row, age] for age in AGES))
    for column in SA.split():
        differ("R0203", f["0201", column], (f[f"020{n}", column] for n in range(2, 9)))
        differ("R0204", f["0204", column], (f[f"021{n}", column] for n in range(1, 6)))
        differ("R0205", f["0201", column], (f[f"022{n}", column] for n in range(1, 6)))
        between_max_and_sum("R0403", "0401", ("0402", "0403"), column)
        above("R0404", f["0411", column], f["0410", column])
        above("R0406", f["0224", column], f["0410", column])
    found["R0207"] |= (f["0201", "T"] > 0) & (f["0200", "T"] == 0)
    ratio = f["0201", "T"] / np.maximum(f["0200", "T"], 1)
    found["R0208"] |= (f["0200", "T"] >= 10) & ((ratio < 1) | (ratio > 1.5))
    differ("R0301", f["0300", "T"], (f[f"030{n}", "T"] for n in range(1, 7)))
    for column in S.split():
        above("R0206", f["0231", column], f["0230", column])
        above("R0206", f["0232", column], f["0230", column])
        differ("R0303", f["0313", column], (f["0310", column], f["0311", column], -f["0312", column]))
        for row in ("0314", "0315", "0316"):
            above("R0305", f[row, column], f["0311", column])
        between_max_and_sum("R0306", "0320", SERVICES, column)
        above("R0404", f["0404", column], f["0401", column])
        pairs = "0501 0500,0502 0500,0503 0500,0511 0510,0521 0520,0522 0521"
        for part, whole in (pair.split() for pair in pairs.split(",")):
            above("R0502", f[part, column], f[whole, column])
        above("R0503", f["0205", column], f["0521", column])
    above("R0404", f["0413", "T"], f["0412", "T"])
    for column in ("T", "M", "F"):
        above("R0405", f["0420", column], f["0100", column])
    if ("0600", "T") in f:
        for whole in range(600, 612, 2):
            above("R0601", f[f"{whole + 1:04}", "T"], f[f"{whole:04}", "T"])
        found["R0603"] |= f["0604", "T"] < 1
        if level == "province":
            for row in ("0612", "0613"):
                found["R0602"] |= ~np.isin(f[row, "T"], (0, 1)) & ~np.isnan(f[row, "T"])
    limit = {"commune": 200_000, "district": 1_000_000, "province": 5_000_000}[level]
    for figures in f.values():
        found["S17"] |= figures > limit
    if earlier:
        found["R0106"] |= np.abs(f["0100", "T"] / earlier["0100", "T"] - 1) > 0.2
    if earlier and ("0600", "T") in f:
        for row, column in f:
            if row.startswith("02"):
                above("R0209", earlier[row, column], f[row, column])
    if last_year:
        for column in S.split():
            differ("R0304", f["0310", column], [last_year["0313", column]])
    return found


def provinces(period: Period) -> list[str]:
    return [area.code for area in CONTRACTS.register.on(period.map_date, "province")]


def of_level(areas: Sequence[Area], level: str) -> list[Area]:
    return [area for area in areas if area.level == level]


def broken_of(areas: Sequence[Area], f: Figures, *before: Figures | None) -> dict[str, int]:
    """The rules broken at any level, and how often."""
    found: Counter[str] = Counter()
    for level in {area.level for area in areas}:
        mine = np.array([area.level == level for area in areas])
        of_level = [figures and {cell: values[mine] for cell, values in figures.items()} for figures in (f, *before)]
        found.update({rule: int(which.sum()) for rule, which in broken(of_level[0], level, *of_level[1:]).items()})
    return dict(+found)


@settings(max_examples=30, deadline=None)
@given(seeds, periods, st.data())
def test_every_rule_of_the_forms_holds_whatever_seed_period_and_province(
    seed: int, period: Period, data: st.DataObject
) -> None:
    areas = areas_owing(CONTRACTS, period, [data.draw(st.sampled_from(provinces(period)))])
    last_year = Period(period.year - 1, "A1")
    previous = Period(period.year, "S1") if period.part == "A1" else last_year

    def earlier(other: Period) -> Figures | None:
        versions = {CONTRACTS.register.at("01", one.map_date) for one in (period, other)}
        return figures_of(other, areas, seed) if len(versions) == 1 else None

    assert broken_of(areas, figures_of(period, areas, seed), earlier(previous), earlier(last_year)) == {}


@pytest.mark.parametrize("period", [NEW, OLD], ids=str)
def test_every_rule_holds_all_over_the_country(period: Period) -> None:
    areas = areas_owing(CONTRACTS, period)
    assert len(areas) == {NEW: 3321 + 34, OLD: 10_035 + 696 + 63}[period]
    assert broken_of(areas, figures_of(period, areas, 1)) == {}


@pytest.mark.parametrize("level", ["commune", "province"])
def test_whole_areas_that_merge_take_their_figures_along(level: str) -> None:
    flows = [flow for flow in CONTRACTS.register.flows if (flow.level, flow.date) == (level, date(2025, 7, 1))]
    split = {flow.new_code for flow in flows if flow.relation == "split"}
    into = {flow.old_code: flow.new_code for flow in flows if flow.new_code not in split}
    before = [area for area in areas_owing(CONTRACTS, OLD) if area.code in into and area.level == level]
    after = [area for area in areas_owing(CONTRACTS, NEW) if area.code in into.values() and area.level == level]
    after = [area for area in after if area.code not in {"11948", "19742", "20333", "21548", "26732"}]  # were districts
    places = {area.code: at for at, area in enumerate(after)}
    to = np.array([places[into[area.code]] for area in before])

    def merged(period: Period) -> Figures:
        return {cell: np.bincount(to, f, len(after)) for cell, f in figures_of(period, before, 1).items()}

    found = broken_of(after, figures_of(NEW, after, 1), merged(OLD), merged(Period(2024, "A1")))
    assert len(after) >= {"commune": 2400, "province": 34}[level]
    assert found == {}


def test_the_figures_of_a_parent_are_the_sums_of_those_below_it() -> None:
    register, day = CONTRACTS.register, OLD.map_date
    areas = areas_owing(CONTRACTS, OLD, ["48", "83"])
    cells, totals = simulated_figures(CONTRACTS, OLD, areas, 3)
    figures = dict(zip([area.code for area in areas], totals, strict=True))
    for area in areas:
        below = register.children(area.code, day)
        if below:
            assert (figures[area.code] == sum(figures[child.code] for child in below)).all()
    assert "498" in figures  # an island district without communes has its own
    assert figures["498"][cells.index(("children_under_16", "T"))] > 0


def test_only_the_province_fills_what_only_a_province_has() -> None:
    reports = list(simulate_reports(CONTRACTS, NEW, areas_owing(CONTRACTS, NEW, ["12"])))
    for report in reports:
        filled = ("emergency_service_available", "T") in report.figures
        assert filled == (report.area.level == "province")


def test_the_same_area_has_the_same_report_whichever_others_are_asked_for() -> None:
    everything = {r.area.code: r for r in simulate_reports(CONTRACTS, OLD, areas_owing(CONTRACTS, OLD), 7, 0.3)}
    for code in ("28759", "829", "83", "318"):
        assert (
            list(simulate_reports(CONTRACTS, OLD, [CONTRACTS.register.at(code, OLD.map_date)], 7, 0.3))[-1]
            == (everything[code])
        )


def test_another_seed_gives_other_figures() -> None:
    areas = areas_owing(CONTRACTS, NEW, ["12"])
    one, other = (simulated_figures(CONTRACTS, NEW, areas, seed)[1] for seed in (1, 2))
    assert (one != other).mean() > 0.2


def test_an_unknown_area_is_the_callers_mistake() -> None:
    with pytest.raises(UsageError, match="no area 829 on the map of 2025-A1"):
        areas_owing(CONTRACTS, NEW, ["829"])


@pytest.fixture(scope="module")
def new() -> list[Figures]:
    communes = of_level(areas_owing(CONTRACTS, NEW), "commune")
    return [figures_of(NEW, communes, seed) for seed in (11, 12)]


@pytest.fixture(scope="module")
def old() -> Figures:
    return figures_of(OLD, [a for a in areas_owing(CONTRACTS, OLD) if a.level == "commune"], 11)


@pytest.fixture(scope="module")
def reports() -> list[SimulatedReport]:
    found = []
    for seed in (1, 2):
        for period in (NEW, OLD):
            areas = areas_owing(CONTRACTS, period, ["01", "96"] if period == NEW else ["01", "83"])
            found += list(simulate_reports(CONTRACTS, period, areas, seed, 1.0))
    return found


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    written = simulate_to(folder, CONTRACTS, NEW, ["12"], fault_rate=0.5)
    assert written == len(list((folder / "inbox").glob("*/*.xlsx")))
    return folder


class TestTheNationLooksLikeThePublishedOne:
    """Bounds are about three standard errors of two national simulations, and what the sources leave open."""

    @staticmethod
    def share(figures: list[Figures], part: tuple[str, str], whole: tuple[str, str]) -> float:
        return sum(f[part].sum() for f in figures) / sum(f[whole].sum() for f in figures)

    @pytest.mark.parametrize(
        ("part", "whole", "published", "bound"),
        [
            pytest.param(("0100", "F"), ("0100", "T"), 0.4787, 0.002, id="girls among children, census 2019"),
            pytest.param(("0101", "T"), ("0100", "T"), 0.068, 0.002, id="special circumstances, 2023"),
            pytest.param(("0201", "F"), ("0201", "T"), 0.805, 0.02, id="girls among victims, 2015–2019"),
            pytest.param(("0204", "T"), ("0201", "T"), 0.782, 0.02, id="sexual abuse among victims, 2024"),
            pytest.param(("0205", "T"), ("0201", "T"), 0.012, 0.006, id="trafficked among victims, 2015–2019"),
            pytest.param(("0211", "T"), ("0204", "T"), 0.341, 0.03, id="rape among sexual abuse, 2015–2019"),
            pytest.param(("0214", "T"), ("0204", "T"), 0.170, 0.025, id="molestation among sexual abuse, 2015–2019"),
            pytest.param(("0201", "T"), ("0200", "T"), 1.061, 0.004, id="victims an incident, 2024"),
            pytest.param(("0230", "T"), ("0200", "T"), 1.241, 0.025, id="offenders an incident, 2024"),
            pytest.param(("0230", "M"), ("0230", "T"), 0.95, 0.015, id="men among offenders, 2015–2019"),
            pytest.param(("0106", "T"), ("0105", "T"), 0.058, 0.01, id="HIV to disability, Quảng Ninh 2013"),
            pytest.param(("0401", "T"), ("0400", "T"), 3.118, 0.25, id="pupils an incident, 2023–2024"),
            pytest.param(("0521", "T"), ("0520", "T"), 0.33, 0.08, id="children among trafficked, 2021–2022"),
        ],
    )
    def test_in_its_shares(
        self, new: list[Figures], part: tuple[str, str], whole: tuple[str, str], published: float, bound: float
    ) -> None:
        assert self.share(new, part, whole) == pytest.approx(published, abs=bound)

    def test_in_children_a_commune_on_both_maps(self, new: list[Figures], old: Figures) -> None:
        assert np.mean([f["0100", "T"].mean() for f in new]) == pytest.approx(7500, rel=0.03)
        assert old["0100", "T"].mean() == pytest.approx(2470, rel=0.03)

    def test_in_victims_a_commune_and_year(self, new: list[Figures]) -> None:
        assert np.mean([f["0201", "T"].mean() for f in new]) == pytest.approx(0.75, rel=0.1)

    def test_in_many_zeros_and_counts_more_scattered_than_by_chance(self, new: list[Figures], old: Figures) -> None:
        for f in new:
            assert 0.55 < (f["0201", "T"] == 0).mean() < 0.70
            assert f["0201", "T"].var() > 1.7 * f["0201", "T"].mean()
            assert f["0201", "T"].max() <= 12
        assert (old["0201", "T"] == 0).mean() > 0.85

    def test_in_groups_that_are_rare_nearly_everywhere(self, new: list[Figures]) -> None:
        for row in ("0108", "0112", "0113"):
            assert np.median(new[0][row, "T"]) < 5


class TestFaultyReports:
    def test_break_the_rule_that_they_say_and_no_other(self, reports: list[SimulatedReport]) -> None:
        groups: dict[tuple[Period, str], list[SimulatedReport]] = defaultdict(list)
        for report in reports:
            groups[report.period, report.area.level].append(report)
        rules = {rule for fault in FAULTS for rule in fault.rules if rule[0] == "R"} | {"S17"}
        for (_, level), some in groups.items():
            found = broken(written_figures(some), level)
            for at, report in enumerate(some):
                assert {rule for rule, which in found.items() if which[at]} == set(report.rules) & rules, report.fault

    def test_are_of_every_kind(self, reports: list[SimulatedReport]) -> None:
        missing = {fault.name for fault in FAULTS} - {report.fault for report in reports}
        assert missing <= {"R0503", "R0602"}  # few areas can go wrong in these ways

    def test_are_as_many_as_asked_for(self) -> None:
        reports = simulate_reports(CONTRACTS, NEW, areas_owing(CONTRACTS, NEW), 5, 0.2)
        assert np.mean([bool(report.fault) for report in reports]) == pytest.approx(0.2, abs=0.025)

    def test_leave_the_parents_figures_alone(self) -> None:
        areas = areas_owing(CONTRACTS, NEW, ["12"])
        lawful = list(simulate_reports(CONTRACTS, NEW, areas, 1))
        faulty = {report.area.code: report for report in simulate_reports(CONTRACTS, NEW, areas, 1, 0.5)}
        assert len(faulty) == len(lawful)
        parent = faulty["12"]
        assert parent.fault or parent == lawful[-1]


class TestCovers:
    @pytest.mark.parametrize("period", [NEW, OLD], ids=str)
    def test_are_complete_signed_and_on_time(self, period: Period) -> None:
        areas = areas_owing(CONTRACTS, period, ["01"])
        for report in simulate_reports(CONTRACTS, period, areas):
            register, day = CONTRACTS.register, period.map_date
            cover, received_at = report.cover, report.received_at
            assert (report.verdict, report.rules, report.folder) == (Verdict.ACCEPTED, (), report.area.code)
            assert cover["area_name"] == report.area.name
            assert cover["province_name"] == "Thành phố Hà Nội"
            assert (cover["district_name"] is None) == (period == NEW or report.area.level == "province")
            assert cover["reports_expected"] == (len(register.children(report.area.code, day)) or None)
            assert cover["signed_by"]
            assert received_at
            assert received_at.utcoffset() == timedelta(hours=7)
            assert period.end_date < cover["signed_date"] <= received_at.astimezone(LOCAL_TIME).date()
            assert received_at.date() <= CONTRACTS.due_date(report.area, period)


class TestWorkbooks:
    @staticmethod
    def lines(path: Path) -> list[dict[str, str]]:
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def test_lie_where_a_home_expects_them_with_the_time_they_came(self, home: Path) -> None:
        received = [line["path"] for line in self.lines(home / "received.csv")]
        assert received == sorted(path.relative_to(home).as_posix() for path in home.glob("inbox/*/*"))
        verdicts = Counter(line["verdict"] for line in self.lines(home / "simulated.csv"))
        assert verdicts["accepted"] > 15
        assert verdicts["returned"] > 0

    def test_say_that_they_are_simulated_on_every_sheet(self, home: Path) -> None:
        for line in self.lines(home / "simulated.csv"):
            if line["verdict"] and line["rules"] != "S01":
                workbook = CalamineWorkbook.from_path(home / line["path"])
                for name in workbook.sheet_names:
                    text = [str(value) for row in workbook.get_sheet_by_name(name).to_python() for value in row]
                    assert any(NOTICE in unicodedata.normalize("NFC", value) for value in text)

    def test_are_the_same_to_the_byte_when_written_again(self, home: Path, tmp_path: Path) -> None:
        simulate_to(tmp_path, CONTRACTS, NEW, ["12"], fault_rate=0.5, processes=1)
        paths = sorted(path.relative_to(home) for path in home.rglob("*") if path.is_file())
        assert paths == sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file())
        assert all((home / path).read_bytes() == (tmp_path / path).read_bytes() for path in paths)

    def test_of_another_period_join_those_already_there(self, home: Path) -> None:
        before = self.lines(home / "received.csv")
        simulate_to(home, CONTRACTS, OLD, ["28759"])
        after = self.lines(home / "received.csv")
        assert len(after) == len(before) + 1
        assert {line["path"] for line in before} < {line["path"] for line in after}
