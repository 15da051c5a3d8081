"""Three periods of a few communes on two maps: late, returned, corrected, superseded; and why each figure moved."""

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from coded_columns import codes_without_words
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reading_bulletins import differing, parts_of, shown_in

from tally.errors import GateError
from tally.exports.bulletin import Figure as BulletinFigure
from tally.periods import Period
from tally.pipeline.changes import Made, changes_since, other_reasons
from tally.pipeline.compile import write_compiled
from tally.pipeline.home import Home
from tally.pipeline.pages import CHANGES_SHOWN
from tally.pipeline.recipe import Figure
from tally.pipeline.releases import release_at
from tally.pipeline.run import run
from tally.pipeline.sign import sign_release
from tally.pipeline.trace import trace_figure
from tally.pipeline.verify import verify_home
from tally.simulation.reports import areas_owing, lawful_reports
from tally.vocabulary import Role, Total
from tally.workbooks import BlankWorkbook

S1, A1, NEXT = (Period.parse(code) for code in ("2025-S1", "2025-A1", "2026-S1"))
OLD_MAP = ("02209", "02212", "02482", "02494", "02500")  # on 1 July 2025 they became
NEW_MAP = ("02212", "02494")  # and 02494 was divided between the two
FIRST, CORRECTION = "Lần đầu", "Đính chính"
SAID, SAID_TOO = ("reports_received", "T"), ("reports_from_public", "T")


class Story:
    """Who sent what, and what was published of it."""

    def __init__(self, home: Home) -> None:
        self.home, self.releases = home, dict[str, str]()
        self._times: list[str] = []
        self._reports = {
            (period.code, report.area.code): report
            for period, codes in ((S1, OLD_MAP), (A1, NEW_MAP), (NEXT, NEW_MAP))
            for report in lawful_reports(home.contracts, period, areas_owing(home.contracts, period, codes), seed=7)
        }

    def send(self, period: Period, area: str, at: str, said: int, kind: str = FIRST, signed: bool = True) -> None:
        report, contracts = self._reports[period.code, area], self.home.contracts
        figures = {**report.figures, SAID: said, SAID_TOO: said}
        cover = {**report.cover, "report_kind": kind, **({} if signed else {"signed_by": None})}
        name = f"inbox/{area}/{period.code}_{len(self._times)}.xlsx"
        path = self.home.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(BlankWorkbook(contracts, contracts.edition(period), "commune").filled(cover, figures))
        self._times.append(f"{name},{at}+07:00")
        self.home.received_csv.write_text("path,received_at\n" + "\n".join(self._times) + "\n")

    def publish(self, at: str) -> None:
        released = run(datetime.fromisoformat(f"{at}+07:00"), self.home).release_id
        self.releases[at[:10]] = str(released)

    def rows(self, day: str, query: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.home.releases / self.releases[day] / "national.duckdb"), read_only=True) as marts:
            return marts.execute(query).fetchall()


@pytest.fixture(scope="module")
def story(merged_provinces: Path, tmp_path_factory: pytest.TempPathFactory) -> Story:
    story = Story(Home(tmp_path_factory.mktemp("story"), merged_provinces))
    for at, area in enumerate(OLD_MAP[:3]):
        story.send(S1, area, "2025-06-16T09:00:00", 10 + at)
    story.send(S1, "02494", "2025-06-17T09:00:00", 30, signed=False)  # returned
    story.publish("2025-06-20T09:00:00")
    story.send(S1, "02494", "2025-06-22T09:00:00", 31, CORRECTION)
    story.send(S1, "02500", "2025-06-23T09:00:00", 40)  # late
    story.send(S1, "02209", "2025-06-24T09:00:00", 15, CORRECTION)
    story.publish("2025-06-25T09:00:00")
    sign_release(story.home, "current", "Nguyễn A", Role.CHECKER, datetime.fromisoformat("2025-06-26T09:00:00+07:00"))
    sign_release(story.home, "current", "Trần B", Role.APPROVER, datetime.fromisoformat("2025-06-26T10:00:00+07:00"))
    for at, area in enumerate(NEW_MAP):
        story.send(A1, area, "2025-12-16T09:00:00", 90 + at)
    story.publish("2025-12-28T09:00:00")
    story.send(A1, "02494", "2026-01-04T09:00:00", 96, CORRECTION)
    story.send(S1, "02212", "2026-01-05T09:00:00", 13, CORRECTION)
    story.publish("2026-01-10T09:00:00")
    story.send(NEXT, "02212", "2026-06-16T09:00:00", 50)
    story.send(A1, "02212", "2026-06-18T09:00:00", 92, CORRECTION)
    story.send(A1, "02212", "2026-06-19T09:00:00", 93, CORRECTION)  # supersedes the one of the day before
    story.publish("2026-06-20T09:00:00")
    return story


