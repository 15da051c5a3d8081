"""A whole country, measured: what `make bench` prints and writes to docs/reference/benchmark.md.

Everything is measured in one run and on the same files, so that ratios count: beside a floor that only opens every
workbook, and beside a peer that is written the way one writes it first. Then ten periods in store.
"""

import os
import platform
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import psutil
from rich.console import Console
from rich.table import Table

from tally.areas.resolve import Resolver, Written
from tally.periods import Period
from tally.pipeline.home import Home
from tally.simulation.reports import areas_owing, lawful_reports
from tally.workbooks import BlankWorkbook

PROJECT = Path(__file__).resolve().parents[1]
sys.path.append(str(PROJECT / "tests" / "spec"))
from perturbing import perturbed  # noqa: E402  the names that the tests hold

TALLY = [sys.executable, "-m", "tally"]
NEW_MAP, OLD_MAP = Period(2025, "A1"), Period(2025, "S1")
HISTORY = [Period(year, part) for year in range(2025, 2030) for part in ("S1", "A1")]
NAIVE_FILES = 50
RUNS = 3
STEPS = ("receive", "read", "judge", "answer", "publish")
QUERIES = {
    "an indicator's national series": """
        select period_code, obs_value, obs_status from marts.fct_indicator_values
        where frame = 'as_reported' and area_code = 'VN' and indicator_code = 'abuse_victims'
        and sex = '_T' and age_band = '_T' and subset = '_T' order by 1
    """,
    "all communes of a province, one period": """
        select area_code, obs_value, obs_status from marts.fct_indicator_values
        where frame = 'as_reported' and period_code = '2028-A1' and indicator_code = 'abuse_victims'
        and sex = '_T' and age_band = '_T' and subset = '_T'
        and area_code in (select area_code from marts.dim_areas where parent_code = '01')
    """,
    "imbalances of a province": """
        select * from marts.fct_imbalances where area_code = '01' and period_code = '2028-A1' and not is_balanced
    """,
    "coverage map": """
        select area_code, reporting_rate from marts.fct_reporting_completeness
        where period_code = '2028-A1' and area_level = 'province'
    """,
}


@dataclass(frozen=True)
class Measured:
    """`cpu` of the whole process tree in seconds; `peak` its memory in MiB, what processes share counted once."""

    seconds: float
    cpu: float
    peak: float


def measure(command: Sequence[str | Path], home: Path) -> Measured:
    os.sync()  # what was copied or simulated before is not charged to it
    begun, before = time.monotonic(), _cpu_of_children()
    process = psutil.Popen(command, env={**os.environ, "TALLY_HOME": str(home)}, stdout=subprocess.DEVNULL)
    peak, over = 0, threading.Event()

    def watch() -> None:
        nonlocal peak
        while not over.wait(0.05):
            peak = max(peak, sum(_memory(one) for one in [process, *_children(process)]))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    code = process.wait()
    seconds = time.monotonic() - begun
    over.set()
    watcher.join()
    if code:
        sys.exit(f"{' '.join(map(str, command))} ended with {code}")
    return Measured(seconds, _cpu_of_children() - before, peak / 2**20)


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.Error:
        return []


def _memory(process: psutil.Process) -> int:
    try:
        return process.memory_full_info().uss
    except psutil.Error:
        return 0


# --- what it is measured against -------------------------------------------------------------------------------------


def floor(inbox: Path) -> None:
    """Open every workbook, turn its sheets into lists, do nothing else."""
    from python_calamine import CalamineWorkbook

    for path in inbox.rglob("*.xlsx"):
        try:
            workbook = CalamineWorkbook.from_path(path)
        except Exception:  # noqa: S112  a few were cut off on purpose
            continue
        for name in workbook.sheet_names:
            workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)


