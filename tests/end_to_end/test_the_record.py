"""Archive, ledger and releases hold together; what somebody changed is named; an old release can be made again."""

import json
import os
import re
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from linked_pages import dead_links, pages_in, reached
from typer.testing import CliRunner

from tally.cli import app
from tally.errors import LedgerError, UsageError
from tally.periods import LOCAL_TIME, Period
from tally.pipeline.changes import changes_since
from tally.pipeline.findings import explain_finding, findings_of, withdraw_finding
from tally.pipeline.home import Home
from tally.pipeline.judge import judge_batch
from tally.pipeline.publish import publish_release
from tally.pipeline.read import read_submissions
from tally.pipeline.receive import receive_new_files
from tally.pipeline.recipe import Figure
from tally.pipeline.releases import release_at
from tally.pipeline.run import run
from tally.pipeline.sign import sign_release
from tally.pipeline.status import status_of
from tally.pipeline.submission_pages import write_submission_pages
from tally.pipeline.trace import trace_figure, trace_submission
from tally.pipeline.verify import rebuild_release, verify_home
from tally.simulation.reports import areas_owing, lawful_reports
from tally.vocabulary import FindingStatus, Role, Severity
from tally.workbooks import BlankWorkbook

PERIOD = Period(2025, "A1")
NOW = datetime(2026, 1, 5, 9, tzinfo=LOCAL_TIME)
PUPILS = Figure("pupils", "VN", "2025-A1")


