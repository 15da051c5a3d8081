"""International classifications of the forms of abuse, as data."""

from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Literal, Self

from pydantic import model_validator

from tally.contracts.lines import read_as
from tally.contracts.model import Code, Some, Strict, Text, Words


class Category(Strict):
    code: Words
    label: Text


class Allocation(Strict):
    """Where an indicator belongs: one category, or `between` several, not allocated."""

    indicator: Code
    category: str | None = None
    between: tuple[str, ...] = ()
    note: Text | None = None

    @model_validator(mode="after")
    def _is_one_or_between(self) -> Self:
        if (self.category is None) == (not self.between):
            raise ValueError("names one category, or those that it lies between")
        return self


class Scheme(Strict):
    code: Code
    title: Text
    source: Words
    categories: Some[Category]
    verification_status: Literal["verified", "name_only", "unverified"]
    allocations: Some[Allocation]


class Classifications(Strict):
    schemes: Some[Scheme]


def load_classifications(folder: Path, asked: AbstractSet[str]) -> tuple[Scheme, ...]:
    """Raises  ContractError where an indicator is not asked for or stands twice, or a category is not known."""
    document, classifications = read_as(folder, "classifications.yml", Classifications)
    for at, scheme in enumerate(classifications.schemes):
        allocated = [one.indicator for one in scheme.allocations]
        document.check_once(("schemes", at, "allocations"), allocated, "indicator")
        for place, one in enumerate(scheme.allocations):
            key = ("schemes", at, "allocations", place)
            if one.indicator not in asked:
                raise document.error((*key, "indicator"), f"no form asks for {one.indicator}")
            if one.category and one.category not in {category.code for category in scheme.categories}:
                raise document.error((*key, "category"), f"no category {one.category}")
    return tuple(classifications.schemes)
