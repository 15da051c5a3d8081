"""Answer the senders: a letter for every submission that is not clean, and a marked copy where a cell is named."""

import os
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime
from multiprocessing import get_context
from pathlib import Path

import pyarrow.parquet as pq

from tally.adapters.files import write_whole
from tally.exports.answers import Finding, Submission, marks, needs_answer
from tally.exports.letter import letter
from tally.exports.marked import Mark, MarkingError, marked_workbook
from tally.pipeline.home import Home
from tally.pipeline.state import state_of
from tally.vocabulary import Severity, Verdict

UNKNOWN_SENDER = "_unknown"
_FEW = 40


def answer_batch(batch_id: str, now: datetime, home: Home | None = None) -> int:
    """Write the letters and marked workbooks of a batch into outbox/<sender>/, and record it as answered.

    Shape   the number of letters; `<submission>_<verdict>.html` and `<submission>_marked.xlsx`. Letters are dated as
            the batch was judged, so that answering again writes the same bytes.
    """
    home = home or Home.default()
    events = list(home.ledger.events())
    judged_at = next(
        (datetime.fromisoformat(e["at"]) for e in events if e["event"] == "judged" and e["batch_id"] == batch_id), now
    )
    folder = home.judgement(batch_id)
    submissions = [
        _submission(row) for row in pq.ParquetFile(folder / "submissions.parquet").read(_SUBMISSION).to_pylist()
    ]
    findings: dict[str, list[Finding]] = defaultdict(list)
    for row in pq.ParquetFile(folder / "findings.parquet").read(_FINDING).to_pylist():
        findings[row["submission_id"]].append(Finding(**{**row, "severity": Severity(row["severity"])}))

    answered = [one for one in submissions if needs_answer(one, findings[one.submission_id])]
    wanted = {one.submission_id: marks(one, findings[one.submission_id], home.contracts) for one in answered}
    jobs = [
        (home.archive.path(one.sha256), _marked_path(home, one), wanted[one.submission_id])
        for one in answered
        if wanted[one.submission_id]
    ]
    made = {path.name for path in _mark_all(jobs) if path}
    written: set[Path] = set()
    for one in answered:
        marked = _marked_path(home, one)
        name = marked.name if marked.name in made else None
        page = letter(one, findings[one.submission_id], home.contracts, judged_at, name)
        path = _folder(home, one) / f"{one.submission_id}_{one.verdict}.html"
        _write(path, page.encode())
        written |= {path, marked} if name else {path}
    mine = {one.submission_id for one in submissions}
    for folder in {_folder(home, one) for one in submissions}:
        for earlier in folder.glob("*_*"):
            if earlier.name.partition("_")[0] in mine and earlier not in written:
                earlier.unlink()  # the submission was judged again, and this is no longer the answer
    state = state_of(events)
    open_ids = [i.submission_id for i in submissions if state.submissions[i.submission_id].answered_batch != batch_id]
    if open_ids:
        event = {"event": "answered", "batch_id": batch_id, "submission_ids": open_ids, "letters": len(answered)}
        home.ledger.append(now, [event])
    return len(answered)


def answer_outstanding(now: datetime, home: Home | None = None) -> int:
    """Answer every batch with a submission whose judgement was not answered yet; the number of letters."""
    home = home or Home.default()
    waiting = [
        one.batch_id
        for one in state_of(home.ledger.events()).submissions.values()
        if one.batch_id and one.answered_batch != one.batch_id
    ]
    return sum(answer_batch(batch_id, now, home) for batch_id in dict.fromkeys(waiting))


_SUBMISSION = list(Submission.__dataclass_fields__)
_FINDING = list(Finding.__dataclass_fields__)


def _submission(row: dict[str, object]) -> Submission:
    return Submission(**{**row, "verdict": Verdict(str(row["verdict"]))})  # type: ignore[arg-type]


def _folder(home: Home, submission: Submission) -> Path:
    return home.outbox / (submission.sender or UNKNOWN_SENDER)


def _marked_path(home: Home, submission: Submission) -> Path:
    return _folder(home, submission) / f"{submission.submission_id}_marked.xlsx"


Job = tuple[Path, Path, list[Mark]]


def _mark_all(jobs: list[Job]) -> list[Path | None]:
    if len(jobs) <= _FEW:
        return [_mark(job) for job in jobs]
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        return list(pool.map(_mark, jobs, chunksize=16))


def _mark(job: Job) -> Path | None:
    """Where the marked copy lies, or None where the workbook cannot be marked."""
    original, target, wanted = job
    try:
        content = marked_workbook(original.read_bytes(), wanted)
    except MarkingError:
        return None
    _write(target, content)
    return target


def _write(path: Path, content: bytes) -> None:
    if not (path.exists() and path.read_bytes() == content):
        write_whole(path, content)
