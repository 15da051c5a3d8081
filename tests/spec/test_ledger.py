"""The ledger forgets nothing, repeats nothing, and shows when somebody changed it."""

import hashlib
import json
import multiprocessing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tally.adapters.archive import Archive, Kept
from tally.adapters.ledger import Ledger
from tally.errors import LedgerError
from tally.pipeline.home import Home

NOW = datetime(2025, 12, 17, tzinfo=UTC)


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    ledger = Ledger(tmp_path)
    ledger.append(NOW, [{"event": "received", "submission_id": str(number)} for number in range(3)])
    return ledger


def test_events_come_back_in_order_and_the_chain_holds(ledger: Ledger) -> None:
    ledger.append(NOW, [{"event": "judged", "submission_id": "1"}])
    assert [event["seq"] for event in ledger.events()] == [1, 2, 3, 4]
    assert ledger.verify() == 4


def test_only_the_events_behind_those_known_are_read(ledger: Ledger) -> None:
    ledger.append(NOW, [{"event": "judged", "submission_id": "1"}])
    assert [event["seq"] for event in ledger.events(after=3)] == [4]


def test_a_line_torn_by_a_crash_is_set_aside_and_its_recovery_is_an_event(ledger: Ledger) -> None:
    with ledger.path.open("ab") as file:
        file.write(b'{"seq":4,"prev":"ab')
    assert len(list(ledger.events())) == 3
    ledger.append(NOW, [{"event": "read"}])
    assert [event["event"] for event in ledger.events()][3:] == ["recovered", "read"]
    assert (ledger.path.parent / "torn.bin").read_bytes() == b'{"seq":4,"prev":"ab\n'
    assert ledger.verify() == 5


@pytest.mark.parametrize(
    ("line", "told"), [(0, "line 2 does not follow"), (1, "line 3 does not"), (2, "line 3 is not")]
)
def test_an_edited_event_is_found(ledger: Ledger, line: int, told: str) -> None:
    lines = ledger.path.read_text().splitlines()
    lines[line] = lines[line].replace('"received"', '"refused"')
    ledger.path.write_text("\n".join(lines) + "\n")
    with pytest.raises(LedgerError, match=told):
        ledger.verify()


def test_events_that_are_taken_off_the_end_are_missed_and_nothing_is_written_behind_them(ledger: Ledger) -> None:
    whole = ledger.path.read_text()
    ledger.path.write_text(whole[: whole.index("\n") + 1])
    with pytest.raises(LedgerError, match="ends with line 1, and had 3"):
        ledger.verify()
    with pytest.raises(LedgerError, match="ends with event 1, and had 3"):
        ledger.append(NOW, [{"event": "read"}])
    ledger.path.unlink()
    with pytest.raises(LedgerError, match="missing"):
        ledger.verify()


def test_events_behind_a_head_that_a_crash_left_behind_are_events(ledger: Ledger) -> None:
    head = (ledger.path.parent / "head.json").read_bytes()
    ledger.append(NOW, [{"event": "read"}])
    (ledger.path.parent / "head.json").write_bytes(head)
    assert ledger.verify() == 4


def test_what_somebody_else_remembers_of_an_event_must_be_so(ledger: Ledger) -> None:
    assert ledger.verify({3: ledger.head()[1]}) == 3
    with pytest.raises(LedgerError, match="line 2 is not the one that was written"):
        ledger.verify({2: "0" * 64})
    with pytest.raises(LedgerError, match="had 9: events were removed"):
        ledger.verify({9: "0" * 64})


def test_every_event_says_who_wrote_it_and_by_what(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = Home(tmp_path)
    home.ledger.append(NOW, [{"event": "read"}])
    monkeypatch.setenv("AIRFLOW_CTX_DAG_ID", "collect_reports")
    monkeypatch.setenv("AIRFLOW_CTX_DAG_RUN_ID", "manual__1")
    home.ledger.append(NOW, [{"event": "read"}])
    by_hand, by_airflow = home.ledger.events()
    assert (by_hand["run"], by_airflow["run"]) == ("tally", "collect_reports manual__1")
    assert by_hand["operator"] == by_airflow["operator"] != ""
    assert (by_hand["contracts"], by_hand["code"]) == (home.contracts.version, home.code_version)


def test_a_removed_event_is_found(ledger: Ledger) -> None:
    lines = ledger.path.read_text().splitlines()
    ledger.path.write_text("\n".join([lines[0], lines[2]]) + "\n")
    with pytest.raises(LedgerError, match="line 2 does not follow"):
        ledger.verify()


def _append_many(folder: Path, writer: int) -> None:
    for number in range(20):
        Ledger(folder).append(NOW, [{"event": "received", "writer": writer, "number": number}])


def test_processes_that_write_at_once_lose_nothing(tmp_path: Path) -> None:
    processes = [
        multiprocessing.get_context("spawn").Process(target=_append_many, args=(tmp_path, n)) for n in range(3)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert Ledger(tmp_path).verify() == 60


def test_a_long_last_line_is_still_followed(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.append(NOW, [{"event": "read", "submission_ids": ["x" * 16] * 20_000}])
    ledger.append(NOW, [{"event": "read"}])
    assert ledger.verify() == 2


def test_a_line_says_when_it_was_written(ledger: Ledger) -> None:
    assert json.loads(ledger.path.read_text().splitlines()[0])["at"] == NOW.isoformat()


def test_the_archive_keeps_one_copy_and_notices_other_bytes(tmp_path: Path) -> None:
    source = tmp_path / "report.xlsx"
    source.write_bytes(b"figures")
    archive = Archive(tmp_path / "archive")
    (kept,) = archive.keep([source])
    assert archive.keep([source]) == [kept]
    sha256 = hashlib.sha256(b"figures").hexdigest()
    assert kept == Kept(sha256, 7, source.stat().st_mtime_ns)
    assert [path for path in archive.folder.rglob("*") if path.is_file()] == [archive.path(sha256)]
    archive.verify(sha256)
    archive.path(sha256).chmod(0o644)
    archive.path(sha256).write_bytes(b"others")
    with pytest.raises(LedgerError, match="has other bytes"):
        archive.verify(sha256)
    archive.path(sha256).unlink()
    with pytest.raises(LedgerError, match="is missing"):
        archive.verify(sha256)


def test_a_file_that_cannot_be_read_holds_up_no_other(tmp_path: Path) -> None:
    source = tmp_path / "report.xlsx"
    source.write_bytes(b"figures")
    archive = Archive(tmp_path / "archive")
    missing, kept = archive.keep([tmp_path / "gone.xlsx", source])
    assert isinstance(missing, FileNotFoundError)
    assert isinstance(kept, Kept)
    archive.verify(kept.sha256)


def test_a_line_that_is_no_event_is_found(ledger: Ledger) -> None:
    with ledger.path.open("ab") as file:
        file.write(b"[1]\n")
    with pytest.raises(LedgerError, match="line 4 is not an event"):
        ledger.verify()
