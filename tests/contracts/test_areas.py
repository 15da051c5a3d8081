"""The register of areas: what stands in contracts/areas, and what a person is told who enters a change wrongly."""

import csv
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from tally.contracts.area_files import FLOW_COLUMNS, TOTAL_COLUMNS, UNIT_COLUMNS, load_areas
from tally.contracts.areas import Register
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


def test_a_map_has_the_areas_that_the_law_says(register):
    of_a_level = {
        (row["day"], row["level"]): int(row["areas"]) for row in rows_of("totals.csv") if not row["type"]
    }  # fmt: skip
    assert of_a_level == {
        ("2025-06-30", "province"): 63, ("2025-06-30", "district"): 696, ("2025-06-30", "commune"): 10_035,
        ("2025-07-01", "province"): 34, ("2025-07-01", "district"): 0, ("2025-07-01", "commune"): 3_321,
        ("2026-09-20", "commune"): 3_321,
    }  # fmt: skip
    for (day, level), areas in of_a_level.items():
        assert len(register.on(date.fromisoformat(day), level)) == areas


@pytest.mark.parametrize(("day", "types"), [
    pytest.param("2025-07-01", {"Xã": 2_621, "Phường": 687, "Đặc khu": 13}, id="2025-07-01"),
    pytest.param("2026-04-30", {"Xã": 2_611, "Phường": 697, "Đặc khu": 13}, id="2026-04-30"),
    pytest.param("2026-09-20", {"Xã": 2_599, "Phường": 709, "Đặc khu": 13}, id="2026-09-20"),
])  # fmt: skip
def test_communes_become_wards_on_their_day(register, day, types):
    assert {
        row["type"]: int(row["areas"])
        for row in rows_of("totals.csv")
        if (row["day"], row["level"]) == (day, "commune") and row["type"]
    } == types
    assert Counter(area.type for area in register.on(date.fromisoformat(day), "commune")) == types


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
        area = register.at(fix["code"], date.fromisoformat(fix["valid_from"]) if fix["valid_from"] else OLD_MAP)
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
TOTALS = """\
2025-06-30,district,,1,NQ 0
2025-07-01,commune,,2,NQ 1
2025-07-01,commune,Xã,2,NQ 1
"""


def load(
    folder: Path, units: str = UNITS, flows: str = FLOWS, totals: str = TOTALS, encoding: str = "utf-8"
) -> Register:
    (folder / "units.csv").write_text(",".join(UNIT_COLUMNS) + "\n" + units, encoding=encoding)
    (folder / "flows.csv").write_text(",".join(FLOW_COLUMNS) + "\n" + flows, encoding=encoding)
    (folder / "totals.csv").write_text(",".join(TOTAL_COLUMNS) + "\n" + totals, encoding=encoding)
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


# The small map, and a year later: 00003 gives a part of itself to the new 00004, 00005 gets another code, and 00007
# lives through everything.
UNITS_TWICE = (
    UNITS.replace("00003,commune,2025-07-01,,", "00003,commune,2025-07-01,2026-07-01,")
    + """\
00003,commune,2026-07-01,,Xã Ba,Ba,Xã,01,NQ 2
00004,commune,2026-07-01,,Xã Bốn,Bốn,Xã,01,NQ 2
00005,commune,,2026-07-01,Xã Năm,Năm,Xã,01,
00006,commune,2026-07-01,,Xã Năm,Năm,Xã,01,NQ 2
00007,commune,,,Xã Bảy,Bảy,Xã,01,
"""
)
FLOWS_TWICE = (
    FLOWS
    + """\
commune,2026-07-01,00003,00003,split,,unknown,G1
commune,2026-07-01,00003,00004,split,,unknown,G1
commune,2026-07-01,00005,00006,renamed,1,whole,G5
"""
)


