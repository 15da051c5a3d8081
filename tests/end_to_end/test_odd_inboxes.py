"""An inbox as careless and hostile senders leave it: what is a report is published, and nobody holds up the others."""

import unicodedata
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from tally.periods import LOCAL_TIME, Period
from tally.pipeline.home import Home
from tally.pipeline.run import run
from tally.pipeline.verify import rebuild_release, verify_home
from tally.simulation.reports import SimulatedReport, areas_owing, lawful_reports
from tally.workbooks import BlankWorkbook

PERIOD = Period(2025, "A1")
NOW = datetime(2025, 12, 17, 9, tzinfo=LOCAL_TIME)
PUPILS = ("pupils", "T")
ODD_NAMES = (
    "hai\ndòng.xlsx",
    "a,b;c.xlsx",
    "a\"b'c.xlsx",
    "báo cáo 🎉.xlsx",
    unicodedata.normalize("NFD", "báo cáo tỉnh.xlsx"),
    "--help.xlsx",
    "[red]{{7*7}}&amp;*?.xlsx",
    "é" * 125 + ".xlsx",
    "không đuôi",
)
FIGURES = {"20.000": 20_000, "20 000": 20_000, "không": 0, "-": 0, "x": None, "": None}
CHILD = "Trần Bé Bốn"


class Senders:
    """Each takes the next commune of Hà Nội and leaves its lawful workbook, more or less as it should be."""

    def __init__(self, home: Home) -> None:
        self._home = home
        areas = [area for area in areas_owing(home.contracts, PERIOD, ["01"]) if area.level == "commune"]
        self._reports = iter(lawful_reports(home.contracts, PERIOD, areas[:40], seed=1))
        self._blank = BlankWorkbook(home.contracts, home.contracts.edition(PERIOD), "commune")

    def report(self) -> SimulatedReport:
        return next(self._reports)

    def leave(
        self,
        report: SimulatedReport,
        path: str,
        figures: Mapping[tuple[str, str], int | str | None] | None = None,
        kind: str = "Lần đầu",
    ) -> str:
        """Write a workbook at a path from inbox/, and return its path as the marts name it."""
        target = self._home.inbox / path
        target.parent.mkdir(parents=True, exist_ok=True)
        cover = {**report.cover, "report_kind": kind}
        target.write_bytes(self._blank.filled(cover, {**report.figures, **(figures or {})}))
        return f"inbox/{path}"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return Home(tmp_path_factory.mktemp("odd"))


@pytest.fixture(scope="module")
def left(home: Home) -> dict[str, list[str]]:
    """What was left in the inbox, and run once: the paths of each case."""
    senders = Senders(home)
    paths: dict[str, list[str]] = {"names": [], "figures": []}
    for name in ODD_NAMES:
        report = senders.report()
        paths["names"].append(senders.leave(report, f"{report.area.code}/{name}"))
    for text in FIGURES:
        report = senders.report()
        taught = ("pupils_taught_self_protection", "T")
        paths["figures"].append(senders.leave(report, f"{report.area.code}/r.xlsx", {PUPILS: text or None, taught: 0}))
    report = senders.report()
    code = report.area.code
    paths["below a folder named as a workbook"] = [senders.leave(report, f"{code}/x.xlsx/{code}.xlsx")]
    paths["in nobody's folder"] = [
        senders.leave(senders.report(), path) for path in ("root.xlsx", "01/r.xlsx", "o'b [x]*/r.xlsx", "00004 /r.xlsx")
    ]
    report = senders.report()
    code = report.area.code
    paths["corrected"] = [
        senders.leave(report, f"{code}/1.xlsx"),
        senders.leave(report, f"{code}/2.xlsx", {PUPILS: 123_456}, "Đính chính"),
        senders.leave(report, f"{code}/3.xlsx", {PUPILS: "chưa rõ"}, "Đính chính"),
    ]
    report = senders.report()
    paths["a child's name in a figure's cell"] = [senders.leave(report, f"{report.area.code}/r.xlsx", {PUPILS: CHILD})]
    report = senders.report()
    folder = home.inbox / report.area.code
    folder.mkdir()
    (folder / "empty.xlsx").write_bytes(b"")
    (folder / "nowhere.xlsx").symlink_to(home.inbox / "nowhere")
    (folder / "passwd.xlsx").symlink_to("/etc/passwd")
    (home.inbox / "nobody").mkdir()
    paths["empty"] = [f"inbox/{report.area.code}/empty.xlsx"]
    run(NOW, home)
    return paths