def moved(story: Story, day: str, area: str = "VN", frame: str = "as_reported") -> list[tuple[Any, ...]]:
    return story.rows(
        day,
        f"""
        select period_code, value_before, value_now, reasons, by_late_reports, by_corrections from marts.fct_changes
        where indicator_code = 'reports_received' and area_code = '{area}' and frame = '{frame}' order by period_code
        """,
    )


def test_the_figures_of_a_period_that_is_new_are_no_changes(story: Story) -> None:
    assert story.rows("2025-06-20", "from marts.fct_changes") == []
    assert {period for period, *_ in moved(story, "2025-12-28")} == set()


def test_a_figure_moves_by_its_late_reports_and_by_its_corrections(story: Story) -> None:
    assert moved(story, "2025-06-25") == [("2025-S1", 33, 109, "late_report correction", 71, 5)]
    assert moved(story, "2025-06-25", "02209") == [("2025-S1", 10, 15, "correction", 0, 5)]
    assert moved(story, "2025-06-25", "02500") == [("2025-S1", None, 40, "late_report", 40, 0)]
    reports = "select area_code, reason, submission_id_before is null from marts.fct_changed_reports order by all"
    assert story.rows("2025-06-25", reports) == [
        ("02209", "correction", False), ("02494", "late_report", True), ("02500", "late_report", True)
    ]  # fmt: skip


def test_every_code_of_a_mart_is_said_in_words_those_of_changes_too(story: Story) -> None:
    release = story.home.releases / story.releases["2025-06-25"]
    with duckdb.connect(str(release / "national.duckdb"), read_only=True) as marts:
        assert codes_without_words(marts) == []


def test_a_release_takes_the_page_of_its_marts_over_from_the_one_before(story: Story) -> None:
    pages = [story.home.releases / one / "dbt_docs" / "index.html" for one in story.releases.values()]
    assert len({page.read_bytes() for page in pages}) == 1
    assert pages[1].samefile(pages[2])


def test_a_second_half_moves_with_either_report_that_it_is_made_of(story: Story) -> None:
    assert moved(story, "2026-01-10") == [
        ("2025-A1", 181, 186, "correction", 0, 5), ("2025-S1", 109, 111, "correction", 0, 2)
    ]  # fmt: skip
    for frame, area in (("stable_groups", "G02212"), ("provinces_34", "08"), ("provinces_63", "VN")):
        assert moved(story, "2026-01-10", area, frame)[1:] == [
            ("2025-S1", 109, 111, "correction", 0, 2), ("2025-S2", 72, 75, "correction", None, None)
        ], frame  # fmt: skip


def test_what_was_superseded_before_anybody_read_it_moves_nothing(story: Story) -> None:
    assert moved(story, "2026-06-20") == [("2025-A1", 186, 189, "correction", 0, 3)]


def test_every_line_has_its_reason_and_the_parts_make_the_whole(story: Story) -> None:
    for day in story.releases:
        (wrong,) = story.rows(
            day,
            """
            select count(*) from marts.fct_changes
            where reasons is null or abs(
                coalesce(value_now, 0) - coalesce(value_before, 0)
                - by_late_reports - by_corrections - by_declared_corrections
            ) > if(frame = 'communes_3321', 1, 0)
            """,
        )
        assert wrong == (0,), day
    (count,) = story.rows("2025-06-25", "select count(*) from marts.fct_changes")[0]
    assert count > 1000


def test_the_page_of_changes_gives_every_line_its_reason(story: Story) -> None:
    for day, release_id in story.releases.items():
        page = (story.home.releases / release_id / "pages" / "changes.html").read_text(encoding="utf-8")
        largest = "frame = 'as_reported' and area_level in ('nation', 'province')"
        (count,) = story.rows(day, f"select count(*) from marts.fct_changes where {largest}")[0]
        lines = re.findall(r"<tr><td.*?</tr>", page.rpartition("<h2>")[2], re.DOTALL) if count else []
        assert len(lines) == min(count, CHANGES_SHOWN), day
        assert all(re.search("(Báo cáo mới được chấp nhận|Đơn vị gửi đính chính)</td></tr>", line) for line in lines), (
            day
        )


def test_what_changed_since_the_signed_release_has_its_reasons_too(story: Story, tmp_path: Path) -> None:
    found = changes_since(story.home, to=tmp_path / "changes.csv")
    assert (found["since"], found["release"]) == (story.releases["2025-06-25"], story.releases["2026-06-20"])
    assert {row["reasons"] for row in found["nation"]} == {"correction"}
    assert [row["area_code"] for row in found["reports"] if row["period_code"] == "2025-S1"] == ["02212"]
    lines = (tmp_path / "changes.csv").read_text(encoding="utf-8").splitlines()
    assert len(lines) == found["figures"] + 1