KEEPS_A_PART = "commune,2026-07-01,00003,00003,split,,unknown,G1\n"
GIVES_A_PART = "commune,2026-07-01,00003,00004,split,,unknown,G1\n"
INTO_00006 = {"renamed": "merged", ",00003,split,,": ",00006,split,,"}  # what 00003 would have kept


def edited(text: str, edits: dict[str, str]) -> str:
    for was, becomes in edits.items():
        assert text.count(was) == 1
        text = text.replace(was, becomes)
    return text


def refusal(folder: Path, units: str, flows: str, totals: str = "") -> tuple[str, int | None, str, str]:
    with pytest.raises(ContractError) as caught:
        load(folder, units, flows, totals)
    return caught.value.file.rsplit("/", 1)[-1], caught.value.line, caught.value.key, caught.value.message


def test_a_map_that_changes_twice_is_read_whole(tmp_path):
    register = load(tmp_path, UNITS_TWICE, FLOWS_TWICE, "")
    assert codes(register.successors("00002", date(2026, 7, 1))) == ["00001", "00003", "00004"]


@pytest.mark.parametrize(("units", "flows", "error"), [
    pytest.param(
        {"00007,commune,,,": "00007,commune,2026-07-01,,"}, {},
        ("units.csv", 12, "valid_from", "begins on 2026-07-01 out of nothing"), id="it was never anything before",
    ),
    pytest.param(
        {"00004,commune,2026-07-01": "00004,commune,2026-08-01"},
        {"renamed": "merged", ",00004,split,,": ",00006,split,,"},
        ("units.csv", 9, "valid_from", "begins on 2026-08-01 out of nothing"), id="it begins on a day without flows",
    ),
    pytest.param(
        {"00003,commune,2026-07-01": "00003,commune,2026-08-01"}, INTO_00006,
        ("units.csv", 8, "valid_from", "00003 begins on 2026-08-01 out of nothing"), id="its code was another area's",
    ),
    pytest.param(
        {}, INTO_00006,
        ("units.csv", 8, "valid_from", "00003 before 2026-07-01 flowed elsewhere"), id="all that its code held left",
    ),
    pytest.param(
        {"00003,commune,2025-07-01,2026-07-01": "00003,commune,2025-07-01,2026-01-01"},
        {KEEPS_A_PART: "", GIVES_A_PART: ""},
        ("units.csv", 7, "valid_to", "begins again on 2026-07-01: say who held its territory in between"), id="a gap",
    ),
])  # fmt: skip
def test_territory_never_appears_out_of_nothing_nor_is_lost_in_between(tmp_path, units, flows, error):
    file, line, key, message = refusal(tmp_path, edited(UNITS_TWICE, units), edited(FLOWS_TWICE, flows))
    assert (file, line, key) == error[:3]
    assert error[3] in message


def test_a_code_may_be_given_again_later_where_flows_say_what_happened(tmp_path):
    units = UNITS_TWICE + "00002,commune,2026-07-01,,Xã Tám,Tám,Xã,01,NQ 2\n"
    register = load(tmp_path, units, FLOWS_TWICE + "commune,2026-07-01,00003,00002,split,,unknown,G1\n", "")
    assert codes(register.successors("00002", date(2026, 7, 1))) == ["00001", "00002", "00003", "00004"]


def test_a_district_made_of_communes_begins_and_ends_with_them(tmp_path):
    units = UNITS.replace("00001,commune,,", "00001,commune,2020-01-01,").replace(
        "00001,commune,2020", "00001,commune,,2020-01-01,Xã Một,Một,Xã,009,\n00001,commune,2020"
    )
    units += "009,district,,2020-01-01,Huyện Chín,Chín,Huyện,01,\n"
    units = units.replace("001,district,,", "001,district,2020-01-01,").replace(
        "00002,commune,,", "00002,commune,2020-01-01,"
    )
    flows = "commune,2020-01-01,00001,00001,split,,unknown,G1\ncommune,2020-01-01,00001,00002,split,,unknown,G1\n"
    assert load(tmp_path, units, flows + FLOWS).district_of("00001", date(2019, 12, 31)).code == "009"


