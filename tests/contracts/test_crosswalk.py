"""The register of areas against a public table of the same areas: they differ in what was reviewed and nothing else.

The table is the data of the package vietnamadminunits 1.0.4. Only its files are read: its converter goes online.
"""

import csv
import json
import sqlite3
from collections import Counter
from contextlib import closing
from datetime import date
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tally.contracts.area_files import load_areas
from tally.contracts.areas import Area, Register

FOLDER = Path(__file__).parents[2] / "contracts" / "areas"
OLD_MAP, NEW_MAP = date(2025, 6, 30), date(2025, 7, 1)
ISLANDS = {"318": "11948", "471": "19742", "498": "20333", "536": "21548", "755": "26732"}

Row = dict[str, Any]


@pytest.fixture(scope="module")
def register() -> Register:
    return load_areas(FOLDER)


def package_file(name: str) -> Path:
    spec = find_spec("vietnamadminunits")  # finds the package without running it
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "data" / name


@cache
def package_json(name: str) -> dict[str, Any]:
    return json.loads(package_file(name).read_text(encoding="utf-8"))


@cache
def package_table(name: str) -> list[Row]:
    with closing(sqlite3.connect(f"file:{package_file('dataset.db')}?mode=ro&immutable=1", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(f'select * from "{name}"')]


def old_table() -> list[Row]:
    """One row a commune of the old map, and one for each of the five districts without communes."""
    return package_table("admin_units_legacy")


def new_table() -> list[Row]:
    """One row a commune of the new map."""
    return package_table("admin_units")


@cache
def overlay(name: str) -> list[dict[str, str]]:
    with (FOLDER / "overlay" / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def type_fixes(day: date) -> set[tuple[str, str, str]]:
    """(code, the package's type, the register's) of every type that was reviewed."""
    begun = day.isoformat() if day == NEW_MAP else ""
    return {(fix["code"], fix["was"], fix["now"]) for fix in overlay("unit_fixes.csv") if fix["valid_from"] == begun}


def changes_of(theirs: dict[str, str], ours: dict[str, str]) -> set[tuple[str, str, str]]:
    assert theirs.keys() == ours.keys()
    return {(code, theirs[code], ours[code]) for code in ours if theirs[code] != ours[code]}


def told_apart(area: Area) -> set[str]:
    """The short names that the package may give: two of one name in one place get their type in brackets."""
    return {area.short_name, f"{area.short_name} ({area.type})"}


def old_key(row: Row) -> str:
    return f"{row['provinceKey']}_{row['districtKey']}_{row['wardKey'] or ''}"


def new_key(row: Row) -> tuple[str, str]:
    return row["provinceKey"], row["wardKey"]


def named_apart(rows: list[Row], key, code) -> dict[Any, str]:
    """Code by the key of the package, which has to belong to one area only."""
    codes = {key(row): code(row) for row in rows}
    assert len(codes) == len(rows)
    return codes


def old_codes() -> dict[str, str]:
    return named_apart(old_table(), old_key, lambda row: row["wardCode"] or row["districtCode"])


def new_codes() -> dict[tuple[str, str], str]:
    return named_apart(new_table(), new_key, lambda row: row["wardCode"])


def whole_pairs() -> list[tuple[str, str]]:
    """(old code, new code) of what the package calls not divided."""
    old, new = old_codes(), new_codes()
    return [
        (old[old_one], new[province, commune])
        for province, communes in package_json("converter_2025.json")["DICT_PROVINCE_WARD_NO_DIVIDED"].items()
        for commune, old_ones in communes.items()
        for old_one in old_ones
    ]


def divided() -> dict[str, dict[str, bool]]:
    """Of what the package calls divided: old code → new code → whether that is its default."""
    old, new = old_codes(), new_codes()
    return {
        old[old_one]: {new[province, part["newWardKey"]]: part["isDefaultNewWard"] for part in parts}
        for province, old_ones in package_json("converter_2025.json")["DICT_PROVINCE_WARD_DIVIDED"].items()
        for old_one, parts in old_ones.items()
    }


def test_the_package_is_the_edition_that_was_reviewed():
    assert version("vietnamadminunits") == "1.0.4"
    assert (len(old_table()), len(new_table())) == (10_040, 3_321)


@pytest.mark.parametrize(("table", "day", "provinces"), [
    pytest.param(old_table, OLD_MAP, 63, id="old map"),
    pytest.param(new_table, NEW_MAP, 34, id="new map"),
])  # fmt: skip
def test_provinces_have_the_same_codes_and_names(register, table, day, provinces):
    ours = {(area.code, area.name, area.short_name) for area in register.on(day, "province")}
    assert {(row["provinceCode"], row["province"], row["provinceShort"]) for row in table()} == ours
    assert len(ours) == provinces


def test_districts_have_the_same_codes_names_types_and_provinces(register):
    ours = {area.code: area for area in register.on(OLD_MAP, "district")}
    theirs = {
        (row["districtCode"], row["district"], row["districtType"], row["provinceCode"], row["districtShort"])
        for row in old_table()
    }
    assert {row[:4] for row in theirs} == {
        (area.code, area.name, area.type, area.parent_code) for area in ours.values()
    }
    assert len(theirs) == len(ours) == 696
    assert [code for code, *_, short in theirs if short not in told_apart(ours[code])] == []


@pytest.mark.parametrize(("table", "day", "above"), [
    pytest.param(old_table, OLD_MAP, "districtCode", id="old map"),
    pytest.param(new_table, NEW_MAP, "provinceCode", id="new map"),
])  # fmt: skip
def test_communes_have_the_same_codes_names_and_places_and_types_but_for_those_reviewed(register, table, day, above):
    theirs = {row["wardCode"]: row for row in table() if row["wardCode"]}
    ours = {area.code: area for area in register.on(day, "commune")}
    assert {(code, row["ward"], row[above]) for code, row in theirs.items()} == {
        (area.code, area.name, area.parent_code) for area in ours.values()
    }
    assert [code for code, row in theirs.items() if row["wardShort"] not in told_apart(ours[code])] == []
    types = {code: row["wardType"] for code, row in theirs.items()}
    assert changes_of(types, {code: area.type for code, area in ours.items()}) == type_fixes(day)


def test_the_five_rows_without_a_commune_are_the_island_districts(register):
    islands = {row["districtCode"] for row in old_table() if not row["wardCode"]}
    assert islands == set(ISLANDS)
    assert islands == {area.code for area in register.on(OLD_MAP, "district") if register.is_lowest(area)}
    assert set(ISLANDS.items()) <= set(whole_pairs())


def test_the_package_s_tables_for_reading_addresses_name_the_same_areas(register):
    read = package_json("parser_from_2025.json")
    communes = [
        (read["DICT_PROVINCE"][province]["provinceCode"], commune)
        for table in ("DICT_PROVINCE_WARD_NO_ACCENTED", "DICT_PROVINCE_WARD_ACCENTED")
        for province, communes in read[table].items()
        for commune in communes.values()
    ]
    ours = {area.code: area for area in register.on(NEW_MAP, "commune")}
    assert Counter((one["wardCode"], one["ward"], province) for province, one in communes) == Counter(
        (area.code, area.name, area.parent_code) for area in ours.values()
    )
    types = {one["wardCode"]: one["wardType"] for _, one in communes}
    assert changes_of(types, {code: area.type for code, area in ours.items()}) == type_fixes(NEW_MAP)


def test_the_package_s_tables_for_reading_old_addresses_name_the_same_areas(register):
    read = package_json("parser_legacy.json")
    districts = [
        (district["districtCode"], district["district"], read["DICT_PROVINCE"][province]["provinceCode"])
        for province, districts in read["DICT_PROVINCE_DISTRICT"].items()
        for district in districts.values()
    ]
    assert sorted(districts) == sorted(
        (area.code, area.name, area.parent_code) for area in register.on(OLD_MAP, "district")
    )
    entries = [
        (read["DICT_PROVINCE_DISTRICT"][province][district]["districtCode"], commune)
        for table in ("DICT_PROVINCE_DISTRICT_WARD_NO_ACCENTED", "DICT_PROVINCE_DISTRICT_WARD_ACCENTED")
        for province, districts in read[table].items()
        for district, communes in districts.items()
        for commune in communes.values()
    ]
    communes = [(district, one) for district, one in entries if isinstance(one["wardCode"], str)]
    assert {district for district, one in entries if not isinstance(one["wardCode"], str)} == set(ISLANDS)
    assert len(entries) - len(communes) == len(ISLANDS)
    ours = {area.code: area for area in register.on(OLD_MAP, "commune")}
    assert Counter((one["wardCode"], one["ward"], district) for district, one in communes) == Counter(
        (area.code, area.name, area.parent_code) for area in ours.values()
    )
    types = {one["wardCode"]: one["wardType"] for _, one in communes}
    assert changes_of(types, {code: area.type for code, area in ours.items()}) == type_fixes(OLD_MAP)


def test_provinces_flow_as_in_the_package(register):
    old = {row["provinceKey"]: row["provinceCode"] for row in old_table()}
    new = {row["provinceKey"]: row["provinceCode"] for row in new_table()}
    assert sorted(
        (old[one], new[province])
        for province, old_ones in package_json("converter_2025.json")["DICT_PROVINCE"].items()
        for one in old_ones
    ) == sorted((flow.old_code, flow.new_code) for flow in register.flows if flow.level == "province")


def test_communes_flow_as_in_the_package_but_for_the_pairs_reviewed(register):
    theirs = Counter([*whole_pairs(), *((old, new) for old, parts in divided().items() for new in parts)])
    ours = {
        (flow.old_code, flow.new_code) for flow in register.flows if flow.level != "province" and flow.date == NEW_MAP
    }
    reviewed = {
        action: {
            (fix["old_code"], fix["new_code"]) for fix in overlay("crosswalk_fixes.csv") if fix["action"] == action
        }
        for action in ("drop", "add")
    }
    assert (theirs.total(), set(theirs.values()), len(ours)) == (10_602, {1}, 10_570)
    assert theirs.keys() - ours == reviewed["drop"]
    assert ours - theirs.keys() == reviewed["add"]
    assert (len(reviewed["drop"]), len(reviewed["add"])) == (33, 1)


def test_what_the_package_divides_is_split_but_for_the_pairs_reviewed(register):
    parts = Counter(flow.old_code for flow in register.flows if flow.level != "province")
    split = {code for code, several in parts.items() if several > 1}
    assert split <= divided().keys()
    whole_after_all = divided().keys() - split
    assert (len(split), len(whole_after_all)) == (440, 31)
    assert whole_after_all <= {
        fix["old_code"] for fix in overlay("crosswalk_fixes.csv") if fix["action"] == "drop"
    }  # fmt: skip


# The package's default is what it answers where it cannot look up a street: one new commune for every split, nearly
# always the one with the nearest centre. It says nothing of people. Where the Statistics Office's note says who took
# all of them, it names another commune for these eleven: (default, note).
DEFAULTS_THAT_THE_NOTE_CONTRADICTS = {
    "00118": ("00097", "00118"), "00409": ("00376", "00433"), "00427": ("00433", "00376"), "06799": ("06799", "06886"),
    "09619": ("09661", "09619"), "09667": ("09661", "09619"), "09820": ("09832", "09817"), "09862": ("00622", "09871"),
    "10798": ("10843", "10804"), "11071": ("11050", "11065"), "21634": ("21628", "21622"),
}  # fmt: skip


def test_the_package_s_default_is_no_share_of_the_people(register):
    defaults = {old: [new for new, is_default in parts.items() if is_default] for old, parts in divided().items()}
    assert {len(default) for default in defaults.values()} == {1}
    noted = {
        flow.old_code: flow.new_code
        for flow in register.flows
        if flow.weight_basis == "nso_note_all_population" and flow.weight == 1
    }
    assert (len(defaults), len(noted)) == (471, 58)
    assert {
        old: (defaults[old][0], new) for old, new in noted.items() if defaults[old] != [new]
    } == DEFAULTS_THAT_THE_NOTE_CONTRADICTS


def test_what_the_package_does_not_know_yet_is_the_changes_of_2026(register):
    later = {
        (area.code, area.valid_from.isoformat(), area.name, area.type, area.legal_basis)
        for area in register.areas
        if area.valid_from and area.valid_from > NEW_MAP
    }
    assert later == {
        (event["code"], event["effective"], event["new_name"], event["new_type"], event["legal_basis"])
        for event in overlay("events_2026.csv")
    }
    names = {row["wardCode"]: row["ward"] for row in new_table()}
    names |= {row["provinceCode"]: row["province"] for row in new_table()}
    assert {event["code"]: event["old_name"] for event in overlay("events_2026.csv")}.items() <= names.items()
