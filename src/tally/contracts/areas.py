"""The register of areas: every version of every administrative unit, and what flowed into what when the map changed."""

import csv
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from functools import cache
from itertools import chain, pairwise
from pathlib import Path

from tally.errors import ContractError

WIDTHS = {"province": 2, "district": 3, "commune": 5}
RELATIONS = ("unchanged", "renamed", "merged", "split")
UNIT_COLUMNS = ["code", "level", "valid_from", "valid_to", "name", "short_name", "type", "parent_code", "legal_basis"]
FLOW_COLUMNS = ["level", "date", "old_code", "new_code", "relation", "weight", "weight_basis", "stable_group"]
TOTAL_COLUMNS = ["day", "level", "type", "areas", "legal_basis"]


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
    """Read `units.csv`, `flows.csv` and `totals.csv`, and refuse a map that does not hold together.

    Raises  ContractError with file, line and key, at the first thing that is wrong.
    Source  contracts/areas/; README.md there says what is checked
    """
    areas = _read_units(folder / "units.csv")
    flows = _read_flows(folder / "flows.csv")
    totals = _read_totals(folder / "totals.csv")
    register = Register(areas.values(), flows.values())
    lines = {id(row): line for rows in (areas, flows) for line, row in rows.items()}
    _check_lives(register, lines)
    _check_parents(register, lines)
    _check_flows(register, lines)
    _check_successors(register, lines)
    _check_origins(register, lines)
    _check_relations(register, lines)
    passages = list(_passages(register))
    _check_provinces(register, passages, lines)
    _check_groups(register, passages, lines)
    _check_totals(register, totals)
    return register


UNITS_FILE, FLOWS_FILE, TOTALS_FILE = (f"contracts/areas/{name}.csv" for name in ("units", "flows", "totals"))
Lines = Mapping[int, int]  # id of an area or a flow: the line it stands on
Passage = tuple[Area, Area, Flow | None]  # a version that ended, one that holds it from then on, and by which flow


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


def _start(area: Area) -> date:
    return area.valid_from or date.min


def _end(area: Area) -> date:
    return area.valid_to or date.max


def _check_lives(register: Register, lines: Lines) -> None:
    for area in register.areas:
        if area.valid_to and _start(area) >= area.valid_to:
            raise _unit_error(lines, area, "valid_to", f"{area.code} ends before it begins")
    for earlier, later in chain.from_iterable(pairwise(register.versions(code)) for code in register.codes):
        if earlier.overlaps(later):
            message = f"{later.code} already has a version then, on line {lines[id(earlier)]}"
            raise _unit_error(lines, later, "valid_from", message)


def _check_parents(register: Register, lines: Lines) -> None:
    for area in register.areas:
        if area.parent_code is None:
            if area.level != "province":
                raise _unit_error(lines, area, "parent_code", f"{area.code} has none")
            continue
        since: date | None = _start(area)
        for parent in register.versions(area.parent_code):
            if WIDTHS[parent.level] >= WIDTHS[area.level]:
                message = f"{area.parent_code} is not above the {area.level} {area.code}"
                raise _unit_error(lines, area, "parent_code", message)
            if since and parent.exists_on(since):
                since = parent.valid_to
        if since and (area.valid_to is None or since < area.valid_to):
            when = "then" if since == date.min else f"on {since}"
            message = f"{area.parent_code}, the parent of {area.code}, does not exist {when}"
            raise _unit_error(lines, area, "parent_code", message)


