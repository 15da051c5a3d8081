"""The register of areas: every version of every administrative unit, and what flowed into what when the map changed."""

import csv
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache
from itertools import chain, pairwise
from pathlib import Path

from tally.errors import ContractError

WIDTHS = {"province": 2, "district": 3, "commune": 5}
RELATIONS = ("unchanged", "renamed", "merged", "split")
UNIT_COLUMNS = ["code", "level", "valid_from", "valid_to", "name", "short_name", "type", "parent_code", "legal_basis"]
FLOW_COLUMNS = ["level", "date", "old_code", "new_code", "relation", "weight", "weight_basis", "stable_group"]


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
                versions.sort(key=_start)
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


def load_areas(folder: Path) -> Register:
    """Read `units.csv` and `flows.csv`, and refuse a map that does not hold together.

    Raises  ContractError with file, line and key, at the first thing that is wrong.
    Source  contracts/areas/
    """
    areas = _read_units(folder / "units.csv")
    flows = _read_flows(folder / "flows.csv")
    register = Register(areas.values(), flows.values())
    units_file = _name(folder / "units.csv")
    lines = {id(area): line for line, area in areas.items()}
    _check_lives(units_file, register, lines)
    _check_parents(units_file, register, lines)
    _check_flows(_name(folder / "flows.csv"), register, {id(flow): line for line, flow in flows.items()})
    _check_successors(units_file, register, lines)
    return register


def _name(path: Path) -> str:
    return f"contracts/areas/{path.name}"


def _read_units(path: Path) -> dict[int, Area]:
    file, areas = _name(path), {}
    for line, row in _rows(path, UNIT_COLUMNS):
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
    file, flows = _name(path), {}
    for line, row in _rows(path, FLOW_COLUMNS):
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


def _rows(path: Path, columns: list[str]) -> Iterator[tuple[int, list[str]]]:
    file = _name(path)
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


def _start(area: Area) -> date:
    return area.valid_from or date.min


def _check_lives(file: str, register: Register, lines: dict[int, int]) -> None:
    for area in register.areas:
        if area.valid_to and _start(area) >= area.valid_to:
            raise ContractError(file, lines[id(area)], "valid_to", f"{area.code} ends before it begins")
    for earlier, later in chain.from_iterable(pairwise(register.versions(code)) for code in register.codes):
        if earlier.overlaps(later):
            message = f"{later.code} already has a version then, on line {lines[id(earlier)]}"
            raise ContractError(file, lines[id(later)], "valid_from", message)


def _check_parents(file: str, register: Register, lines: dict[int, int]) -> None:
    for area in register.areas:
        if area.parent_code is None:
            if area.level != "province":
                raise ContractError(file, lines[id(area)], "parent_code", f"{area.code} has none")
            continue
        since: date | None = _start(area)
        for parent in register.versions(area.parent_code):
            if WIDTHS[parent.level] >= WIDTHS[area.level]:
                message = f"{area.parent_code} is not above the {area.level} {area.code}"
                raise ContractError(file, lines[id(area)], "parent_code", message)
            if since and parent.exists_on(since):
                since = parent.valid_to
        if since and (area.valid_to is None or since < area.valid_to):
            when = "then" if since == date.min else f"on {since}"
            message = f"{area.parent_code}, the parent of {area.code}, does not exist {when}"
            raise ContractError(file, lines[id(area)], "parent_code", message)


def _check_flows(file: str, register: Register, lines: dict[int, int]) -> None:
    groups: dict[tuple[str, date], str] = {}
    for (code, day), flows in register.departures():
        first = flows[0]
        line = lines[id(first)]
        if all(area.valid_to != day for area in register.versions(code)):
            raise ContractError(file, line, "old_code", f"no version of {code} ends on {day}")
        for flow in flows:
            into = (flow.new_code, day)
            if into not in groups and register.at(*into) is None:
                raise ContractError(file, lines[id(flow)], "new_code", f"{flow.new_code} does not exist on {day}")
            if groups.setdefault(into, flow.stable_group) != flow.stable_group:
                raise _group_error(file, lines[id(flow)], flow.new_code, flow.stable_group, groups[into])
            if flow.stable_group != first.stable_group:
                raise _group_error(file, lines[id(flow)], code, flow.stable_group, first.stable_group)
            if (flow.relation == "split") != (len(flows) > 1):
                message = f"{code} has {len(flows)} successors; a split has several, every other relation one"
                raise ContractError(file, lines[id(flow)], "relation", message)
        if len(flows) == 1 and first.weight == 1:
            continue
        if len(flows) > len({flow.new_code for flow in flows}):
            raise ContractError(file, line, "new_code", f"{code} flows twice into the same area on {day}")
        weights = [flow.weight for flow in flows if flow.weight is not None]
        if weights and (len(weights) < len(flows) or sum(weights) != 1):
            message = f"the weights of {code} add to {sum(weights)} over {len(weights)} of {len(flows)} rows, not to 1"
            raise ContractError(file, line, "weight", message)


def _group_error(file: str, line: int, code: str, group: str, other: str) -> ContractError:
    return ContractError(
        file, line, "stable_group", f"{code} is in {group} and in {other}; what flows together is one group"
    )


def _check_successors(file: str, register: Register, lines: dict[int, int]) -> None:
    flowed_into = {(flow.new_code, flow.date) for flow in register.flows}
    flowed_out = {departure for departure, _ in register.departures()}
    for area in register.areas:
        if area.valid_to is None or (area.code, area.valid_to) in flowed_out:
            continue
        goes_on = register.at(area.code, area.valid_to) and (area.code, area.valid_to) not in flowed_into
        # districts that had communes ended with their level: their communes have the successors
        if not goes_on and (area.level != "district" or register.is_lowest(area)):
            message = f"{area.code} ends on {area.valid_to} and has no successor in flows.csv"
            raise ContractError(file, lines[id(area)], "valid_to", message)
