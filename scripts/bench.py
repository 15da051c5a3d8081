"""Seconds and memory of `tally run` on one simulated province, beside a floor that only opens the same workbooks.

The floor is one process that reads every sheet with python-calamine into lists and does nothing else. Then the nation
on both its maps, and dbt's part of that alone, with its tests. Below: how many names, as tests/spec/perturbing.py
deforms them, one process resolves in a second.
"""

import csv
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from datetime import datetime
from pathlib import Path

import psutil
from python_calamine import CalamineWorkbook
from rich.console import Console
from rich.table import Table

from tally.adapters.dbt import build_marts
from tally.areas.resolve import Resolver, Written
from tally.periods import Period
from tally.pipeline.home import Home
from tally.pipeline.state import state_of

sys.path.append(str(Path(__file__).parents[1] / "tests" / "spec"))
from perturbing import perturbed  # the names that the tests hold

PROVINCE, PERIOD, CLOCK = "12", "2025-A1", "2026-01-05T09:00:00+07:00"
NATION = ("2025-S1", "2025-A1")
TALLY = [sys.executable, "-m", "tally"]


def measure(command: list[str], home: Path) -> tuple[float, float]:
    """(seconds, peak memory of the whole process tree in MiB) of a command."""
    begun = time.monotonic()
    process = psutil.Popen(command, env={**os.environ, "TALLY_HOME": str(home)}, stdout=subprocess.DEVNULL)
    peak = 0

    def watch() -> None:
        nonlocal peak
        while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            peak = max(peak, sum(_memory(one) for one in [process, *process.children(recursive=True)]))
            time.sleep(0.02)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    code = process.wait()
    seconds = time.monotonic() - begun
    watcher.join(1)
    if code:
        sys.exit(f"{' '.join(command)} ended with {code}")
    return seconds, peak / 2**20


def _memory(process: psutil.Process) -> int:
    """Its own pages, so that what parent and child share counts once."""
    try:
        return process.memory_full_info().uss
    except psutil.Error:
        return 0


def floor(inbox: Path) -> float:
    begun = time.monotonic()
    for path in inbox.rglob("*.xlsx"):
        workbook = CalamineWorkbook.from_path(path)
        for name in workbook.sheet_names:
            workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)
    return time.monotonic() - begun


def names_a_second(period: Period, names: int = 5000) -> float:
    register, rng = Home.default().contracts.register, random.Random(1)  # noqa: S311 - nothing secret
    day, resolver = period.map_date, Resolver(register)
    written = []
    for area in rng.choices(register.on(day, "commune"), k=names):
        within = register.district_of(area.code, day), register.province_of(area.code, day)
        name, district, province = (perturbed(one.name, rng) if one else None for one in (area, *within))
        written.append((Written(name, district, province), within[1].code))
    begun = time.monotonic()
    for one, sender in written:
        resolver.resolve(one, day, sender, "commune")
    return names / (time.monotonic() - begun)


def build(home: Home) -> None:
    """The marts of everything that a home has judged, built aside."""
    judged = {one.submission_id: one.batch_id for one in state_of(home.ledger.events()).submissions.values()}
    folder = home.root / "marts"
    folder.mkdir()
    with (folder / "judged.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("submission_id", "batch_id"), *sorted(judged.items())])
    folders = [home.judgement(batch_id) for batch_id in sorted(set(judged.values()))]
    clock = datetime.fromisoformat(CLOCK)
    build_marts(home.project / "dbt_project", folder / "marts.duckdb", folder, folders, folder / "judged.csv", clock)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        simulate = [*TALLY, "simulate", "--period", PERIOD, "--areas", PROVINCE, "--out", folder, "--fault-rate", ".05"]
        rows = [("tally simulate, one province", *measure(simulate, home))]
        rows.append(("floor: open every workbook", floor(home / "inbox"), 0.0))
        rows.append(("tally run, inbox to release", *measure([*TALLY, "run", "--as-of", CLOCK], home)))
        rows.append(("tally run again, nothing new", *measure([*TALLY, "run", "--as-of", CLOCK], home)))
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        for period in NATION:
            simulate = [*TALLY, "simulate", "--period", period, "--national", "--out", folder, "--fault-rate", ".05"]
            rows.append((f"tally simulate, nation {period}", *measure(simulate, home)))
        rows.append(("tally run, nation on both maps", *measure([*TALLY, "run", "--as-of", CLOCK], home)))
        rows.append(("marts of both maps", *measure([sys.executable, __file__, "build"], home)))
    table = Table("what", "seconds", "peak MiB", "× floor")
    for name, seconds, memory in rows:
        table.add_row(name, f"{seconds:.1f}", f"{memory:.0f}" if memory else "", f"{seconds / rows[1][1]:.0f}")
    Console().print(table)
    for period in (Period(2025, "S1"), Period(2025, "A1")):
        Console().print(f"names resolved a second on the map of {period}, maps made too: {names_a_second(period):,.0f}")


if __name__ == "__main__":
    build(Home.default()) if sys.argv[1:] == ["build"] else main()