def _check_flows(register: Register, lines: Lines) -> None:
    begun = {(area.code, area.valid_from): area for area in register.areas}
    for (code, day), flows in register.departures():
        first = flows[0]
        old = next((area for area in register.versions(code) if area.valid_to == day), None)
        if old is None:
            raise _flow_error(lines, first, "old_code", f"no version of {code} ends on {day}")
        for flow in flows:
            new = begun.get((flow.new_code, day))
            if new is None:
                goes_on = "goes on through" if register.at(flow.new_code, day) else "does not exist on"
                message = f"{flow.new_code} {goes_on} {day}; what gains territory has a version that begins on that day"
                raise _flow_error(lines, flow, "new_code", message)
            if old.level != new.level or old.level == "district":
                _check_levels(register, lines, flow, old, new)
            if (flow.relation == "split") != (len(flows) > 1):
                message = f"{code} has {len(flows)} successors; a split has several, every other relation one"
                raise _flow_error(lines, flow, "relation", message)
        if len(flows) == 1 and first.weight == 1:
            continue
        if len(flows) > len({flow.new_code for flow in flows}):
            raise _flow_error(lines, first, "new_code", f"{code} flows twice into the same area on {day}")
        weights = [flow.weight for flow in flows if flow.weight is not None]
        if len(flows) == 1 or (weights and (len(weights) < len(flows) or sum(weights) != 1)):
            message = f"the weights of {code} add to {sum(weights)} over {len(weights)} of {len(flows)} rows, not to 1"
            raise _flow_error(lines, first, "weight", message)


def _check_levels(register: Register, lines: Lines, flow: Flow, old: Area, new: Area) -> None:
    if "province" in (old.level, new.level):
        message = (
            f"the {old.level} {old.code} cannot become the {new.level} {new.code}; provinces flow among themselves"
        )
        raise _flow_error(lines, flow, "new_code", message)
    for key, area in (("old_code", old), ("new_code", new)):
        if not register.is_lowest(area):
            raise _flow_error(lines, flow, key, f"{area.code} has communes: write what becomes of each of them instead")


def _check_successors(register: Register, lines: Lines) -> None:
    flowed_into = {(flow.new_code, flow.date) for flow in register.flows}
    for area in register.areas:
        # districts that had communes ended with their level: their communes have the successors
        if area.valid_to is None or register.flows_from(area) or _is_made_of_communes(register, area):
            continue
        if (area.code, area.valid_to) in flowed_into:
            message = f"ends on {area.valid_to} and others flow into its code; write in flows.csv where it went itself"
        elif register.at(area.code, area.valid_to):
            continue
        else:
            message = f"ends on {area.valid_to} and has no successor in flows.csv"
            again = next((later for later in register.versions(area.code) if _start(later) > area.valid_to), None)
            if again:
                message += f"; {area.code} begins again on {again.valid_from}: say who held its territory in between"
        raise _unit_error(lines, area, "valid_to", f"{area.code} {message}")


def _check_origins(register: Register, lines: Lines) -> None:
    flowed_into = {(flow.new_code, flow.date) for flow in register.flows}
    for area in register.areas:
        day = area.valid_from
        if day is None or (area.code, day) in flowed_into or _is_made_of_communes(register, area):
            continue
        before = next((earlier for earlier in register.versions(area.code) if earlier.valid_to == day), None)
        if before is None:
            message = f"{area.code} begins on {day} out of nothing; write in flows.csv what flows into it on that day"
        elif register.flows_from(before):
            message = (
                f"{area.code} before {day} flowed elsewhere; write in flows.csv what flows into the new {area.code}"
            )
        else:
            continue
        raise _unit_error(lines, area, "valid_from", message)


def _check_relations(register: Register, lines: Lines) -> None:
    into = Counter((flow.new_code, flow.date) for flow in register.flows)
    for flow in register.flows:
        others = into[flow.new_code, flow.date] - 1
        if flow.relation != "split" and (flow.relation == "merged") != (others > 0):
            message = f"{others or 'no'} others flow into {flow.new_code} on {flow.date}, so it is not {flow.relation}"
            raise _flow_error(lines, flow, "relation", message)


def _is_made_of_communes(register: Register, area: Area) -> bool:
    return area.level == "district" and not register.is_lowest(area)


def _passages(register: Register) -> Iterator[Passage]:
    """Every step from a closed version to one that holds a part of it: along a flow, or on by its own code."""
    begun = {(area.code, area.valid_from): area for area in register.areas}
    for area in register.areas:
        if area.valid_to is None:
            continue
        flows = register.flows_from(area)
        for flow in flows:
            yield area, begun[flow.new_code, area.valid_to], flow
        if not flows and (area.code, area.valid_to) in begun:
            yield area, begun[area.code, area.valid_to], None


