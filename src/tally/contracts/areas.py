"""The register of areas: every version of every administrative unit, and what flowed into what when the map changed."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

WIDTHS = {"province": 2, "district": 3, "commune": 5}
RELATIONS = ("unchanged", "renamed", "merged", "split")


@dataclass(frozen=True, slots=True)
class Area:
    """One version of an area: what it was called and where it belonged from `valid_from` until before `valid_to`.

    Blanks  no `valid_from`: since ever; no `valid_to`: still; no `parent_code`: it belongs to the nation.
    """

    code: str
    level: str
    valid_from: date | None
    valid_to: date | None
    name: str
    short_name: str
    type: str
    parent_code: str | None
    legal_basis: str

    def exists_on(self, day: date) -> bool:
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day < self.valid_to)

    def overlaps(self, other: "Area") -> bool:
        return (self.valid_from or date.min) < (other.valid_to or date.max) and (other.valid_from or date.min) < (
            self.valid_to or date.max
        )


@dataclass(frozen=True, slots=True)
class Flow:
    """What became of an area on a day: the part of `old_code` that `new_code` holds from then on.

    Units   `weight` is the share of the old area's children that went along, 0–1.
    Blanks  no `weight`: the area was split and nobody knows in what shares.
    """

    level: str
    date: date
    old_code: str
    new_code: str
    relation: str
    weight: Decimal | None
    weight_basis: str
    stable_group: str


@dataclass(frozen=True, slots=True)
class Total:
    """How many areas of a level the map of a day has, by law.

    Blanks  no `type`: of every type together.
    """

    day: date
    level: str
    type: str
    areas: int
    legal_basis: str


class Register:
    """Every area there ever was. A code means what it meant on a day, so every question names one."""

    def __init__(self, areas: Iterable[Area], flows: Iterable[Flow]) -> None:
        self.areas = tuple(areas)
        self.flows = tuple(flows)
        self._versions: dict[str, list[Area]] = defaultdict(list)
        self._children: dict[str, list[Area]] = defaultdict(list)
        self._flows: dict[tuple[str, date], list[Flow]] = defaultdict(list)
        for area in self.areas:
            self._versions[area.code].append(area)
            if area.parent_code:
                self._children[area.parent_code].append(area)
        for versions in self._versions.values():
            if len(versions) > 1:
                versions.sort(key=lambda area: area.valid_from or date.min)
        for flow in self.flows:
            self._flows[flow.old_code, flow.date].append(flow)

    def departures(self) -> Iterable[tuple[tuple[str, date], Sequence[Flow]]]:
        """The flows out of each code on each day: ((code, day), flows)."""
        return self._flows.items()

    def flows_from(self, area: Area) -> Sequence[Flow]:
        """What flowed out of a closed version on the day it ended; none where its code simply goes on."""
        return self._flows.get((area.code, area.valid_to), ()) if area.valid_to else ()

    @property
    def codes(self) -> Iterable[str]:
        """Every code ever given."""
        return self._versions.keys()

    def at(self, code: str, day: date) -> Area | None:
        """The version of a code in force on a day; none where the code meant nothing then."""
        return next((area for area in self.versions(code) if area.exists_on(day)), None)

    def versions(self, code: str) -> Sequence[Area]:
        """Every version of a code, oldest first."""
        return self._versions.get(code, ())

    def on(self, day: date, level: str | None = None) -> list[Area]:
        """The map of a day, of one level or all."""
        return [area for area in self.areas if level in (None, area.level) and area.exists_on(day)]

    def children(self, code: str, day: date) -> list[Area]:
        """The areas directly below a code on a day."""
        return [area for area in self._children.get(code, ()) if area.exists_on(day)]

    def province_of(self, code: str, day: date) -> Area | None:
        """The province that a code is in, or is, on a day."""
        return self._holder(code, day, "province")

    def district_of(self, code: str, day: date) -> Area | None:
        """The district that a code is in, or is, on a day; none on a map without districts."""
        return self._holder(code, day, "district")

    def successors(self, code: str, day: date) -> list[Area]:
        """The areas of a day that hold what the code held when it was first given.

        Shape   in order of code; the area itself where nothing happened to it.
        Blanks  empty for an unknown code, a code not yet given, and a unit abolished with its level.
        """
        first = self.versions(code)[:1]
        held = {area.code: area for version in first for area in self._later(version, day)}
        return [held[code] for code in sorted(held)]

    def is_lowest(self, area: Area) -> bool:
        """Whether a version has no areas below it in its life, so that its own figures are the ones to add up."""
        return not any(area.overlaps(child) for child in self._children.get(area.code, ()))

    def owes(self, code: str, map_date: date) -> bool:
        """Whether the code owes the report of a period with this map date: every area of that map does."""
        return self.at(code, map_date) is not None

    def lineage(self, code: str, day: date) -> Iterator[Area]:
        """The area itself, then every area that it lies in on a day, upwards."""
        area = self.at(code, day)
        while area:
            yield area
            area = self.at(area.parent_code, day) if area.parent_code else None

    def _holder(self, code: str, day: date, level: str) -> Area | None:
        return next((area for area in self.lineage(code, day) if area.level == level), None)

    def _later(self, area: Area, day: date) -> Iterator[Area]:
        if area.exists_on(day):
            yield area
        elif area.valid_to and area.valid_to <= day:
            for code in self.heirs(area):
                heir = self.at(code, area.valid_to)
                if heir:
                    yield from self._later(heir, day)

    def heirs(self, area: Area) -> list[str]:
        """The codes that hold a closed version's territory from its last day on: where it flowed, or its own code."""
        if area.valid_to is None:
            return []
        flows = self.flows_from(area)
        if flows:
            return [flow.new_code for flow in flows]
        return [area.code] if self.at(area.code, area.valid_to) else []
