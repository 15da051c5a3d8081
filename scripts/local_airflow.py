"""Let a local Airflow run both DAGs once, and say what came of it: what `make run` does.

Airflow's own scheduler does the work, on SQLite with LocalExecutor, in three processes bound to loopback. However this
script ends (done, failed, Ctrl-C, killed), none of them outlives it.
"""

import argparse
import ctypes
import fcntl
import filecmp
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn

from rich.console import Console

PROJECT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
COMPONENTS = {
    "api-server": ["api-server"],
    # the log server would listen on every interface; the page reads the files itself
    "scheduler": ["scheduler", "--skip-serve-logs"],
    "dag-processor": ["dag-processor"],
}
SIMULATED = ["--period", "2025-A1", "--areas", "12", "--seed", "1", "--fault-rate", "0.08"]
SECONDS_TO_START, SECONDS_TO_STOP, SECONDS_TO_NOTICE = 180, 10, 120
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
ACTIVE = ("queued", "running")
COLOURS = {"success": "green", "failed": "red", "upstream_failed": "red", "up_for_retry": "yellow", "skipped": "dim"}

console = Console(highlight=False, soft_wrap=True)
started = time.monotonic()


class RunError(Exception):
    """The run cannot go on: what happened, and where to look."""


def say(text: str) -> None:
    console.print(f"[dim]{int(time.monotonic() - started):4d} s[/]  {text}")


# --- processes that never outlive us ---------------------------------------------------------------------------------

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
_libc = ctypes.CDLL(None)


def guarded(work: Callable[[], int]) -> int:
    """Do `work` in a child process and end whatever it leaves behind, even if it is killed; its exit code."""
    _libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    child = os.fork()
    if child == 0:
        os.setsid()  # Ctrl-C reaches the parent alone, which passes it on once
        _end_with_parent()
        for number in ENDING:
            signal.signal(number, interrupt)
        sys.exit(work())
    for number in ENDING:
        signal.signal(number, lambda *_: signal_all([child], signal.SIGTERM))
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    signal_all(descendants(), signal.SIGKILL)
    return code if code >= 0 else 4


