"""What is taken in, when it counts as received, and what waits to be judged."""

import os
import unicodedata
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tally.periods import LOCAL_TIME
from tally.pipeline.home import Home
from tally.pipeline.receive import _chunks, receive_new_files
from tally.pipeline.state import Submission, state_of

NOW = datetime(2025, 12, 17, 9, tzinfo=LOCAL_TIME)
EARLIER = NOW - timedelta(days=1)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def leave(home: Home, path: str, content: str, received_at: datetime | None = None) -> None:
    target = home.inbox / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(content)
    if received_at:
        lines = home.received_csv.read_text() if home.received_csv.exists() else "path,received_at\n"
        home.received_csv.write_text(f"{lines}inbox/{path},{received_at.isoformat()}\n")


def received(home: Home, now: datetime = NOW) -> list[Submission]:
    """What waits to be judged, in its order."""
    chunks = receive_new_files(now, home=home)
    submissions = state_of(home.ledger.events()).submissions
    return [submissions[one] for chunk in chunks for one in chunk]


@pytest.mark.parametrize("on_disk", ["NFC", "NFD"])
@pytest.mark.parametrize("in_the_list", ["NFC", "NFD"])
def test_a_name_is_found_in_the_list_however_its_accents_are_typed(home: Home, on_disk: str, in_the_list: str) -> None:
    name = "00004/báo cáo.xlsx"
    leave(home, unicodedata.normalize(in_the_list, name), "a", EARLIER)  # type: ignore[arg-type]
    as_listed = home.inbox / unicodedata.normalize(in_the_list, name)  # type: ignore[arg-type]
    as_listed.rename(home.inbox / unicodedata.normalize(on_disk, name))  # type: ignore[arg-type]
    assert [one.received_at for one in received(home)] == [EARLIER]


def test_a_file_that_no_list_names_was_received_now(home: Home) -> None:
    leave(home, "00004/a.xlsx", "a")
    assert [one.received_at for one in received(home)] == [NOW]


def test_a_file_waits_for_the_moment_at_which_it_was_received(home: Home) -> None:
    leave(home, "00004/a.xlsx", "a", NOW)
    assert received(home, EARLIER) == []
    assert list(home.ledger.events()) == []
    assert [one.received_at for one in received(home)] == [NOW]


def test_a_file_that_was_only_touched_is_not_received_again(home: Home) -> None:
    leave(home, "00004/a.xlsx", "a")
    received(home)
    os.utime(home.inbox / "00004/a.xlsx", (0, 0))
    received(home, NOW + timedelta(days=1))
    assert [event["event"] for event in home.ledger.events()] == ["received"]


def test_other_bytes_at_a_path_are_another_submission(home: Home) -> None:
    leave(home, "00004/a.xlsx", "a")
    received(home)
    leave(home, "00004/a.xlsx", "bb")
    assert len(received(home, NOW + timedelta(days=1))) == 2


def test_what_waits_is_taken_in_the_order_of_receipt_then_of_path(home: Home) -> None:
    for path, at in (("00004/c.xlsx", NOW), ("00008/a.xlsx", NOW), ("00004/b.xlsx", NOW), ("00008/z.xlsx", EARLIER)):
        leave(home, path, path, at)
    assert [one.file_path[6:] for one in received(home)] == [
        "00008/z.xlsx", "00004/b.xlsx", "00004/c.xlsx", "00008/a.xlsx",
    ]  # fmt: skip


def test_the_same_bytes_are_a_duplicate_only_in_the_same_folder(home: Home) -> None:
    for path in ("00004/a.xlsx", "00004/b.xlsx", "00008/a.xlsx"):
        leave(home, path, "the same")
    waiting = received(home)
    state = state_of(home.ledger.events())
    assert {one.file_path[6:]: state.original_of(one).file_path[6:] for one in waiting} == {
        "00004/a.xlsx": "00004/a.xlsx",
        "00004/b.xlsx": "00004/a.xlsx",
        "00008/a.xlsx": "00008/a.xlsx",
    }


@pytest.mark.parametrize(
    ("files", "cores", "chunks"),
    [
        (0, 2, []),
        (1, 2, [1]),
        (200, 8, [200]),
        (201, 2, [101, 100]),
        (3355, 2, [839, 839, 839, 838]),
        (900, 4, [225] * 4),
    ],
)
def test_there_are_as_many_chunks_as_cores_unless_they_would_be_too_small_or_too_large(
    files: int, cores: int, chunks: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: cores)
    ids = [f"{number:05}" for number in range(files)]
    made = _chunks(ids)
    assert [len(chunk) for chunk in made] == chunks
    assert [one for chunk in made for one in chunk] == ids