@pytest.mark.parametrize(("units", "flows", "error"), [
    pytest.param(
        {}, {"00005,00006,renamed": "00005,00007,merged"},
        ("flows.csv", 7, "new_code", "00007 goes on through 2026-07-01; what gains territory"), id="inside a version",
    ),
    pytest.param(
        {}, {"00005,00006,renamed": "00005,00002,renamed"},
        ("flows.csv", 7, "new_code", "00002 does not exist on 2026-07-01"), id="into an area that ended",
    ),
    pytest.param(
        {"00007,commune,,,": "00007,commune,,2026-07-01,", "Xã Bảy,Bảy,Xã,01,\n":
         "Xã Bảy,Bảy,Xã,01,\n00007,commune,2026-07-01,,Phường Bảy,Bảy,Phường,01,NQ 2\n"},
        {"00005,00006,renamed": "00005,00007,merged"},
        ("units.csv", 12, "valid_to", "others flow into its code; write in flows.csv where it went itself"),
        id="into a code that goes on without a flow of its own",
    ),
    pytest.param(
        {}, {"00005,00006,renamed": "00005,00006,merged"},
        ("flows.csv", 7, "relation", "no others flow into 00006"), id="merged with nobody",
    ),
    pytest.param(
        {}, {",00004,split,,": ",00006,split,,"},
        ("units.csv", 9, "valid_from", "out of nothing"), id="nothing flows into it any more",
    ),
    pytest.param(
        {"00004,commune,2026-07-01,,Xã Bốn,Bốn,Xã,01,NQ 2\n": ""}, {",00004,split,,": ",00006,split,,"},
        ("flows.csv", 7, "relation", "1 others flow into 00006 on 2026-07-01, so it is not renamed"),
        id="renamed, and more flows in",
    ),
    pytest.param(
        {}, {"renamed,1,whole": "renamed,,unknown"},
        ("flows.csv", 7, "weight", "0 of 1 rows"), id="whole, and no weight",
    ),
])  # fmt: skip
def test_an_area_never_changes_its_territory_within_a_version(tmp_path, units, flows, error):
    file, line, key, message = refusal(tmp_path, edited(UNITS_TWICE, units), edited(FLOWS_TWICE, flows))
    assert (file, line, key) == error[:3]
    assert error[3] in message


@pytest.mark.parametrize(("flows", "line", "message"), [
    pytest.param({",00003,split,,unknown,G1": ",00003,split,,unknown,G2", ",00004,split,,unknown,G1":
        ",00004,split,,unknown,G2"}, 5, "00003 is in G2 and in G1", id="one territory, another group on another day"),
    pytest.param({"whole,G5": "whole,G1"}, 7, "G1 holds 00005 and 0000", id="two territories that nothing connects"),
    pytest.param({"whole,G5": "whole,G00007"}, 7, "G00007 is the group of 00007", id="the name of an untouched area's"),
])  # fmt: skip
def test_a_stable_group_is_what_flows_together_over_all_days(tmp_path, flows, line, message):
    file, at, key, told = refusal(tmp_path, UNITS_TWICE, edited(FLOWS_TWICE, flows))
    assert (file, at, key) == ("flows.csv", line, "stable_group")
    assert message in told


def test_a_code_that_goes_on_keeps_its_stable_group(tmp_path):
    units = UNITS_TWICE.replace("00003,commune,2025-07-01,2026-07-01,", "00003,commune,2025-07-01,2026-01-01,")
    units += "00003,commune,2026-01-01,2026-07-01,Phường Ba,Ba,Phường,01,NQ 2\n"
    assert load(tmp_path, units, FLOWS_TWICE, "")
    file, line, key, _ = refusal(tmp_path, units, FLOWS_TWICE.replace("unknown,G1", "unknown,G2"))
    assert (file, line, key) == ("flows.csv", 5, "stable_group")


