"""On another map figures stand whole or not at all: no area is lost, none counts twice, and every sum survives."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from histories import History, histories
from hypothesis import assume, given
from hypothesis import strategies as st

from tally.areas.frames import Placement, placements
from tally.areas.territory import Territory
from tally.contracts.areas import Area, Register
from tally.contracts.model import Frame, Text
from tally.pipeline.home import PROJECT, Home

OLD_MAP, NEW_MAP = date(2025, 6, 15), date(2025, 12, 15)
NAME = Text(vi="bản đồ", en="map")
GROUPS = Frame(code="groups", title=NAME, groups=True)


def provinces_on(day: date) -> Frame:
    return Frame(code=f"provinces_{day:%Y_%m_%d}", title=NAME, level="province", on=day)


def placed(register: Register, frame: Frame) -> dict[Area, list[Placement]]:
    found = defaultdict(list)
    for one in placements(Territory(register), [frame]):
        found[one.area].append(one)
    return found


Figure = Callable[[int, date], int]


def reports(history: History, day: date, figure: Figure) -> dict[Area, int]:
    """What each lowest area of a day reports: the sum over its atoms."""
    return {area: sum(figure(atom, day) for atom in atoms) for area, atoms in history.map_on(day).items()}


def sums(reported: Mapping[Area, int], places: Mapping[Area, list[Placement]]) -> tuple[dict[str, int], set[str]]:
    """(figure of every area of the frame, those that cannot be said because the map cuts an area that reported)."""
    figures: dict[str, int] = defaultdict(int)
    cut: set[str] = set()
    for area, value in reported.items():
        for one in places[area]:
            if one.is_whole:
                figures[one.frame_area_code] += value
            else:
                cut.add(one.frame_area_code)
    return figures, cut


def by_atom(atom: int, day: date) -> int:
    """A figure that tells atoms and days apart in any sum of them."""
    return 10 ** (atom % 15) + day.toordinal() % 97


@given(histories(), st.data())
def test_an_area_stands_whole_in_one_area_of_a_frame_or_in_parts_in_several(history, data):
    frame = provinces_on(data.draw(st.sampled_from(history.days_to_ask())))
    for area, places in placed(history.register, frame).items():
        assert [one.is_whole for one in places] == ([True] if len(places) == 1 else [False] * len(places))
        assert len({one.frame_area_code for one in places}) == len(places)
        assert all(one.share == 1 for one in places if one.is_whole)
        shares = [one.share for one in places]
        assert None in shares or sum(shares) == 1, area


@given(histories(districts=False), st.data())
def test_a_frame_holds_just_the_areas_whose_territory_it_holds(history, data):
    on = data.draw(st.sampled_from(history.days_to_ask()))
    held = {province.code: atoms for province, atoms in history.map_on(on, "province").items()}
    for area, places in placed(history.register, provinces_on(on)).items():
        found, mine = {one.frame_area_code for one in places}, history.atoms_of(area)
        expected = {code for code, atoms in held.items() if atoms & mine}
        # a province passes on whole communes, and its flows do not say which: they may name more than hold a piece
        assert found == expected if area in history.lowest else found >= expected


@given(histories(), st.data())
def test_the_parts_of_every_frame_add_up_to_the_same_nation(history, data):
    on = data.draw(st.sampled_from(history.days_to_ask()))
    for frame in (GROUPS, provinces_on(on)):
        places = placed(history.register, frame)
        for day in history.days_to_ask():
            reported = reports(history, day, by_atom)
            figures, cut = sums(reported, places)
            if not cut:
                assert sum(figures.values()) == sum(by_atom(atom, day) for atom in range(len(history.atoms)))
            else:
                told = sum(value for area, value in reported.items() if places[area][0].is_whole)
                assert sum(figures.values()) == told


@given(histories())
def test_a_stable_group_is_the_same_territory_on_every_map(history):
    places = placed(history.register, GROUPS)
    held = []
    for day in history.days_to_ask():
        groups = defaultdict(set)
        for area, atoms in history.map_on(day).items():
            (one,) = places[area]
            assert not groups[one.frame_area_code] & atoms
            groups[one.frame_area_code] |= atoms
        held.append(groups)
    assert all(groups == held[0] for groups in held)


def moved(history: History, at: int, day: date) -> tuple[Register, Callable[[date | None], date | None]]:
    """The same history with one of its days moved."""
    was = history.days[at]

    def on(one: date | None) -> date | None:
        return day if one == was else one

    areas = {
        area: replace(area, valid_from=on(area.valid_from), valid_to=on(area.valid_to))
        for area in history.register.areas
    }
    flows = [replace(flow, date=on(flow.date)) for flow in history.register.flows]
    return Register(areas.values(), flows), on


@given(histories(), st.data())
def test_moving_the_day_of_an_event_never_changes_a_sum_of_all_time(history, data):
    at = data.draw(st.integers(0, len(history.days) - 1))
    after = history.days[at - 1] if at else date(2015, 1, 1)
    before = history.days[at + 1] if at + 1 < len(history.days) else date(2032, 1, 1)
    assume(before - after > timedelta(2))
    day = data.draw(st.dates(after + timedelta(1), before - timedelta(1)))
    register, on = moved(history, at, day)
    same = {(area.code, on(area.valid_from)): area for area in history.register.areas}
    asked = data.draw(st.lists(st.dates(date(2016, 1, 1), date(2031, 1, 1)), min_size=1, max_size=6))
    frame_day = data.draw(st.sampled_from(history.days))
    for frame, frame_moved in ((GROUPS, GROUPS), (provinces_on(frame_day), provinces_on(on(frame_day)))):
        totals = []
        for places, days in (
            (placed(history.register, frame), history.days),
            (placed(register, frame_moved), tuple(on(one) for one in history.days)),
        ):
            of_all_time, cut = defaultdict(int), set()
            for one in asked:
                era = sum(change <= one for change in days)
                reported = defaultdict(int)
                for number, atom in enumerate(history.atoms):
                    reported[atom[era].code, atom[era].valid_from] += by_atom(number, one)
                by_version = {(area.code, area.valid_from): found for area, found in places.items()}
                if days is not history.days:
                    by_version = {(same[key].code, same[key].valid_from): found for key, found in by_version.items()}
                figures, newly_cut = sums(reported, by_version)
                cut |= newly_cut
                for code, value in figures.items():
                    of_all_time[code] += value
            totals.append((of_all_time, cut))
        (figures, cut), (figures_moved, cut_moved) = totals
        for code in (figures.keys() | figures_moved.keys()) - cut - cut_moved:
            assert figures[code] == figures_moved[code]


@pytest.fixture(scope="module")
def country() -> dict[str, dict[Area, list[Placement]]]:
    contracts = Home(PROJECT / "var").contracts
    found = defaultdict(lambda: defaultdict(list))
    for one in placements(Territory(contracts.register), contracts.frames):
        found[one.frame][one.area].append(one)
    return found


@pytest.fixture(scope="module")
def register() -> Register:
    return Home(PROJECT / "var").contracts.register


def test_no_commune_of_either_map_crosses_a_border_of_the_other_maps_provinces(country):
    for frame in ("provinces_34", "provinces_63"):
        assert all(
            one.is_whole for area, places in country[frame].items() for one in places if area.level != "province"
        )


def test_there_are_3031_stable_groups_and_every_area_is_in_one(country, register):
    lowest = {area for area in register.areas if register.is_lowest(area)}
    assert set(country["stable_groups"]) == lowest
    assert len({places[0].frame_area_code for places in country["stable_groups"].values()}) == 3_031


def test_every_area_that_reports_stands_in_every_frame_of_provinces(country, register):
    reporting = {area for area in register.areas if register.is_lowest(area) or area.level == "province"}
    for frame, provinces in (("provinces_34", 34), ("provinces_63", 63)):
        assert set(country[frame]) == reporting
        assert len({one.frame_area_code for places in country[frame].values() for one in places}) == provinces


@pytest.mark.parametrize(("frame", "code", "day", "expected"), [
    pytest.param("provinces_34", "24", OLD_MAP, ["24"], id="code 24 was Bắc Giang, which is in Bắc Ninh now"),
    pytest.param("provinces_34", "27", OLD_MAP, ["24"], id="Bắc Ninh is 24 now"),
    pytest.param("provinces_34", "02", OLD_MAP, ["08"], id="Hà Giang is in Tuyên Quang"),
    pytest.param("provinces_63", "24", NEW_MAP, ["24", "27"], id="the Bắc Ninh of today is two provinces of then"),
    pytest.param("provinces_34", "318", OLD_MAP, ["31"], id="an island district"),
    pytest.param("communes_3321", "00139", OLD_MAP, ["00097", "00118", "00145"], id="a commune that was split"),
    pytest.param("communes_3321", "14779", OLD_MAP, ["14797"], id="a commune that was merged"),
])  # fmt: skip
def test_an_area_stands_where_its_territory_is(country, register, frame, code, day, expected):
    assert [one.frame_area_code for one in country[frame][register.at(code, day)]] == expected


def test_a_part_has_a_share_only_where_the_conversion_table_says_so(country, register):
    parts = {one.frame_area_code: one.share for one in country["communes_3321"][register.at("00139", OLD_MAP)]}
    assert parts == {"00097": Decimal(0), "00118": Decimal(1), "00145": Decimal(0)}
    assert {one.share for one in country["communes_3321"][register.at("00007", OLD_MAP)]} == {None}
    assert all(one.share is None for one in country["provinces_63"][register.at("24", NEW_MAP)])