def test_what_was_believed_on_a_day_is_the_release_of_that_day(story: Story) -> None:
    for moment, believed in (
        ("2025-12-28T23:00:00", 181),
        ("2026-01-09T00:00:00", 181),
        ("2026-02-01T00:00:00", 186),
    ):
        release = release_at(story.home, datetime.fromisoformat(f"{moment}+07:00"))
        traced = trace_figure(story.home, Figure("reports_received", "VN", "2025-A1"), release)
        assert (traced["published"], traced["agrees"]) == (believed, True)


def test_archive_ledger_and_all_five_releases_hold(story: Story) -> None:
    assert "5 releases: all hold" in verify_home(story.home)


@pytest.fixture(scope="module")
def figure_of(story: Story) -> Callable[[str, int], Figure]:
    """Any figure of a release, by a number, of an area of which somebody reported."""
    published = {
        day: story.rows(
            day,
            """
            (
                select indicator_code, area_code, period_code, sex, age_band, subset, frame, 'figure'
                from marts.fct_indicator_values where areas_accepted > 0
            ) union all (
                select indicator_code, area_code, period_code, sex, age_band, subset, 'as_reported', 'reported'
                from marts.fct_imbalances
            )
            """,
        )
        for day in story.releases
    }

    def figure(day: str, number: int) -> Figure:
        *words, total = published[day][number % len(published[day])]
        return Figure(*words, total=Total(total))

    return figure


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_the_archived_cells_add_up_to_any_figure_of_any_release_and_map(
    story: Story, figure_of: Callable[[str, int], Figure], data: st.DataObject
) -> None:
    day = data.draw(st.sampled_from(sorted(story.releases)))
    asked = figure_of(day, data.draw(st.integers(0, 10**6)))
    traced = trace_figure(story.home, asked, story.releases[day])
    assert traced["agrees"], (asked, traced)


def copy_of(story: Story, folder: Path) -> Story:
    shutil.copytree(story.home.root, folder, symlinks=True, copy_function=shutil.copy2)
    copy = Story(Home(folder, story.home.project))
    copy._times, copy.releases = list(story._times), dict(story.releases)
    return copy


def test_a_figure_that_moves_for_no_reason_is_never_published(story: Story, tmp_path: Path) -> None:
    copy = copy_of(story, tmp_path / "home")
    before = (copy.home.releases / "current").readlink()
    edited = 0
    for path in (copy.home.root / "work" / "judgements").glob("*/observations.parquet"):
        with duckdb.connect() as connection:
            connection.execute(f"create table said as from read_parquet('{path}')")
            where = "period_code = '2025-S1' and indicator_code = 'reports_received'"
            edit = connection.execute(f"update said set obs_value = obs_value + 1 where {where}")
            edited += edit.fetchall()[0][0]
            connection.execute(f"copy said to '{path}' (format parquet)")
    assert edited
    copy.send(S1, "02500", "2026-06-21T09:00:00", 41, CORRECTION)
    with pytest.raises(GateError, match=r"G10 does not hold .* 16 places: .*2025-S\d\|reports_received"):
        copy.publish("2026-06-22T09:00:00")
    assert (copy.home.releases / "current").readlink() == before


@pytest.fixture
def contracts(story: Story) -> Iterator[Path]:
    """The contracts of the story, to be written in."""
    folder = story.home.project / "contracts"
    written = {path: path.read_bytes() for path in folder.rglob("*.*")}
    yield folder
    for path, content in written.items():
        path.write_bytes(content)
    write_compiled(story.home.project)


DECLARED = """corrections:
  - code: C2026-001
    target: {area: "02494", period: 2025-A1, indicator: reports_received}
    from: 96
    to: 9
    reason: {vi: thừa số 0, en: a 0 too many}
    who: Sở
    status: active
"""


