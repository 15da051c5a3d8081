"""Targets of national programmes as data: what is to be reached by when, and by which ratio that is told."""

from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from tally.contracts.lines import read_as
from tally.contracts.model import Code, Some, Strict, Text, Words


class Target(Strict):
    """Judged by a ratio, by the share of provinces that report 1, or `cannot` be, with the reason.

    Units   value: per cent.
    Blanks  no value: the target is no share.
    """

    code: Code
    title: Text
    by: int
    at: Literal["least", "most"] | None = None
    value: float | None = Field(None, gt=0, le=100)
    ratio: Code | None = None
    provinces_with: Code | None = None
    cannot: Text | None = None
    note: Text | None = None
    verification_status: Literal["verified", "unverified"] = "verified"

    @model_validator(mode="after")
    def _is_judged_in_one_way(self) -> Self:
        if sum(one is not None for one in (self.ratio, self.provinces_with, self.cannot)) != 1:
            raise ValueError("is judged by one of ratio, provinces_with, or cannot be")
        if (self.at is None) != (self.value is None):
            raise ValueError("at and value go together")
        if self.cannot is None and self.value is None:
            raise ValueError("says no value to be reached")
        return self


class Programme(Strict):
    code: Code
    title: Text
    decision: Words
    start: int
    source: Words
    targets: Some[Target]


class Programmes(Strict):
    """`least_coverage`: with fewer of the areas that owe the figure a target is not judged."""

    least_coverage: float = Field(gt=0, le=1)
    programmes: Some[Programme]


def load_programmes(folder: Path, ratios: AbstractSet[str], of_provinces: AbstractSet[str]) -> Programmes:
    """Shape   ratios: the codes of all; of_provinces: the indicators that provinces alone report.

    Raises  ContractError where a target names an unknown ratio or indicator, or a code stands twice.
    """
    document, programmes = read_as(folder, "programmes.yml", Programmes)
    seen: set[str] = set()
    for at, programme in enumerate(programmes.programmes):
        for place, target in enumerate(programme.targets):
            key = ("programmes", at, "targets", place)
            if target.code in seen:
                raise document.error((*key, "code"), f"{target.code} stands twice")
            seen.add(target.code)
            if target.ratio and target.ratio not in ratios:
                raise document.error((*key, "ratio"), f"no ratio {target.ratio}")
            if target.provinces_with and target.provinces_with not in of_provinces:
                message = f"{target.provinces_with} is no indicator that provinces alone report"
                raise document.error((*key, "provinces_with"), message)
            if target.by < programme.start:
                raise document.error((*key, "by"), f"{target.by} is before {programme.start}")
    return programmes
