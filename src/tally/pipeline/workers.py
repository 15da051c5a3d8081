"""Processes beside this one: they share what it has read of the contracts, and end when it does."""

import ctypes
import os
import signal
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context

from tally.pipeline.home import Home

_PR_SET_PDEATHSIG = 1


@contextmanager
def workers(home: Home, count: int | None = None) -> Iterator[Executor]:
    """As many processes as there are cores, or `count`; they are forked at once, so best before much is in memory."""
    home.contracts  # noqa: B018  read once, before the processes part
    context = get_context("fork")
    with ProcessPoolExecutor(count or os.cpu_count(), context, _begin, (home,)) as pool:
        pool.submit(os.getpid).result()
        yield pool


_homes: list[Home] = []


def at_home() -> Home:
    """In a worker: the home that it was started for, contracts and all."""
    return _homes[-1]


def _begin(home: Home) -> None:
    _homes.append(home)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
