"""Every rule about figures: a workbook that breaks exactly it, and one that is just lawful.

All of them are written, received, read and judged together, once.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tally.contracts.model import ACROSS_FORMS
from tally.periods import LOCAL_TIME, Period
from tally.pipeline.home import Home
from tally.pipeline.judge import judge_batch
from tally.pipeline.read import read_submissions
from tally.pipeline.receive import receive_new_files
from tally.workbooks import BlankWorkbook

PERIOD = Period(2025, "A1")
RECEIVED = datetime(2025, 12, 17, 9, tzinfo=LOCAL_TIME)


@dataclass(frozen=True)
class Case:
    """What a workbook says beyond zeros everywhere, and the findings that it must get: none, if it is lawful."""

    name: str
    figures: Mapping[str, int | str | None]
    found: frozenset[str] = frozenset()
    verdict: str = "accepted"
    level: str = "commune"
    cover: Mapping[str, object] = field(default_factory=dict)


def breaks(rule: str, cells: str, name: str, verdict: str = "returned", **more: object) -> Case:
    """A workbook that breaks `rule` at `cells` (`BVTE-02!E9 F9`) and nothing else."""
    sheet, addresses = cells.split("!")
    found = frozenset(f"{rule}@{sheet}!{cell}" for cell in addresses.split())
    figures = {key: value for key, value in more.items() if key not in ("level", "cover")}
    rest = {key: value for key, value in more.items() if key in ("level", "cover")}
    return Case(f"{rule} {name}", _figures(figures), found, verdict, **rest)  # type: ignore[arg-type]


def lawful(rule: str, name: str, **more: object) -> Case:
    figures = {key: value for key, value in more.items() if key not in ("level", "cover")}
    rest = {key: value for key, value in more.items() if key in ("level", "cover")}
    return Case(f"{rule} {name}", _figures(figures), **rest)  # type: ignore[arg-type]


def _figures(rows: Mapping[str, object]) -> dict[str, object]:
    """r0201="T1 F1 Y6T10=1" → {"0201 T": 1, …}; a blank is `T_`, an x is `Tx`."""
    cells: dict[str, object] = {}
    for row, written in rows.items():
        for cell in str(written).split():
            column, _, value = cell.partition("=")
            cells[f"{row[1:]} {column}"] = int(value) if value.lstrip("-").isdigit() else value or None
    return cells


GIRL = "T=1 F=1 Y6T10=1"
ABUSED = {"r0200": "T=1", "r0201": GIRL, "r0202": GIRL, "r0221": GIRL}

CASES = [
    lawful("all", "zeros everywhere"),
    breaks("R0101", "BVTE-01!E8", "a child of no sex", r0100="T=10 M=5 F=4"),
    lawful("R0101", "boys and girls are all", r0100="T=10 M=5 F=5"),
    lawful("R0101", "a blank part is not judged", r0100="T=10 M=5 F="),
    breaks("R0102", "BVTE-01!E9 F9", "more children than groups", r0100="T=2 M=2", r0101="T=2 M=2", r0102="T=1 M=1"),
    breaks("R0102", "BVTE-01!E9 F9", "a group is larger", r0100="T=9 M=9", r0101="T=1 M=1", r0102="T=2 M=2"),
    lawful("R0102", "a child in two groups", r0100="T=1 M=1", r0101="T=1 M=1", r0102="T=1 M=1", r0103="T=1 M=1"),
    breaks(
        "R0102",
        "BVTE-01!E9 F9",
        "the largest known group counts where another is blank",
        r0100="T=9 M=9",
        r0101="T=1 M=1",
        r0102="T=2 M=2",
        r0103="T= M=",
    ),
    lawful("R0102", "the sum is not judged where a group is blank", r0100="T=2 M=2", r0101="T=2 M=2", r0103="T= M="),
    breaks("R0103", "BVTE-01!E9 F9", "more than all", r0100="T=2 M=2", r0101="T=3 M=3", r0102="T=3 M=3"),
    lawful("R0103", "every child", r0100="T=3 M=3", r0101="T=3 M=3", r0102="T=3 M=3"),
    breaks("R0104", "BVTE-01!H8", "more of minorities than children", r0100="T=5 M=5 ETH=6"),
    breaks(
        "R0104",
        "BVTE-01!I9 I10",
        "more supported than children",
        r0100="T=5 M=5",
        r0101="T=1 M=1 SUP=2",
        r0102="T=1 M=1 SUP=2",
    ),
    lawful("R0104", "all of minorities", r0100="T=5 M=5 ETH=5"),
    breaks(
        "R0105",
        "BVTE-01!E9",
        "too few",
        "accepted_with_warnings",
        r0100="T=1000 M=1000",
        r0101="T=4 M=4",
        r0102="T=4 M=4",
    ),
    breaks(
        "R0105",
        "BVTE-01!E9",
        "too many",
        "accepted_with_warnings",
        r0100="T=1000 M=1000",
        r0101="T=301 M=301",
        r0102="T=301 M=301",
    ),
    lawful("R0105", "exactly 0.5 %", r0100="T=1000 M=1000", r0101="T=5 M=5", r0102="T=5 M=5"),
    lawful("R0105", "exactly 30 %", r0100="T=1000 M=1000", r0101="T=300 M=300", r0102="T=300 M=300"),
    lawful("R0105", "a small commune is not asked", r0100="T=499 M=499"),
    breaks("R0201", "BVTE-02!E27", "an offender of no sex", r0230="T=1"),
    lawful("R0201", "sex unknown counts", r0230="T=1 U=1"),
    breaks(
        "R0202",
        "BVTE-02!E9 E10 E22",
        "a child of no age",
        r0200="T=1",
        r0201="T=1 F=1",
        r0202="T=1 F=1",
        r0221="T=1 F=1",
    ),
    lawful(
        "R0202",
        "age unknown counts",
        r0200="T=1",
        r0201="T=1 F=1 AGE_U=1",
        r0202="T=1 F=1 AGE_U=1",
        r0221="T=1 F=1 AGE_U=1",
    ),
    breaks("R0203", "BVTE-02!E9 G9 J9", "a child of no form", r0200="T=1", r0201=GIRL, r0221=GIRL),
    lawful("R0203", "every child has its form", **ABUSED),
    breaks("R0204", "BVTE-02!E12 G12 J12", "of no kind of act", **{**ABUSED, "r0202": "", "r0204": GIRL}),
    lawful("R0204", "every child has its act", **{**ABUSED, "r0202": "", "r0204": GIRL, "r0211": GIRL}),
    breaks("R0205", "BVTE-02!E9 G9 J9", "a child of no setting", **{**ABUSED, "r0221": ""}),
    lawful("R0205", "every child has its setting", **{**ABUSED, "r0221": "", "r0225": GIRL}),
    breaks("R0206", "BVTE-02!E28 F28", "more relatives than offenders", r0231="T=1 M=1"),
    breaks("R0206", "BVTE-02!E29 F29", "more young ones than offenders", r0232="T=1 M=1"),
    lawful("R0206", "all are young relatives", r0230="T=1 M=1", r0231="T=1 M=1", r0232="T=1 M=1"),
    breaks("R0207", "BVTE-02!E9", "victims without an incident", **{**ABUSED, "r0200": "T=0"}),
    lawful("R0207", "an incident that was not reported is not judged", **{**ABUSED, "r0200": "T="}),
    breaks(
        "R0208",
        "BVTE-02!E9",
        "too many victims an incident",
        "accepted_with_warnings",
        r0200="T=10",
        r0201="T=16 F=16 Y6T10=16",
        r0202="T=16 F=16 Y6T10=16",
        r0221="T=16 F=16 Y6T10=16",
    ),
    breaks(
        "R0208",
        "BVTE-02!E9",
        "fewer victims than incidents",
        "accepted_with_warnings",
        r0200="T=10",
        r0201="T=9 F=9 Y6T10=9",
        r0202="T=9 F=9 Y6T10=9",
        r0221="T=9 F=9 Y6T10=9",
    ),
    lawful(
        "R0208",
        "exactly 1.5",
        r0200="T=10",
        r0201="T=15 F=15 Y6T10=15",
        r0202="T=15 F=15 Y6T10=15",
        r0221="T=15 F=15 Y6T10=15",
    ),
    lawful("R0208", "few incidents are not asked", **{**ABUSED, "r0200": "T=9"}),
    breaks("R0301", "BVTE-03!E8", "a report from nowhere", r0300="T=1"),
    lawful("R0301", "every report has its source", r0300="T=1", r0306="T=1"),
    breaks("R0302", "BVTE-03!E16 E17", "a case of no sex", r0311="T=1", r0312="T=1"),
    lawful("R0302", "sex unknown counts", r0310="T=1 U=1", r0313="T=1 U=1"),
    breaks("R0303", "BVTE-03!E18 F18", "a case is lost", r0310="T=1 M=1"),
    lawful("R0303", "opened and closed", r0310="T=2 M=2", r0311="T=3 M=3", r0312="T=4 M=4", r0313="T=1 M=1"),
    breaks("R0305", "BVTE-03!E19 F19", "more assessed than opened", r0314="T=1 M=1"),
    breaks("R0305", "BVTE-03!E20 F20", "more measures than opened", r0315="T=1 M=1"),
    breaks("R0305", "BVTE-03!E21 F21", "more plans than opened", r0316="T=1 M=1"),
    lawful(
        "R0305", "all assessed", r0311="T=1 M=1", r0312="T=1 M=1", r0314="T=1 M=1", r0315="T=1 M=1", r0316="T=1 M=1"
    ),
    breaks("R0306", "BVTE-03!E22 F22", "served by nothing", r0320="T=1 M=1"),
    breaks("R0306", "BVTE-03!E22 F22", "fewer served than one service", r0321="T=1 M=1"),
    lawful("R0306", "one child, two services", r0320="T=1 M=1", r0321="T=1 M=1", r0330="T=1 M=1"),
    breaks("R0401", "BVTE-04!E17", "a child of no sex", r0100="T=1 M=1", r0420="T=1"),
    lawful("R0401", "sex unknown counts", r0401="T=1 U=1 Y6T10=1", r0402="T=1 U=1 Y6T10=1"),
    breaks("R0402", "BVTE-04!E9 E10", "a child of no age", r0401="T=1 F=1", r0402="T=1 F=1"),
    lawful("R0402", "age unknown counts", r0401="T=1 F=1 AGE_U=1", r0402="T=1 F=1 AGE_U=1"),
    breaks("R0403", "BVTE-04!E9 G9 J9", "bullied nowhere", r0401=GIRL),
    breaks("R0403", "BVTE-04!E9 G9 J9", "fewer than online", r0403=GIRL),
    lawful("R0403", "bullied in both", r0401=GIRL, r0402=GIRL, r0403=GIRL),
    breaks("R0404", "BVTE-04!E12 G12", "more supported than bullied", r0404="T=1 F=1"),
    breaks("R0404", "BVTE-04!E14 G14 J14", "more exploited than abused online", r0411=GIRL),
    breaks("R0404", "BVTE-04!E16", "more removed than asked for", r0413="T=1"),
    lawful("R0404", "all supported, all removed", r0410=GIRL, r0411=GIRL, r0412="T=1", r0413="T=1"),
    breaks("R0405", "BVTE-04!E17 F17", "more reached than children", r0420="T=1 M=1"),
    lawful("R0405", "every child reached", r0100="T=1 M=1", r0420="T=1 M=1"),
    lawful("R0405", "children not reported are not judged", r0100="T= M=", r0420="T=1 M=1"),
    breaks(
        "R0406",
        "BVTE-04!E13 G13 J13",
        "fewer online than in the setting",
        "accepted_with_warnings",
        **{**ABUSED, "r0221": "", "r0224": GIRL},
    ),
    lawful("R0406", "as many", **{**ABUSED, "r0221": "", "r0224": GIRL, "r0410": GIRL}),
    breaks("R0501", "BVTE-05!E8", "a child of no sex", r0500="T=1"),
    lawful("R0501", "sex unknown counts", r0500="T=1 U=1"),
    breaks("R0502", "BVTE-05!E9 F9", "diverted", r0501="T=1 M=1"),
    breaks("R0502", "BVTE-05!E10 F10", "detained", r0502="T=1 M=1"),
    breaks("R0502", "BVTE-05!E11 F11", "reintegrated", r0503="T=1 M=1"),
    breaks("R0502", "BVTE-05!E13 F13", "interviewed", r0511="T=1 M=1"),
    breaks("R0502", "BVTE-05!E15 F15", "child victims", r0521="T=1 M=1"),
    breaks("R0502", "BVTE-05!E16 F16", "supported", r0522="T=1 M=1"),
    lawful("R0502", "all of them", r0500="T=1 M=1", r0501="T=1 M=1", r0502="T=1 M=1", r0503="T=1 M=1"),
    breaks(
        "R0503",
        "BVTE-05!E15 G15",
        "fewer child victims than trafficked",
        "accepted_with_warnings",
        **{**ABUSED, "r0202": "", "r0205": GIRL},
    ),
    lawful("R0503", "as many", **{**ABUSED, "r0202": "", "r0205": GIRL, "r0520": "T=1 F=1", "r0521": "T=1 F=1"}),
    breaks("R0601", "BVTE-06!E9", "families", r0601="T=1"),
    breaks("R0601", "BVTE-06!E11", "pupils", r0603="T=1"),
    breaks("R0601", "BVTE-06!E13", "workers", r0605="T=6"),
    breaks("R0601", "BVTE-06!E15", "institutions", r0607="T=1"),
    breaks("R0601", "BVTE-06!E17", "facilities", r0609="T=1"),
    breaks("R0601", "BVTE-06!E19", "investigators", r0611="T=1"),
    lawful("R0601", "all trained", r0605="T=5"),
    breaks("R0602", "BVTE-06!E20", "a unit is there or not", r0612="T=2", level="province"),
    breaks("R0602", "BVTE-06!E21", "a number that is no yes or no", r0613="T=3", level="province"),
    lawful("R0602", "yes and no", r0612="T=1", r0613="T=0", level="province"),
    breaks("R0603", "BVTE-06!E12", "nobody", "accepted_with_warnings", r0604="T=0"),
    lawful("R0603", "one", r0604="T=1"),
    breaks("S12", "BVTE-02!E8", "text in a figure cell", r0200="T=nhiều"),
    lawful("S12", "zeros in words", r0200="T=không", r0300="T=-", r0310="T=x M=x F=x U=x"),
    breaks("S17", "BVTE-06!E10", "too many pupils", r0602="T=200001"),
    lawful("S17", "at the limit", r0602="T=200000"),
    lawful("S17", "a province may have more", r0602="T=5000000", level="province"),
    breaks("S17", "BVTE-06!E10", "too many pupils for a province", r0602="T=5000001", level="province"),
    breaks("S18", "BVTE-02!F8", "a figure over an x", "accepted_with_warnings", r0200="T=0 M=1"),
    lawful("S18", "a zero over an x", r0200="T=0 M=0"),
    Case("S16 an empty sheet", {"BVTE-05": None}, frozenset({"S16@BVTE-05"}), "returned"),
    Case("S16 one figure is enough", {"BVTE-05": None, "0500 T": 0}),
    Case("S08 not signed", {}, frozenset({"S08@TT chung!B16"}), "returned", cover={"signed_by": None}),
    Case(
        "S08 signed on the last day",
        {},
        frozenset({"S08@TT chung!B17"}),
        "returned",
        cover={"signed_date": PERIOD.end_date},
    ),
    Case("S08 signed on the day after", {}, cover={"signed_date": PERIOD.map_date}),
    Case("S07 another name", {}, frozenset({"S07@TT chung!B6"}), "returned", cover={"area_name": "Phường Không Có"}),
    Case(
        "S15 a province that miscounts",
        {},
        frozenset({"S15@TT chung!B13"}),
        "accepted_with_warnings",
        level="province",
        cover={"reports_expected": 1, "reports_made": 1},
    ),
    Case(
        "S15 more reported than owe",
        {},
        frozenset({"S15@TT chung!B14"}),
        "accepted_with_warnings",
        level="province",
        cover={"reports_made": 9999},
    ),
]


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, frozenset[str]]]:
    """(verdict, findings as `rule@sheet!cell`) of every case."""
    home = Home(tmp_path_factory.mktemp("rules"))
    contracts = home.contracts
    edition = contracts.edition(PERIOD)
    areas = {level: iter(contracts.register.on(PERIOD.map_date, level)) for level in ("commune", "province")}
    blanks = {level: BlankWorkbook(contracts, edition, level) for level in areas}
    times = [("path", "received_at")]
    for case in CASES:
        area = next(areas[case.level])
        province = contracts.register.province_of(area.code, PERIOD.map_date)
        cover = {
            "area_code": area.code,
            "area_name": area.name,
            "province_name": province.name if province else None,
            "signed_by": "Nguyễn Văn A",
            "signed_date": date(2025, 12, 16),
            **case.cover,
        }
        if case.level == "province":
            owed = len(contracts.register.children(area.code, PERIOD.map_date))
            cover = {"reports_expected": owed, "reports_made": owed, **cover}
        path = home.inbox / area.code / f"{case.name.replace(' ', '_')}.xlsx"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(blanks[case.level].filled(cover, _filled(edition, case)))
        times.append((path.relative_to(home.root).as_posix(), RECEIVED.isoformat()))
    with home.received_csv.open("w", newline="") as file:
        csv.writer(file).writerows(times)
    chunks = receive_new_files(RECEIVED, home=home)
    batch_id = judge_batch([read_submissions(chunk, home) for chunk in chunks], RECEIVED, home)
    found: dict[str, set[str]] = {}
    for row in pq.read_table(home.judgement(batch_id) / "findings.parquet").to_pylist():
        place = "!".join(part for part in (row["sheet_name"], row["cell_address"]) if part)
        found.setdefault(row["submission_id"], set()).add(f"{row['rule_code']}@{place}" if place else row["rule_code"])
    return {
        Path(row["file_path"]).stem.replace("_", " "): (row["verdict"], frozenset(found.get(row["submission_id"], ())))
        for row in pq.read_table(home.judgement(batch_id) / "submissions.parquet").to_pylist()
    }


def _filled(edition, case: Case) -> dict[tuple[str, str], object]:
    rows = {row.indicator.row: row for row in edition.rows}
    figures: dict[tuple[str, str], object] = {
        (row.code, column): 0
        for row in edition.rows
        for column in row.columns
        if row.prints(column, case.level) and row.form.name not in case.figures
    }
    if ("protection_workers", "T") in figures:
        figures["protection_workers", "T"] = 5
    for place, value in case.figures.items():
        if " " in place:
            row, column = place.split()
            figures[rows[row].code, column] = value
    return figures


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_rule_finds_what_breaks_it_and_nothing_else(
    case: Case, judged: dict[str, tuple[str, frozenset[str]]]
) -> None:
    assert judged[case.name.replace("_", " ")] == (case.verdict, case.found)


def test_every_rule_that_is_judged_on_figures_has_a_case_on_both_sides() -> None:
    from tally.contracts.load import load_contracts
    from tally.pipeline.home import PROJECT

    contracts = load_contracts(PROJECT / "contracts")
    judged_rules = {
        check.rule_code
        for suite, checks in contracts.suites.items()
        if suite.startswith("bvte") or suite == ACROSS_FORMS
        for check in checks
    }
    assert judged_rules <= {case.name.split()[0] for case in CASES if case.found}
    assert judged_rules <= {case.name.split()[0] for case in CASES if not case.found}
