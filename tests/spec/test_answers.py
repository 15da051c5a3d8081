"""Answering a batch: what lies in the outbox afterwards, and what the ledger says."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tally.adapters.archive import Kept
from tally.pipeline.answer import answer_batch
from tally.pipeline.home import Home

SAMPLES = Path(__file__).resolve().parents[1] / "field_samples" / "inbox"
CLEAN, WRONG, ODD = "26740/BVTE_26740_2025-A1.xlsx", "05443/BVTE_05443_2025-A1.xlsx", "27628/BVTE_27628_2025-A1.xlsx"
JUDGED_AT = datetime(2025, 12, 16, 5, 0, tzinfo=UTC)
BATCH = "b1"
FINDING = {
    "rule_code": "R0201",
    "severity": "critical",
    "form_code": "bvte_02",
    "sheet_name": "BVTE-02",
    "cell_address": "E27",
    "indicator_code": "abuse_offenders",
    "column_code": "T",
    "message_vi": "E27 = 1; F27 + G27 + H27 = 2; hãy cộng lại.",
    "message_en": "E27 = 1; F27 + G27 + H27 = 2; please add again.",
}


def judged(root: Path, verdicts: dict[str, tuple[str, list[dict[str, Any]]]]) -> Home:
    """A home in which some samples were received and judged: path → (verdict, findings)."""
    home = Home(root)
    rows, findings, events = [], [], []
    for number, (path, (verdict, found)) in enumerate(verdicts.items()):
        (kept,) = home.archive.keep([SAMPLES / path])
        assert isinstance(kept, Kept)
        sender, submission_id = path.split("/")[0], f"{number:016x}"
        row = {"submission_id": submission_id, "file_path": f"inbox/{path}", "sha256": kept.sha256, "sender": sender}
        received = {"event": "received", **row, "size": kept.size, "mtime_ns": 0, "received_at": JUDGED_AT.isoformat()}
        known = {"area_code": sender, "period_code": "2025-A1"}
        events += [
            received,
            {"event": "judged", **known, "submission_id": submission_id, "batch_id": BATCH, "verdict": verdict},
        ]
        dates = {"received_at": JUDGED_AT, "due_date": datetime(2025, 12, 17).date()}  # noqa: DTZ001
        rows.append({**row, **known, **dates, "verdict": verdict, "is_late": False, "batch_id": BATCH})
        findings += [{"submission_id": submission_id, **one} for one in found]
    folder = home.judgement(BATCH)
    folder.mkdir(parents=True)
    pq.write_table(pa.Table.from_pylist(rows), folder / "submissions.parquet")
    empty = pa.schema([(name, pa.string()) for name in ("submission_id", *FINDING)])
    pq.write_table(pa.Table.from_pylist(findings, empty), folder / "findings.parquet")
    home.ledger.append(JUDGED_AT, events)
    return home


def outbox(home: Home) -> dict[str, bytes]:
    return {
        path.relative_to(home.outbox).as_posix(): path.read_bytes() for path in home.outbox.rglob("*") if path.is_file()
    }


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return judged(tmp_path, {CLEAN: ("accepted", []), WRONG: ("returned", [FINDING])})


def test_whoever_is_not_clean_gets_a_letter_and_a_marked_workbook(home: Home) -> None:
    assert answer_batch(BATCH, JUDGED_AT, home) == 1
    assert set(outbox(home)) == {"05443/0000000000000001_returned.html", "05443/0000000000000001_marked.xlsx"}


def test_answering_again_at_another_time_writes_the_same_bytes_and_nothing_in_the_ledger(home: Home) -> None:
    answer_batch(BATCH, JUDGED_AT, home)
    first, events = outbox(home), list(home.ledger.events())
    for path in home.outbox.rglob("*.html"):
        path.unlink()
    answer_batch(BATCH, JUDGED_AT + timedelta(days=30), home)
    assert outbox(home) == first
    assert list(home.ledger.events()) == events


def test_the_ledger_says_that_every_submission_of_the_batch_is_answered(home: Home) -> None:
    answer_batch(BATCH, JUDGED_AT, home)
    *_, last = home.ledger.events()
    assert (last["event"], last["batch_id"], last["letters"]) == ("answered", BATCH, 1)
    assert last["submission_ids"] == ["0000000000000000", "0000000000000001"]


def test_a_workbook_that_cannot_be_marked_gets_its_letter_and_holds_up_nobody(tmp_path: Path) -> None:
    home = judged(tmp_path, {ODD: ("returned", [FINDING]), WRONG: ("returned", [FINDING])})
    assert answer_batch(BATCH, JUDGED_AT, home) == 2
    written = outbox(home)
    assert set(written) == {
        "27628/0000000000000000_returned.html",
        "05443/0000000000000001_returned.html",
        "05443/0000000000000001_marked.xlsx",
    }
    assert "không đánh dấu được" in written["27628/0000000000000000_returned.html"].decode()


def test_an_answer_that_no_longer_holds_is_taken_away(tmp_path: Path) -> None:
    home = judged(tmp_path, {WRONG: ("returned", [FINDING])})
    answer_batch(BATCH, JUDGED_AT, home)
    warning = {**FINDING, "severity": "warning"}
    rejudged = judged(tmp_path / "again", {WRONG: ("accepted_with_warnings", [warning])})
    rejudged.outbox.parent.mkdir(exist_ok=True)
    home.outbox.rename(rejudged.outbox)
    answer_batch(BATCH, JUDGED_AT, rejudged)
    assert set(outbox(rejudged)) == {
        "05443/0000000000000000_accepted_with_warnings.html",
        "05443/0000000000000000_marked.xlsx",
    }


@pytest.mark.parametrize("rule_code", ["S01", "S11"])
def test_nothing_of_a_refused_file_is_copied(tmp_path: Path, rule_code: str) -> None:
    refusal = {**FINDING, "rule_code": rule_code}
    home = judged(tmp_path, {WRONG: ("refused", [refusal])})
    answer_batch(BATCH, JUDGED_AT, home)
    assert set(outbox(home)) == {"05443/0000000000000000_refused.html"}


@pytest.mark.parametrize(("first", "says"), [("returned", "vẫn cần sửa"), ("accepted", "không cần làm gì")])
def test_who_sent_the_same_file_twice_is_told_what_became_of_the_first(tmp_path: Path, first: str, says: str) -> None:
    sent_twice = {"28126/BVTE_28126_2025-A1.xlsx": (first, [])}
    home = judged(tmp_path, {**sent_twice, "28126/BVTE_28126_2025-A1 (1).xlsx": ("duplicate", [])})
    answer_batch(BATCH, JUDGED_AT, home)
    text = outbox(home)["28126/0000000000000001_duplicate.html"].decode()
    assert says in text
    assert "mã lần gửi 0000000000000000" in text
    assert "Xã Long Cang (mã 28126)" in text
