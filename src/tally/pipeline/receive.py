"""Take in what has arrived: bytes into the archive, an event into the ledger."""

import csv
import hashlib
import logging
import os
import unicodedata
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from pathlib import Path, PurePosixPath

from tally.adapters.files import locked
from tally.adapters.ledger import Event
from tally.errors import ContractError
from tally.periods import Period
from tally.pipeline.home import Home
from tally.pipeline.judgements import is_whole
from tally.pipeline.progress import Progress, unwatched
from tally.pipeline.state import State, Submission

FEEDS = "feeds"
Arrival = tuple[datetime, str, Path]
"""When a file was received, its path from TALLY_HOME, and where it lies."""
_log = logging.getLogger(__name__)
_LARGEST_CHUNK, _SMALLEST_CHUNK = 1000, 200
"""Workbooks: a task costs seconds before its first line, and a chunk of a thousand is read in less than 300 MB."""
_EVENTS_AT_ONCE = 500


def receive_new_files(
    now: datetime,
    area: str | None = None,
    period: str | None = None,
    home: Home | None = None,
    progress: Progress = unwatched,
) -> list[list[str]]:
    """Archive and record every file that has arrived by `now`, in the order in which they came.

    Shape   chunks of submission ids whose judgement is still to come: new ones, those that an interrupted run left,
            those whose judgement was deleted or has other columns than the present code writes, and, where an area or
            a period is given, all of that area or period again.
    Blanks  a file without a line in received.csv was received now.
    Raises  ContractError if received.csv cannot be read.
    """
    home = home or Home.default()
    with locked(home.lock("receive")):
        state = home.state()
        arrivals = sorted(_arrivals(home, state, now), key=lambda arrival: arrival[:2])
        for start in range(0, len(arrivals), _EVENTS_AT_ONCE):
            progress("receive", start, len(arrivals))
            events = _receive(home, arrivals[start : start + _EVENTS_AT_ONCE])
            home.ledger.append(now, [event for event in events if event["submission_id"] not in state.submissions])
        progress("receive", len(arrivals), len(arrivals))
        state = home.state()
    batches = {one.batch_id for one in state.submissions.values() if one.batch_id}
    lost = {batch_id for batch_id in batches if not is_whole(home.judgement(batch_id))}
    waiting = [
        one
        for one in state.submissions.values()
        if one.received_at <= now and (one.batch_id in lost or _wanted(one, area, period, home))
    ]
    ids = [one.submission_id for one in sorted(waiting, key=lambda one: one.order)]
    return _chunks(ids)


def _chunks(ids: list[str]) -> list[list[str]]:
    """As many chunks as there are cores, unless they would be too small or too large; all of one size."""
    count = max(-(-len(ids) // _LARGEST_CHUNK), min(os.cpu_count() or 1, -(-len(ids) // _SMALLEST_CHUNK)))
    size = -(-len(ids) // max(count, 1))
    return [ids[start : start + size] for start in range(0, len(ids), size or 1)]


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


def _arrivals(home: Home, state: State, now: datetime) -> Iterator[Arrival]:
    seen = {(one.file_path, one.size, one.mtime_ns) for one in state.submissions.values()}
    return arrivals_in(home, home.inbox, seen, now, aside=home.inbox / FEEDS)


def arrivals_in(
    home: Home, folder: Path, seen: AbstractSet[tuple[str, int, int]], now: datetime, aside: Path | None = None
) -> Iterator[Arrival]:
    """The files that came into a folder of the inbox by `now`, but for those that were seen: path, size and time."""
    times = _received_times(home.received_csv)
    root = len(str(home.root)) + 1
    for path, status in _files(folder, aside):
        name = _text(path[root:])
        if (name, status.st_size, status.st_mtime_ns) not in seen:
            received_at = times.get(unicodedata.normalize("NFC", name), now)
            if received_at <= now:
                yield received_at, name, Path(path)


def archived(home: Home, arrivals: Sequence[Arrival]) -> Iterator[tuple[str, Event]]:
    """Archive some files: of each its id, and what the ledger is to say of it whatever it holds.

    Blanks  none of a file that cannot be read: it waits for the next run.
    """
    kept = home.archive.keep([path for _, _, path in arrivals])
    for (received_at, name, path), copy in zip(arrivals, kept, strict=True):
        if isinstance(copy, OSError):
            _leave(path, copy)
        else:
            yield (
                hashlib.sha256(f"{name}\0{copy.sha256}".encode()).hexdigest()[:16],
                {
                    "file_path": name,
                    "sha256": copy.sha256,
                    "size": copy.size,
                    "mtime_ns": copy.mtime_ns,
                    "received_at": received_at.isoformat(),
                },
            )


def _files(inbox: Path, aside: Path | None) -> Iterator[tuple[str, os.stat_result]]:
    """Regular files that senders left; not what editors and transfers leave beside them, nor a folder set aside."""
    folders = [str(inbox)] if inbox.exists() else []
    while folders:
        folder = folders.pop()
        try:
            entries = [entry for entry in os.scandir(folder) if not entry.name.startswith(".")]
        except OSError as error:
            _leave(Path(folder), error)
            continue
        for entry in entries:
            try:
                if entry.is_dir(follow_symlinks=False):
                    folders += [entry.path] if entry.path != str(aside) else []
                elif entry.is_file(follow_symlinks=False) and not entry.name.startswith("~$"):
                    yield entry.path, entry.stat(follow_symlinks=False)
            except OSError as error:
                _leave(Path(entry.path), error)


def _receive(home: Home, arrivals: Sequence[Arrival]) -> Iterator[Event]:
    """Archive some files; what the ledger is to say of each."""
    for submission_id, file in archived(home, arrivals):
        _, *inside = PurePosixPath(file["file_path"]).parts
        sender = inside[0] if len(inside) > 1 else ""
        yield {"event": "received", "submission_id": submission_id, **file, "sender": sender}


def _text(path: str) -> str:
    """A path as text; bytes that are no UTF-8 (names from old archives) are spelt out."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _leave(path: Path, error: OSError) -> None:
    """One file or folder that cannot be read waits for the next run, and holds up nothing else."""
    _log.warning(
        "Something in inbox folder %r cannot be read (%s): left for the next run", path.parent.name, error.strerror
    )


def _received_times(path: Path) -> dict[str, datetime]:
    if not path.exists():
        return {}
    times: dict[str, datetime] = {}
    line = 1
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            for row in reader:
                line = reader.line_num
                at = datetime.fromisoformat(row["received_at"])
                if at.tzinfo is None:
                    raise ContractError(path.name, line, "received_at", f"{row['received_at']} names no zone")
                times[unicodedata.normalize("NFC", row["path"])] = at
    except UnicodeDecodeError:
        raise ContractError(path.name, None, "file", "is not UTF-8") from None
    except OSError as error:
        raise ContractError(path.name, None, "file", f"cannot be read: {error.strerror}") from None
    except (KeyError, TypeError, ValueError, csv.Error):
        raise ContractError(path.name, line, "received_at", "needs path,received_at (ISO 8601 with zone)") from None
    return times