@pytest.mark.parametrize("name", [
    pytest.param("G00005", id="that of one of its areas"),
    pytest.param("G00001", id="that of an area in a group with another name"),
])  # fmt: skip
def test_a_group_may_have_any_name_that_no_other_has(tmp_path, name):
    assert load(tmp_path, UNITS_TWICE, FLOWS_TWICE.replace("G5", name), "")


PROVINCES = """\
01,province,,2025-07-01,Tỉnh Một,Một,Tỉnh,,
01,province,2025-07-01,,Tỉnh Một,Một,Tỉnh,,NQ 1
02,province,,2025-07-01,Tỉnh Hai,Hai,Tỉnh,,
03,province,,,Tỉnh Ba,Ba,Tỉnh,,
001,district,,2025-07-01,Huyện Một,Một,Huyện,01,
00001,commune,,2025-07-01,Xã Một,Một,Xã,001,
00001,commune,2025-07-01,,Xã Một,Một,Xã,01,NQ 1
00002,commune,,2025-07-01,Xã Hai,Hai,Xã,02,
00002,commune,2025-07-01,,Xã Hai,Hai,Xã,01,NQ 1
00003,commune,,,Xã Ba,Ba,Xã,03,
"""
FLOWS_OF_PROVINCES = """\
province,2025-07-01,01,01,merged,1,whole,G01
province,2025-07-01,02,01,merged,1,whole,G01
"""
NO_FLOW = "and flows.csv has no flow between these provinces"


def test_what_changes_its_province_needs_a_flow_of_the_provinces(tmp_path):
    assert load(tmp_path, PROVINCES, FLOWS_OF_PROVINCES, "")
    elsewhere = edited(PROVINCES, {"Xã Hai,Hai,Xã,01": "Xã Hai,Hai,Xã,03"})
    assert refusal(tmp_path, elsewhere, FLOWS_OF_PROVINCES) == (
        "units.csv", 10, "parent_code",
        f"what 00002 held goes from 02 Tỉnh Hai to 03 Tỉnh Ba on 2025-07-01, {NO_FLOW}",
    )  # fmt: skip


def test_what_stays_in_a_district_changes_its_province_with_it(tmp_path):
    units = PROVINCES.replace("001,district,,2025-07-01", "001,district,,2024-01-01").replace(
        "00001,commune,,2025-07-01,Xã Một,Một,Xã,001", "001,district,2024-01-01,2025-07-01,Huyện Một,Một,Huyện,03,\n"
        "00001,commune,,2025-07-01,Xã Một,Một,Xã,001",
    )  # fmt: skip
    file, line, key, message = refusal(tmp_path, units, FLOWS_OF_PROVINCES)
    assert (file, line, key) == ("units.csv", 8, "parent_code")
    assert "what 00001 held goes from 01 Tỉnh Một to 03 Tỉnh Ba on 2024-01-01" in message


def test_a_commune_is_closed_when_its_province_s_code_becomes_another_province_s(tmp_path):
    units = edited(PROVINCES, {"03,province,,,": "03,province,,2025-07-01,"})
    units += "03,province,2025-07-01,,Tỉnh Hai,Hai,Tỉnh,,NQ 1\n04,province,2025-07-01,,Tỉnh Ba,Ba,Tỉnh,,NQ 1\n"
    units = units.replace("Xã Hai,Hai,Xã,01", "Xã Hai,Hai,Xã,03")
    flows = (
        "province,2025-07-01,01,01,unchanged,1,whole,G01\nprovince,2025-07-01,02,03,renamed,1,whole,G03\n"
        "province,2025-07-01,03,04,renamed,1,whole,G04\n"
    )
    assert refusal(tmp_path, units, flows) == (
        "units.csv", 11, "parent_code",
        f"what 00003 held goes from 03 Tỉnh Ba to 03 Tỉnh Hai on 2025-07-01, {NO_FLOW}",
    )  # fmt: skip
    moved = "00003,commune,,2025-07-01,Xã Ba,Ba,Xã,03,\n00003,commune,2025-07-01,,Xã Ba,Ba,Xã,04,NQ 1\n"
    assert load(tmp_path, units.replace("00003,commune,,,Xã Ba,Ba,Xã,03,\n", moved), flows, "")


