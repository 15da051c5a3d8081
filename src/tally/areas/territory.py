"""Where the territory of an area lies on another day's map."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property

from tally.contracts.areas import Area, Register

Share = Decimal | None  # of an area's children; None: the area was split and nobody knows in what shares
WHOLE = Decimal(1)
Version = tuple[str, date | None]


class Territory:
    """Follows every version of an area along the flows of the register, forwards and backwards."""

    def __init__(self, register: Register) -> None:
        self.register = register
        self._earlier: dict[Version, list[Area]] = defaultdict(list)
        self._whole: dict[tuple[str, date | None, date], Sequence[Area] | None] = {}
        for area in register.areas:
            for heir, _ in self._heirs(area):
                self._earlier[key(heir)].append(area)

    def later(self, area: Area, day: date) -> Mapping[Area, Share]:
        """The areas of a day on or after the area's last that hold its territory, and the share of it in each.

        Shape   the area itself, whole, while it exists; shares add to 1 or some are None.
        Blanks  None where a split on the way has no weights; empty for a unit abolished with its level.
        """
        if area.valid_to is None or day < area.valid_to:
            return {area: WHOLE}
        found: dict[Area, Share] = {}
        for heir, part in self._heirs(area):
            for holder, share in self.later(heir, day).items():
                known = None if share is None or part is None else share * part
                found[holder] = plus(found[holder], known) if holder in found else known
        return found

    def earlier(self, area: Area, day: date) -> Sequence[Area]:
        """The areas of a day on or before the area's first whose territory, or a part of it, the area holds."""
        if area.valid_from is None or day >= area.valid_from:
            return (area,)
        found = {key(source): source for before in self._earlier[key(area)] for source in self.earlier(before, day)}
        return [found[one] for one in sorted(found, key=lambda one: one[0])]

    def whole_predecessors(self, area: Area, day: date) -> Sequence[Area] | None:
        """The areas of an earlier day that together are the same territory; None where one of them was split.

        Shape   in order of code; the area itself while it exists.
        """
        on = area.valid_from
        if on is None or day >= on:
            return (area,)
        asked = (*key(area), day)
        if asked not in self._whole:
            before = self.earlier(area, day)
            is_whole = before and all(list(self.later(one, on)) == [area] for one in before)
            self._whole[asked] = before if is_whole else None
        return self._whole[asked]

    def identity(self, area: Area) -> str:
        """The first version that held just this territory: two versions of one identity are the same territory."""
        while area.valid_from:
            before = self.whole_predecessors(area, area.valid_from - timedelta(1))
            if before is None or len(before) > 1:
                return f"{area.code}@{area.valid_from}"
            area = before[0]
        return area.code

    def groups(self) -> Mapping[Version, str]:
        """The stable group of every version of a lowest area: what has to be added to be one territory on every day.

        Source  `stable_group` of contracts/areas/flows.csv; an area that nothing ever flowed from or into is its own.
        """
        return self._groups

    @cached_property
    def _groups(self) -> Mapping[Version, str]:
        named: dict[Version, str] = {}
        for (code, day), flows in self.register.departures():
            for flow in flows:
                if flow.level == "province":
                    continue
                for version in self.register.versions(code):
                    if version.valid_to == day:
                        self._name(version, flow.stable_group, named)
        for area in self.register.areas:
            if self.register.is_lowest(area) and key(area) not in named:
                self._name(area, f"G{area.code}", named)
        return named

    def _name(self, area: Area, group: str, named: dict[Version, str]) -> None:
        waiting = [area]
        while waiting:
            one = waiting.pop()
            if key(one) not in named:
                named[key(one)] = group
                waiting += [heir for heir, _ in self._heirs(one)]
                waiting += self._earlier[key(one)]

    def _heirs(self, area: Area) -> list[tuple[Area, Share]]:
        """What holds a closed version's territory from its last day on, and the share that each took."""
        if area.valid_to is None:
            return []
        flows = self.register.flows_from(area)
        if not flows:
            goes_on = self.register.at(area.code, area.valid_to)
            return [(goes_on, WHOLE)] if goes_on else []
        heirs = [(self.register.at(flow.new_code, area.valid_to), flow.weight) for flow in flows]
        return [(heir, weight) for heir, weight in heirs if heir]


def key(area: Area) -> Version:
    """What tells one version of an area from another."""
    return area.code, area.valid_from


def plus(one: Share, other: Share) -> Share:
    """Two shares of one area together. Blanks: None where either is not known."""
    return None if one is None or other is None else one + other
