"""Answer the senders: a letter for every submission that is not clean, and a marked copy where a cell is named."""

from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import Executor
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path

import pyarrow.parquet as pq

from tally.adapters.files import write_whole
from tally.contracts.model import Contracts
from tally.exports.answers import Finding, Original, Submission, marks, needs_answer
from tally.exports.letter import letter
from tally.exports.marked import MarkingError, marked_workbook
from tally.periods import Period
from tally.pipeline.home import Home
from tally.pipeline.progress import Progress, unwatched
from tally.pipeline.state import State
from tally.pipeline.workers import at_home, workers
from tally.vocabulary import Severity, Verdict

UNKNOWN_SENDER = "_unknown"
_FEW = 20  # fewer are written sooner than processes start
_PART = 8


def answer_batch(
    batch_id: str,
    now: datetime,
    home: Home | None = None,
    pool: Executor | None = None,
    progress: Progress = unwatched,
) -> int:
    """Write the letters and marked workbooks of a batch into outbox/<sender>/, and record it as answered.

    Shape   the number of letters; `<submission>_<verdict>.html` and `<submission>_marked.xlsx`. Letters are dated as
            the batch was judged, so that answering again writes the same bytes.
    """
    home = home or Home.default()
    state = home.state()
    times = (one.judged_at for one in state.submissions.values() if one.batch_id == batch_id and one.judged_at)
    judged_at = min(times, default=now)
    folder = home.judgement(batch_id)
    submissions = [
        _submission(row) for row in pq.ParquetFile(folder / "submissions.parquet").read(_SUBMISSION).to_pylist()
    ]
    findings: dict[str, list[Finding]] = defaultdict(list)
    for row in pq.ParquetFile(folder / "findings.parquet").read(_FINDING).to_pylist():
        findings[row["submission_id"]].append(Finding(**{**row, "severity": Severity(row["severity"])}))

    answers = [
        _answer(one, findings[one.submission_id], state, home.contracts)
        for one in submissions
        if needs_answer(one, findings[one.submission_id])
    ]
    written = _write_all(answers, judged_at, home, pool, progress)
    mine = {one.submission_id for one in submissions}
    for folder in {_folder(home, one) for one in submissions}:
        for earlier in folder.glob("*_*"):
            if earlier.name.partition("_")[0] in mine and earlier not in written:
                earlier.unlink()  # the submission was judged again, and this is no longer the answer
    open_ids = [i.submission_id for i in submissions if state.submissions[i.submission_id].answered_batch != batch_id]
    if open_ids:
        event = {"event": "answered", "batch_id": batch_id, "submission_ids": open_ids, "letters": len(answers)}
        home.ledger.append(now, [event])
    return len(answers)


def answer_outstanding(
    now: datetime, home: Home | None = None, pool: Executor | None = None, progress: Progress = unwatched
) -> int:
    """Answer every batch with a submission whose judgement was not answered yet; the number of letters."""
    home = home or Home.default()
    waiting = [
        one.batch_id for one in home.state().submissions.values() if one.batch_id and one.answered_batch != one.batch_id
    ]
    return sum(answer_batch(batch_id, now, home, pool, progress) for batch_id in dict.fromkeys(waiting))


_SUBMISSION = list(Submission.__dataclass_fields__)
_FINDING = list(Finding.__dataclass_fields__)


def _submission(row: dict[str, object]) -> Submission:
    return Submission(**{**row, "verdict": Verdict(str(row["verdict"]))})  # type: ignore[arg-type]


def _folder(home: Home, submission: Submission) -> Path:
    return home.outbox / (submission.sender or UNKNOWN_SENDER)


Answer = tuple[Submission, list[Finding], Original | None]


def _answer(submission: Submission, findings: list[Finding], state: State, contracts: Contracts) -> Answer:
    """A submission with what is said of it; a duplicate with the area and the period of the one that it repeats."""
    duplicate = state.submissions[submission.submission_id]
    first = state.original_of(duplicate)
    if submission.verdict != Verdict.DUPLICATE or first.verdict in (None, Verdict.DUPLICATE):
        return submission, findings, None
    area = period = None
    if first.area_code and first.period_code:
        period = Period.parse(first.period_code)
        area = contracts.register.at(first.area_code, period.map_date)
    is_settled = first.verdict.is_accepted or any(
        one.verdict is not None and one.verdict.is_accepted and one.order < duplicate.order
        for one in state.submissions.values()
        if period and (one.area_code, one.period_code) == (first.area_code, first.period_code)
    )
    repeated = replace(
        submission,
        area_code=first.area_code,
        period_code=first.period_code,
        due_date=contracts.due_date(area, period) if area and period else None,
    )
    return repeated, findings, Original(first.submission_id, first.received_at, first.verdict, is_settled)


def _write_all(
    answers: Sequence[Answer], judged_at: datetime, home: Home, pool: Executor | None, progress: Progress
) -> set[Path]:
    """The letters and marked workbooks, and where they lie."""
    written: set[Path] = set()
    progress("answer", 0, len(answers))
    with ExitStack() as stack:
        if len(answers) <= _FEW:
            each = iter([_write_one(home, judged_at, answer) for answer in answers])
        else:
            pool = pool or stack.enter_context(workers(home))
            each = pool.map(partial(_write_one_at_home, judged_at), answers, chunksize=_PART)
        for done, paths in enumerate(each, 1):
            written.update(paths)
            progress("answer", done, len(answers))
    return written


def _write_one_at_home(judged_at: datetime, answer: Answer) -> list[Path]:
    return _write_one(at_home(), judged_at, answer)


def _write_one(home: Home, judged_at: datetime, answer: Answer) -> list[Path]:
    """The letter, after the marked copy that it speaks of: none where no cell is named, or the workbook defies it."""
    submission, findings, original = answer
    folder = _folder(home, submission)
    written = []
    wanted = marks(submission, findings, home.contracts)
    if wanted:
        try:
            content = marked_workbook(home.archive.path(submission.sha256).read_bytes(), wanted)
        except MarkingError:
            pass
        else:
            written.append(folder / f"{submission.submission_id}_marked.xlsx")
            _write(written[0], content)
    page = letter(submission, findings, home.contracts, judged_at, written[0].name if written else None, original)
    written.append(folder / f"{submission.submission_id}_{submission.verdict}.html")
    _write(written[-1], page.encode())
    return written


def _write(path: Path, content: bytes) -> None:
    if not (path.exists() and path.read_bytes() == content):
        write_whole(path, content)
