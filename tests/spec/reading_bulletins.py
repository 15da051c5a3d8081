"""A bulletin read back as its readers see it, to be held against the marts."""

from collections.abc import Iterator, Mapping
from io import BytesIO
from typing import Any
from zipfile import ZipFile

from openpyxl import load_workbook

from tally.contracts.model import CodeLists

NUMBERS = {
    "Kỳ này": "obs_value",
    "Cùng kỳ năm trước": "value_year_before",
    "Chênh lệch": "change_on_year",
    "Tử số": "numerator_value",
    "Mẫu số": "denominator_value",
}
TOTAL = ("_T", "_T", "_T")
Shown = tuple[str, str, tuple[str, str, str], str, Any]


def shown_in(content: bytes, sheet: str, codelists: CodeLists) -> Iterator[Shown]:
    """(line in Vietnamese, area, cell, which number, what stands there) of every cell of the tables of a page."""
    cells = {one.label.vi: (one.sex, one.age_band, one.subset) for one in codelists.columns}
    headers: list[str] = []
    for row in load_workbook(BytesIO(content))[sheet].iter_rows(values_only=True):
        first = [str(value).partition("\n")[0] if value is not None else "" for value in row]
        if first[0] in ("Chỉ tiêu", "Tỉnh, thành phố"):
            headers = first
        elif not first[0]:
            headers = []
        elif headers:
            for header, value in zip(headers[3:], row[3:], strict=True):
                if headers[0] != "Chỉ tiêu" and header and not header.startswith("Đã chấp nhận"):
                    yield header, str(row[2]), TOTAL, "obs_value", value
                elif header in NUMBERS:
                    yield first[0], "VN", TOTAL, NUMBERS[header], value
                elif header in cells:
                    yield first[0], "VN", cells[header], "obs_value", value


def differing(shown: Iterator[Shown], mart: Mapping[tuple[Any, ...], Mapping[str, Any]]) -> tuple[int, list[Shown]]:
    """How many numbers are shown, and what is not as the mart has it: (line, area, cell) → row. A sign is no number."""
    numbers, wrong = 0, []
    for one in shown:
        line, area, cell, name, value = one
        said = mart.get((line, area, cell), {}).get(name)
        numbers += isinstance(value, int | float)
        if isinstance(value, int | float) or said is not None:
            is_same = isinstance(value, int | float) and said is not None and abs(value - said) < 1e-12
            wrong += [] if is_same else [one]
    return numbers, wrong


def parts_of(content: bytes) -> dict[str, str]:
    with ZipFile(BytesIO(content)) as package:
        return {name: package.read(name).decode() for name in package.namelist()}
