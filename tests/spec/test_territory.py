"""Where the territory of an area lies on another day's map: examples, random histories, and the map of Viet Nam."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from itertools import combinations
from pathlib import Path

import pytest
from histories import EVENTS, History, histories
from hypothesis import given, settings

from tally.areas.territory import Territory, key
from tally.contracts.area_files import load_areas
from tally.contracts.areas import Area, Flow, Register

FOLDER = Path(__file__).parents[2] / "contracts" / "areas"
BEFORE, CHANGE, LATER = date(2025, 6, 30), date(2025, 7, 1), date(2026, 7, 1)


def unit(code: str, valid_from: date | None = None, valid_to: date | None = None, parent: str | None = "01") -> Area:
    level = {2: "province", 3: "district", 5: "commune"}[len(code)]
    return Area(code, level, valid_from, valid_to, f"Xã {code}", code, "Xã", parent, "")


def flow(day: date, old_code: str, new_code: str, weight: str | None = "1", group: str = "G1") -> Flow:
    level = {2: "province", 3: "district", 5: "commune"}[len(old_code)]
    return Flow(level, day, old_code, new_code, "", None if weight is None else Decimal(weight), "", group)


def territory(areas: list[Area], flows: list[Flow]) -> Territory:
    return Territory(Register([unit("01", parent=None), *areas], flows))


def shares(held: Territory, code: str, on: date, day: date) -> dict[str, str | None]:
    area = held.register.at(code, on)
    return {one.code: None if share is None else str(share.normalize()) for one, share in held.later(area, day).items()}


def codes(areas) -> list[str] | None:
    return None if areas is None else [area.code for area in areas]


# 00001 and 00002 became 00003; a year later 00003 was split into 00004 and 00005. 00009 stays as it is.
MERGED = [unit("00001", None, CHANGE), unit("00002", None, CHANGE), unit("00003", CHANGE, LATER)]
MERGED_THEN_SPLIT = [*MERGED, unit("00004", LATER), unit("00005", LATER), unit("00009")]
MERGER = [flow(CHANGE, "00001", "00003"), flow(CHANGE, "00002", "00003")]


def merged_then_split(one: str | None, other: str | None) -> Territory:
    return territory(
        MERGED_THEN_SPLIT, [*MERGER, flow(LATER, "00003", "00004", one), flow(LATER, "00003", "00005", other)]
    )


def test_an_area_holds_itself_while_it_exists():
    held = merged_then_split(None, None)
    assert shares(held, "00009", BEFORE, LATER) == {"00009": "1"}
    assert codes(held.earlier(held.register.at("00009", LATER), BEFORE)) == ["00009"]
    assert codes(held.whole_predecessors(held.register.at("00009", LATER), BEFORE)) == ["00009"]


def test_what_is_merged_goes_whole_and_is_made_of_all_its_parts():
    held = merged_then_split(None, None)
    merged = held.register.at("00003", CHANGE)
    assert shares(held, "00001", BEFORE, CHANGE) == {"00003": "1"}
    assert codes(held.earlier(merged, BEFORE)) == ["00001", "00002"]
    assert codes(held.whole_predecessors(merged, BEFORE)) == ["00001", "00002"]


@pytest.mark.parametrize(("one", "other"), [
    pytest.param("0.4", "0.6", id="by known shares"),
    pytest.param("1", "0", id="one took all the people, the other land only"),
    pytest.param(None, None, id="in shares that nobody knows"),
])  # fmt: skip
def test_what_is_split_goes_to_every_part_and_no_part_is_made_of_whole_areas(one, other):
    held = merged_then_split(one, other)
    assert shares(held, "00003", CHANGE, LATER) == {"00004": one, "00005": other}
    assert shares(held, "00001", BEFORE, LATER) == {"00004": one, "00005": other}
    assert codes(held.earlier(held.register.at("00004", LATER), CHANGE)) == ["00003"]
    assert codes(held.earlier(held.register.at("00004", LATER), BEFORE)) == ["00001", "00002"]
    assert held.whole_predecessors(held.register.at("00004", LATER), CHANGE) is None


def test_shares_of_shares_are_multiplied_and_those_of_several_ways_added():
    held = territory(
        [unit("00001", None, CHANGE), unit("00001", CHANGE, LATER), unit("00002", CHANGE, LATER), unit("00001", LATER),
         unit("00003", LATER)],
        [flow(CHANGE, "00001", "00001", "0.4"), flow(CHANGE, "00001", "00002", "0.6"),
         flow(LATER, "00001", "00001"), flow(LATER, "00002", "00001", "0.5"), flow(LATER, "00002", "00003", "0.5")],
    )  # fmt: skip
    assert shares(held, "00001", BEFORE, LATER) == {"00001": "0.7", "00003": "0.3"}


def test_parts_that_come_together_again_are_the_area_they_were():
    held = territory(
        [unit("00001", None, CHANGE), unit("00002", CHANGE, LATER), unit("00003", CHANGE, LATER), unit("00004", LATER)],
        [flow(CHANGE, "00001", "00002", None), flow(CHANGE, "00001", "00003", None), flow(LATER, "00002", "00004"),
         flow(LATER, "00003", "00004")],
    )  # fmt: skip
    whole = held.register.at("00004", LATER)
    assert codes(held.whole_predecessors(whole, CHANGE)) == ["00002", "00003"]
    assert codes(held.whole_predecessors(whole, BEFORE)) == ["00001"]


def test_a_new_name_on_a_code_is_the_same_territory():
    held = territory([unit("00001", None, CHANGE), unit("00001", CHANGE, LATER), unit("00001", LATER)], [])
    assert shares(held, "00001", BEFORE, LATER) == {"00001": "1"}
    assert codes(held.whole_predecessors(held.register.at("00001", LATER), BEFORE)) == ["00001"]


def test_codes_that_are_exchanged_keep_their_territories_apart():
    held = territory(
        [unit("00001", None, CHANGE), unit("00002", None, CHANGE), unit("00001", CHANGE), unit("00002", CHANGE)],
        [flow(CHANGE, "00001", "00002"), flow(CHANGE, "00002", "00001", group="G2")],
    )
    assert shares(held, "00001", BEFORE, CHANGE) == {"00002": "1"}
    assert codes(held.whole_predecessors(held.register.at("00001", CHANGE), BEFORE)) == ["00002"]
    groups = {(code, since): group for (code, since), group in held.groups().items() if code != "01"}
    assert groups == {
        ("00001", None): "G1", ("00002", CHANGE): "G1", ("00002", None): "G2", ("00001", CHANGE): "G2",
    }  # fmt: skip


def test_a_district_abolished_with_its_level_is_nowhere_and_one_without_communes_is_its_successor():
    held = territory(
        [unit("001", None, CHANGE), unit("00001", None, CHANGE, "001"), unit("00001", CHANGE),
         unit("002", None, CHANGE), unit("00002", CHANGE)],
        [flow(CHANGE, "00001", "00001"), flow(CHANGE, "002", "00002", group="G2")],
    )  # fmt: skip
    assert shares(held, "001", BEFORE, CHANGE) == {}
    assert shares(held, "002", BEFORE, CHANGE) == {"00002": "1"}
    assert codes(held.whole_predecessors(held.register.at("00002", CHANGE), BEFORE)) == ["002"]


def test_an_area_that_nothing_flowed_from_or_into_is_a_group_of_its_own():
    assert merged_then_split(None, None).groups()["00009", None] == "G00009"


# Random histories. Their atoms tell where every piece of territory was; see histories.py.


def two_days(history: History) -> Iterator[tuple[date, date]]:
    """Every two of the days that matter, the earlier first, and each with itself."""
    days = history.days_to_ask()
    return ((one, other) for number, one in enumerate(days) for other in days[number:])


def overlapping(atoms: frozenset[int], areas: dict[Area, frozenset[int]]) -> list[Area]:
    """The areas that hold any of some atoms, in order of code."""
    return sorted((area for area, held in areas.items() if held & atoms), key=lambda area: area.code)


@settings(max_examples=150, deadline=None)
@given(histories())
def test_an_area_is_later_exactly_where_its_atoms_are(history):
    held = Territory(history.register)
    for one, other in two_days(history):
        after = history.map_on(other)
        for area, atoms in history.map_on(one).items():
            assert sorted(held.later(area, other), key=lambda area: area.code) == overlapping(atoms, after)


@settings(max_examples=150, deadline=None)
@given(histories())
def test_an_area_was_earlier_exactly_where_its_atoms_were(history):
    held = Territory(history.register)
    for one, other in two_days(history):
        before = history.map_on(one)
        for area, atoms in history.map_on(other).items():
            assert list(held.earlier(area, one)) == overlapping(atoms, before)


@settings(max_examples=150, deadline=None)
@given(histories())
def test_whole_predecessors_are_given_exactly_when_the_atoms_agree(history):
    held = Territory(history.register)
    for one, other in two_days(history):
        before = history.map_on(one)
        for area, atoms in history.map_on(other).items():
            parts = overlapping(atoms, before)
            agree = frozenset().union(*(before[part] for part in parts)) == atoms
            found = held.whole_predecessors(area, one)
            assert (list(found) if found is not None else None) == (parts if agree else None)


@settings(max_examples=150, deadline=None)
@given(histories(mixed=False))
def test_what_flows_cannot_tell_apart_is_claimed_of_no_atom_wrongly(history):
    held = Territory(history.register)
    for level in (None, "province"):
        for one, other in two_days(history):
            before, after = history.map_on(one, level), history.map_on(other, level)
            for area, atoms in before.items():
                assert set(overlapping(atoms, after)) <= set(held.later(area, other))
            for area, atoms in after.items():
                assert set(overlapping(atoms, before)) <= set(held.earlier(area, one))
                whole = held.whole_predecessors(area, one)
                assert whole is None or frozenset().union(*(before[part] for part in whole)) == atoms


@settings(max_examples=150, deadline=None)
@given(histories(mixed=False, most_days=1))
def test_over_one_change_areas_are_exactly_where_their_atoms_are_on_every_level(history):
    held = Territory(history.register)
    before, change = history.days_to_ask()
    for level in (None, "province"):
        old, new = history.map_on(before, level), history.map_on(change, level)
        for area, atoms in old.items():
            assert sorted(held.later(area, change), key=lambda area: area.code) == overlapping(atoms, new)
        for area, atoms in new.items():
            parts = overlapping(atoms, old)
            agree = frozenset().union(*(old[part] for part in parts)) == atoms
            assert codes(held.whole_predecessors(area, before)) == (codes(parts) if agree else None)


@settings(max_examples=150, deadline=None)
@given(histories())
def test_nothing_is_lost_or_counted_twice(history):
    held = Territory(history.register)
    for level in (None, "province"):
        for one, other in two_days(history):
            before, after = history.map_on(one, level), history.map_on(other, level)
            arrived: Counter[Area] = Counter()
            for area in before:
                found = held.later(area, other)
                assert None in found.values() or sum(found.values()) == 1
                assert all(share is None or 0 <= share <= 1 for share in found.values())
                arrived.update(found.keys())
            assert arrived.keys() == after.keys()


@settings(max_examples=150, deadline=None)
@given(histories())
def test_shares_are_those_of_each_change_one_after_the_other(history):
    held = Territory(history.register)
    for level in (None, "province"):
        for area in history.map_on(history.days_to_ask()[0], level):
            now: dict[str, Decimal | None] = {area.code: Decimal(1)}
            for day in history.days:
                parts = defaultdict(list)
                for flow in history.register.flows:
                    if flow.date == day and flow.old_code in now:
                        share = now[flow.old_code]
                        parts[flow.new_code].append(
                            None if share is None or flow.weight is None else share * flow.weight
                        )
                gone = {flow.old_code for flow in history.register.flows if flow.date == day}
                for code, share in now.items():
                    if code not in gone:
                        parts[code].append(share)
                now = {code: None if None in several else sum(several) for code, several in parts.items()}
                assert {one.code: share for one, share in held.later(area, day).items()} == now


@settings(max_examples=150, deadline=None)
@given(histories())
def test_earlier_is_the_inverse_of_later(history):
    held = Territory(history.register)
    for level in (None, "province"):
        for one, other in two_days(history):
            before, after = history.map_on(one, level), history.map_on(other, level)
            forwards = {(area, heir) for area in before for heir in held.later(area, other)}
            backwards = {(source, area) for area in after for source in held.earlier(area, one)}
            assert forwards == backwards


@settings(max_examples=150, deadline=None)
@given(histories(mixed=False))
def test_groups_are_what_is_connected_by_atoms_over_all_days(history):
    together = [history.atoms_of(area) for area in history.lowest]
    for _ in range(len(together)):
        joined: list[frozenset[int]] = []
        for atoms in together:
            meeting = [other for other in joined if other & atoms]
            joined = [other for other in joined if not other & atoms] + [atoms.union(*meeting)]
        if len(joined) == len(together):
            break
        together = joined
    groups = Territory(history.register).groups()
    assert groups.keys() == {key(area) for area in history.lowest}
    of_atoms = {area: next(atoms for atoms in together if atoms & history.atoms_of(area)) for area in history.lowest}
    for one, other in combinations(history.lowest, 2):
        assert (groups[key(one)] == groups[key(other)]) == (of_atoms[one] == of_atoms[other])


@settings(max_examples=150, deadline=None)
@given(histories())
def test_a_group_holds_the_same_atoms_on_every_day(history):
    groups = Territory(history.register).groups()
    held = []
    for day in history.days_to_ask():
        atoms_of: dict[str, set[int]] = defaultdict(set)
        for area, atoms in history.map_on(day).items():
            atoms_of[groups[key(area)]] |= atoms
        held.append(atoms_of)
    assert all(atoms_of == held[0] for atoms_of in held)


@settings(max_examples=150, deadline=None)
@given(histories())
def test_the_identity_of_an_area_is_that_of_one_territory(history):
    held = Territory(history.register)
    by_identity = defaultdict(set)
    for area in history.lowest:
        by_identity[held.identity(area)].add(history.atoms_of(area))
    assert {len(atoms) for atoms in by_identity.values()} == {1}
    for change in history.days:
        before = {atoms: area for area, atoms in history.map_on(change - timedelta(1)).items()}
        for area, atoms in history.map_on(change).items():
            if atoms in before:
                assert held.identity(area) == held.identity(before[atoms])


@settings(max_examples=150, deadline=None)
@given(histories(mixed=False))
def test_every_history_is_a_map_that_the_contracts_accept(tmp_path_factory, history):
    folder = tmp_path_factory.getbasetemp() / "history"
    folder.mkdir(exist_ok=True)
    history.write(folder)
    loaded = load_areas(folder)
    assert (loaded.areas, loaded.flows) == (history.register.areas, history.register.flows)
    for day in history.days_to_ask():
        assert history.map_on(day).keys() == {area for area in loaded.on(day) if loaded.is_lowest(area)}
        assert sorted(atom for atoms in history.map_on(day).values() for atom in atoms) == [*range(len(history.atoms))]


@pytest.mark.parametrize("event", EVENTS)
def test_every_kind_of_event_makes_a_map_that_the_contracts_accept(tmp_path, event):
    @settings(max_examples=20, deadline=None, database=None)
    @given(histories(events=[event]))
    def accepted(history):
        history.write(tmp_path)
        load_areas(tmp_path)

    accepted()


# The map of Viet Nam.


@pytest.fixture(scope="module")
def viet_nam() -> Territory:
    return Territory(load_areas(FOLDER))


def lowest_on(held: Territory, day: date) -> list[Area]:
    return [area for area in held.register.on(day) if held.register.is_lowest(area)]


def test_viet_nam_loses_no_commune_and_gains_none_out_of_nothing(viet_nam):
    newest = date(2026, 9, 20)
    for day in (CHANGE, newest):
        held = Counter(one for area in lowest_on(viet_nam, BEFORE) for one in viet_nam.later(area, day))
        assert held.keys() == set(viet_nam.register.on(day, "commune"))
        assert held.total() == 10_570


def test_sixty_three_provinces_are_thirty_four_without_one_being_cut(viet_nam):
    parts = [viet_nam.whole_predecessors(area, BEFORE) for area in viet_nam.register.on(date(2026, 9, 20), "province")]
    assert len(parts) == 34
    assert sorted(one.code for several in parts for one in several) == sorted(
        area.code for area in viet_nam.register.on(BEFORE, "province")
    )


def test_communes_made_of_whole_communes_can_be_compared_with_the_old_map(viet_nam):
    made_of = Counter(
        None if (whole := viet_nam.whole_predecessors(area, BEFORE)) is None else min(len(whole), 2)
        for area in viet_nam.register.on(CHANGE, "commune")
    )
    assert made_of == {1: 137, 2: 2_772, None: 412}


def test_a_commune_that_became_a_ward_is_the_same_territory(viet_nam):
    old, new = (viet_nam.register.at("25270", day) for day in (CHANGE, date(2026, 4, 30)))
    assert (old.type, new.type) == ("Xã", "Phường")
    assert viet_nam.later(old, date(2026, 4, 30)) == {new: 1}
    assert viet_nam.identity(old) == viet_nam.identity(new)


def test_the_code_24_was_bac_giang_and_is_bac_ninh(viet_nam):
    old, new = (viet_nam.register.at("24", day) for day in (BEFORE, CHANGE))
    assert (old.name, new.name) == ("Tỉnh Bắc Giang", "Tỉnh Bắc Ninh")
    assert viet_nam.later(old, CHANGE) == {new: 1}
    assert codes(viet_nam.whole_predecessors(new, BEFORE)) == ["24", "27"]


def test_every_lowest_area_has_its_stable_group_on_every_day(viet_nam):
    groups = viet_nam.groups()
    each_day = [{groups[key(area)] for area in lowest_on(viet_nam, day)} for day in (BEFORE, CHANGE, date(2026, 9, 20))]
    assert each_day[0] == each_day[1] == each_day[2]
    assert each_day[0] == {flow.stable_group for flow in viet_nam.register.flows if flow.level != "province"}
