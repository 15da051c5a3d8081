"""Whether a register of areas holds together: lives, parents, flows, groups and totals."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import chain, pairwise

from tally.contracts.areas import WIDTHS, Area, Flow, Register, Total
from tally.errors import ContractError

UNITS_FILE, FLOWS_FILE, TOTALS_FILE = (f"contracts/areas/{name}.csv" for name in ("units", "flows", "totals"))
Lines = Mapping[int, int]  # id of an area or a flow: the line it stands on
Passage = tuple[Area, Area, Flow | None]  # a version that ended, one that holds it from then on, and by which flow


def check_register(register: Register, totals: Mapping[int, Total], lines: Lines) -> None:
    """Refuse a map that does not hold together.

    Shape   totals by the line they stand on.
    Raises  ContractError with file, line and key, at the first thing that is wrong.
    Source  contracts/areas/README.md says what is checked
    """
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