@pytest.fixture(scope="module")
def marts(home: Home, left: dict[str, list[str]]) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(str(home.releases / "current" / "national.duckdb"), read_only=True)


def verdicts(marts: duckdb.DuckDBPyConnection, paths: list[str]) -> list[str]:
    rows = dict(marts.execute("select file_path, verdict from marts.fct_submissions").fetchall())
    return [rows[path] for path in paths]


def test_a_file_may_have_any_name(left: dict[str, list[str]], marts: duckdb.DuckDBPyConnection) -> None:
    assert verdicts(marts, left["names"]) == ["accepted"] * len(ODD_NAMES)
    assert verdicts(marts, left["below a folder named as a workbook"]) == ["accepted"]


def test_only_the_folder_of_the_area_itself_will_do(
    left: dict[str, list[str]], marts: duckdb.DuckDBPyConnection
) -> None:
    assert verdicts(marts, left["in nobody's folder"]) == ["refused"] * 4
    rules = marts.execute(
        "select distinct rule_code from marts.fct_findings inner join marts.fct_submissions using (submission_id)"
        " where list_contains(?, file_path)",
        [left["in nobody's folder"]],
    ).fetchall()
    assert rules == [("S04",)]


def test_links_are_not_followed_and_an_empty_file_is_refused(
    left: dict[str, list[str]], marts: duckdb.DuckDBPyConnection
) -> None:
    assert verdicts(marts, left["empty"]) == ["refused"]
    received = marts.execute("select count(*) from marts.fct_submissions").fetchone()
    assert received == (sum(map(len, left.values())),)


def test_the_marts_say_what_the_cells_say(left: dict[str, list[str]], marts: duckdb.DuckDBPyConnection) -> None:
    rows = dict(
        marts.execute(
            """
            select file_path, figures.obs_value
            from marts.fct_submissions
            inner join marts.fct_indicator_values as figures using (area_code, period_code)
            where is_current and frame = 'as_reported' and indicator_code = 'pupils'
            """
        ).fetchall()
    )
    assert [rows[path] for path in left["figures"]] == list(FIGURES.values())


def test_a_correction_that_is_returned_leaves_the_accepted_one_standing(
    left: dict[str, list[str]], marts: duckdb.DuckDBPyConnection
) -> None:
    rows = marts.execute(
        "select verdict, is_current from marts.fct_submissions where list_contains(?, file_path) order by file_path",
        [left["corrected"]],
    ).fetchall()
    assert rows == [("accepted", False), ("accepted", True), ("returned", False)]
    figure = marts.execute(
        """
        select obs_value from marts.fct_indicator_values
        where frame = 'as_reported' and indicator_code = 'pupils' and area_code = ?
        """,
        [left["corrected"][0].split("/")[1]],
    ).fetchall()
    assert figure == [(123_456,)]


def test_a_name_typed_into_a_figure_goes_nowhere(
    home: Home, left: dict[str, list[str]], marts: duckdb.DuckDBPyConnection
) -> None:
    assert verdicts(marts, left["a child's name in a figure's cell"]) == ["returned"]
    onward = [home.root / "ledger", home.releases, home.root / "work", home.outbox]
    for path in (path for folder in onward for path in folder.rglob("*") if path.is_file() and not path.is_symlink()):
        if path.suffix == ".parquet":
            rows = duckdb.sql("from read_parquet(?) as row where contains(row::varchar, ?)", params=[str(path), CHILD])
            assert rows.fetchall() == [], path
        elif path.suffix not in (".xlsx", ".duckdb"):  # the marked copy goes back to its own sender
            assert CHILD.encode() not in path.read_bytes(), path
    assert CHILD not in str(marts.execute("select * from marts.fct_findings").fetchall())


def test_running_again_changes_nothing_and_the_release_can_be_made_again(
    home: Home, left: dict[str, list[str]]
) -> None:
    for path in home.inbox.rglob("*.xlsx"):
        if path.is_file() and not path.is_symlink():
            path.touch()
    before = list(home.ledger.events()), sorted(home.releases.iterdir())
    run(NOW, home)
    assert (list(home.ledger.events()), sorted(home.releases.iterdir())) == before
    assert verify_home(home).endswith("all hold")
    release: Path = home.releases / "current"
    assert "are the same" in rebuild_release(home, release.resolve().name)
