"""Random countries and what became of their areas: merged, split, renamed, recoded, moved, over several dates.

A history is made twice over. The events move *atoms*, the smallest pieces of territory, between areas, and know nothing
of flows. Afterwards the register is written down as a statistician would: versions where something about an area
changed, and flows where its atoms went. So the atoms are an oracle that owes nothing to what follows the flows:

    @given(histories())
    def test_nothing_is_lost(history):
        for day in history.days_to_ask():
            assert sum(len(atoms) for atoms in history.map_on(day).values()) == len(history.atoms)

A figure of an area is the sum over `history.atoms_of(area)` of whatever a test gives to each atom.
"""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from tally.contracts.areas import Area, Flow, Register

REFORM_DAY = date(2025, 7, 1)
MOST_ATOMS = 48  # a split doubles the atoms of what it splits; a country with more is no better an example
DIGITS = {"province": 2, "district": 3, "commune": 5}

Event = tuple[str, int, int, int]
Atom = tuple[Area, ...]


@dataclass(frozen=True)
class History:
    """A country, the days on which its map changed, and which area held each atom in between.

    Shape   `atoms[n][era]` is the lowest area that holds atom n in an era; era 0 is before the first of `days`, era i
            begins on `days[i - 1]`. Each era has every atom once.
    """

    days: tuple[date, ...]
    register: Register
    atoms: tuple[Atom, ...]

    def era(self, day: date) -> int:
        """The era that a day lies in."""
        return sum(change <= day for change in self.days)

    def map_on(self, day: date, level: str | None = None) -> dict[Area, frozenset[int]]:
        """The atoms of every area of a level on a day; without a level, of the lowest areas, whatever they are."""
        return self._maps[self.era(day)][level]

    def atoms_of(self, area: Area) -> frozenset[int]:
        """What a province or a lowest area holds, the same all its life; what a district holds when it begins."""
        return self.map_on(area.valid_from or date.min, None if area in self.lowest else area.level)[area]

    def holders(self, atom: int) -> Atom:
        """The lowest area that held an atom, era by era."""
        return self.atoms[atom]

    @cached_property
    def lowest(self) -> frozenset[Area]:
        """Every version of an area with nothing below it."""
        return frozenset(area for atom in self.atoms for area in atom)

    @cached_property
    def provinces(self) -> frozenset[Area]:
        """Every version of a province."""
        return frozenset(area for area in self.register.areas if area.level == "province")

    def days_to_ask(self) -> list[date]:
        """The last day of each era before a change, and the first day of the one after: nothing differs in between."""
        return sorted({day for change in self.days for day in (change - timedelta(1), change)})

    def write(self, folder: Path) -> None:
        """The history as the files of contracts/areas, which `load_areas(folder)` must accept."""
        with (folder / "units.csv").open("w", encoding="utf-8", newline="") as stream:
            rows = csv.writer(stream)
            rows.writerow(Area.__slots__)
            rows.writerows([_text(getattr(area, name)) for name in Area.__slots__] for area in self.register.areas)
        with (folder / "flows.csv").open("w", encoding="utf-8", newline="") as stream:
            rows = csv.writer(stream)
            rows.writerow(Flow.__slots__)
            rows.writerows([_text(getattr(flow, name)) for name in Flow.__slots__] for flow in self.register.flows)
        with (folder / "totals.csv").open("w", encoding="utf-8", newline="") as stream:
            rows = csv.writer(stream)
            rows.writerow(["day", "level", "type", "areas", "legal_basis"])
            for day in self.days_to_ask():
                provinces = len(self.map_on(day, "province"))
                rows.writerow([day.isoformat(), "province", "", provinces, "counted by atoms"])

    @cached_property
    def _maps(self) -> list[dict[str | None, dict[Area, frozenset[int]]]]:
        maps = []
        for era, day in enumerate([date.min, *self.days]):
            found: dict[str | None, dict[Area, set[int]]] = {None: {}, "province": {}, "district": {}, "commune": {}}
            above = {area.code: area for area in self.register.areas if area.exists_on(day)}
            for number, atom in enumerate(self.atoms):
                area = atom[era]
                found[None].setdefault(area, set()).add(number)
                while True:
                    found[area.level].setdefault(area, set()).add(number)
                    if area.parent_code is None:
                        break
                    area = above[area.parent_code]
            maps.append(
                {level: {area: frozenset(atoms) for area, atoms in held.items()} for level, held in found.items()}
            )
        return maps

    def __repr__(self) -> str:
        areas = "".join(
            f"\n  {area.level:8} {area.code:5} {_text(area.valid_from):10} – {_text(area.valid_to):10} {area.name}"
            f" in {area.parent_code}" for area in self.register.areas
        )  # fmt: skip
        flows = "".join(
            f"\n  {flow.date} {flow.old_code:5} → {flow.new_code:5} {flow.relation} {flow.weight} {flow.stable_group}"
            for flow in self.register.flows
        )
        return f"History of {len(self.atoms)} atoms{areas}{flows}"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """What hypothesis shows of a failing example."""
        for number, line in enumerate(repr(self).split("\n")):
            if number:
                printer.break_()
            printer.text(line)


