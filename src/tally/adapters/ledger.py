"""The ledger: what happened to every submission, one event a line, only appended, each chained to the one before."""

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from pydantic_core import from_json

from tally.adapters.files import locked, write_whole
from tally.errors import LedgerError

Event = dict[str, Any]
_FIRST = "0" * 64


class Ledger:
    """events.jsonl in a folder. `seq` counts from 1; `prev` is the SHA-256 of the line before, without its line end.

    Shape   stamp: what every event says beside what happened: who wrote it, and by which code. head.json: place and
            hash of the last event, so that one that is taken off the end is missed.
    """

    def __init__(self, folder: Path, stamp: Callable[[], Event] = dict) -> None:
        self._stamp = stamp
        self.path = folder / "events.jsonl"
        self._head = folder / "head.json"
        self._torn = folder / "torn.bin"
        self._lock = folder / ".lock"

    def append(self, at: datetime, events: Sequence[Event]) -> None:
        """Writes events durably, all in one go; a line torn by a crash is set aside and its recovery recorded first.

        Raises  LedgerError, and writes nothing, if events that were written are gone from the end.
        """
        if not events:
            return
        with locked(self._lock):
            seq, prev, torn = self._tail()
            if seq < self.head()[0]:
                raise LedgerError(f"ledger: ends with event {seq}, and had {self.head()[0]}: run tally verify")
            if torn:
                with self._torn.open("ab") as file:
                    file.write(torn + b"\n")
                os.truncate(self.path, self.path.stat().st_size - len(torn))
                events = [{"event": "recovered", "torn_bytes": len(torn)}, *events]
            lines, stamp = [], self._stamp()
            for event in events:
                seq += 1
                line = json.dumps(
                    {"seq": seq, "prev": prev, "at": at.isoformat(), **event, **stamp},
                    ensure_ascii=False,
                    separators=(",", ":"),
                ).encode()
                prev = hashlib.sha256(line).hexdigest()
                lines.append(line + b"\n")
            with self.path.open("ab") as file:
                file.write(b"".join(lines))
                file.flush()
                os.fsync(file.fileno())
            write_whole(self._head, json.dumps({"seq": seq, "sha256": prev}).encode())

    def events(self, after: int = 0) -> Iterator[Event]:
        """Every whole line behind the first `after`, in order; a torn last line is no event yet."""
        if self.path.exists():
            with self.path.open("rb") as file:
                yield from (from_json(line) for line in islice(file, after, None) if line.endswith(b"\n"))

    def head(self) -> tuple[int, str]:
        """(place, hash) of the last event as it was written; (0, zeros) before the first."""
        if not self._head.exists():
            return 0, _FIRST
        said = json.loads(self._head.read_text(encoding="utf-8"))
        return said["seq"], said["sha256"]

    def verify(self, known: Mapping[int, str] | None = None) -> int:
        """Checks the chain and counts its events.

        Shape   known: hashes of events by their place, as somebody else remembers them beside the ledger's own head.
        Raises  LedgerError that names the first line that does not follow from the one before, or is not what is known.
        """
        prev, seq = _FIRST, 0
        remembered = dict([self.head()]) | dict(known or {})
        if not self.path.exists() and max(remembered):
            raise LedgerError("ledger: events.jsonl is missing")
        if not self.path.exists():
            return 0
        with self.path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if not line.endswith(b"\n"):
                    break
                try:
                    event = json.loads(line)
                except ValueError:
                    event = None
                if not (isinstance(event, dict) and "event" in event):
                    raise LedgerError(f"ledger: line {number} is not an event")
                seq += 1
                if event.get("prev") != prev or event.get("seq") != seq:
                    raise LedgerError(f"ledger: line {number} does not follow from the line before: edited or removed")
                prev = hashlib.sha256(line[:-1]).hexdigest()
                if remembered.get(seq, prev) != prev:
                    raise LedgerError(f"ledger: line {number} is not the one that was written: edited")
        if seq < max(remembered):
            raise LedgerError(f"ledger: ends with line {seq}, and had {max(remembered)}: events were removed")
        return seq

    def _tail(self) -> tuple[int, str, bytes]:
        """(seq and hash of the last whole line, what was torn after it)."""
        if not self.path.exists():
            return 0, _FIRST, b""
        with self.path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            window = 1 << 16
            while True:
                start = max(0, size - window)
                file.seek(start)
                whole, _, torn = file.read().rpartition(b"\n")
                _, newline, last = whole.rpartition(b"\n")
                if start == 0 or newline:
                    break
                window *= 4
        if not whole:
            return 0, _FIRST, torn
        return json.loads(last)["seq"], hashlib.sha256(last).hexdigest(), torn
