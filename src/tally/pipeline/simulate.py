"""Simulated reports as files: an inbox with the times at which they came, and what has to come of each."""

import csv
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from io import BytesIO, StringIO
from multiprocessing import get_context
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tally.adapters.files import write_whole
from tally.contracts.areas import Area
from tally.contracts.model import Contracts
from tally.periods import Period
from tally.simulation.faults import LABEL_RETYPED, TRUNCATED, WRONG_SHEET_NAME
from tally.simulation.reports import NOTICE, SimulatedReport, areas_owing
from tally.simulation.simulate import simulate_reports
from tally.workbooks import BlankWorkbook

RECEIVED = ("path", "received_at")
SIMULATED = ("path", "fault", "verdict", "rules")
Line = dict[str, str]


def simulate_to(
    folder: Path, contracts: Contracts, period: Period, codes: Sequence[str] = (), *, seed: int = 1,
    fault_rate: float = 0.0, processes: int = 2,
) -> int:  # fmt: skip
    """Write the reports of these areas and of everything below them, or of the nation; how many workbooks came of it.

    Shape   folder/inbox/<area>/BVTE_<area>_<period>.xlsx; folder/received.csv with the times; folder/simulated.csv with
            the fault, the verdict and the rules (parted by `;`) that have to come of each, and the reports that never
            came. Lines of other files stay in both.
    Raises  UsageError for a code that is not on the map of the period.
    """
    provinces = _by_province(contracts, areas_owing(contracts, period, codes or None), period)
    arguments = (contracts, period, seed, fault_rate, folder)
    lines: list[Line] = []
    with ProcessPoolExecutor(processes, get_context("fork"), _set_up, arguments) as pool:
        working = [pool.submit(_write, areas) for areas in provinces]
        with Progress(
            TextColumn("Writing simulated reports, provinces"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
            console=Console(stderr=True),
        ) as progress:  # fmt: skip
            for written in progress.track(as_completed(working), total=len(working)):
                lines += written.result()
    came = [line for line in lines if line["received_at"]]
    _keep(folder / "received.csv", RECEIVED, came)
    _keep(folder / "simulated.csv", SIMULATED, lines)
    return len(came)


def _by_province(contracts: Contracts, areas: Sequence[Area], period: Period) -> list[list[Area]]:
    found: dict[str, list[Area]] = defaultdict(list)
    for area in areas:
        province = contracts.register.province_of(area.code, period.map_date)
        found[province.code if province else ""].append(area)
    return sorted(found.values(), key=len, reverse=True)


class _Writer:
    def __init__(self, contracts: Contracts, period: Period, seed: int, fault_rate: float, folder: Path) -> None:
        self.contracts, self.period, self.seed, self.fault_rate, self.folder = (
            contracts,
            period,
            seed,
            fault_rate,
            folder,
        )
        self.blanks: dict[str, BlankWorkbook] = {}

    def write(self, areas: Sequence[Area]) -> list[Line]:
        reports = simulate_reports(self.contracts, self.period, areas, self.seed, self.fault_rate)
        return [self._write(report) for report in reports]

    def _write(self, report: SimulatedReport) -> Line:
        path = Path("inbox") / report.folder / report.file_name
        if report.received_at:
            (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / path).write_bytes(self._content(report))
        return {
            "path": path.as_posix(),
            "received_at": report.received_at.isoformat() if report.received_at else "",
            "fault": report.fault,
            "verdict": report.verdict or "",
            "rules": ";".join(report.rules),
        }

    def _content(self, report: SimulatedReport) -> bytes:
        level, edition = report.area.level, self.contracts.edition(self.period)
        if level not in self.blanks:
            self.blanks[level] = BlankWorkbook(self.contracts, edition, level, NOTICE)
        notes = {sheet.code: report.note for sheet in edition.sheets}
        content = self.blanks[level].filled(report.cover, report.figures, notes)
        sheet = edition.sheets[-1]
        if report.fault == TRUNCATED:
            return content[: len(content) * 2 // 3]
        if report.fault == WRONG_SHEET_NAME:
            return _retyped(content, "xl/workbook.xml", sheet.name, sheet.name.replace("-", " "))
        if report.fault == LABEL_RETYPED:
            label = edition.rows_of(sheet)[0].indicator.label.vi
            return _retyped(content, "xl/sharedStrings.xml", f">{label}<", f">{label} (ghi lại)<")
        return content


_writer: _Writer


def _set_up(contracts: Contracts, period: Period, seed: int, fault_rate: float, folder: Path) -> None:
    global _writer
    _writer = _Writer(contracts, period, seed, fault_rate, folder)


def _write(areas: Sequence[Area]) -> list[Line]:
    return _writer.write(areas)


def _retyped(content: bytes, part: str, text: str, other: str) -> bytes:
    target = BytesIO()
    with ZipFile(BytesIO(content)) as package, ZipFile(target, "w", ZIP_DEFLATED) as copy:
        for entry in package.infolist():
            old = package.read(entry)
            copy.writestr(entry, old.replace(text.encode(), other.encode()) if entry.filename == part else old)
    return target.getvalue()


def _keep(path: Path, columns: Sequence[str], lines: Sequence[Line]) -> None:
    """Adds lines to a CSV file, in order of path; a line of the same path gives way."""
    kept: dict[str, Line] = {}
    if path.exists():
        with path.open(encoding="utf-8", newline="") as file:
            kept = {line["path"]: line for line in csv.DictReader(file)}
    kept.update({line["path"]: line for line in lines})
    text = StringIO()
    writer = csv.DictWriter(text, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(kept[name] for name in sorted(kept))
    write_whole(path, text.getvalue().encode())