PLAIN = ["merge", "split", "cede", "rename", "recode", "swap", "move", "reissue"]
OF_PROVINCES = ["merge provinces", "split province", "rename province", "recode province", "swap provinces"]
EVENTS = [*PLAIN, *OF_PROVINCES, "reform"]


@st.composite
def histories(
    draw: st.DrawFn,
    *,
    mixed: bool = True,
    districts: bool | None = None,
    events: Sequence[str] = EVENTS,
    most_days: int = 4,
    most_events: int = 4,
) -> History:
    """A valid register and its atoms.

    mixed       a split deals out a part of every atom to every new area. What was merged before is then in all of
                them, which is all that flows can say: what they say is exactly so. Without it a split may deal out
                whole atoms, as life does, and the flows may name more areas than hold a piece.
    districts   whether there are districts until the day of a "reform", some of them islands without communes;
                None: sometimes. Where no reform is drawn they stay.
    events      those that may happen: see EVENTS.
    most_days   dates on which the map changes, most_events of them a date.
    """
    numbers = st.integers(0, 999)
    with_districts = draw(st.booleans()) if districts is None else districts
    shape = draw(st.lists(st.integers(1, 4), min_size=1, max_size=4))  # communes of each province, or districts
    event = st.tuples(st.sampled_from(list(events)), numbers, numbers, numbers)
    several = st.lists(event, min_size=1, max_size=most_events)
    days = sorted(draw(st.sets(_DAYS, min_size=1, max_size=most_days)))
    country = _Country.founded(shape, with_districts, draw(st.lists(numbers, min_size=4, max_size=12)), mixed)
    for _ in days:
        country.turn(draw(several))
    return _written(country, days)


_DAYS = st.one_of(st.just(REFORM_DAY), st.dates(date(2019, 1, 1), date(2028, 12, 31)))


# What happens: areas as they are now, with no dates, no versions and no flows.


@dataclass
class _Unit:
    level: str
    code: str
    name: str
    type: str
    parent: "_Unit | None"
    reissues: int = 0


@dataclass(frozen=True)
class _Facts:
    """What a version says about an area; another version begins where any of it differs."""

    level: str
    name: str
    type: str
    parent_code: str | None
    reissues: int


