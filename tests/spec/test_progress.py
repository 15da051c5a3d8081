"""How far a step is: in a log, and from a worker to whoever started it."""

import logging
import os
from pathlib import Path

import pytest

from tally.errors import ContractError
from tally.pipeline.home import Home
from tally.pipeline.progress import logged
from tally.pipeline.workers import at_home, tell, workers


def test_a_log_says_how_many_how_fast_and_how_long(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([0.0, 4.0, 10.0, 20.0])
    monkeypatch.setattr("time.monotonic", lambda: next(clock))
    progress = logged(every_seconds=10)
    with caplog.at_level(logging.INFO, "tally.progress"):
        for done in (0, 400, 1000, 3000):
            progress("read", done, 3000)
    assert caplog.messages == ["read: 1,000 of 3,000, 100 a second, 20 s left", "read: 3,000 of 3,000, 150 a second"]


def _where() -> tuple[int, str]:
    tell("look", 1, 2)
    return os.getpid(), str(at_home().root)


def _fail() -> None:
    raise ContractError("areas.csv", 3, "name", "is blank")


def test_a_worker_knows_its_home_tells_how_far_it_is_and_fails_as_it_would_here(tmp_path: Path) -> None:
    heard: list[tuple[str, int, int]] = []
    with workers(Home(tmp_path), 1, lambda *step: heard.append(step)) as pool:
        process, home = pool.submit(_where).result()
        with pytest.raises(ContractError, match=r"areas\.csv:3: name: is blank"):
            pool.submit(_fail).result()
    assert (process != os.getpid(), home) == (True, str(tmp_path))
    assert heard == [("look", 1, 2)]
