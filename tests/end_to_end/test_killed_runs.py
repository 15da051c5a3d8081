"""Killed at any moment and run again, a run ends with the marts of one that nothing disturbed."""

import os
import random
import shutil
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

import duckdb
import pytest
from processes import left_behind

from tally.periods import LOCAL_TIME, Period
from tally.pipeline.home import Home
from tally.pipeline.publish import prepare_to_build
from tally.pipeline.run import run
from tally.pipeline.simulate import simulate_to

NOW = datetime(2026, 1, 5, 9, tzinfo=LOCAL_TIME)
KILLS = int(os.environ.get("TALLY_TEST_KILLS", "2"))


def start(home: Home) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tally", "run", "--as-of", NOW.isoformat()]
    environment = {**os.environ, "TALLY_HOME": str(home.root), "TALLY_PROJECT": str(home.project)}
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
    )


def marts(home: Home) -> dict[str, list[tuple[object, ...]]]:
    release = home.releases / "current" / "parquet"
    with duckdb.connect() as connection:
        return {
            path.name: connection.execute(f"from read_parquet('{path}/*.parquet') order by all").fetchall()
            for path in sorted(release.iterdir())
            if path.name != "fct_indicator_values"
        } | {
            "fct_indicator_values": connection.execute(
                f"select count(*), bit_xor(hash(v)) from read_parquet('{release}/fct_indicator_values/*.parquet') as v"
            ).fetchall()
        }


@pytest.fixture(scope="module")
def inbox(two_provinces: Path, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """One province, of which nothing is received yet; what dbt knows of the project is known to every run."""
    home = Home(tmp_path_factory.mktemp("inbox"), two_provinces)
    simulate_to(home.root, home.contracts, Period(2025, "A1"), ["12"], seed=3, fault_rate=0.3)
    prepare_to_build(home)
    return home


def copy(inbox: Home, folder: Path) -> Home:
    shutil.copytree(inbox.root, folder)
    return Home(folder, inbox.project)


def test_a_run_that_is_killed_and_run_again_ends_as_if_nothing_had_happened(inbox: Home, tmp_path: Path) -> None:
    undisturbed = copy(inbox, tmp_path / "undisturbed")
    begun = time.monotonic()
    assert start(undisturbed).wait() == 0
    took = time.monotonic() - begun
    expected = marts(undisturbed)

    seed = random.randrange(1 << 30)
    moments = random.Random(seed)
    for number in range(KILLS):
        home = copy(inbox, tmp_path / f"killed{number}")
        moment = moments.uniform(0.05, 1) * took
        print(f"seed {seed}, killed after {moment:.1f} s")
        process = start(home)
        time.sleep(moment)
        process.kill()
        process.wait()
        time.sleep(1)
        assert left_behind(home.root) == [], "a worker outlives the run that started it"
        run(NOW, home)
        assert marts(home) == expected
        received = [event["submission_id"] for event in home.ledger.events() if event["event"] == "received"]
        judged = [event["submission_id"] for event in home.ledger.events() if event["event"] == "judged"]
        assert len(received) == len(set(received)) == len(judged) == len(set(judged))
