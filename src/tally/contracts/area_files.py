"""Reads the files of contracts/areas, strictly."""

import csv
from collections.abc import Iterator
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path

from tally.contracts.area_checks import check_register
from tally.contracts.areas import RELATIONS, WIDTHS, Area, Flow, Register, Total
from tally.errors import ContractError

UNIT_COLUMNS = ["code", "level", "valid_from", "valid_to", "name", "short_name", "type", "parent_code", "legal_basis"]
FLOW_COLUMNS = ["level", "date", "old_code", "new_code", "relation", "weight", "weight_basis", "stable_group"]
TOTAL_COLUMNS = ["day", "level", "type", "areas", "legal_basis"]


def load_areas(folder: Path) -> Register:
    """Read `units.csv`, `flows.csv` and `totals.csv`, and refuse a map that does not hold together.

    Raises  ContractError with file, line and key, at the first thing that is wrong.
    Source  contracts/areas/; README.md there says what is checked
    """
    areas = _read_units(folder / "units.csv")
    flows = _read_flows(folder / "flows.csv")
    totals = _read_totals(folder / "totals.csv")
    register = Register(areas.values(), flows.values())
    lines = {id(row): line for rows in (areas, flows) for line, row in rows.items()}
    check_register(register, totals, lines)
    return register


def file_name(path: Path) -> str:
    return f"contracts/areas/{path.name}"


def _read_units(path: Path) -> dict[int, Area]:
    file, areas = file_name(path), {}
    for line, row in csv_rows(path, UNIT_COLUMNS):
        code, level, valid_from, valid_to, name, short_name, kind, parent_code, legal_basis = row
        _check_code(file, line, "code", code, level)
        if not (name and short_name and kind):
            key = next(key for key, value in zip(UNIT_COLUMNS[4:], (name, short_name, kind), strict=False) if not value)
            raise ContractError(file, line, key, f"{code} has none")
        areas[line] = Area(
            code, level, _day(file, line, "valid_from", valid_from), _day(file, line, "valid_to", valid_to),
            name, short_name, kind, parent_code or None, legal_basis,
        )  # fmt: skip
    return areas


def _read_flows(path: Path) -> dict[int, Flow]:
    file, flows = file_name(path), {}
    for line, row in csv_rows(path, FLOW_COLUMNS):
        level, written_day, old_code, new_code, relation, written_weight, weight_basis, stable_group = row
        _check_code(file, line, "old_code", old_code, level)
        if relation not in RELATIONS:
            raise ContractError(file, line, "relation", f"{relation!r} is none of {', '.join(RELATIONS)}")
        on = _day(file, line, "date", written_day)
        if on is None:
            raise ContractError(file, line, "date", f"{old_code} has none")
        if not (weight_basis and stable_group):
            raise ContractError(file, line, "stable_group" if weight_basis else "weight_basis", f"{old_code} has none")
        weight = _weight(file, line, written_weight)
        flows[line] = Flow(level, on, old_code, new_code, relation, weight, weight_basis, stable_group)
    return flows


def _read_totals(path: Path) -> dict[int, Total]:
    file, totals = file_name(path), {}
    for line, row in csv_rows(path, TOTAL_COLUMNS):
        written_day, level, kind, areas, legal_basis = row
        day = _day(file, line, "day", written_day)
        if day is None:
            raise ContractError(file, line, "day", "has none")
        if level not in WIDTHS:
            raise ContractError(file, line, "level", f"{level!r} is none of {', '.join(WIDTHS)}")
        if not (areas.isascii() and areas.isdecimal()):
            raise ContractError(file, line, "areas", f"{areas!r} is no number of areas; it is written 3321")
        if not legal_basis:
            raise ContractError(file, line, "legal_basis", "say where the number comes from")
        totals[line] = Total(day, level, kind, int(areas), legal_basis)
    return totals


def csv_rows(path: Path, columns: list[str]) -> Iterator[tuple[int, list[str]]]:
    file = file_name(path)
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream, strict=True)
            header = next(reader, [])
            if header != columns:
                wrong = next((name for name in header if name not in columns), None)
                missing = next((name for name in columns if name not in header), None)
                message = f"the columns are {','.join(columns)}, in this order"
                raise ContractError(file, 1, missing or wrong or "header", message)
            for row in reader:
                if len(row) != len(columns):
                    message = f"has {len(row)} cells where {len(columns)} are asked for"
                    raise ContractError(file, reader.line_num, row[0] if row else "row", message)
                yield reader.line_num, row
    except OSError as error:
        raise ContractError(file, None, "file", f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ContractError(file, None, "file", "is not UTF-8") from error
    except csv.Error as error:
        raise ContractError(file, reader.line_num, "row", str(error)) from error


def _day(file: str, line: int, key: str, text: str) -> date | None:
    try:
        return _date(text)
    except ValueError as error:
        raise ContractError(file, line, key, f"{text!r} is no date; a date is written 2025-07-01") from error


@cache
def _date(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def _weight(file: str, line: int, text: str) -> Decimal | None:
    try:
        return _share(text)
    except (InvalidOperation, ValueError) as error:
        raise ContractError(file, line, "weight", f"{text!r} is no number between 0 and 1") from error


@cache
def _share(text: str) -> Decimal | None:
    if not text:
        return None
    share = Decimal(text)
    if not 0 <= share <= 1:
        raise ValueError(text)
    return share


def _check_code(file: str, line: int, key: str, code: str, level: str) -> None:
    width = WIDTHS.get(level)
    if width is None:
        raise ContractError(file, line, "level", f"{level!r} is none of {', '.join(WIDTHS)}")
    if len(code) != width or not code.isascii() or not code.isdecimal():
        raise ContractError(file, line, key, f"{code!r} has not the {width} digits of a {level}")