def interrupt(*_: object) -> NoReturn:
    for number in ENDING:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def _end_with_parent() -> None:
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def spawn(command: Sequence[str | Path], env: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as out:
        return subprocess.Popen(
            command,
            env=env,
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_end_with_parent,
        )


def descendants() -> list[int]:
    """Ids of every process below this one, as /proc has them."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = stat.read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue
        if state != "Z":
            children.setdefault(int(parent), []).append(int(stat.parent.name))
    found, waiting = [], [os.getpid()]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def signal_all(processes: Sequence[int], number: int) -> None:
    for process in processes:
        try:
            os.kill(process, number)
        except ProcessLookupError:
            continue


def ended(done: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.2)
    return True


# --- Airflow ---------------------------------------------------------------------------------------------------------


class Airflow:
    """The three components of a local Airflow, and its REST API."""

    def __init__(self, home: Path) -> None:
        self.home = home / "airflow"
        self.logs = self.home / "logs"
        self.logs.mkdir(parents=True, exist_ok=True)
        self.home.chmod(0o700)
        self.secrets = kept_secrets(self.home / "secrets.json", {"jwt": 64, "session": 32})
        self.passwords = kept_secrets(self.home / "passwords.json", {"admin": 12})
        self.url = f"http://127.0.0.1:{free_port(8080)}"
        self.env = self._environment(home)
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.token = ""

    def _environment(self, home: Path) -> dict[str, str]:
        own = {
            "CORE__DAGS_FOLDER": PROJECT / "dags",
            "CORE__EXECUTOR": "LocalExecutor",
            "CORE__PARALLELISM": max(2, os.cpu_count() or 2),
            "CORE__LOAD_EXAMPLES": False,
            "CORE__EXECUTION_API_SERVER_URL": f"{self.url}/execution/",
            "CORE__SIMPLE_AUTH_MANAGER_USERS": "admin:admin",
            "CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": self.home / "passwords.json",
            "DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{self.home / 'airflow.db'}",
            "API__BASE_URL": self.url,
            "API__HOST": "127.0.0.1",
            "API__PORT": self.url.rpartition(":")[2],
            "API__INSTANCE_NAME": "Tally",
            "API__SECRET_KEY": self.secrets["session"],
            "API_AUTH__JWT_SECRET": self.secrets["jwt"],
            "DAG_PROCESSOR__DAG_BUNDLE_STORAGE_PATH": self.home / "bundles",
            "LOGGING__BASE_LOG_FOLDER": self.logs,
            "USAGE_DATA_COLLECTION__ENABLED": False,
            "WORKERS__EXECUTION_API_TIMEOUT": 30,
        }
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("AIRFLOW")}
        return inherited | {
            "AIRFLOW_HOME": str(self.home),
            "DO_NOT_TRACK": "1",
            "NO_PROXY": "127.0.0.1,localhost",
            "PYTHONUNBUFFERED": "1",
            "TALLY_HOME": str(home),
            **{f"AIRFLOW__{key}": str(value) for key, value in own.items()},
        }

    def start(self, prepare: Callable[[], None]) -> None:
        """Bring the metadata database up to date, `prepare` meanwhile; start the components and await their health."""
        migration = spawn([BIN / "airflow", "db", "migrate"], self.env, self.logs / "db-migrate.log")
        prepare()
        if migration.wait() != 0:
            raise RunError(f"Airflow's database could not be brought up to date: {self.logs / 'db-migrate.log'}")
        self._start("api-server", "dag-processor")
        self._await_health("metadatabase")
        self._start("scheduler")  # its first task would wait in vain for an API that does not answer yet
        self._await_health("metadatabase", "scheduler", "dag_processor")
        login = {"username": "admin", "password": self.passwords["admin"]}
        self.token = self.call("POST", "/auth/token", login)["access_token"]

    def _start(self, *names: str) -> None:
        for name in names:
            self.processes[name] = spawn([BIN / "airflow", *COMPONENTS[name]], self.env, self.logs / f"{name}.log")

    def _await_health(self, *parts: str) -> None:
        if not ended(lambda: self._are_healthy(parts), SECONDS_TO_START):
            raise RunError(f"Airflow was not healthy after {SECONDS_TO_START} s: {self.logs}/*.log")

    def _are_healthy(self, parts: Sequence[str]) -> bool:
        self.must_be_alive()
        try:
            health = self.call("GET", "/api/v2/monitor/health")
        except (OSError, ValueError):
            return False
        return all(health[part]["status"] == "healthy" for part in parts)

    def must_be_alive(self) -> None:
        for name, process in self.processes.items():
            if process.poll() is not None:
                raise RunError(f"Airflow's {name} ended by itself ({process.returncode}): {self.logs / name}.log")

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        request = urllib.request.Request(  # noqa: S310 - always http://127.0.0.1
            self.url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"},
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        for patience in (1, 2, 4, 0):
            try:
                with opener.open(request, timeout=30) as answer:
                    return json.load(answer)
            except urllib.error.HTTPError as error:
                if error.code < 500 or not patience:
                    raise
                time.sleep(patience)  # SQLite was locked by another component
        raise AssertionError("the last attempt returns or raises")

    def exists(self, path: str) -> bool:
        try:
            self.call("GET", path)
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return False
            raise
        return True

    def stop(self) -> None:
        signal_all([process.pid for process in self.processes.values() if process.poll() is None], signal.SIGTERM)
        ended(lambda: all(process.poll() is not None for process in self.processes.values()), SECONDS_TO_STOP)
        signal_all(descendants(), signal.SIGKILL)  # a task that is still at work is tried again by the next run


def kept_secrets(file: Path, lengths: dict[str, int]) -> dict[str, str]:
    """Secrets that are made once and read only by the owner; `lengths` are in random bytes."""
    kept: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
    missing = {name: secrets.token_urlsafe(length) for name, length in lengths.items() if name not in kept}
    if missing:
        kept |= missing
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
            json.dump(kept, out)
    return kept


def free_port(wanted: int) -> int:
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise RunError("No free port on 127.0.0.1")


# --- the inbox -------------------------------------------------------------------------------------------------------


def simulate(home: Path, airflow: Airflow) -> None:
    """Every commune of one province, once: an inbox that holds anything is left as it is."""
    inbox, staged = home / "inbox", home / "work" / "simulated"
    if inbox.is_dir() and any(inbox.iterdir()):
        say(f"{inbox} is not empty: nothing is simulated")
        return
    shutil.rmtree(staged, ignore_errors=True)
    log = airflow.logs / "simulate.log"
    if spawn([BIN / "tally", "simulate", *SIMULATED, "--out", staged], airflow.env, log).wait() != 0:
        raise RunError(f"The simulation failed: {log}\n{log.read_text().strip()}")
    for name in ("received.csv", "simulated.csv", "inbox"):
        (staged / name).replace(home / name)
    count = len(list(inbox.rglob("*.xlsx")))
    say(f"Simulated {count} workbooks for 2025-A1: Lai Châu and its communes, a few with faults")


def copy_in(source: Path, home: Path) -> None:
    """The files of `source` that the inbox does not have yet, and their lines of the received.csv beside them."""
    root = source if (source / "inbox").is_dir() else source.parent if source.name == "inbox" else None
    files = source / "inbox" if root == source else source
    copied = 0
    for file in sorted(path for path in files.rglob("*") if path.is_file()):
        target = home / "inbox" / file.relative_to(files)
        if target.exists() and filecmp.cmp(file, target, shallow=False):
            continue
        if target.exists():
            raise RunError(f"{target} is there with other content: give the new workbook another name")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(file, arriving := target.with_name(f".{target.name}.arriving"))
        arriving.rename(target)
        copied += 1
    times = home / "received.csv"
    if root and (given := root / "received.csv").is_file() and not times.exists():
        shutil.copy2(given, times)
    say(f"Copied {copied} files from {source} into {home / 'inbox'}")


# --- one run of both DAGs --------------------------------------------------------------------------------------------


class Watch:
    """The runs of both DAGs since we began to look, and every change of their tasks, said once."""

    def __init__(self, airflow: Airflow) -> None:
        self.airflow = airflow
        self.known = {self._key(run) for run in self._runs() if run["state"] not in ACTIVE}
        self.runs: dict[tuple[str, str], dict[str, Any]] = {}
        self.tasks: dict[tuple[str, str, str, int], dict[str, Any]] = {}
        self.names: dict[tuple[str, str], str] = {}

    @staticmethod
    def _key(run: dict[str, Any]) -> tuple[str, str]:
        return run["dag_id"], run["dag_run_id"]

    def _runs(self) -> list[dict[str, Any]]:
        runs: list[dict[str, Any]] = self.airflow.call("GET", "/api/v2/dags/~/dagRuns?order_by=-run_after&limit=50")[
            "dag_runs"
        ]
        return runs

    def look(self) -> None:
        self.airflow.must_be_alive()
        for run in self._runs():
            key = self._key(run)
            if key in self.known or self.runs.get(key, {}).get("state") not in (None, *ACTIVE):
                continue
            self.runs[key] = run
            path = f"/api/v2/dags/{key[0]}/dagRuns/{key[1]}/taskInstances?limit=1000"
            for task in self.airflow.call("GET", path)["task_instances"]:
                self._tell((*key, task["task_id"], task["map_index"]), task)

    def _tell(self, key: tuple[str, str, str, int], task: dict[str, Any]) -> None:
        state, before = task["state"], self.tasks.get(key, {}).get("state")
        self.tasks[key] = task
        if state == before or state in (None, "scheduled", "queued", "removed"):
            return
        # Airflow forgets the display name of every mapped task but the first
        name = self.names.setdefault((key[0], key[2]), task["task_display_name"])
        name += f" ({task['rendered_map_index']})" if task["rendered_map_index"] else ""
        took = f", {task['duration']:.0f} s" if task["duration"] and state != "running" else ""
        say(f"{key[0]:<16} {name}: [{COLOURS.get(state, 'cyan')}]{state}[/]{took}")

    def until_over(self) -> None:
        while not self._is_over():
            time.sleep(1)

    def _is_over(self) -> bool:
        """Whether no run is under way and what was judged has been published."""
        self.look()
        if any(run["state"] in ACTIVE for run in self.runs.values()):
            return False
        judged = [
            task["end_date"] for key, task in self.tasks.items() if key[2] == "hand_over" and task["state"] == "success"
        ]
        published = [run["queued_at"] for key, run in self.runs.items() if key[0] == "publish_release"]
        if judged and not (published and _moment(max(published)) >= _moment(max(judged))):
            if time.time() - _moment(max(judged)) > SECONDS_TO_NOTICE:
                raise RunError(
                    f"publish_release did not start after something was judged: {self.airflow.logs}/scheduler.log"
                )
            return False
        return True

    def failures(self) -> Iterator[str]:
        for (dag, run, task, index), instance in self.tasks.items():
            if instance["state"] == "failed":
                mapped = f"map_index={index}/" if index >= 0 else ""
                log = f"dag_id={dag}/run_id={run}/task_id={task}/{mapped}attempt={instance['try_number']}.log"
                yield f"{dag} {task}: {_last_error(self.airflow.logs / log)}\n        log: {self.airflow.logs / log}"
        for (dag, run), found in self.runs.items():
            if found["state"] == "failed" and not any(key[:2] == (dag, run) for key in self.tasks):
                yield f"{dag} {run} failed before its first task: {self.airflow.logs}/scheduler.log"


def _moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def _last_error(log: Path) -> str:
    """What the exception says, from the last line of a task's log that has one."""
    lines = log.read_text().splitlines() if log.exists() else []
    for line in reversed(lines):
        try:
            if detail := json.loads(line).get("error_detail"):
                return f"{detail[0]['exc_type']}: {detail[0]['exc_value']}"
        except ValueError:
            continue
    return "ended without a word"


def trigger(airflow: Airflow, dag: str) -> None:
    airflow.call("POST", f"/api/v2/dags/{dag}/dagRuns", {"logical_date": None})


def run_both(airflow: Airflow) -> list[str]:
    """Have the scheduler run collect_reports, and publish_release after it.

    Shape   what failed, a line each; none when all went well.
    """
    dags = ("publish_release", "collect_reports")
    if not ended(lambda: all(airflow.exists(f"/api/v2/dags/{dag}") for dag in dags), SECONDS_TO_START):
        broken = airflow.call("GET", "/api/v2/importErrors")["import_errors"]
        raise RunError("\n".join(["The DAGs did not load:", *(each["stack_trace"] for each in broken)]))
    if not airflow.exists("/api/v2/pools/warehouse"):
        one = {"name": "warehouse", "slots": 1, "description": "One build at a time.", "include_deferred": False}
        airflow.call("POST", "/api/v2/pools", one)
    watch = Watch(airflow)
    trigger(airflow, "collect_reports")
    for dag in dags:
        airflow.call("PATCH", f"/api/v2/dags/{dag}", {"is_paused": False})
    with console.status("Airflow is at work"):
        watch.until_over()
        if not any(dag == "publish_release" for dag, _ in watch.runs) and not any(watch.failures()):
            latest = airflow.call("GET", "/api/v2/dags/publish_release/dagRuns?order_by=-run_after&limit=1")["dag_runs"]
            if latest and latest[0]["state"] == "success":
                say("Nothing new: the release stands")
            else:
                say("Nothing new, but what was judged is not published yet: once more")
                trigger(airflow, "publish_release")
                watch.until_over()
    return list(watch.failures())


# --- the whole way ---------------------------------------------------------------------------------------------------


@contextmanager
def alone(home: Path) -> Iterator[None]:
    """One run at a time over one TALLY_HOME."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / ".make_run.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RunError(f"Another make run is at work in {home}") from None
        yield


def run(home: Path, inbox: Path | None, keep: bool) -> int:
    airflow = Airflow(home)
    try:
        say("Starting Airflow: api-server, scheduler, dag-processor")
        airflow.start(lambda: copy_in(inbox, home) if inbox else simulate(home, airflow))
        say(f"Airflow is healthy at {airflow.url}")
        failures = run_both(airflow)
        console.print()
        subprocess.run([BIN / "tally", "status"], env=airflow.env, cwd=PROJECT, check=False)
        for failure in failures:
            console.print(f"\n[red]Failed[/]  {failure}", markup=True)
        if keep:
            console.print(
                f"\nAirflow   {airflow.url}   user admin   password {airflow.passwords['admin']}", markup=False
            )
            console.print("Ctrl-C stops it.")
            while True:
                airflow.must_be_alive()
                time.sleep(1)
        console.print(f"\nAirflow   make run KEEP=1 leaves its page open at {airflow.url}   logs {airflow.logs}")
        return 4 if failures else 0
    finally:
        airflow.stop()
        say("Airflow is stopped")


def main() -> int:
    parser = argparse.ArgumentParser(description="Let a local Airflow run both DAGs once.")
    parser.add_argument("--inbox", type=Path, help="a folder of workbooks of your own, <area code>/<file>.xlsx")
    parser.add_argument("--keep", action="store_true", help="leave Airflow up until Ctrl-C")
    arguments = parser.parse_args()
    home = Path(os.environ.get("TALLY_HOME", PROJECT / "var")).resolve()
    try:
        if arguments.inbox and not arguments.inbox.is_dir():
            raise RunError(f"{arguments.inbox} is no folder")
        with alone(home):
            return run(home, arguments.inbox and arguments.inbox.resolve(), arguments.keep)
    except RunError as error:
        console.print(f"[red]Stopped[/]  {error}")
        return 4
    except OSError as error:
        console.print(f"[red]Stopped[/]  {error}; Airflow's logs: {home / 'airflow' / 'logs'}")
        return 4
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(guarded(main))
