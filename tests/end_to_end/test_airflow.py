"""Airflow's own scheduler takes workbooks to a release, and nothing of Airflow is left when it is done."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from processes import left_behind

PROJECT = Path(__file__).parents[2]
SAMPLES = Path(__file__).parents[1] / "field_samples"
TAKEN = 12


def start(home: Path, *arguments: str | Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, PROJECT / "scripts" / "local_airflow.py", *arguments],
        env=os.environ | {"TALLY_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> str:
    said, _ = process.communicate(timeout=300)
    assert process.returncode == 0, said
    return said


def events(home: Path, name: str) -> list[dict[str, object]]:
    lines = map(json.loads, (home / "ledger" / "events.jsonl").read_text(encoding="utf-8").splitlines())
    return [event for event in lines if event["event"] == name]


@pytest.fixture(scope="module")
def samples() -> list[dict[str, str]]:
    return list(csv.DictReader((SAMPLES / "expected.csv").open(encoding="utf-8")))[:TAKEN]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("airflow_home")


@pytest.fixture(scope="module")
def first_run(home: Path, samples: list[dict[str, str]], tmp_path_factory: pytest.TempPathFactory) -> str:
    sent = tmp_path_factory.mktemp("sent")
    for sample in samples:
        (sent / sample["path"]).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(SAMPLES / sample["path"], sent / sample["path"])
    shutil.copy(SAMPLES / "received.csv", sent)
    return finish(start(home, "--inbox", sent))


def test_the_scheduler_takes_workbooks_to_a_release(first_run: str, home: Path, samples: list[dict[str, str]]) -> None:
    received = {event["submission_id"]: event["file_path"] for event in events(home, "received")}
    verdicts = {received[event["submission_id"]]: event["verdict"] for event in events(home, "judged")}
    assert verdicts == {sample["path"]: sample["verdict"] for sample in samples}
    assert {str(event["run"]).split()[0] for event in events(home, "received")} == {"collect_reports"}
    assert {str(event["run"]).split()[0] for event in events(home, "published")} == {"publish_release"}
    assert (home / "releases" / "current" / "national.duckdb").exists()
    assert "Build, check, publish: success" in first_run


def test_the_summary_says_what_came_and_where_everything_lies(first_run: str, home: Path) -> None:
    assert f"Received  {TAKEN} workbooks" in first_run
    for place in ("releases/current", "outbox", "data_docs/index.html", "airflow/logs"):
        assert place in first_run


def test_secrets_and_passwords_are_for_the_owner_alone(first_run: str, home: Path) -> None:
    modes = {name: (home / "airflow" / name).stat().st_mode & 0o777 for name in ("secrets.json", "passwords.json")}
    assert modes == {"secrets.json": 0o600, "passwords.json": 0o600}
    assert len(json.loads((home / "airflow" / "secrets.json").read_text())["jwt"]) >= 64


def test_a_second_run_finds_nothing_new_and_stays_up_until_ctrl_c(first_run: str, home: Path) -> None:
    assert left_behind(home) == []
    before = (home / "releases" / "current").readlink()
    process = start(home, "--keep")
    assert any("the release stands" in line for line in until("Ctrl-C stops it", process))
    assert (home / "releases" / "current").readlink() == before
    ends_with_all_below_it(process, signal.SIGINT, home)


def test_nothing_of_airflow_outlives_a_run_that_is_killed(first_run: str, home: Path) -> None:
    process = start(home, "--keep")
    until("Airflow is healthy", process)
    ends_with_all_below_it(process, signal.SIGKILL, home)


def until(said: str, process: subprocess.Popen[str]) -> list[str]:
    """The lines that the process says, as far as one that has these words; all of them if none has."""
    assert process.stdout
    lines = []
    for line in process.stdout:
        lines.append(line)
        if said in line:
            break
    return lines


def ends_with_all_below_it(process: subprocess.Popen[str], number: signal.Signals, home: Path) -> None:
    assert len(left_behind(home)) > 3
    process.send_signal(number)
    process.wait(60)
    deadline = time.monotonic() + 30
    while left_behind(home) and time.monotonic() < deadline:
        time.sleep(0.5)
    assert left_behind(home) == []
