"""Shares and rates: what is divided by what, and the population that may be known better than the reports know it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from tally.contracts.area_files import csv_rows, file_name
from tally.contracts.areas import Area, Register
from tally.contracts.lines import Document, Key
from tally.contracts.model import Code, CodeLists, Form, Indicator, Line, Some, Strict, Text, Words
from tally.errors import ContractError
from tally.vocabulary import NATION

POPULATION = "population"
"""A denominator that no report knows: everybody, of any age."""
CHILDREN = "children_under_16"
"""The indicator of BVTE-01 that a line of the population table takes the place of."""
_COLUMNS = ["area_code", "date", CHILDREN, POPULATION, "source"]


class RatioCell(Strict):
    """A cell of a form: an indicator and a column of it."""

    indicator: Code
    sex: str = "_T"
    age: str = "_T"
    subset: str = "_T"


class Ratio(Line):
    """Some cells, added, to one (`share`) or to so many (`rate`) of other cells, added, or of the whole population."""

    code: Code
    label: Text
    kind: Literal["share", "rate"]
    per: Annotated[int, Field(ge=1)] = 1
    numerator: Some[RatioCell]
    denominator: Some[RatioCell] | Literal["population"]
    source: Words

    @model_validator(mode="after")
    def _is_per_what_it_is_called(self) -> Self:
        if (self.kind == "share") != (self.per == 1):
            raise ValueError(f"a share is per 1, a rate per more: {self.kind} per {self.per}")
        return self

    @property
    def denominator_cells(self) -> list[RatioCell]:
        return [] if isinstance(self.denominator, str) else self.denominator

    @property
    def population(self) -> str | None:
        """The column of the population table that may be its denominator; None where it has none."""
        if isinstance(self.denominator, str):
            return self.denominator
        return CHILDREN if self.denominator == [RatioCell(indicator=CHILDREN)] else None


class Ratios(Strict):
    ratios: list[Ratio]


@dataclass(frozen=True, slots=True)
class Counted:
    """How many live in an area on a day, as a source says that is no report.

    Blanks  None: the source does not say.
    """

    area_code: str
    day: date
    children_under_16: int | None
    population: int | None
    source: str


def check_ratios(document: Document, ratios: Sequence[Ratio], forms: Sequence[Form], codelists: CodeLists) -> None:
    """Each code stands once, and every cell is one that the lowest areas fill and that can be added up.

    Raises  ContractError
    """
    rows: dict[str, list[tuple[Form, Indicator]]] = {}
    for form in forms:
        for indicator in form.indicators:
            rows.setdefault(indicator.code, []).append((form, indicator))
    document.check_once(("ratios",), [ratio.code for ratio in ratios], "code")
    for at, ratio in enumerate(ratios):
        for part, cells in (("numerator", ratio.numerator), ("denominator", ratio.denominator_cells)):
            for place, cell in enumerate(cells):
                key: Key = ("ratios", at, part, place)
                editions = rows.get(cell.indicator)
                if editions is None:
                    raise document.error((*key, "indicator"), f"no indicator {cell.indicator}")
                column = codelists.column_at(cell.sex, cell.age, cell.subset)
                for form, indicator in editions:
                    if column is None or column.code not in codelists.columns_of(form, indicator):
                        said = f"sex {cell.sex}, age {cell.age}, subset {cell.subset}"
                        raise document.error(key, f"{cell.indicator} has no cell of {said}")
                    if indicator.adds_up == "never" or indicator.reporting_level != "lowest":
                        raise document.error(key, f"{cell.indicator} is not added up from the lowest areas")


def load_population(folder: Path, register: Register) -> list[Counted]:
    """Read `population.csv`, which need not be there.

    Raises  ContractError with file, line and key
    """
    path = folder / "population.csv"
    if not path.exists():
        return []
    file, lines, seen = file_name(path), list[Counted](), set[tuple[str, date]]()
    for line, (code, written_day, children, population, source) in csv_rows(path, _COLUMNS):
        try:
            day = date.fromisoformat(written_day)
        except ValueError:
            message = f"{written_day!r} is no date; a date is written 2025-07-01"
            raise ContractError(file, line, "date", message) from None
        if code != NATION and register.at(code, day) is None:
            raise ContractError(file, line, "area_code", f"there is no area {code} on {day}")
        if (code, day) in seen:
            raise ContractError(file, line, "area_code", f"{code} stands twice on {day}")
        seen.add((code, day))
        if not source:
            raise ContractError(file, line, "source", "say where the number comes from")
        counts = [_count(file, line, key, text) for key, text in ((CHILDREN, children), (POPULATION, population))]
        lines.append(Counted(code, day, counts[0], counts[1], source))
    return lines


def _count(file: str, line: int, key: str, text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and int(text)):
        raise ContractError(file, line, key, f"{text!r} is no number of people; it is written 24776733")
    return int(text)


def area_counted(register: Register, one: Counted) -> Area | None:
    """The version of an area that was counted; None is the nation."""
    return None if one.area_code == NATION else register.at(one.area_code, one.day)
