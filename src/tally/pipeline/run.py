"""Everything that the DAGs do, in one go: this process builds and publishes, others read, judge and answer for it."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from tally.adapters.gx import prepare_to_judge
from tally.errors import ReadingError
from tally.pipeline.answer import answer_outstanding
from tally.pipeline.feeds import take_in_feeds
from tally.pipeline.home import Home
from tally.pipeline.judge import judge_chunks
from tally.pipeline.outstanding import list_outstanding
from tally.pipeline.progress import Progress, unwatched
from tally.pipeline.publish import prepare_to_build, publish_release
from tally.pipeline.read import read_chunks
from tally.pipeline.receive import receive_new_files
from tally.pipeline.workers import at_home, give_back_memory, tell, workers


@dataclass(frozen=True)
class RunOutcome:
    received: int
    letters: int
    release_id: str | None
    outstanding: int


def run(now: datetime, home: Home, progress: Progress = unwatched) -> RunOutcome:
    """Receive, read, judge, answer, build, publish, list what is outstanding; running again changes nothing.

    Raises  ReadingError, after everything else is done, if our reader failed on a workbook; other TallyErrors at once.
    """
    with workers(home) as pool, workers(home, 1, progress) as judge, ThreadPoolExecutor(1) as aside:
        judge.submit(prepare_to_judge)
        taking_in_feeds = judge.submit(_take_in_feeds, now)
        found_whole = None
        chunks = receive_new_files(now, home=home, progress=progress)
        if chunks:
            judging = judge.submit(_judge, read_chunks(chunks, home, pool, progress), now)
            found_whole = prepare_to_build(home)
            judging.result()
        taking_in_feeds.result()
        answering = aside.submit(answer_outstanding, now, home, pool, progress)
        release_id = publish_release(now, home, judge, progress, found_whole)
        outstanding = list_outstanding(home, pool)
        letters = answering.result()
    confirm_all_read(home)
    return RunOutcome(sum(map(len, chunks)), letters, release_id, outstanding)


def _judge(chunk_ids: Sequence[str], now: datetime) -> None:
    judge_chunks(chunk_ids, now, at_home(), tell)
    give_back_memory()


def _take_in_feeds(now: datetime) -> None:
    take_in_feeds(now, at_home())


def confirm_all_read(home: Home | None = None) -> None:
    """Raises  ReadingError that names the submissions on which our reader failed."""
    failed = (home or Home.default()).state().failed
    if failed:
        raise ReadingError(f"our reader failed on {len(failed)} submissions: {', '.join(sorted(failed)[:10])}")