def _check_provinces(register: Register, passages: Sequence[Passage], lines: Lines) -> None:
    """Territory goes to another province, with its area or by passing to another, only along a flow of provinces."""
    steps = {(id(old), id(new)) for old, new, _ in passages if old.level == "province"}
    lowest = {
        id(area): area for area in register.areas
        if area.level != "province" and not _is_made_of_communes(register, area)
    }  # fmt: skip
    days = {area.valid_to for area in register.areas if area.valid_to and area.level != "commune"}
    stays = ((area, area, day) for day in days for area in lowest.values() if _start(area) < day < _end(area))
    goes = ((old, new, old.valid_to) for old, new, _ in passages if id(old) in lowest and old.valid_to)
    provinces: dict[tuple[str | None, date, bool], Area | None] = {}
    for old, new, day in chain(stays, goes):
        before, after = (old.parent_code, day, False), (new.parent_code, day, True)
        if before not in provinces:
            provinces[before] = register.province_of(old.parent_code or "", day - timedelta(1))
        if after not in provinces:
            provinces[after] = register.province_of(new.parent_code or "", day)
        one, other = provinces[before], provinces[after]
        if one and other and one is not other and (id(one), id(other)) not in steps:
            ways = f"{one.code} {one.name} to {other.code} {other.name}"
            message = (
                f"what {old.code} held goes from {ways} on {day}, and flows.csv has no flow between these provinces"
            )
            raise _unit_error(lines, new, "parent_code", message)


def _check_groups(register: Register, passages: Sequence[Passage], lines: Lines) -> None:
    """What is connected over all dates has one stable group, and a stable group holds nothing else."""
    towards: dict[int, int] = {}

    def found(number: int) -> int:
        while (further := towards.get(number, number)) != number:
            towards[number] = towards.get(further, further)
            number = further
        return number

    for old, new, _ in passages:
        towards[found(id(old))] = found(id(new))
    groups: dict[int, str] = {}
    first_of: dict[str, tuple[int, Flow]] = {}
    for old, _, flow in passages:
        if flow is None:
            continue
        whole, group = found(id(old)), flow.stable_group
        if groups.setdefault(whole, group) != group:
            message = f"{flow.old_code} is in {group} and in {groups[whole]}; what flows together is one group"
            raise _flow_error(lines, flow, "stable_group", message)
        other, first = first_of.setdefault(group, (whole, flow))
        if other != whole:
            message = f"{group} holds {flow.old_code} and {first.old_code}, which nothing connects; give each its own"
            raise _flow_error(lines, flow, "stable_group", message)
    for group, (whole, flow) in first_of.items():
        # an area that nothing ever flowed from or into is the group G<code>
        for area in register.versions(group.removeprefix("G")):
            if found(id(area)) != whole and found(id(area)) not in groups and register.is_lowest(area):
                message = f"{group} is the group of {area.code}, which nothing connects with {flow.old_code}"
                raise _flow_error(lines, flow, "stable_group", message)


def _check_totals(register: Register, totals: Mapping[int, Total]) -> None:
    seen: dict[tuple[date, str, str], int] = {}
    for line, total in totals.items():
        of = (total.day, total.level, total.type)
        if seen.setdefault(of, line) != line:
            raise ContractError(TOTALS_FILE, line, "day", f"the same total already stands on line {seen[of]}")
    counts = {day: Counter((area.level, area.type) for area in register.on(day)) for day in {day for day, *_ in seen}}
    for line, total in totals.items():
        found = sum(
            areas for (level, kind), areas in counts[total.day].items()
            if level == total.level and total.type in ("", kind)
        )  # fmt: skip
        if found != total.areas:
            what = f"areas of the level {total.level}" + (f" and type {total.type}" if total.type else "")
            message = (
                f"on {total.day} the map has {found} {what}, and this file says {total.areas}: one of them is wrong"
            )
            raise ContractError(TOTALS_FILE, line, "areas", message)


def _unit_error(lines: Lines, area: Area, key: str, message: str) -> ContractError:
    return ContractError(UNITS_FILE, lines[id(area)], key, message)


def _flow_error(lines: Lines, flow: Flow, key: str, message: str) -> ContractError:
    return ContractError(FLOWS_FILE, lines[id(flow)], key, message)
