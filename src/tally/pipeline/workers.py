"""Processes beside this one: they share what it has read of the contracts, and end when it does."""

import ctypes
import gc
import os
import signal
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from threading import Event, Thread
from typing import TYPE_CHECKING

import pyarrow as pa

from tally.pipeline.home import Home
from tally.pipeline.progress import Progress, unwatched

if TYPE_CHECKING:
    from multiprocessing.queues import SimpleQueue

_PR_SET_PDEATHSIG = 1


@contextmanager
def workers(home: Home, count: int | None = None, progress: Progress = unwatched) -> Iterator[Executor]:
    """As many processes as there are cores, or `count`; they are forked at once, so best before much is in memory.

    Shape   `progress` hears what the workers tell theirs.
    """
    home.contracts  # noqa: B018  read once, before the processes part
    gc.freeze()  # what is in memory by now stays: nobody need look for garbage in it
    context = get_context("fork")
    told = context.SimpleQueue()
    with ProcessPoolExecutor(count or os.cpu_count(), context, _begin, (home, told)) as pool:
        pool.submit(os.getpid).result()
        over = Event()
        listener = Thread(target=_listen, args=(told, progress, over))
        listener.start()
        try:
            yield pool
        finally:
            for process in list(pool._processes.values()):
                process.kill()  # whatever was asked for and waited for is done; what was only made ready is not needed
            over.set()
            listener.join()


def _listen(told: "SimpleQueue[tuple[str, int, int]]", progress: Progress, over: Event) -> None:
    while not (over.is_set() and told.empty()):
        if told.empty():
            over.wait(0.05)
        else:
            progress(*told.get())


_home: Home
_told: "SimpleQueue[tuple[str, int, int]]"


def at_home() -> Home:
    """In a worker: the home that it was started for, contracts and all."""
    return _home


def give_back_memory() -> None:
    """In a worker, after much was in memory: it stays up, and what it no longer needs is for others."""
    pa.default_memory_pool().release_unused()
    ctypes.CDLL(None).malloc_trim(0)


def tell(step: str, done: int, total: int) -> None:
    """In a worker: a Progress that whoever started it hears."""
    _told.put((step, done, total))


def _begin(home: Home, told: "SimpleQueue[tuple[str, int, int]]") -> None:
    global _home, _told
    _home, _told = home, told
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
