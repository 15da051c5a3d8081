"""Read workbooks: each chunk by itself, so that chunks can be read side by side; the results are files of columns."""

import hashlib
import json
import os
from collections.abc import Sequence
from concurrent.futures import Executor
from contextlib import ExitStack
from dataclasses import asdict, dataclass, fields
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tally.adapters.files import appearing
from tally.adapters.ledger import Event
from tally.intake.workbook import read_workbook
from tally.periods import Period
from tally.pipeline.home import Home
from tally.pipeline.progress import Progress, unwatched
from tally.pipeline.workers import at_home, give_back_memory, workers
from tally.readings import Cover, Fault, Figures

COVERS = pa.schema([("submission_id", pa.string()), ("is_duplicate", pa.bool_()), ("cover", pa.string())])
FAULTS = pa.schema([("submission_id", pa.string()), *((one.name, pa.string()) for one in fields(Fault))])
_WORD = pa.dictionary(pa.int32(), pa.string())
FIGURES = pa.schema(
    [
        ("submission_id", _WORD),
        *((name, _WORD) for name in ("form_code", "indicator_code", "column_code", "sheet_name", "cell_address")),
        ("raw_text", pa.string()),
        ("value", pa.int64()),
        ("state", _WORD),
        ("reason", _WORD),
    ]
)


_FEW = 40  # fewer are read sooner than processes start
_PART = 200  # as many workbooks as one process reads at a time: a second or two


@dataclass(frozen=True, slots=True)
class _Unread:
    submission_id: str
    sha256: str
    is_duplicate: bool


def read_submissions(chunk: Sequence[str], home: Home | None = None, progress: Progress = unwatched) -> str:
    """Read one chunk of submissions; its id is made of theirs, so reading it again writes the same files.

    A workbook on which our reader itself fails is recorded as failed and holds up nothing else.
    """
    home = home or Home.default()
    return _read_chunk(home, _unread(chunk, home), progress)


def read_chunks(
    chunks: Sequence[Sequence[str]], home: Home, pool: Executor | None = None, progress: Progress = unwatched
) -> list[str]:
    """Read chunks in as many processes as there are cores, or in those of a pool of `workers`."""
    unread = _unread([submission_id for chunk in chunks for submission_id in chunk], home)
    if len(unread) <= _FEW:
        return [_read_chunk(home, unread, progress)]
    size = min(_PART, -(-len(unread) // (os.cpu_count() or 1)))
    parts = [unread[start : start + size] for start in range(0, len(unread), size)]
    progress("read", 0, len(unread))
    chunk_ids = []
    with ExitStack() as stack:
        for chunk_id in (pool or stack.enter_context(workers(home))).map(_read_part, parts):
            chunk_ids.append(chunk_id)
            progress("read", min(len(chunk_ids) * size, len(unread)), len(unread))
    return chunk_ids


def _unread(chunk: Sequence[str], home: Home) -> list[_Unread]:
    state = home.state()
    submissions = [state.submissions[submission_id] for submission_id in chunk]
    return [_Unread(one.submission_id, one.sha256, state.original_of(one) is not one) for one in submissions]


def _read_part(unread: Sequence[_Unread]) -> str:
    chunk_id = _read_chunk(at_home(), unread, unwatched)
    give_back_memory()
    return chunk_id


def _read_chunk(home: Home, unread: Sequence[_Unread], progress: Progress) -> str:
    chunk_id = hashlib.sha256("\0".join(one.submission_id for one in unread).encode()).hexdigest()[:16]
    covers: dict[str, list[Any]] = {name: [] for name in COVERS.names}
    faults: dict[str, list[Any]] = {name: [] for name in FAULTS.names}
    figures: dict[str, list[Any]] = {name: [] for name in FIGURES.names}
    events: list[Event] = []
    read: list[str] = []
    for done, submission in enumerate(unread):
        progress("read", done, len(unread))
        submission_id = submission.submission_id
        cover: Cover | None = None
        if not submission.is_duplicate:
            try:
                reading = read_workbook(home.archive.path(submission.sha256), home.contracts)
            except Exception as error:  # whatever our reader stumbles over in one workbook, the others are read
                events.append(
                    {"event": "failed", "submission_id": submission_id, "step": "read", "error": type(error).__name__}
                )
                continue
            cover = reading.cover
            for fault in reading.faults:
                faults["submission_id"].append(submission_id)
                for name, value in asdict(fault).items():
                    faults[name].append(value)
            figures["submission_id"] += [submission_id] * len(reading.figures.form_code)
            for one in fields(Figures):
                figures[one.name] += getattr(reading.figures, one.name)
        read.append(submission_id)
        covers["submission_id"].append(submission_id)
        covers["is_duplicate"].append(submission.is_duplicate)
        covers["cover"].append(None if cover is None else cover_json(cover))
    progress("read", len(unread), len(unread))
    folder = home.reading(chunk_id)
    for name, columns, schema in (
        ("covers", covers, COVERS),
        ("faults", faults, FAULTS),
        ("figures", figures, FIGURES),
    ):
        with appearing(folder / f"{name}.parquet") as path:
            pq.write_table(pa.table(columns, schema=schema), path)
    events.append({"event": "read", "chunk_id": chunk_id, "submission_ids": read})
    home.ledger.append(datetime.now(UTC), events)
    return chunk_id


def cover_json(cover: Cover) -> str:
    def plain(value: Any) -> Any:
        return value.isoformat() if isinstance(value, date) else value.code if isinstance(value, Period) else value

    return json.dumps({one.name: plain(getattr(cover, one.name)) for one in fields(Cover)}, ensure_ascii=False)


def cover_of(text: str) -> Cover:
    """The cover that `cover_json` wrote."""
    said = json.loads(text)
    for name in ("start_date", "end_date", "signed_date"):
        said[name] = date.fromisoformat(said[name]) if said[name] else None
    said["period"] = Period.parse(said["period"]) if said["period"] else None
    said["unreadable_counters"] = tuple(said["unreadable_counters"])
    return Cover(**said)
