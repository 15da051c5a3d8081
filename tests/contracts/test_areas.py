"""The register of areas: what stands in contracts/areas, and what a person is told who enters a change wrongly."""

import csv
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from tally.contracts.areas import FLOW_COLUMNS, UNIT_COLUMNS, Register, load_areas
from tally.errors import ContractError

FOLDER = Path(__file__).parents[2] / "contracts" / "areas"
OLD_MAP, NEW_MAP, NEWEST = date(2025, 6, 15), date(2025, 12, 15), date(2026, 9, 20)
CHANGE = date(2025, 7, 1)


@pytest.fixture(scope="module")
def register() -> Register:
    return load_areas(FOLDER)


def rows_of(name: str) -> list[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def codes(areas) -> list[str]:
    return [area.code for area in areas]


@pytest.mark.parametrize(("day", "levels"), [
    pytest.param(date(2025, 6, 30), {"province": 63, "district": 696, "commune": 10_035}, id="last day of the old map"),
    pytest.param(CHANGE, {"province": 34, "commune": 3_321}, id="first day of the new map"),
    pytest.param(NEWEST, {"province": 34, "commune": 3_321}, id="after the changes of 2026"),
])  # fmt: skip
def test_a_map_has_the_areas_that_the_law_says(register, day, levels):
    assert Counter(area.level for area in register.on(day)) == levels


@pytest.mark.parametrize(("day", "types"), [
    pytest.param(CHANGE, {"Xã": 2_621, "Phường": 687, "Đặc khu": 13}, id="2025-07-01"),
    pytest.param(date(2026, 4, 30), {"Xã": 2_611, "Phường": 697, "Đặc khu": 13}, id="2026-04-30"),
    pytest.param(NEWEST, {"Xã": 2_599, "Phường": 709, "Đặc khu": 13}, id="2026-09-20"),
])  # fmt: skip
def test_communes_become_wards_on_their_day(register, day, types):
    assert Counter(area.type for area in register.on(day, "commune")) == types


def test_three_provinces_became_cities_in_2026(register):
    cities = {area.code for area in register.on(NEWEST, "province") if area.type == "Thành phố"}
    assert cities - {area.code for area in register.on(CHANGE, "province") if area.type == "Thành phố"} == {
        "22", "24", "75",
    }  # fmt: skip


def test_five_island_districts_have_no_communes_and_are_the_lowest_level(register):
    districts = register.on(OLD_MAP, "district")
    assert codes(area for area in districts if register.is_lowest(area)) == ["318", "471", "498", "536", "755"]


def test_every_commune_is_lowest_and_no_province_is(register):
    for day in (OLD_MAP, NEW_MAP):
        assert all(register.is_lowest(area) for area in register.on(day, "commune"))
        assert not any(register.is_lowest(area) for area in register.on(day, "province"))


def test_a_code_means_what_it_meant_on_the_day(register):
    assert register.at("24", OLD_MAP).name == "Tỉnh Bắc Giang"
    assert register.at("24", NEW_MAP).name == "Tỉnh Bắc Ninh"
    assert register.at("24", NEWEST).name == "Thành phố Bắc Ninh"
    assert register.at("00139", NEW_MAP) is None
    assert register.at("99999", NEW_MAP) is None


def test_an_area_stands_under_its_province_and_district_of_the_day(register):
    assert register.district_of("28759", OLD_MAP).name == "Thành phố Bến Tre"
    assert register.district_of("829", OLD_MAP).code == "829"
    assert register.province_of("28759", OLD_MAP).name == "Tỉnh Bến Tre"
    assert register.district_of("00004", NEW_MAP) is None
    assert register.province_of("00004", NEW_MAP).name == "Thành phố Hà Nội"
    assert register.province_of("00139", NEW_MAP) is None


def test_children_are_those_of_the_day(register):
    assert len(register.children("11", NEW_MAP)) == 45
    assert {area.level for area in register.children("83", OLD_MAP)} == {"district"}
    assert register.children("83", NEW_MAP) == []
    assert len(register.children("01", NEW_MAP)) == 126
    assert len(register.children("79", NEW_MAP)) == 168


@pytest.mark.parametrize(("code", "day", "successors"), [
    pytest.param("00139", NEW_MAP, ["00097", "00118", "00145"], id="split"),
    pytest.param("14779", NEW_MAP, ["14797"], id="merged"),
    pytest.param("24", NEWEST, ["24"], id="another province under the same code, then a city"),
    pytest.param("10", NEW_MAP, ["15"], id="the name stayed, the code did not"),
    pytest.param("318", NEW_MAP, ["11948"], id="a district without communes"),
    pytest.param("829", NEW_MAP, [], id="a district that ended with its level"),
    pytest.param("25270", NEWEST, ["25270"], id="a commune that became a ward"),
    pytest.param("00139", OLD_MAP, ["00139"], id="nothing has happened yet"),
    pytest.param("11948", OLD_MAP, [], id="not yet given"),
    pytest.param("99999", OLD_MAP, [], id="unknown"),
])  # fmt: skip
def test_successors_follow_the_territory(register, code, day, successors):
    assert codes(register.successors(code, day)) == successors


def test_an_area_owes_a_report_while_it_exists(register):
    assert register.owes("829", OLD_MAP)
    assert not register.owes("829", NEW_MAP)
    assert register.owes("00097", NEW_MAP)
    assert not register.owes("00139", NEW_MAP)


def test_no_part_of_the_old_map_is_lost_or_counted_twice(register):
    lowest = {area.code for area in register.on(OLD_MAP) if register.is_lowest(area)}
    assert {flow.old_code for flow in register.flows if flow.level != "province"} == lowest
    assert {flow.new_code for flow in register.flows if flow.level != "province"} == set(
        codes(register.on(CHANGE, "commune"))
    )
    assert {flow.new_code for flow in register.flows if flow.level == "province"} == set(
        codes(register.on(CHANGE, "province"))
    )


def test_a_commune_flows_into_the_province_that_its_province_flows_into(register):
    provinces = {flow.old_code: flow.new_code for flow in register.flows if flow.level == "province"}
    for flow in register.flows:
        if flow.level != "province":
            old_province = register.province_of(flow.old_code, OLD_MAP).code
            assert register.province_of(flow.new_code, CHANGE).code == provinces[old_province]


def test_the_reviewed_corrections_stand_in_the_files(register):
    pairs = {(flow.old_code, flow.new_code) for flow in register.flows}
    for fix in rows_of("overlay/crosswalk_fixes.csv"):
        assert ((fix["old_code"], fix["new_code"]) in pairs) == (fix["action"] == "add")
    for event in rows_of("overlay/events_2026.csv"):
        area = register.at(event["code"], date.fromisoformat(event["effective"]))
        assert (area.name, area.type, area.legal_basis) == (event["new_name"], event["new_type"], event["legal_basis"])
        assert area.valid_from == date.fromisoformat(event["effective"])
    for fix in rows_of("overlay/unit_fixes.csv"):
        area = register.at(fix["code"], date.fromisoformat(fix["valid_from"]))
        assert getattr(area, fix["key"]) == fix["now"]


def test_a_name_begins_with_its_type(register):
    assert [
        area.name for area in register.areas if not area.name.casefold().startswith(area.type.casefold() + " ")
    ] == []


UNITS = """\
01,province,,,Tỉnh Một,Một,Tỉnh,,
001,district,,2025-07-01,Huyện Một,Một,Huyện,01,
00001,commune,,2025-07-01,Xã Một,Một,Xã,001,
00002,commune,,2025-07-01,Xã Hai,Hai,Xã,001,
00001,commune,2025-07-01,,Xã Một,Một,Xã,01,NQ 1
00003,commune,2025-07-01,,Xã Ba,Ba,Xã,01,NQ 1
"""
FLOWS = """\
commune,2025-07-01,00001,00001,merged,1,whole,G1
commune,2025-07-01,00002,00001,split,0.4,census,G1
commune,2025-07-01,00002,00003,split,0.6,census,G1
"""


def load(folder: Path, units: str = UNITS, flows: str = FLOWS, encoding: str = "utf-8") -> Register:
    (folder / "units.csv").write_text(",".join(UNIT_COLUMNS) + "\n" + units, encoding=encoding)
    (folder / "flows.csv").write_text(",".join(FLOW_COLUMNS) + "\n" + flows, encoding=encoding)
    return load_areas(folder)


def test_a_small_map_is_read_whole(tmp_path):
    register = load(tmp_path)
    assert codes(register.on(date(2025, 7, 1))) == ["01", "00001", "00003"]
    assert [str(flow.weight) for flow in register.flows] == ["1", "0.4", "0.6"]


def test_a_byte_order_mark_of_a_spreadsheet_program_does_no_harm(tmp_path):
    assert load(tmp_path, encoding="utf-8-sig").at("01", CHANGE)


def test_split_weights_may_be_absent_altogether(tmp_path):
    flows = FLOWS.replace("0.4,census", ",unknown").replace("0.6,census", ",unknown")
    assert [flow.weight for flow in load(tmp_path, flows=flows).flows][1:] == [None, None]


def test_a_new_name_on_the_same_code_needs_no_flow(tmp_path):
    units = UNITS.replace("00003,commune,2025-07-01,,", "00003,commune,2025-07-01,2026-01-01,")
    units += "00003,commune,2026-01-01,,Phường Ba,Ba,Phường,01,NQ 2\n"
    register = load(tmp_path, units)
    assert codes(register.successors("00002", date(2026, 2, 1))) == ["00001", "00003"]
    assert register.at("00003", date(2026, 2, 1)).type == "Phường"


@pytest.mark.parametrize(("was", "becomes", "line", "key"), [
    pytest.param("00003,commune,", "00003,village,", 7, "level", id="unknown level"),
    pytest.param("00003,commune,", "3,commune,", 7, "code", id="zeros lost in a spreadsheet program"),
    pytest.param("00003,commune,", "0000A,commune,", 7, "code", id="a letter in a code"),
    pytest.param("00003,commune,2025-07-01", "00003,commune,01/07/2025", 7, "valid_from", id="a date of another kind"),
    pytest.param("00002,commune,,2025-07-01", "00002,commune,2025-08-01,2025-07-01", 5, "valid_to", id="ends before"),
    pytest.param("00001,commune,2025-07-01", "00001,commune,2025-06-01", 6, "valid_from", id="overlapping validity"),
    pytest.param("Xã Ba,Ba,Xã,01", "Xã Ba,Ba,Xã,02", 7, "parent_code", id="unknown parent"),
    pytest.param("Xã Ba,Ba,Xã,01", "Xã Ba,Ba,Xã,001", 7, "parent_code", id="parent that ended before"),
    pytest.param("Xã Ba,Ba,Xã,01", "Xã Ba,Ba,Xã,", 7, "parent_code", id="no parent"),
    pytest.param("Xã Ba,Ba,Xã,01", "Xã Ba,Ba,Xã,00001", 7, "parent_code", id="parent of the same level"),
    pytest.param("01,province,,,", "01,province,2000-01-01,,", 3, "parent_code", id="parent younger than its child"),
    pytest.param("Xã Ba,Ba,Xã", "Xã Ba,Ba,", 7, "type", id="no type"),
    pytest.param("Xã Ba,Ba,Xã,01,NQ 1", "Xã Ba,Ba,Xã,01", 7, "00003", id="a cell too few"),
    pytest.param("01,province,,,", "01,province,,2030-01-01,", 6, "parent_code", id="parent that ends first"),
])  # fmt: skip
def test_an_error_in_units_names_file_line_and_key(tmp_path, was, becomes, line, key):
    assert was in UNITS
    with pytest.raises(ContractError) as caught:
        load(tmp_path, UNITS.replace(was, becomes))
    assert (caught.value.file, caught.value.line, caught.value.key) == ("contracts/areas/units.csv", line, key)


@pytest.mark.parametrize(("was", "becomes", "line", "key"), [
    pytest.param("00001,merged,", "00001,swallowed,", 2, "relation", id="unknown relation"),
    pytest.param("00001,00001,merged,", "00001,00001,split,", 2, "relation", id="a split into one"),
    pytest.param("00003,split,", "00003,merged,", 4, "relation", id="several successors and no split"),
    pytest.param("0.6,", "0.5,", 3, "weight", id="weights that do not add to 1"),
    pytest.param("0.6,census", ",unknown", 3, "weight", id="a weight known in part"),
    pytest.param("0.6,", "6,", 4, "weight", id="a weight above 1"),
    pytest.param("0.6,", "most,", 4, "weight", id="a weight in words"),
    pytest.param("00002,00003,", "00002,00001,", 3, "new_code", id="the same pair twice"),
    pytest.param("00002,00003,", "00002,00009,", 4, "new_code", id="a successor that does not exist"),
    pytest.param("2025-07-01,00001,", "2025-07-02,00001,", 2, "old_code", id="nothing ends on that day"),
    pytest.param("2025-07-01,00001,", ",00001,", 2, "date", id="no date"),
    pytest.param("commune,2025-07-01,00001,", "district,2025-07-01,00001,", 2, "old_code", id="code of another level"),
    pytest.param("0.6,census,G1", "0.6,census,G2", 4, "stable_group", id="one area in two groups"),
])  # fmt: skip
def test_an_error_in_flows_names_file_line_and_key(tmp_path, was, becomes, line, key):
    assert was in FLOWS
    with pytest.raises(ContractError) as caught:
        load(tmp_path, flows=FLOWS.replace(was, becomes, 1))
    assert (caught.value.file, caught.value.line, caught.value.key) == ("contracts/areas/flows.csv", line, key)


@pytest.mark.parametrize("lost", [
    pytest.param("commune,2025-07-01,00001,00001,merged,1,whole,G1\n", id="its code goes on, with others' territory"),
    pytest.param(
        "commune,2025-07-01,00002,00001,split,0.4,census,G1\ncommune,2025-07-01,00002,00003,split,0.6,census,G1\n",
        id="its code ends",
    ),
])  # fmt: skip
def test_a_closed_area_without_successors_is_an_error(tmp_path, lost):
    with pytest.raises(ContractError) as caught:
        load(tmp_path, flows=FLOWS.replace(lost, ""))
    line = 4 if "00001,00001" in lost else 5
    assert (caught.value.file, caught.value.line, caught.value.key) == ("contracts/areas/units.csv", line, "valid_to")


def test_a_closed_district_without_communes_needs_a_successor(tmp_path):
    with pytest.raises(ContractError, match="002 ends on 2025-07-01") as caught:
        load(tmp_path, UNITS + "002,district,,2025-07-01,Huyện Đảo,Đảo,Huyện,01,\n")
    assert (caught.value.line, caught.value.key) == (8, "valid_to")


@pytest.mark.parametrize("name", ["units.csv", "flows.csv"])
def test_a_wrong_or_missing_column_is_named(tmp_path, name):
    load(tmp_path)
    path = tmp_path / name
    path.write_text(path.read_text(encoding="utf-8").replace("level", "rank", 1), encoding="utf-8")
    with pytest.raises(ContractError) as caught:
        load_areas(tmp_path)
    assert (caught.value.file, caught.value.line, caught.value.key) == (f"contracts/areas/{name}", 1, "level")


def test_a_missing_or_unreadable_file_is_named(tmp_path):
    with pytest.raises(ContractError, match=r"^contracts/areas/units\.csv: file: cannot be read"):
        load_areas(tmp_path)
    load(tmp_path)
    (tmp_path / "flows.csv").write_bytes(b"level,date\xff\n")
    with pytest.raises(ContractError, match=r"^contracts/areas/flows\.csv: file: is not UTF-8"):
        load_areas(tmp_path)
