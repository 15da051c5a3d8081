"""What a batch makes of each submission beside the others: verdict, rules, whose report it is, what is kept of it."""

import shutil
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tally.periods import LOCAL_TIME, Period
from tally.pipeline.home import Home
from tally.pipeline.judge import judge_batch, judge_chunks
from tally.pipeline.judgements import is_whole
from tally.pipeline.read import read_submissions
from tally.pipeline.receive import receive_new_files
from tally.simulation.reports import areas_owing, lawful_reports
from tally.workbooks import BlankWorkbook

PERIOD = Period(2025, "A1")
FIRST, SECOND = (datetime(2025, 12, day, 9, tzinfo=LOCAL_TIME) for day in (16, 19))
OVER_AN_X = {("abuse_incidents", "M"): 1}
UNREADABLE = {("pupils", "T"): "nhiều"}
CHANGED, CHANGED_AGAIN = ({("pupils", "T"): at, ("pupils_taught_self_protection", "T"): 0} for at in (1, 2))


class Senders:
    """Communes of Hà Nội that leave lawful workbooks, more or less; `times` is when each was received."""

    def __init__(self, home: Home) -> None:
        edition = home.contracts.edition(PERIOD)
        areas = [area for area in areas_owing(home.contracts, PERIOD, ["01"]) if area.level == "commune"]
        self.codes = [area.code for area in areas]
        self._home = home
        self._reports = list(lawful_reports(home.contracts, PERIOD, areas[:12], seed=1))
        self._blank = BlankWorkbook(home.contracts, edition, "commune")
        self._cells = [(row.form.name, row.code, column) for row in edition.rows for column in row.columns]
        self._times = ["path,received_at"]

    def blanks_of(self, sheet: str) -> dict[tuple[str, str], None]:
        return {(code, column): None for form, code, column in self._cells if form == sheet}

    def leave(
        self,
        name: str,
        by: int,
        at: datetime,
        figures: Mapping[tuple[str, str], Any] | None = None,
        folder: int | None = None,
        **cover: object,
    ) -> None:
        report = self._reports[by]
        path = self._home.inbox / self.codes[by if folder is None else folder] / f"{name}.xlsx"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self._blank.filled({**report.cover, **cover}, {**report.figures, **(figures or {})}))
        self._times.append(f"{path.relative_to(self._home.root).as_posix()},{at.isoformat()}")
        self._home.received_csv.write_text("\n".join(self._times))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return Home(tmp_path_factory.mktemp("judging"))


@pytest.fixture(scope="module")
def judged(home: Home) -> dict[str, dict[str, Any]]:
    """By file name: the row of submissions.parquet, with its `rules` and the `cells` that it adds to the figures."""
    senders = Senders(home)
    senders.leave("accepted", 0, FIRST)
    senders.leave("returned", 1, FIRST, UNREADABLE)
    senders.leave("in another folder with an empty form", 2, FIRST, senders.blanks_of("BVTE-05"), folder=3)
    found = rows_of(home, judge(home, FIRST))
    senders.leave("before the accepted one", 0, FIRST - timedelta(hours=1), CHANGED)
    senders.leave("after the accepted one", 0, SECOND, CHANGED_AGAIN)
    senders.leave("after the returned one", 1, SECOND)
    senders.leave("after the refused one", 2, SECOND)
    senders.leave("a correction", 2, SECOND + timedelta(hours=1), report_kind="Đính chính")
    senders.leave("first of two", 4, SECOND)
    senders.leave("second of two", 4, SECOND + timedelta(hours=1), CHANGED)
    senders.leave("the same again", 4, SECOND + timedelta(hours=2))
    senders.leave("the same in another folder", 4, SECOND + timedelta(hours=2), folder=5)
    senders.leave("a figure over an x", 6, SECOND, OVER_AN_X)
    senders.leave("last minute of the due day", 7, datetime(2025, 12, 17, 16, 59, tzinfo=UTC))
    senders.leave("first minute after it", 8, datetime(2025, 12, 17, 17, 0, tzinfo=UTC))
    return found | rows_of(home, judge(home, SECOND + timedelta(days=1)))


def judge(home: Home, now: datetime, period: str | None = None) -> Path:
    chunks = receive_new_files(now, period=period, home=home)
    return home.judgement(judge_batch([read_submissions(chunk, home) for chunk in chunks], now, home))


def rows_of(home: Home, folder: Path) -> dict[str, dict[str, Any]]:
    rows = {row["submission_id"]: row for row in pq.read_table(folder / "submissions.parquet").to_pylist()}
    for row in rows.values():
        row |= {"rules": [], "cells": set()}
    for finding in pq.read_table(folder / "findings.parquet").to_pylist():
        rows[finding["submission_id"]]["rules"].append(finding["rule_code"])
    for cell in pq.read_table(folder / "observations.parquet").to_pylist():
        rows[cell["submission_id"]]["cells"].add((cell["indicator_code"], cell["column_code"]))
    return {Path(row["file_path"]).stem: row for row in rows.values()}