def test_declared_corrections_and_other_contracts_are_reasons_of_their_own(
    story: Story, contracts: Path, tmp_path: Path
) -> None:
    corrections = contracts / "corrections.yml"
    corrections.write_text(corrections.read_text(encoding="utf-8").replace("corrections: []", DECLARED), "utf-8")
    copy = copy_of(story, tmp_path / "home")
    copy.publish("2026-06-22T09:00:00")
    manifest = copy.home.releases / copy.releases["2026-06-22"] / "manifest.json"
    assert '"built": [\n  "2025-A1"\n ]' in manifest.read_text(encoding="utf-8")
    declared = """
        select value_before, value_now, status_now, reasons, by_declared_corrections from marts.fct_changes
        where indicator_code = 'reports_received' and area_code = '{}' and frame = 'as_reported'
    """
    assert copy.rows("2026-06-22", declared.format("02494")) == [(96, 9, "I", "declared_correction", -87)]
    assert copy.rows("2026-06-22", declared.format("VN")) == [(189, 102, "P", "declared_correction", -87)]
    traced = trace_figure(copy.home, Figure("reports_received", "VN", "2025-A1"))
    assert (traced["published"], traced["agrees"]) == (102, True)
    corrected = [cell for cell in traced["cells"] if cell["correction_code"]]
    assert [(cell["value"], cell["corrected_to"]) for cell in corrected] == [(96, 9)]

    copy.send(A1, "02494", "2026-06-23T09:00:00", 9, CORRECTION)
    with pytest.raises(
        GateError, match=r"G09 does not hold .* 1 places: C2026-001; in contracts/corrections\.yml: set"
    ):
        copy.publish("2026-06-24T09:00:00")

    corrections.write_text(corrections.read_text(encoding="utf-8").replace("active", "retired"), "utf-8")
    form = contracts / "forms" / "bvte_02.yml"
    lines = form.read_text(encoding="utf-8").splitlines(keepends=True)
    (row,) = [at for at, line in enumerate(lines) if "code: abuse_incidents," in line]
    lines[row] = lines[row].replace("adds_up: flow", "adds_up: never")
    form.write_text("".join(lines), "utf-8")
    write_compiled(copy.home.project)
    copy.home = Home(copy.home.root, copy.home.project)
    copy.publish("2026-06-25T09:00:00")
    nation = """
        select indicator_code, value_now, reasons from marts.fct_changes
        where area_code = 'VN' and frame = 'as_reported' and period_code = '2025-A1' and sex = '_T' order by 1
    """
    assert copy.rows("2026-06-25", nation) == [
        ("abuse_incidents", None, "contract_change"),
        ("reports_from_public", 102, "correction"),  # of the report that the gate held up
    ]
    (unexplained,) = copy.rows("2026-06-25", "select count(*) from marts.fct_changes where reasons is null")
    assert unexplained == (0,)


def test_what_reports_do_not_explain_is_put_down_to_what_else_is_other() -> None:
    def made(code: str = "a", **parts: str) -> Made:
        return Made(Path(), code, {"areas": "1", "forms": "1", **parts}, {})

    def reasons(now: Made) -> tuple[str | None, str | None]:
        """(of an area that is placed otherwise, of any other)"""
        return other_reasons(now, made())

    assert reasons(made()) == (None, None)
    assert reasons(made("b")) == (None, "software_change")
    assert reasons(made("b", areas="2")) == ("area_change", "area_change")
    assert reasons(made("b", forms="2")) == (None, "contract_change")
    assert reasons(made("b", areas="2", forms="2")) == ("area_change", "contract_change")


def test_a_bulletin_stays_where_nothing_of_its_period_and_the_year_before_was_built_anew(story: Story) -> None:
    def bulletin(day: str, period: Period) -> Path:
        return story.home.releases / story.releases[day] / "exports" / f"bulletin_{period}.xlsx"

    assert bulletin("2025-12-28", S1).samefile(bulletin("2025-06-25", S1))
    assert bulletin("2026-06-20", S1).samefile(bulletin("2026-01-10", S1))
    assert not bulletin("2026-01-10", S1).samefile(bulletin("2025-12-28", S1))
    assert not bulletin("2026-06-20", A1).samefile(bulletin("2026-01-10", A1))


@pytest.mark.parametrize("period", [S1, A1, NEXT])
def test_every_number_of_a_bulletin_is_that_of_its_mart(story: Story, period: Period) -> None:
    day, contracts, numbers = "2026-06-20", story.home.contracts, 0
    content = (story.home.releases / story.releases[day] / "exports" / f"bulletin_{period}.xlsx").read_bytes()
    names = [f.name for f in fields(BulletinFigure)]
    for report in contracts.reports:
        rows = story.rows(
            day,
            f"""
            select label_vi, area_code, (sex, age_band, subset), {", ".join(names)} from marts.rpt_{report.code}
            where frame = 'as_reported' and period_code = '{period}'
            """,
        )
        mart = {row[:3]: dict(zip(names, row[3:], strict=True)) for row in rows}
        found, wrong = differing(shown_in(content, report.sheet, contracts.codelists), mart)
        assert wrong == [], report.code
        numbers += found
    assert numbers > 500
    parts = parts_of(content)
    charts = [name for name in parts if name.startswith("xl/charts/chart")]
    assert len(charts) > len(contracts.reports)
    assert not any("<f>" in part or 't="e"' in part for name, part in parts.items() if "worksheets/" in name)