def naive(inbox: Path, files: int) -> None:
    """File by file: openpyxl, a row of pandas, one validation of as many expectations as ours are, one insert.

    A context of Great Expectations and a connection are made once.
    """
    import great_expectations as gx
    import openpyxl
    import pandas as pd
    from great_expectations.data_context.types.base import ProgressBarsConfig
    from great_expectations.expectations import ExpectColumnValuesToBeBetween

    rules = sum(len(checks) for checks in Home.default().contracts.suites.values())
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    asset = context.data_sources.add_pandas("files").add_dataframe_asset("file")
    batch = asset.add_batch_definition_whole_dataframe("whole")
    with tempfile.TemporaryDirectory() as folder, duckdb.connect(f"{folder}/naive.duckdb") as connection:
        for number, path in enumerate(sorted(inbox.rglob("*.xlsx"))[:files]):
            try:
                book = openpyxl.load_workbook(path, data_only=True)
            except Exception:  # noqa: S112
                continue
            cells = {
                f"{sheet.title}!{cell.coordinate}": float(cell.value)
                for sheet in book.worksheets
                for row in sheet.iter_rows()
                for cell in row
                if isinstance(cell.value, int | float)
            }
            row = pd.DataFrame([cells])
            suite = gx.ExpectationSuite(name=f"file {number}")
            for column in list(row.columns)[:rules]:
                suite.add_expectation(ExpectColumnValuesToBeBetween(column=column, min_value=0))
            suite = context.suites.add(suite)
            definition = gx.ValidationDefinition(name=f"file {number}", data=batch, suite=suite)
            context.validation_definitions.add(definition).run(batch_parameters={"dataframe": row})
            long = row.melt(var_name="cell", value_name="obs_value").assign(file=path.name)
            connection.register("long", long)
            connection.execute("create table if not exists figures as from long limit 0")
            connection.execute("insert into figures from long")


# --- the steps -------------------------------------------------------------------------------------------------------


def step(name: str, now: datetime) -> None:
    """One step of the pipeline over everything that waits for it."""
    from tally.pipeline.answer import answer_outstanding
    from tally.pipeline.judge import judge_chunks
    from tally.pipeline.publish import publish_release
    from tally.pipeline.read import read_chunks
    from tally.pipeline.receive import receive_new_files
    from tally.pipeline.state import state_of

    home = Home.default()
    waiting = state_of(home.ledger.events()).submissions.values()
    match name:
        case "receive":
            receive_new_files(now, home=home)
        case "read":
            read_chunks([[one.submission_id for one in sorted(waiting, key=lambda one: one.order)]], home)
        case "judge":
            judge_chunks(list(dict.fromkeys(str(one.chunk_id) for one in waiting)), now, home)
        case "answer":
            answer_outstanding(now, home)
        case "publish":
            publish_release(now, home)


