"""Everything that the DAGs do, in one process."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from tally.errors import ReadingError
from tally.pipeline.answer import answer_outstanding
from tally.pipeline.home import Home
from tally.pipeline.judge import judge_batch
from tally.pipeline.publish import publish_release
from tally.pipeline.read import read_chunks
from tally.pipeline.receive import receive_new_files
from tally.pipeline.state import state_of


@dataclass(frozen=True)
class RunOutcome:
    received: int
    letters: int
    release_id: str | None


def run(now: datetime, home: Home, say: Callable[[str], None] = lambda _: None) -> RunOutcome:
    """Receive, read, judge, answer, build, publish; running again changes nothing.

    Raises  ReadingError, after everything else is done, if our reader failed on a workbook; other TallyErrors at once.
    """
    chunks = receive_new_files(now, home=home)
    received = sum(len(chunk) for chunk in chunks)
    say(f"{received} to judge")
    if chunks:
        chunk_ids = read_chunks(chunks, home)
        say("read")
        judge_batch(chunk_ids, now, home)
        say("judged")
    letters = answer_outstanding(now, home)
    say(f"{letters} letters")
    release_id = publish_release(now, home)
    say(f"release {release_id}")
    confirm_all_read(home)
    return RunOutcome(received, letters, release_id)


def confirm_all_read(home: Home | None = None) -> None:
    """Raises  ReadingError that names the submissions on which our reader failed."""
    failed = state_of((home or Home.default()).ledger.events()).failed
    if failed:
        raise ReadingError(f"our reader failed on {len(failed)} submissions: {', '.join(sorted(failed)[:10])}")