@pytest.fixture(scope="module")
def home(two_provinces: Path, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Two releases: three communes; then an older file, a correction, other bytes at a path, one more commune.

    Who has no workers is warned (R0603): the first where the rule is mistaken, the second until it corrects, the third
    though it explains, the fourth.
    """
    home = Home(tmp_path_factory.mktemp("record"), two_provinces)
    contracts = home.contracts
    areas = [area for area in areas_owing(contracts, PERIOD, ["12"]) if area.level == "commune"][:4]
    blank = BlankWorkbook(contracts, contracts.edition(PERIOD), "commune")
    times = []

    def leave(
        at: int, name: str, received_at: str, pupils: int, kind: str = "Lần đầu", workers: int | None = None
    ) -> None:
        report = reports[at]
        path = home.inbox / report.area.code / name
        path.parent.mkdir(parents=True, exist_ok=True)
        figures = {**report.figures, ("pupils", "T"): pupils, ("pupils_taught_self_protection", "T"): 0}
        if workers is not None:
            figures |= {("protection_workers", "T"): workers, ("protection_workers_trained", "T"): 0}
        path.write_bytes(blank.filled({**report.cover, "report_kind": kind}, figures))
        times.append(f"inbox/{report.area.code}/{name},{received_at}")
        home.received_csv.write_text("path,received_at\n" + "\n".join(times) + "\n")

    reports = list(lawful_reports(contracts, PERIOD, areas, seed=1))
    leave(0, "a.xlsx", "2025-12-17T10:00:00+07:00", 100, workers=0)
    leave(1, "a.xlsx", "2025-12-17T10:00:00+07:00", 200, workers=0)
    leave(2, "a.xlsx", "2025-12-17T10:00:00+07:00", 300, workers=0)
    run(NOW, home)
    mistaken, _, genuine = (one.submission_id for one in home.state().submissions.values())
    withdraw_finding(home, mistaken, "R0603", None, by="A", because="xã đảo", now=NOW + timedelta(hours=1))
    given = {"by": "Trần B", "because": "xã mới lập", "until": None, "now": NOW + timedelta(hours=2)}
    explain_finding(home, genuine, "R0603", "BVTE-06!E12", **given)
    leave(0, "earlier.xlsx", "2025-12-17T08:00:00+07:00", 111)
    leave(1, "b.xlsx", "2025-12-20T08:00:00+07:00", 222, "Đính chính", workers=1)
    leave(2, "a.xlsx", "2025-12-17T10:00:00+07:00", 333, workers=0)
    leave(3, "a.xlsx", "2025-12-17T10:00:00+07:00", 400, workers=0)
    run(NOW + timedelta(days=1), home)
    return home


def figure(home: Home, release: str) -> tuple[int, str]:
    with duckdb.connect(str(home.releases / release / "national.duckdb"), read_only=True) as marts:
        (row,) = marts.execute(
            "select obs_value, areas_filled from marts.fct_indicator_values "
            "where frame = 'as_reported' and area_code = 'VN' and indicator_code = 'pupils'"
        ).fetchall()
        return row


def test_the_latest_accepted_submission_stands_whatever_order_files_came_in(home: Home) -> None:
    first, second = sorted(path.name for path in home.releases.iterdir() if path.name != "current")
    assert figure(home, first) == (600, 3)
    assert figure(home, second) == (100 + 222 + 333 + 400, 4)
    with duckdb.connect(str(home.releases / "current" / "national.duckdb"), read_only=True) as marts:
        query = "select rule_code from marts.fct_findings where rule_code <> 'R0603' order by all"
        assert marts.execute(query).fetchall() == [("S10",), ("S13",)]


def test_a_release_says_what_became_of_each_finding_and_the_ledger_by_whose_word(home: Home) -> None:
    listed = findings_of(home, rule="R0603", area="12")
    found = {one["area_code"]: one for one in listed}
    ids = {one.file_path.split("/")[1]: one.submission_id for one in home.state().submissions.values()}
    mistaken, corrected, genuine, unexplained = sorted(ids)
    told = {area: (one["status"], one["closed_at"], one["said"]) for area, one in found.items()}
    withdrawn_at, explained_at = ((NOW + timedelta(hours=hours)).isoformat() for hours in (1, 2))
    said = {"by": "A", "at": withdrawn_at, "because": "xã đảo", "until": None}
    assert told[mistaken] == ("withdrawn", withdrawn_at, said)
    assert told[corrected] == ("corrected", "2025-12-20T08:00:00+07:00", None)
    assert found[corrected]["closed_by_submission_id"] == ids[corrected]
    said = {"by": "Trần B", "at": explained_at, "because": "xã mới lập", "until": None}
    assert told[genuine] == ("explained", explained_at, said)
    assert found[genuine]["submission_id"] == ids[genuine]
    assert found[genuine]["explained_in_submission_id"] not in (None, ids[genuine])
    assert told[unexplained] == ("open", None, None)
    assert len(listed) == 4


def test_the_command_explains_a_finding_and_lists_it_with_whose_word_it_was(
    signable: tuple[Home, str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TALLY_HOME", str(signable[0].root))
    asked = ["findings", "--rule", "R0603"]
    (unexplained,) = json.loads(CliRunner().invoke(app, [*asked, "--status", "open", "--json"]).stdout)
    given = ["--by", "A", "--because", "xã mới lập", "--until", "2026-A1"]
    said = CliRunner().invoke(app, ["findings", "explain", unexplained["submission_id"], "R0603", *given])
    assert said.exit_code == 0
    listed = CliRunner().invoke(app, asked).stdout
    assert "until 2026-A1: xã mới lập" in listed
    assert listed.endswith("4 findings, 2 explained, 1 corrected, 1 withdrawn\n")


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        pytest.param({"status": FindingStatus.OPEN}, 3, id="a status"),
        pytest.param({"severity": Severity.INFO}, 1, id="a severity"),
        pytest.param({"rule": "S10"}, 1, id="a rule"),
        pytest.param({"area": "12"}, 6, id="a province"),
        pytest.param({"area": "01"}, 0, id="another province"),
        pytest.param({"period": Period(2025, "S1")}, 0, id="a period"),
    ],
)
def test_findings_are_listed_by_what_is_asked_for(home: Home, asked: dict[str, Any], count: int) -> None:
    assert len(findings_of(home, **asked)) == count


def test_the_marts_hold_no_word_of_an_explanation_and_no_name(home: Home) -> None:
    for words in ("xã mới lập", "Trần B"):
        assert words in home.ledger.path.read_text(encoding="utf-8")
        for path in (home.releases / "current").resolve().rglob("*"):
            assert path.is_dir() or words.encode() not in path.read_bytes(), path.name
    with duckdb.connect(str(home.releases / "current" / "national.duckdb"), read_only=True) as marts:
        assert "xã mới lập" not in str(marts.execute("from marts.fct_findings").fetchall())


def test_everything_holds_and_both_releases_can_be_made_again(home: Home) -> None:
    assert "2 releases: all hold" in verify_home(home)
    for path in home.releases.iterdir():
        assert "the rows of every mart are the same" in rebuild_release(home, path.name)


def test_a_release_builds_the_period_that_something_came_for_and_takes_the_other_over(home: Home) -> None:
    first, second = sorted(path for path in home.releases.iterdir() if path.name != "current")
    manifests = [json.loads((release / "manifest.json").read_text()) for release in (first, second)]
    assert [(one["built"], one["taken_over_from"]) for one in manifests] == [
        (["2025-A1", "2025-S1"], None),
        (["2025-A1"], first.name),
    ]
    untouched, touched = (f"parquet/fct_form_completeness/{period}.parquet" for period in ("2025-S1", "2025-A1"))
    assert (first / untouched).samefile(second / untouched)
    assert not (first / touched).samefile(second / touched)


def test_nothing_is_taken_over_from_a_release_that_was_edited(home: Home, tmp_path: Path) -> None:
    copy = _copy(home, tmp_path)
    _edit_figure(copy)
    published = publish_release(datetime(2026, 6, 15, tzinfo=LOCAL_TIME), copy)
    manifest = json.loads((copy.releases / str(published) / "manifest.json").read_text())
    assert manifest["taken_over_from"] is None
    assert figure(copy, "current") == (100 + 222 + 333 + 400, 4)


def test_a_figure_leads_back_to_cells_that_add_up_to_it(home: Home) -> None:
    traced = trace_figure(home, PUPILS)
    assert traced["agrees"]
    assert sorted(cell["value"] for cell in traced["cells"]) == [100, 222, 333, 400]
    assert {cell["cell_address"] for cell in traced["cells"]} == {"E10"}


def test_a_figure_of_many_reports_is_traced_by_several_processes_and_says_the_same(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = trace_figure(home, PUPILS)
    monkeypatch.setattr("tally.pipeline.trace._MANY", 0)
    assert trace_figure(home, PUPILS) == expected


def test_a_figure_that_its_cells_do_not_add_up_to_is_said_not_to_agree(home: Home, tmp_path: Path) -> None:
    copy = _copy(home, tmp_path)
    _edit_figure(copy)
    traced = trace_figure(copy, PUPILS)
    assert (traced["published"], traced["total"], traced["agrees"]) == (0, 100 + 222 + 333 + 400, False)


def test_what_was_believed_on_a_day_is_what_the_release_of_that_day_says(home: Home) -> None:
    first, second = sorted(path.name for path in home.releases.iterdir() if path.name != "current")
    assert [release_at(home, NOW + timedelta(hours=hours)) for hours in (0, 23, 24, 999)] == [
        first,
        first,
        second,
        second,
    ]
    then = trace_figure(home, PUPILS, release_at(home, NOW + timedelta(hours=2)))
    assert (then["published"], then["agrees"]) == (600, True)
    assert sorted(cell["value"] for cell in then["cells"]) == [100, 200, 300]
    with pytest.raises(UsageError, match="no release yet at 2026-01-05T08:00:00"):
        release_at(home, NOW - timedelta(hours=1))


def test_a_workbook_leads_on_to_the_figures_that_its_cells_went_into(home: Home) -> None:
    (folder,) = {path.parent.name for path in home.inbox.glob("*/b.xlsx")}
    standing = trace_submission(home, f"inbox/{folder}/b.xlsx")
    assert (standing["verdict"], standing["is_current"], standing["superseded_by"]) == ("accepted", True, None)
    own = [area["area_code"] for area in standing["areas"] if area["frame"] == "as_reported"]
    assert own == [folder, "VN", "12"]
    (pupils,) = [cell for cell in standing["cells"] if cell["indicator_code"] == "pupils"]
    assert (pupils["value"], pupils["cell_address"], pupils["enters"]) == (222, "E10", "areas")
    superseded = trace_submission(home, f"inbox/{folder}/a.xlsx")
    assert (superseded["is_current"], superseded["superseded_by"]) == (False, standing["submission_id"])
    assert (superseded["areas"], {cell["enters"] for cell in superseded["cells"]}) == ([], {None})
    with pytest.raises(UsageError, match="no submission is inbox/nowhere"):
        trace_submission(home, "inbox/nowhere.xlsx")


def test_changes_name_every_figure_that_is_new_or_another(home: Home) -> None:
    rows = duckdb.read_csv(str(home.releases / "current" / "changes.csv"), all_varchar=True)
    pupils = rows.filter("indicator_code = 'pupils' and frame = 'as_reported'")
    changed = pupils.filter("area_level in ('commune', 'nation')").project("value_before, value_now").fetchall()
    assert set(changed) == {("200", "222"), ("300", "333"), (None, "400"), ("600", "1055")}


def test_rows_that_were_added_or_taken_away_make_a_release_differ_from_what_is_made_again(
    home: Home, tmp_path: Path
) -> None:
    copy = _copy(home, tmp_path)
    for mart, rows in (("dim_periods", "from old limit 1"), ("fct_findings", "from old union all from old")):
        path = (copy.releases / "current" / "parquet" / mart / f"{mart}.parquet").resolve()
        path.chmod(0o644)
        with duckdb.connect() as marts:
            marts.execute(f"create table old as from read_parquet('{path}')")
            marts.execute(f"copy ({rows}) to '{path}' (format parquet)")
    with pytest.raises(LedgerError, match=r"differs in dim_periods, fct_findings$"):
        rebuild_release(copy, "current")


def test_a_release_follows_every_judgement_and_every_period_that_ends_but_no_clock_that_is_set_back(
    home: Home, tmp_path: Path
) -> None:
    copy = _copy(home, tmp_path)
    last = (copy.releases / "current").readlink().name
    assert publish_release(NOW + timedelta(days=2), copy) == last
    (unexplained,) = findings_of(copy, rule="R0603", status=FindingStatus.OPEN)
    given = {"by": "A", "because": "xã mới lập", "until": None, "now": NOW + timedelta(days=2)}
    explain_finding(copy, unexplained["submission_id"], "R0603", None, **given)
    assert [one["status"] for one in findings_of(copy, rule="R0603", status=FindingStatus.OPEN)] == []
    explained = publish_release(NOW + timedelta(days=2), copy)
    assert json.loads((copy.releases / str(explained) / "manifest.json").read_text())["built"] == []
    assert figure(copy, str(explained)) == figure(copy, last)
    chunks = receive_new_files(NOW + timedelta(days=2), area=min(path.name for path in copy.inbox.iterdir()), home=copy)
    judge_batch([read_submissions(chunk, copy) for chunk in chunks], NOW + timedelta(days=2), copy)
    judged_again = publish_release(NOW + timedelta(days=2), copy)
    assert len({last, explained, judged_again}) == 3
    half_year_ended = publish_release(datetime(2026, 6, 15, tzinfo=LOCAL_TIME), copy)
    assert half_year_ended != judged_again
    assert publish_release(NOW, copy) == half_year_ended


@pytest.fixture
def signable(home: Home, tmp_path: Path) -> tuple[Home, str, str]:
    """A copy of the record, and its two releases."""
    copy = _copy(home, tmp_path)
    first, second = list(copy.state().releases)
    return copy, first, second


def test_a_release_is_a_draft_until_two_people_have_signed_it(signable: tuple[Home, str, str]) -> None:
    home, first, second = signable
    said = sign_release(home, first, "Nguyễn Thị  A", Role.CHECKER, NOW)
    assert said == f"release {first} is a draft; still to sign: approver"
    assert not (home.releases / "public").exists()
    assert sign_release(home, first, "Trần B", Role.APPROVER, NOW).endswith("is signed: releases/public points to it")
    assert (home.releases / "public").readlink() == Path(first)
    assert (home.releases / "current").readlink() == Path(second)
    assert [(one.by, one.role) for one in home.state().signatures[first]] == [
        ("Nguyễn Thị A", "checker"),
        ("Trần B", "approver"),
    ]
    assert "2 releases: all hold" in verify_home(home)
    assert status_of(home)["release"]["status"] == "draft"
    for by, role in (("C", Role.APPROVER), ("D", Role.CHECKER)):
        sign_release(home, "current", by, role, NOW)
    assert (home.releases / "public").readlink() == Path(second)
    assert status_of(home)["release"]["status"] == "signed"


@pytest.mark.parametrize(
    ("before", "asked", "says"),
    [
        pytest.param([], ("first", "  ", Role.CHECKER), "needs a name", id="nobody"),
        pytest.param([], ("none", "A", Role.CHECKER), "there is no release none", id="no such release"),
        pytest.param(
            [("first", "Trần B", Role.CHECKER)],
            ("first", "trần  b", Role.APPROVER),
            "another person must sign",
            id="one person in two roles",
        ),
        pytest.param(
            [("first", "A", Role.CHECKER)], ("first", "B", Role.CHECKER), "signs as another", id="one role twice"
        ),
        pytest.param(
            [("second", "A", Role.CHECKER), ("second", "B", Role.APPROVER)],
            ("second", "C", Role.CHECKER),
            "nothing is left to sign",
            id="a signed one again",
        ),
        pytest.param(
            [("second", "A", Role.CHECKER), ("second", "B", Role.APPROVER)],
            ("first", "C", Role.CHECKER),
            "is older than",
            id="one that a younger signed one has replaced",
        ),
    ],
)
def test_a_signature_that_says_nothing_is_refused_and_leaves_no_trace(
    signable: tuple[Home, str, str],
    before: list[tuple[str, str, Role]],
    asked: tuple[str, str, Role],
    says: str,
) -> None:
    home, first, second = signable
    ids = {"first": first, "second": second}
    for release, by, role in before:
        sign_release(home, ids[release], by, role, NOW)
    events = home.ledger.path.read_bytes()
    release, by, role = asked
    with pytest.raises(UsageError, match=says):
        sign_release(home, ids.get(release, release), by, role, NOW)
    assert home.ledger.path.read_bytes() == events


def test_nobody_can_sign_what_is_not_as_it_was_published(signable: tuple[Home, str, str]) -> None:
    home, _, _ = signable
    _edit_figure(home)
    with pytest.raises(LedgerError, match=r"national\.duckdb was edited"):
        sign_release(home, "current", "A", Role.CHECKER, NOW)
    assert home.state().signatures == {}


def test_the_public_link_that_was_moved_is_named_and_mended_by_the_next_publication(
    signable: tuple[Home, str, str],
) -> None:
    home, first, second = signable
    for by, role in (("A", Role.CHECKER), ("B", Role.APPROVER)):
        sign_release(home, first, by, role, NOW)
    (home.releases / "public").unlink()
    (home.releases / "public").symlink_to(second)
    with pytest.raises(LedgerError, match="public does not point to the last release that was signed"):
        verify_home(home)
    publish_release(NOW + timedelta(days=2), home)
    assert (home.releases / "public").readlink() == Path(first)


def test_what_changed_since_the_signed_release_is_one_command(signable: tuple[Home, str, str], tmp_path: Path) -> None:
    home, first, second = signable
    with pytest.raises(UsageError, match="no release was signed yet"):
        changes_since(home)
    for by, role in (("A", Role.CHECKER), ("B", Role.APPROVER)):
        sign_release(home, first, by, role, NOW)
    found = changes_since(home, to=tmp_path / "changes.csv")
    assert (found["since"], found["release"]) == (first, second)
    pupils = [row for row in found["nation"] if (row["indicator_code"], row["sex"]) == ("pupils", "_T")]
    assert [(row["value_before"], row["value_now"]) for row in pupils] == [(600, 1055)]
    assert (tmp_path / "changes.csv").read_text() == (home.releases / "current" / "changes.csv").read_text()
    assert changes_since(home, second)["figures"] == 0


def test_a_release_has_pages_of_its_batches_and_rules_and_each_can_be_reached(home: Home) -> None:
    release = (home.releases / "current").resolve()
    assert dead_links(release) == []
    assert reached(release / "data_docs" / "index.html") == set(pages_in(release))
    batches = {path.stem for path in (release / "pages" / "batches").iterdir()}
    assert batches == {one.batch_id for one in home.state().submissions.values()}
    second_without_a_word = (release / "pages" / "rules" / "S10.html").read_text(encoding="utf-8")
    assert 'failed">1 <span class="of">/ 7</span>' in second_without_a_word
    assert "Tỉnh Lai Châu" in second_without_a_word
    assert (release / "parquet" / "rpt_unusual_counts" / "rpt_unusual_counts.parquet").exists()
    for never_judged in ("R0106", "R0210"):  # no earlier report: neither has been passed
        page = (release / "pages" / "rules" / f"{never_judged}.html").read_text(encoding="utf-8")
        assert "Chưa được xét ở lần gửi nào" in page


def test_the_page_of_a_submission_tells_its_life(home: Home, tmp_path: Path) -> None:
    submissions = home.state().submissions.values()
    successor = next(one for one in submissions if one.file_path.endswith("b.xlsx"))
    replaced = next(one for one in submissions if one.sender == successor.sender and one is not successor)
    index, count = write_submission_pages(home, area=replaced.sender, out=tmp_path / "pages")
    assert count == 2
    assert dead_links(index.parent) == []
    assert reached(index) == set(pages_in(index.parent))
    page = (index.parent / "submissions" / f"{replaced.submission_id}.html").read_text(encoding="utf-8")
    text = " ".join(re.sub(r"<[^>]+>", " ", page).split())
    first, second = home.state().releases
    assert f"Được thay bởi superseded by {successor.submission_id}" in text
    assert f"stood in releases {first} " in text
    assert f"{second} Phát hiện" not in text
    assert replaced.sha256 in text
    for said in (
        f"Nhận received từ {replaced.file_path}",
        "Đọc read",
        "Thẩm định judged : Chấp nhận",
        "Trả lời answered",
    ):
        assert said in text
    assert f"mã nguồn {home.code_version}" in text
    batch = (index.parent / "pages" / "batches" / f"{successor.batch_id}.html").read_text(encoding="utf-8")
    assert f'href="../../submissions/{successor.submission_id}.html"' in batch


def test_pages_are_made_anew_and_never_over_something_else(home: Home, tmp_path: Path) -> None:
    everything = write_submission_pages(home)
    assert everything == (home.root / "pages" / (home.releases / "current").readlink() / "index.html", 7)
    assert write_submission_pages(home) == everything
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(UsageError, match="not empty"):
        write_submission_pages(home, out=tmp_path)
    with pytest.raises(UsageError, match="has no submission of 01 2025-S1"):
        write_submission_pages(home, area="01", period="2025-S1")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def _copy(home: Home, folder: Path) -> Home:
    copy = Home(folder / "copy", home.project)
    shutil.copytree(home.root, copy.root, symlinks=True)
    return copy


def _edit_figure(home: Home) -> None:
    path = (home.releases / "current" / "national.duckdb").resolve()
    path.chmod(0o644)
    with duckdb.connect(str(path)) as marts:
        marts.execute("update stored.figures set obs_value = 0")


def _edit_archive(home: Home) -> None:
    path = next(path for path in home.archive.folder.rglob("*") if path.is_file())
    path.chmod(0o644)
    path.write_bytes(b"other bytes")


def _forge(home: Home) -> None:
    shutil.copytree((home.releases / "current").resolve(), home.releases / "20990101T000000Z-forged")


def _point_back(home: Home) -> None:
    first = min(path.name for path in home.releases.iterdir())
    (home.releases / "current").unlink()
    (home.releases / "current").symlink_to(first)


def _edit_manifest(home: Home) -> None:
    path = home.releases / "current" / "manifest.json"
    path.chmod(0o644)
    path.write_text(json.dumps({**json.loads(path.read_text()), "submissions": 1}))


def _edit_event(home: Home) -> None:
    text = home.ledger.path.read_text(encoding="utf-8")
    home.ledger.path.write_text(text.replace('"verdict":"accepted"', '"verdict":"returned"', 1), encoding="utf-8")


def _remove_file(home: Home) -> None:
    path = (home.releases / "current").resolve() / "changes.csv"
    path.parent.chmod(0o755)
    path.unlink()


@pytest.mark.parametrize(
    ("tamper", "named"),
    [
        pytest.param(_edit_figure, "national.duckdb was edited", id="a figure of a release"),
        pytest.param(_edit_archive, "has other bytes than its name says", id="an archived file"),
        pytest.param(
            _forge, "20990101T000000Z-forged is on disk or in the ledger, but not in both", id="a forged release"
        ),
        pytest.param(_point_back, "current does not point to the last release", id="the link"),
        pytest.param(_edit_manifest, "manifest.json is not the one that was published", id="a manifest"),
        pytest.param(_edit_event, "does not follow from the line before", id="an event"),
        pytest.param(_remove_file, "changes.csv was added or removed", id="a file of a release"),
    ],
)
def test_what_somebody_changed_is_named(home: Home, tmp_path: Path, tamper: Callable[[Home], None], named: str) -> None:
    copy = _copy(home, tmp_path)
    tamper(copy)
    with pytest.raises(LedgerError, match=named):
        verify_home(copy)


def test_a_file_that_cannot_be_read_waits_and_holds_up_nobody(home: Home, tmp_path: Path) -> None:
    copy = _copy(home, tmp_path)
    odd = os.fsencode(copy.inbox / "03388") + b"/b\xb8o c\xb8o.xlsx"
    os.makedirs(os.path.dirname(odd), exist_ok=True)  # noqa: PTH103, PTH120 the name is no text
    shutil.copyfile(next(copy.inbox.rglob("a.xlsx")), odd)
    outcome = run(NOW + timedelta(days=2), copy)
    assert outcome.received == 1
    assert r"b\xb8o c\xb8o.xlsx" in [event["file_path"][-18:] for event in copy.ledger.events() if "file_path" in event]