def through_airflow(home: Path) -> float:
    """Seconds from a healthy Airflow to the release, its scheduler running both DAGs."""
    process = subprocess.Popen(
        [sys.executable, PROJECT / "scripts" / "local_airflow.py"],
        env={**os.environ, "TALLY_HOME": str(home), "AIRFLOW_HOME": str(home / "airflow")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    begun = ended = 0.0
    for line in process.stdout or ():
        if "is healthy" in line:
            begun = time.monotonic()
        if "publish_release" in line and "success" in line:
            ended = time.monotonic()
    if process.wait() or not ended:
        sys.exit("Airflow did not publish")
    return ended - begun


# --- ten periods -----------------------------------------------------------------------------------------------------


def correct(home: Path, number: int) -> None:
    """Another workbook from one commune for the oldest period: a correction with other figures."""
    contracts = Home.default().contracts
    communes = [area for area in areas_owing(contracts, HISTORY[0]) if area.level == "commune"]
    area = communes[number * 1000]
    (report,) = lawful_reports(contracts, HISTORY[0], [area], seed=1000 + number)
    blank = BlankWorkbook(contracts, contracts.edition(HISTORY[0]), "commune")
    folder = home / "inbox" / area.code
    folder.mkdir(exist_ok=True)
    cover = {**report.cover, "report_kind": "Đính chính"}
    (folder / f"correction_{number}.xlsx").write_bytes(blank.filled(cover, report.figures))


def clock(period: Period) -> str:
    """Four weeks after a period, when nearly everything has come."""
    return f"{period.map_date + timedelta(days=28)}T09:00:00+07:00"


def milliseconds(file: Path, query: str) -> float:
    """The median of seven, each by a reader that opens the file anew."""
    times = []
    for _ in range(7):
        with duckdb.connect(str(file), read_only=True) as connection:
            begun = time.monotonic()
            connection.execute(query).fetchall()
            times.append(time.monotonic() - begun)
    return statistics.median(times) * 1000


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


# --- the run ---------------------------------------------------------------------------------------------------------


class Report:
    """Lines of a table, printed as they come."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, Measured, str]] = []
        self.facts: list[tuple[str, str, str]] = []
        self.console = Console()

    def add(self, what: str, measured: Measured, note: str = "") -> Measured:
        self.rows.append((what, measured, note))
        self.console.print(
            f"{what}: {measured.seconds:.1f} s, CPU {measured.cpu:.1f} s, {measured.peak:.0f} MiB {note}"
        )
        return measured

    def fact(self, what: str, found: str, bound: str) -> None:
        self.facts.append((what, found, bound))
        self.console.print(f"[bold]{what}[/]: {found}  ({bound})")

    def write(self, path: Path, floor_seconds: float) -> None:
        table = Table("what", "seconds", "CPU", "peak MiB", "× floor", "")
        lines = [
            "# Benchmark",
            "",
            "Written by `make bench`, in one run on one machine; ratios are what counts. Workbooks are simulated, 5 %",
            "with a fault, letters and marked copies included. Memory is that of the process tree, shared pages once.",
            f"{os.cpu_count()} cores, Python {platform.python_version()}, DuckDB {duckdb.__version__}.",
            "",
            "| what | seconds | CPU seconds | peak MiB | × floor | |",
            "|---|---:|---:|---:|---:|---|",
        ]
        for what, one, note in self.rows:
            times = f"{one.seconds / floor_seconds:.1f}"
            cells = (
                what,
                f"{one.seconds:,.1f}",
                f"{one.cpu:,.1f}",
                f"{one.peak:,.0f}" if one.peak else "",
                times,
                note,
            )
            table.add_row(*cells)
            lines.append(f"| {' | '.join(cells)} |")
        lines += ["", "| ratio | found | to hold |", "|---|---|---|"]
        lines += [f"| {what} | {found} | {bound} |" for what, found, bound in self.facts]
        self.console.print(table)
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def this(*arguments: str) -> list[str | Path]:
    return [sys.executable, Path(__file__), *arguments]


def nation(report: Report, folder: Path) -> tuple[Measured, float, int]:
    """2025-A1 alone: floor, naive peer, step by step, as a whole, through Airflow; (whole, floor, workbooks)."""
    home, at = folder / "new_map", clock(NEW_MAP)
    simulate = [*TALLY, "simulate", "--national", "--period", NEW_MAP.code, "--out", home, "--fault-rate", ".05"]
    home.mkdir()
    report.add("tally simulate, nation 2025-A1", measure(simulate, home))
    workbooks = sum(1 for _ in (home / "inbox").rglob("*.xlsx"))
    few, more = (measure(this("naive", str(count)), home) for count in (5, 5 + NAIVE_FILES))
    each = (more.seconds - few.seconds) / NAIVE_FILES
    scaled = Measured(each * workbooks, (more.cpu - few.cpu) / NAIVE_FILES * workbooks, more.peak)
    report.add("naive peer", scaled, f"scaled from {NAIVE_FILES} files, {each:.2f} s each")
    stepwise, airflow = folder / "stepwise", folder / "through_airflow"
    shutil.copytree(home, stepwise)
    shutil.copytree(home, airflow)
    for name in STEPS:
        note = "with what dbt prepares once an installation" if name == "publish" else ""
        report.add(f"step by step: {name}", measure(this("step", name, at), stepwise), note)
    floors = [report.add("floor: open every workbook", measure(this("floor"), home), f"{workbooks:,} workbooks")]
    runs = []
    for number in range(RUNS):
        one = folder / f"whole_{number}"
        shutil.copytree(home, one)
        runs.append(report.add("**tally run, nation 2025-A1**", measure([*TALLY, "run", "--as-of", at], one)))
        floors.append(report.add("floor, once more", measure(this("floor"), one)))
    # a machine's speed moves from one minute to the next: each run stands between two floors
    ratios = [
        2 * run.seconds / sum(low.seconds for low in floors[number : number + 2]) for number, run in enumerate(runs)
    ]
    whole = sorted(runs, key=lambda run: run.seconds)[RUNS // 2]
    low_seconds = statistics.median(low.seconds for low in floors)
    report.add("tally run again, nothing new", measure([*TALLY, "run", "--as-of", at], one))
    seconds = through_airflow(airflow)
    report.add("through Airflow, nation 2025-A1", Measured(seconds, 0, 0))
    found = ", ".join(f"{ratio:.1f}" for ratio in ratios)
    report.fact("2025-A1 to the floor", f"{statistics.median(ratios):.1f} × (the median of {found})", "≤ 6 ×")
    report.fact("2025-A1 to the naive peer", f"{scaled.seconds / whole.seconds:.0f} × faster", "≥ 50 ×")
    report.fact("2025-A1 peak memory", f"{max(run.peak for run in runs) / 1024:.2f} GiB", "≤ 2.5 GiB")
    report.fact("Airflow on top of it", f"{seconds - whole.seconds:.0f} s", "≤ 60 s")
    return whole, low_seconds, workbooks


def history(report: Report, folder: Path, whole: Measured, workbooks: int) -> None:
    """Ten periods one after the other, the first on the old map; corrections of the oldest; queries."""
    ten, one = folder / "ten", folder / "one"
    ten.mkdir()
    for period in HISTORY:
        simulate = [*TALLY, "simulate", "--national", "--period", period.code, "--out", ten, "--fault-rate", ".05"]
        measure(simulate, ten)
        run = report.add(f"tally run, nation {period}", measure([*TALLY, "run", "--as-of", clock(period)], ten))
        if period == OLD_MAP:
            old_map = sum(1 for _ in (ten / "inbox").rglob("*.xlsx"))
            each, other = run.seconds / old_map, whole.seconds / workbooks
            report.fact("2025-S1 to 2025-A1, a workbook", f"{each / other:.2f} ×", "≤ 1.1 ×")
            report.fact("2025-S1 peak memory", f"{run.peak / 1024:.2f} GiB", "≤ 2.5 GiB")
            shutil.copytree(ten, one, symlinks=True)
    took: dict[Path, list[float]] = {one: [], ten: []}
    for number in range(3):
        for home, last, count in ((one, HISTORY[0], "one period"), (ten, HISTORY[-1], "ten periods")):
            correct(home, number)
            at = datetime.fromisoformat(clock(last)) + timedelta(days=number + 1)
            run = measure([*TALLY, "run", "--as-of", at.isoformat()], home)
            took[home].append(report.add(f"a correction of 2025-S1, {count} in store", run).seconds)
    ratio = statistics.median(took[ten]) / statistics.median(took[one])
    report.fact("a correction with ten periods to one", f"{ratio:.2f} ×", "≤ 1.5 ×, medians of three")
    file = ten / "releases" / "current" / "national.duckdb"
    for what, query in QUERIES.items():
        report.fact(what, f"{milliseconds(file, query):.0f} ms", "< 100 ms")
    report.fact("the released file of ten periods", f"{file.stat().st_size / 2**30:.2f} GiB", "< 1 GiB")


def main() -> None:
    report = Report()
    target = PROJECT / "docs" / "reference" / "benchmark.md"
    for period in (OLD_MAP, NEW_MAP):
        report.fact(f"names resolved a second, map of {period}", f"{names_a_second(period):,.0f}", "≥ 1,000")
    with tempfile.TemporaryDirectory() as folder:
        whole, low, workbooks = nation(report, Path(folder))
        report.write(target, low)  # what there is, should the rest not come to its end
        history(report, Path(folder), whole, workbooks)
        report.write(target, low)


if __name__ == "__main__":
    inbox = Home.default().inbox
    match sys.argv[1:]:
        case ["floor"]:
            floor(inbox)
        case ["naive", count]:
            naive(inbox, int(count))
        case ["step", name, at]:
            step(name, datetime.fromisoformat(at))
        case _:
            main()