@pytest.mark.parametrize(("units", "flow", "error"), [
    pytest.param(PROVINCES, "province,2025-07-01,02,00001,merged,1,whole,G1\n", ("new_code", "among themselves"),
        id="a province into a commune"),
    pytest.param(PROVINCES, "commune,2025-07-01,00002,01,merged,1,whole,G1\n", ("new_code", "among themselves"),
        id="a commune into a province"),
    pytest.param(UNITS, "district,2025-07-01,001,00001,merged,1,whole,G1\n", ("old_code", "001 has communes"),
        id="a district that has communes"),
    pytest.param(
        UNITS.replace("Xã Ba,Ba,Xã,01", "Xã Ba,Ba,Xã,002") + "002,district,2025-07-01,,Huyện Ba,Ba,Huyện,01,\n",
        "commune,2025-07-01,00002,002,merged,1,whole,G1\n", ("new_code", "002 has communes"),
        id="into a district that has communes"),
])  # fmt: skip
def test_provinces_flow_into_provinces_and_lowest_areas_into_lowest_areas(tmp_path, units, flow, error):
    file, line, key, message = refusal(tmp_path, units, flow)
    assert (file, line, key) == ("flows.csv", 2, error[0])
    assert error[1] in message


@pytest.mark.parametrize(("was", "becomes", "line", "message"), [
    pytest.param("commune,,2", "commune,,3", 3, "the map has 2 areas of the level commune, and this file says 3",
        id="another number"),
    pytest.param("Xã,2", "Xã,1", 4, "the map has 2 areas of the level commune and type Xã, and this file says 1",
        id="another number of a type"),
    pytest.param("Xã,2", "Phường,2", 4,
        "the map has 0 areas of the level commune and type Phường, and this file says 2",
        id="a type that the map does not have"),
    pytest.param("2025-06-30,", "2025-07-01,", 2,
        "on 2025-07-01 the map has 0 areas of the level district, and this file says 1",
        id="another day"),
])  # fmt: skip
def test_the_map_has_as_many_areas_as_the_law_says(tmp_path, was, becomes, line, message):
    file, at, key, told = refusal(tmp_path, UNITS, FLOWS, TOTALS.replace(was, becomes, 1))
    assert (file, at, key) == ("totals.csv", line, "areas")
    assert told.endswith(f"{message}: one of them is wrong")


@pytest.mark.parametrize(("was", "becomes", "line", "key", "message"), [
    pytest.param("commune,Xã,", "commune,,", 4, "day", "the same total already stands on line 3", id="twice"),
    pytest.param(",district,", ",canton,", 2, "level", "'canton' is none of province, district, commune", id="level"),
    pytest.param("2025-06-30", "30/06/2025", 2, "day", "'30/06/2025' is no date; a date is written 2025-07-01",
        id="another date"),
    pytest.param("2025-06-30", "", 2, "day", "has none", id="no date"),
    pytest.param("commune,,2,", "commune,,2.0,", 3, "areas", "'2.0' is no number of areas; it is written 3321",
        id="no whole number"),
    pytest.param("NQ 0", "", 2, "legal_basis", "say where the number comes from", id="no source"),
])  # fmt: skip
def test_an_error_in_totals_names_file_line_and_key(tmp_path, was, becomes, line, key, message):
    assert refusal(tmp_path, UNITS, FLOWS, TOTALS.replace(was, becomes, 1)) == ("totals.csv", line, key, message)


@pytest.mark.parametrize("name", ["units.csv", "flows.csv", "totals.csv"])
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
