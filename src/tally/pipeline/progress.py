"""How far a long step has come, for whoever watches."""

import logging
import time
from collections.abc import Callable

Progress = Callable[[str, int, int], None]
"""(step, how many are done, of how many); a step begins with none done."""

_EVERY_SECONDS = 10
_log = logging.getLogger("tally.progress")


def unwatched(step: str, done: int, total: int) -> None:
    """Nobody watches."""


def logged(every_seconds: float = _EVERY_SECONDS) -> Progress:
    """A line in the log now and then: counts, how many a second, and how long it will take."""
    begun: dict[str, float] = {}
    last: dict[str, float] = {}

    def progress(step: str, done: int, total: int) -> None:
        now = time.monotonic()
        since = begun.setdefault(step, now)
        if done == total or now - last.get(step, since) >= every_seconds:
            last[step] = now
            rate = done / (now - since) if now > since else 0.0
            speed = f", {rate:.0f} a second" if rate >= 1 else ""
            left = f", {(total - done) / rate:.0f} s left" if rate and done < total else ""
            _log.info("%s: %s of %s%s%s", step, f"{done:,}", f"{total:,}", speed, left)

    return progress
