"""Take in what has arrived: bytes into the archive, an event into the ledger."""

import csv
import hashlib
import os
import unicodedata
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from tally.adapters.files import locked
from tally.errors import ContractError
from tally.periods import Period
from tally.pipeline.home import Home
from tally.pipeline.state import State, Submission, state_of

FEEDS = "feeds"
CHUNK_SIZE = 200
_EVENTS_AT_ONCE = 100


def receive_new_files(
    now: datetime, area: str | None = None, period: str | None = None, home: Home | None = None
) -> list[list[str]]:
    """Archive and record every file that has arrived by `now`, in the order in which they came.

    Shape   chunks of submission ids whose judgement is still to come: new ones, those that an interrupted run left,
            and, where an area or a period is given, all of that area or period again.
    Blanks  a file without a line in received.csv was received now.
    Raises  ContractError if received.csv cannot be read.
    """
    home = home or Home.default()
    with locked(home.lock("receive")):
        state = state_of(home.ledger.events())
        arrivals = sorted(_arrivals(home, state, now), key=lambda arrival: arrival[:2])
        for start in range(0, len(arrivals), _EVENTS_AT_ONCE):
            events = [
                _receive(home, path, received_at) for received_at, _, path in arrivals[start : start + _EVENTS_AT_ONCE]
            ]
            known = set(state.submissions)
            home.ledger.append(now, [event for event in events if event["submission_id"] not in known])
        state = state_of(home.ledger.events())
    waiting = [one for one in state.submissions.values() if one.received_at <= now and _wanted(one, area, period, home)]
    ids = [one.submission_id for one in sorted(waiting, key=lambda one: one.order)]
    return [ids[start : start + CHUNK_SIZE] for start in range(0, len(ids), CHUNK_SIZE)]


def _wanted(one: Submission, area: str | None, period: str | None, home: Home) -> bool:
    """Whether a submission waits to be judged, or is asked for again: by its sender or an area that it lies in."""
    if one.verdict is None:
        return True
    if area is None and period is None:
        return False
    areas = {one.sender}
    if one.area_code and one.period_code:
        day = Period.parse(one.period_code).map_date
        areas |= {holder.code for holder in home.contracts.register.lineage(one.area_code, day)}
    return (area is None or area in areas) and period in (None, one.period_code)


def _arrivals(home: Home, state: State, now: datetime) -> Iterator[tuple[datetime, str, Path]]:
    seen = {(one.file_path, one.size, one.mtime_ns) for one in state.submissions.values()}
    times = _received_times(home.received_csv)
    for path in _files(home.inbox):
        relative = path.relative_to(home.root).as_posix()
        status = path.stat()
        received_at = times.get(unicodedata.normalize("NFC", relative), now)
        if received_at <= now and (relative, status.st_size, status.st_mtime_ns) not in seen:
            yield received_at, relative, path


def _files(inbox: Path) -> Iterator[Path]:
    """Regular files that senders left; not feeds, nor what editors and transfers leave beside them."""
    for folder, folders, names in os.walk(inbox):
        at = Path(folder)
        folders[:] = [name for name in folders if not name.startswith(".") and not (at == inbox and name == FEEDS)]
        for name in names:
            path = at / name
            if not name.startswith((".", "~$")) and path.is_file() and not path.is_symlink():
                yield path


def _receive(home: Home, path: Path, received_at: datetime) -> dict[str, Any]:
    status = path.stat()
    relative = path.relative_to(home.root).as_posix()
    sha256, size = home.archive.keep(path)
    inside = path.relative_to(home.inbox).parts
    return {
        "event": "received",
        "submission_id": hashlib.sha256(f"{relative}\0{sha256}".encode()).hexdigest()[:16],
        "file_path": relative,
        "sha256": sha256,
        "size": size,
        "mtime_ns": status.st_mtime_ns,
        "sender": inside[0] if len(inside) > 1 else "",
        "received_at": received_at.isoformat(),
    }


def _received_times(path: Path) -> dict[str, datetime]:
    if not path.exists():
        return {}
    times = {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows: Sequence[dict[str, str]] = list(csv.DictReader(file))
    for line, row in enumerate(rows, 2):
        try:
            at = datetime.fromisoformat(row["received_at"])
            name = unicodedata.normalize("NFC", row["path"])
        except (KeyError, TypeError, ValueError):
            raise ContractError(
                "received.csv", line, "received_at", "needs path,received_at (ISO 8601 with zone)"
            ) from None
        if at.tzinfo is None:
            raise ContractError("received.csv", line, "received_at", f"{row['received_at']} names no zone")
        times[name] = at
    return times
