"""Workbooks to read: the clean sample, and what people and programs make of it."""

from collections.abc import Callable
from functools import cache
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import openpyxl

from tally.contracts.load import load_contracts
from tally.contracts.model import Contracts
from tally.intake.workbook import read_workbook
from tally.readings import Reading
from tally.vocabulary import CellState

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "tests" / "field_samples"
CLEAN = SAMPLES / "inbox" / "26740" / "BVTE_26740_2025-A1.xlsx"

COVER_PART, BVTE_01, BVTE_06 = (f"xl/worksheets/sheet{number}.xml" for number in (1, 2, 7))
STRINGS, BOOK, TYPES = "xl/sharedStrings.xml", "xl/workbook.xml", "[Content_Types].xml"
BOOK_RELATIONS = "xl/_rels/workbook.xml.rels"


@cache
def contracts() -> Contracts:
    return load_contracts(ROOT / "contracts")


def read(data: bytes | Path) -> Reading:
    return read_workbook(data, contracts())


def parts() -> dict[str, bytes]:
    with ZipFile(CLEAN) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(content: dict[str, bytes], method: int = ZIP_DEFLATED) -> bytes:
    target = BytesIO()
    with ZipFile(target, "w", method) as archive:
        for name, part in content.items():
            archive.writestr(name, part)
    return target.getvalue()


def with_parts(**more: bytes) -> bytes:
    """The clean workbook with more parts, or other ones: with_parts(**{"xl/x.xml": …})."""
    return packed(parts() | more)


def replaced(part: str, old: str, new: str) -> bytes:
    """The clean workbook with one text of one part replaced, once."""
    content = parts()
    assert old.encode() in content[part]
    content[part] = content[part].replace(old.encode(), new.encode(), 1)
    return packed(content)


def typed(change: Callable[[openpyxl.Workbook], object]) -> bytes:
    """The clean workbook as somebody changed and saved it."""
    workbook = openpyxl.load_workbook(CLEAN)
    change(workbook)
    target = BytesIO()
    workbook.save(target)
    return target.getvalue()


def with_cells(sheet: str, **values: object) -> bytes:
    def change(workbook: openpyxl.Workbook) -> None:
        for address, value in values.items():
            workbook[sheet][address] = value

    return typed(change)


def rules(reading: Reading) -> list[str]:
    """`S06`, `S12@BVTE-01!E8`, …: what the reading says is wrong, as the samples' expected.csv writes it."""
    figures = reading.figures
    said = [
        fault.rule_code if fault.cell_address is None else f"{fault.rule_code}@{fault.sheet_name}!{fault.cell_address}"
        for fault in reading.faults
    ]
    for state, sheet, address in zip(figures.state, figures.sheet_name, figures.cell_address, strict=True):
        if state in (CellState.UNREADABLE, CellState.NOT_USED):
            said.append(f"{'S12' if state is CellState.UNREADABLE else 'S18'}@{sheet}!{address}")
    return sorted(said)


def figure_at(reading: Reading, sheet: str, address: str) -> tuple[str, int | None, str, str | None]:
    """State, value, raw text and reason of one figure cell."""
    figures = reading.figures
    for at, place in enumerate(zip(figures.sheet_name, figures.cell_address, strict=True)):
        if place == (sheet, address):
            return figures.state[at].value, figures.value[at], figures.raw_text[at], figures.reason[at]
    raise AssertionError(f"no figure at {sheet}!{address}")


def only_fault(data: bytes | Path, rule_code: str) -> str:
    """The Vietnamese words of the one fault that there is."""
    reading = read(data)
    assert [fault.rule_code for fault in reading.faults] == [rule_code]
    assert not reading.figures.value
    return reading.faults[0].vi