@dataclass
class _Country:
    habits: list[int]
    mixed: bool
    units: list[_Unit] = field(default_factory=list)
    atoms: list[list[_Unit]] = field(default_factory=list)  # of each atom: its lowest unit, now
    past: list[list[str]] = field(default_factory=list)  # of each atom: the code of its lowest unit in each era
    eras: list[dict[str, _Facts]] = field(default_factory=list)
    given: set[str] = field(default_factory=set)
    names: Iterator[int] = field(default_factory=lambda: count(1))
    choices: int = 0

    @classmethod
    def founded(cls, shape: list[int], with_districts: bool, habits: list[int], mixed: bool) -> "_Country":
        country = cls(habits, mixed)
        for size in shape:
            province = country.add("province", None)
            if not with_districts:
                for _ in range(size):
                    country.settle(country.add("commune", province))
                continue
            for number in range(1 + size // 2):
                district = country.add("district", province)
                if number and country.choice(3) == 0:
                    country.settle(district)  # an island district, which has no communes
                else:
                    for _ in range(1 + country.choice(3)):
                        country.settle(country.add("commune", district))
        country.remember()
        return country

    def turn(self, events: list[Event]) -> None:
        """One day: everything that happens on it, then how the map is afterwards."""
        for name, a, b, c in events:
            _HAPPENS[name](self, a, b, c)
            self.tidy()
        self.remember()

    def choice(self, among: int) -> int:
        self.choices += 1
        return self.habits[self.choices % len(self.habits)] % among

    def add(self, level: str, parent: _Unit | None, code: str | None = None) -> _Unit:
        kind = {"province": "Tỉnh", "district": "Huyện", "commune": "Xã"}[level]
        unit = _Unit(level, code or self.fresh(level), f"{kind} {next(self.names)}", kind, parent)
        self.given.add(unit.code)
        self.units.append(unit)
        return unit

    def settle(self, unit: _Unit) -> None:
        self.atoms.append([unit])
        self.past.append([])

    def fresh(self, level: str) -> str:
        """A code that nobody ever had."""
        width = DIGITS[level]
        return next(code for number in count(1) if (code := f"{number:0{width}}") not in self.given)

    def freed(self, level: str, choice: int) -> str:
        """A code that somebody had before, or a fresh one."""
        now = {unit.code for unit in self.units}
        free = sorted(code for code in self.given - now if len(code) == DIGITS[level])
        return free[choice % len(free)] if free else self.fresh(level)

    def remember(self) -> None:
        self.eras.append(
            {
                unit.code: _Facts(unit.level, unit.name, unit.type, unit.parent and unit.parent.code, unit.reissues)
                for unit in self.units
            }
        )
        for atom, past in zip(self.atoms, self.past, strict=True):
            past.append(atom[0].code)

    def tidy(self) -> None:
        """Areas that hold nothing any more are gone."""
        held = {id(atom[0]) for atom in self.atoms}
        for atom in self.atoms:
            above = atom[0].parent
            while above:
                held.add(id(above))
                above = above.parent
        self.units = [unit for unit in self.units if id(unit) in held]

    def communes(self) -> list[_Unit]:
        return [unit for unit in self.units if unit.level == "commune"]

    def provinces(self) -> list[_Unit]:
        return [unit for unit in self.units if unit.level == "province"]

    def below(self, parent: _Unit) -> list[_Unit]:
        return [unit for unit in self.units if unit.parent is parent]

    def homes(self) -> list[_Unit]:
        """Where a commune may stand: in a district that has communes, else in a province."""
        return list({id(unit.parent): unit.parent for unit in self.communes() if unit.parent}.values())

    def hand_over(self, old: _Unit, new: _Unit) -> None:
        for atom in self.atoms:
            if atom[0] is old:
                atom[0] = new

    def divide(self, old: _Unit, parts: list[_Unit], seed: int) -> None:
        """Deal out the atoms of a unit; an atom that several take is several from now on, with one past."""
        mine = [number for number, atom in enumerate(self.atoms) if atom[0] is old]
        everyone = 2 ** len(parts) - 1
        takers = {atom: everyone if self.mixed else 1 + (seed >> index) % everyone for index, atom in enumerate(mine)}
        for index in range(len(parts)):
            if not any(mask >> index & 1 for mask in takers.values()):
                takers[mine[0]] |= 1 << index
        for atom, mask in takers.items():
            taking = [part for index, part in enumerate(parts) if mask >> index & 1]
            self.atoms[atom][0] = taking[0]
            for part in taking[1:]:
                self.atoms.append([part])
                self.past.append(list(self.past[atom]))


def _pick(units: list[_Unit], choice: int) -> _Unit:
    return units[choice % len(units)]


def _two(units: list[_Unit], a: int, b: int) -> tuple[_Unit, _Unit] | None:
    if len(units) < 2:
        return None
    first = a % len(units)
    return units[first], units[(first + 1 + b % (len(units) - 1)) % len(units)]


def _merge(country: _Country, a: int, b: int, c: int) -> None:
    """Two communes become one, under the code of either or a new one."""
    pair = _two(country.communes(), a, b)
    if pair:
        one, other = pair
        country.hand_over(other, one)
        country.units.remove(other)
        one.code = [one.code, other.code, country.freed("commune", c), country.fresh("commune")][c % 4]
        country.given.add(one.code)


def _split(country: _Country, a: int, b: int, c: int) -> None:
    """A commune becomes two or three; one of them may keep its code, another may get the code of one long gone."""
    communes = country.communes()
    if communes and len(country.atoms) < MOST_ATOMS:
        old = _pick(communes, a)
        parts = [old] if c % 2 else [country.add("commune", old.parent, country.freed("commune", c))]
        parts += [country.add("commune", old.parent) for _ in range(1 + b % 2)]
        country.divide(old, parts, c)


def _cede(country: _Country, a: int, b: int, c: int) -> None:
    """A commune gives a part of itself to another, which stays what it is."""
    pair = _two(country.communes(), a, b)
    if pair and len(country.atoms) < MOST_ATOMS:
        country.divide(pair[0], list(pair), c)


def _rename(country: _Country, a: int, b: int, c: int) -> None:
    """A lowest area has another name, or is of another type, or both."""
    unit = country.atoms[a % len(country.atoms)][0]
    if unit.level == "commune":
        unit.type = ["Xã", "Phường", "Đặc khu"][b % 3]
    unit.name = f"{unit.type} {next(country.names)}"


def _recode(country: _Country, a: int, b: int, c: int) -> None:
    """A commune has another code and is otherwise the same; the code may be that of one that is gone."""
    communes = country.communes()
    if communes:
        unit = _pick(communes, a)
        unit.code = country.fresh("commune") if b % 2 else country.freed("commune", c)
        country.given.add(unit.code)


def _swap(country: _Country, a: int, b: int, c: int) -> None:
    """Two communes change their codes on one day."""
    pair = _two(country.communes(), a, b)
    if pair:
        pair[0].code, pair[1].code = pair[1].code, pair[0].code


def _move(country: _Country, a: int, b: int, c: int) -> None:
    """A commune stands under another district, or another province."""
    communes, homes = country.communes(), country.homes()
    if communes:
        _pick(communes, a).parent = _pick(homes, b)


def _reissue(country: _Country, a: int, b: int, c: int) -> None:
    """An area is closed and opened again as it was."""
    _pick(country.units, a).reissues += 1


def _merge_provinces(country: _Country, a: int, b: int, c: int) -> None:
    pair = _two(country.provinces(), a, b)
    if pair:
        one, other = pair
        for unit in country.below(other):
            unit.parent = one
        country.units.remove(other)
        one.code = [one.code, other.code, country.freed("province", c), country.fresh("province")][c % 4]
        country.given.add(one.code)


def _split_province(country: _Country, a: int, b: int, c: int) -> None:
    """Some of what stands in a province becomes a province of its own."""
    old = _pick(country.provinces(), a)
    below = country.below(old)
    if len(below) > 1:
        new = country.add("province", None, country.freed("province", c) if c % 2 else None)
        for unit in below[: 1 + b % (len(below) - 1)]:
            unit.parent = new


def _rename_province(country: _Country, a: int, b: int, c: int) -> None:
    unit = _pick(country.provinces(), a)
    unit.type = ["Tỉnh", "Thành phố"][b % 2]
    unit.name = f"{unit.type} {next(country.names)}"


def _recode_province(country: _Country, a: int, b: int, c: int) -> None:
    unit = _pick(country.provinces(), a)
    unit.code = country.fresh("province") if b % 2 else country.freed("province", c)
    country.given.add(unit.code)


def _swap_provinces(country: _Country, a: int, b: int, c: int) -> None:
    pair = _two(country.provinces(), a, b)
    if pair:
        pair[0].code, pair[1].code = pair[1].code, pair[0].code


def _reform(country: _Country, a: int, b: int, c: int) -> None:
    """Districts are abolished: communes stand under provinces, island districts become communes; all is issued anew."""
    for unit in country.units:
        if unit.level == "commune":
            while unit.parent and unit.parent.level == "district":
                unit.parent = unit.parent.parent
    for old in [unit for unit in country.units if unit.level == "district"]:
        if any(atom[0] is old for atom in country.atoms):
            country.hand_over(old, country.add("commune", old.parent))
        country.units.remove(old)
    for unit in country.units:
        unit.reissues += 1


_HAPPENS = {
    "merge": _merge, "split": _split, "cede": _cede, "rename": _rename, "recode": _recode, "swap": _swap,
    "move": _move, "reissue": _reissue, "merge provinces": _merge_provinces, "split province": _split_province,
    "rename province": _rename_province, "recode province": _recode_province, "swap provinces": _swap_provinces,
    "reform": _reform,
}  # fmt: skip


# How it is written down: versions and flows, from how the map was before and after each day.


def _written(country: _Country, days: list[date]) -> History:
    held = [_held(country, era) for era in range(len(days) + 1)]
    maps: list[dict[str, Area]] = []
    for era, facts in enumerate(country.eras):
        since = days[era - 1] if era else None
        maps.append({})
        for code, fact in facts.items():
            if era and _goes_on(country, held, code, era - 1):
                maps[era][code] = maps[era - 1][code]
                continue
            ends = (day for last, day in enumerate(days[era:], era) if not _goes_on(country, held, code, last))
            short_name = fact.name.removeprefix(f"{fact.type} ")
            maps[era][code] = Area(
                code, fact.level, since, next(ends, None), fact.name, short_name, fact.type, fact.parent_code,
                f"Act {era}",
            )  # fmt: skip
    flows = [flow for era, day in enumerate(days, 1) for flow in _flows(country, held, era, day)]
    areas = dict.fromkeys(area for areas in maps for area in areas.values())
    atoms = tuple(tuple(maps[era][code] for era, code in enumerate(past)) for past in country.past)
    return History(tuple(days), Register(areas, _labelled(flows, days, maps, held)), atoms)


def _goes_on(country: _Country, held: list[dict[str, frozenset[int]]], code: str, era: int) -> bool:
    before, after = country.eras[era].get(code), country.eras[era + 1].get(code)
    return before == after and held[era].get(code) == held[era + 1].get(code)


def _held(country: _Country, era: int) -> dict[str, frozenset[int]]:
    """The atoms of every province and of every lowest area in an era; a district is what its communes are."""
    found: dict[str, set[int]] = {}
    facts = country.eras[era]
    for number, past in enumerate(country.past):
        code: str | None = past[era]
        found.setdefault(past[era], set()).add(number)
        while code is not None and facts[code].parent_code is not None:
            code = facts[code].parent_code
        found.setdefault(str(code), set()).add(number)
    return {code: frozenset(atoms) for code, atoms in found.items()}


def _flows(country: _Country, held: list[dict[str, frozenset[int]]], era: int, day: date) -> Iterator[Flow]:
    before, after = country.eras[era - 1], country.eras[era]
    for code in sorted(held[era - 1]):
        if _goes_on(country, held, code, era - 1):
            continue
        mine, level = held[era - 1][code], before[code].level
        heirs = [
            new for new in sorted(held[era])
            if held[era][new] & mine and (after[new].level == "province") == (level == "province")
        ]  # fmt: skip
        same = held[era][heirs[0]] == mine
        if heirs == [code] and same and country.choice(2):
            continue  # a name, a type or a parent: the code goes on by itself
        whole = ("unchanged" if heirs == [code] else "renamed") if same else "merged"
        relation = whole if len(heirs) == 1 else "split"
        weights, basis = _weights(country, len(heirs))
        for new, weight in zip(heirs, weights, strict=True):
            yield Flow(level, day, code, new, relation, weight, basis, "")


def _weights(country: _Country, parts: int) -> tuple[list[Decimal | None], str]:
    if parts == 1:
        return [Decimal(1)], "whole"
    habit = country.choice(4)
    if habit < 2:
        return [None] * parts, "unknown"
    if habit == 2:
        taker = country.choice(parts)
        return [Decimal(int(number == taker)) for number in range(parts)], "nso_note_all_population"
    shares = [Decimal(1 + country.choice(9)) / 100 for _ in range(parts - 1)]
    return [*shares, 1 - sum(shares)], "census"


def _labelled(
    flows: list[Flow], days: list[date], maps: list[dict[str, Area]], held: list[dict[str, frozenset[int]]]
) -> Iterator[Flow]:
    """The flows with one label for all areas that ever held an atom in common, directly or through others."""
    groups: dict[str, dict[int, int]] = {}
    for level in ("lowest", "province"):
        group = groups[level] = {}
        for areas, atoms_of in zip(maps, held, strict=True):
            for code, atoms in atoms_of.items():
                if (areas[code].level == "province") == (level == "province"):
                    together = {group.get(atom, atom) for atom in atoms}
                    first = min(together)
                    group.update(dict.fromkeys(atoms, first))
                    group.update({atom: first for atom, label in group.items() if label in together})
    for flow in flows:
        level = "province" if flow.level == "province" else "lowest"
        atom = min(held[1 + days.index(flow.date)][flow.new_code])
        yield replace(flow, stable_group=f"{level[0].upper()}{groups[level][atom]}")


def _text(value: object) -> str:
    return "" if value is None else value.isoformat() if isinstance(value, date) else str(value)