@pytest.mark.parametrize(
    ("name", "verdict", "rules"),
    [
        ("accepted", "accepted", []),
        ("returned", "returned", ["S12"]),
        ("in another folder with an empty form", "refused", ["S04"]),
        ("before the accepted one", "accepted", []),
        ("after the accepted one", "accepted_with_warnings", ["S10", "S13"]),
        ("after the returned one", "accepted_with_warnings", ["S10", "S13"]),
        ("after the refused one", "accepted", ["S13"]),
        ("a correction", "accepted", ["S13"]),
        ("first of two", "accepted", ["S13"]),
        ("second of two", "accepted_with_warnings", ["S10", "S13"]),
        ("the same again", "duplicate", ["S09"]),
        ("the same in another folder", "refused", ["S04"]),
        ("a figure over an x", "accepted_with_warnings", ["S13", "S18"]),
        ("last minute of the due day", "accepted", []),
        ("first minute after it", "accepted", ["S13"]),
    ],
)
def test_each_is_judged_by_what_came_before_it(
    judged: dict[str, dict[str, Any]], name: str, verdict: str, rules: list[str]
) -> None:
    assert (judged[name]["verdict"], sorted(judged[name]["rules"])) == (verdict, rules)


def test_a_batch_of_which_nothing_is_accepted_is_whole_too(tmp_path: Path) -> None:
    home = Home(tmp_path)
    (home.inbox / "00004").mkdir(parents=True)
    (home.inbox / "00004" / "torn.xlsx").write_text("no workbook")
    folder = judge(home, SECOND)
    assert is_whole(folder)
    assert pq.read_table(folder / "observations.parquet").num_rows == 0


def test_only_accepted_submissions_have_figures(judged: dict[str, dict[str, Any]]) -> None:
    for name, row in judged.items():
        assert bool(row["cells"]) == row["verdict"].startswith("accepted"), name


def test_a_rule_that_had_nothing_to_judge_is_not_among_those_judged(judged: dict[str, dict[str, Any]]) -> None:
    of = {name: set(row["rules_judged"]) for name, row in judged.items()}
    assert of["accepted"] >= {"S01", "S12", "S18", "R0201", "R0405"}
    assert of["accepted"].isdisjoint({"S15", "R0602", "R0106"})  # nobody below it, not asked, no earlier report
    assert of["in another folder with an empty form"] == {"S01", "S02", "S03", "S04", "S05", "S06", "S09", "S11"}
    assert of["the same again"] == {"S09"}
    for name, row in judged.items():
        assert of[name] >= set(row["rules"]), name


def test_a_figure_over_an_x_is_no_figure(judged: dict[str, dict[str, Any]]) -> None:
    assert judged["a figure over an x"]["cells"] == judged["accepted"]["cells"]


def test_late_is_what_came_after_the_due_day_in_local_time(judged: dict[str, dict[str, Any]]) -> None:
    late = {name: row["is_late"] for name, row in judged.items() if "minute" in name}
    assert late == {"last minute of the due day": False, "first minute after it": True}
    for name, row in judged.items():
        if "S13" in row["rules"]:
            assert row["is_late"], name


def test_what_lies_in_another_folder_and_what_was_sent_twice_is_nobodys_report(
    judged: dict[str, dict[str, Any]],
) -> None:
    for name, row in judged.items():
        is_report = row["verdict"] not in ("refused", "duplicate")
        assert (row["area_code"] is not None, row["period_code"] is not None) == (is_report, is_report), name


def test_judging_all_of_a_period_again_finds_the_same(home: Home, judged: dict[str, dict[str, Any]]) -> None:
    again = rows_of(home, judge(home, SECOND + timedelta(days=2), PERIOD.code))
    assert len(again) == len([row for row in judged.values() if row["period_code"]])
    for name, row in again.items():
        assert row | {"batch_id": judged[name]["batch_id"]} == judged[name]


def test_what_is_judged_in_several_batches_is_judged_as_in_one(
    home: Home, judged: dict[str, dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def batches(limit: int) -> list[dict[str, Any]]:
        monkeypatch.setattr("tally.pipeline.judge.LARGEST_BATCH", limit)
        again, now = Home(tmp_path / str(limit)), SECOND + timedelta(days=1)
        shutil.copytree(home.inbox, again.inbox)
        shutil.copy(home.received_csv, again.received_csv)
        chunks = receive_new_files(now, home=again)
        chunk_ids = [read_submissions([one], again) for chunk in chunks for one in chunk]
        steps: list[tuple[str, int, int]] = []
        batch_ids = judge_chunks(chunk_ids, now, again, lambda *step: steps.append(step))
        assert (steps[0][1], steps[-1][1]) == (0, steps[-1][2])
        return [rows_of(again, again.judgement(batch_id)) for batch_id in batch_ids]

    def said(rows: dict[str, Any]) -> dict[str, Any]:
        seen = ("verdict", "rules", "rules_judged", "cells")
        return {name: [row[word] for word in seen] for name, row in rows.items()}

    (whole,) = batches(len(judged))
    several = batches(4)
    assert [len(rows) for rows in several] == [4, 4, 4, len(judged) - 12]
    assert {name: one for rows in several for name, one in said(rows).items()} == said(whole)
