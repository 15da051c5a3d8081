"""What follows from the contracts: suites, seeds, blank workbooks and the dictionary say what the contracts say."""

import csv
import json
import os
import re
import subprocess
import sys
from datetime import date
from io import BytesIO
from pathlib import Path

import openpyxl
import pytest
import python_calamine
import yaml
from great_expectations import ExpectationSuite
from provinces import keep_provinces

from tally.compile import compiled_files
from tally.exports.pages import templates
from tally.periods import Period
from tally.pipeline.compile import stale_files, write_compiled
from tally.workbooks import BlankWorkbook

ROOT = Path(__file__).parents[2]
ORIGINALS = sorted((ROOT / "tests" / "forms").glob("*.xlsx"))
SOURCES = ("census", "hotline_111", "police", "trafficking_report")
SUITES = [
    *("submission", *(f"bvte_0{number}" for number in range(1, 7)), "across_forms", "across_periods"),
    *("feeds", *(f"feed_{source}" for source in SOURCES)),
    "release",
]
META = {"rule_code", "severity", "sentence_vi", "sentence_en", "mend_vi", "mend_en", "source"}


@pytest.fixture
def project(project):
    """With two provinces alone: the country's are compiled in `files`."""
    keep_provinces(project / "contracts" / "areas", "11", "12")
    return project


@pytest.fixture(scope="module")
def files(contracts) -> dict[str, bytes]:
    return compiled_files(contracts)


def seed(files: dict[str, bytes], name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(files[f"dbt_project/seeds/{name}.csv"].decode().splitlines()))


def test_no_compiled_file_is_stale():
    assert stale_files(ROOT) == []


def test_the_same_contracts_give_the_same_bytes_in_any_process(files):
    program = (
        "import hashlib, sys, pathlib; from tally.compile import compiled_files;"
        "from tally.contracts.load import load_contracts;"
        "files = compiled_files(load_contracts(pathlib.Path(sys.argv[1])));"
        "print(hashlib.sha256(repr(files).encode()).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", program, str(ROOT / "contracts")],
            env={**os.environ, "PYTHONHASHSEED": chance}, capture_output=True, text=True, check=True,
        ).stdout
        for chance in ("1", "2")
    }  # fmt: skip
    assert len(digests) == 1


def test_what_is_no_longer_compiled_is_deleted_and_what_people_wrote_stays(project):
    write_compiled(project)
    assert stale_files(project) == []
    old = project / "templates" / "BVTE-2019.1-X-S1.xlsx"
    written_by_hand = project / "expectations" / "README.md"
    old.write_bytes(b"")
    written_by_hand.write_text("how to read a suite")
    (project / "expectations" / "bvte_01.json").write_text("{}")
    (project / "dbt_project" / "seeds" / "rules.csv").unlink()
    stale = ["dbt_project/seeds/rules.csv", "expectations/bvte_01.json", "templates/BVTE-2019.1-X-S1.xlsx"]
    assert stale_files(project) == stale
    assert write_compiled(project) == stale
    assert stale_files(project) == []
    assert written_by_hand.exists()
    assert not old.exists()


def test_every_suite_of_the_contracts_is_compiled(files):
    assert {name for name in files if name.startswith("expectations/")} == {
        f"expectations/{name}.json" for name in SUITES
    }


@pytest.mark.parametrize("name", SUITES)
def test_a_suite_loads_in_great_expectations_as_it_is_written(files, contracts, name):
    written = files[f"expectations/{name}.json"]
    suite = ExpectationSuite(**json.loads(written))
    loaded = suite.to_json_dict()
    del loaded["meta"]["great_expectations_version"]
    assert loaded == json.loads(written)
    assert loaded["meta"].keys() == {"title_vi", "title_en"}
    assert [expectation.column for expectation in suite.expectations] == [c.column for c in contracts.suites[name]]
    for expectation in suite.expectations:
        assert expectation.value_set == [0]
        assert set(expectation.meta) == META
        assert all(expectation.meta.values())
        assert expectation.severity == expectation.meta["severity"]
        told = " ".join(expectation.notes)
        assert all(expectation.meta[key] in told for key in META - {"rule_code", "severity"})
        assert expectation.meta["sentence_vi"] in expectation.description


def test_every_rule_that_is_stated_is_judged(files, contracts):
    stated = {rule.code for form in contracts.forms for rule in form.rules}
    assert stated <= {check.rule_code for checks in contracts.suites.values() for check in checks}
    assert "not judged yet" not in files["docs/reference/dictionary.md"].decode()


def test_rules_that_look_back_are_a_suite_of_their_own(contracts):
    assert [check.column for check in contracts.suites["across_periods"]] == ["R0106", "R0209", "R0210", "R0304"]
    elsewhere = {check.rule_code for name in SUITES if name != "across_periods" for check in contracts.suites[name]}
    assert not elsewhere & {"R0106", "R0209", "R0210", "R0304"}


def test_every_expectation_has_an_id_of_its_own(files):
    suites = [json.loads(files[f"expectations/{name}.json"]) for name in SUITES]
    ids = [suite["id"] for suite in suites] + [one["id"] for suite in suites for one in suite["expectations"]]
    assert len(set(ids)) == len(ids)


def test_there_is_a_blank_workbook_for_every_original_and_no_other(files):
    made = {name.removeprefix("templates/") for name in files if name.startswith("templates/")}
    assert made == {path.name for path in ORIGINALS}


@pytest.mark.parametrize("original", ORIGINALS, ids=lambda path: path.stem)
def test_a_blank_workbook_equals_the_original(files, original):
    theirs = openpyxl.load_workbook(original)
    ours = openpyxl.load_workbook(BytesIO(files[f"templates/{original.name}"]))
    assert ours.sheetnames == theirs.sheetnames
    assert ours.properties.title == theirs.properties.title
    for sheet in theirs:
        mine = ours[sheet.title]
        assert mine.dimensions == sheet.dimensions
        for line in sheet.iter_rows():
            for cell in line:
                twin = mine[cell.coordinate]
                where = f"{sheet.title}!{cell.coordinate}"
                assert (twin.value, twin.data_type) == (cell.value, cell.data_type), where
                if cell.has_style:
                    assert _style(twin) == _style(cell), where
        assert _page(mine) == _page(sheet)


def _style(cell) -> tuple:
    return cell.number_format, *(repr(part) for part in (cell.font, cell.fill, cell.border, cell.alignment))


def _page(sheet) -> tuple:
    return (
        sheet.freeze_panes, str(sheet.merged_cells), sheet.page_setup.orientation, sheet.page_setup.paperSize,
        sheet.page_setup.fitToHeight, sheet.sheet_properties.pageSetUpPr.fitToPage, sheet.print_title_rows,
        sheet.oddFooter.left.text, sheet.oddFooter.right.text,
        {name: (column.min, column.max, column.width) for name, column in sheet.column_dimensions.items()},
        {number: line.height for number, line in sheet.row_dimensions.items() if line.height},
        [(str(one.sqref), one.type, one.formula1) for one in sheet.data_validations.dataValidation],
    )  # fmt: skip


def test_a_filled_workbook_holds_what_was_given_and_prints_the_rest(contracts):
    blank = BlankWorkbook(contracts, contracts.edition(Period(2025, "A1")), "commune")
    cover = {
        "area_code": "00004", "area_name": "Phường Ba Đình & Trúc Bạch", "signed_date": date(2025, 12, 16),
        "reports_expected": 3, "start_date": "15/12/2024", "report_kind": None,
    }  # fmt: skip
    figures = {
        ("children_under_16", "T"): 1234, ("children_under_16", "M"): "1.234", ("children_under_16", "F"): "không",
        ("children_under_16", "SUP"): 7, ("abuse_incidents", "T"): 0, ("special_hiv", "T"): None,
    }  # fmt: skip
    content = blank.filled(cover, figures, {"bvte_02": "một vụ < hai vụ"})
    assert content == blank.filled(cover, figures, {"bvte_02": "một vụ < hai vụ"})
    workbook = openpyxl.load_workbook(BytesIO(content))
    front, first, second = (workbook[name] for name in ("TT chung", "BVTE-01", "BVTE-02"))
    assert [front[f"B{row}"].value for row in (3, 5, 6, 9, 10, 12, 13)] == [
        "BVTE-2025.1", "00004", "Phường Ba Đình & Trúc Bạch", "Năm 2025", "15/12/2024", None, 3,
    ]  # fmt: skip
    assert front["B17"].value.date() == date(2025, 12, 16)
    assert [first[f"{column}8"].value for column in "CEFGHI"] == ["0100", 1234, "1.234", "không", None, 7]
    assert first["A4"].value == "Đơn vị báo cáo: Phường Ba Đình & Trúc Bạch"
    assert first["I9"].value is None
    assert [second[address].value for address in ("E8", "F8", "B31")] == [0, "x", "một vụ < hai vụ"]
    fast = python_calamine.load_workbook(BytesIO(content)).get_sheet_by_name("BVTE-01").to_python(skip_empty_area=False)
    assert fast[7][4:9] == [1234, "1.234", "không", "", 7]


def test_the_seeds_have_the_columns_that_dbt_is_told_the_types_of(files):
    described = [
        yaml.safe_load(path.read_text(encoding="utf-8")) for path in (ROOT / "dbt_project/seeds").glob("*.yml")
    ]
    declared = [one for file in described for one in file["seeds"]]
    columns = {one["name"]: list(one["config"]["column_types"]) for one in declared}
    compiled = [Path(name).stem for name in files if name.startswith("dbt_project/seeds/")]
    headers = {name: files[f"dbt_project/seeds/{name}.csv"].decode().partition("\n")[0].split(",") for name in compiled}
    assert headers == columns


def test_the_lowest_areas_are_the_communes_and_five_island_districts(files):
    lowest = [row for row in seed(files, "areas") if row["is_lowest"] == "true"]
    assert {row["area_code"] for row in lowest if row["area_level"] != "commune"} == {"318", "471", "498", "536", "755"}
    assert all(row["is_lowest"] == "true" for row in seed(files, "areas") if row["area_level"] == "commune")


def test_only_cells_that_the_form_prints_are_seeded(files):
    cells = {(row["indicator_code"], row["column_code"]) for row in seed(files, "indicator_cells")}
    assert ("children_under_16", "ETH") in cells
    assert ("children_under_16", "SUP") not in cells
    assert ("abuse_incidents", "M") not in cells


def test_only_two_rows_are_added_up_from_provinces(files):
    provincial = {row["row_code"] for row in seed(files, "indicators") if row["reporting_level"] == "province"}
    assert provincial == {"0612", "0613"}


def test_a_rule_across_forms_belongs_to_the_form_whose_cell_it_shows(files):
    owners = {row["rule_code"]: row["form_code"] for row in seed(files, "rules")}
    assert [owners[code] for code in ("S01", "R0203", "R0405", "R0503")] == ["", "bvte_02", "bvte_04", "bvte_05"]
    assert not any(code.startswith("G") for code in owners)


def test_a_province_with_days_of_its_own_has_them_beside_everybodys(project, edit):
    own = 'provinces:\n  - {province: "12", level: commune, part: A1, day: 12-18, since: 2026-S1, source: "QĐ"}'
    edit("calendar.yml", "provinces: []", own)
    write_compiled(project)
    rows = (project / "dbt_project" / "seeds" / "due_days.csv").read_text().splitlines()
    assert "2026-A1,commune,,2026-12-17" in rows
    assert [row for row in rows if ",12," in row] == [
        f"{year}-A1,commune,12,{year}-12-18" for year in range(2026, 2031)
    ]  # fmt: skip


def test_the_dictionary_has_an_anchor_for_every_rule_and_indicator(files, contracts):
    text = files["docs/reference/dictionary.md"].decode()
    assert "edit contracts/, then make compile" in text.splitlines()[0]
    rules = {check.rule_code for checks in contracts.suites.values() for check in checks}
    assert rules <= set(re.findall(r"^### (\w+)$", text, re.MULTILINE))
    indicators = {line.code for form in contracts.forms for line in form.indicators}
    assert set(re.findall(r'<a id="(\w+)"></a>', text)) == indicators
    headings = re.findall(r"^##+ (.*)$", text, re.MULTILINE)
    anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    assert set(re.findall(r"\]\(#([^)]*)\)", text)) <= anchors | indicators


def in_words(files: dict[str, bytes], codelist: str) -> dict[str, str]:
    return {row["code"]: row["label_vi"] for row in seed(files, "codes") if row["codelist"] == codelist}


def test_the_codes_that_a_mart_may_hold_are_those_that_are_said_in_words(files):
    compared: dict[str, set[str]] = {}
    for path in (ROOT / "dbt_project" / "models").glob("*/_*.yml"):
        for model in yaml.safe_load(path.read_text(encoding="utf-8")).get("models", []):
            for column in model.get("columns", []):
                for constraint in column.get("constraints", []):
                    codes = re.findall(r"'(\w+)'", constraint.get("expression", ""))
                    named = re.search(r"dim_codes, (\w+)", column.get("description", ""))
                    codelist = named[1] if named else column["name"]
                    if codes:
                        compared.setdefault(codelist, set()).update(codes)
    compared["status_reason"].add("not_in_this_database")  # of lines of reports, a view, which has no constraints
    assert compared == {codelist: set(in_words(files, codelist)) for codelist in compared}
    assert compared.keys() >= {
        *("obs_status", "status_reason", "verdict", "finding_status", "report_state", "imbalance_reason"),
        "verification_status",
    }


def test_the_pages_of_a_release_call_a_code_what_the_marts_call_it(files):
    words = templates().get_template("words.j2").module
    for codelist, said in (
        ("verdict", words.verdicts), ("finding_status", words.statuses), ("change_reason", words.reasons),
        ("severity", words.severities), ("area_level", words.levels),
    ):  # fmt: skip
        labels = {code: label if isinstance(label, str) else label[0] for code, label in said.items()}
        assert labels == in_words(files, codelist)


def test_a_sex_or_an_age_has_the_label_of_the_column_that_is_nothing_else(files):
    assert in_words(files, "sex") == {"_T": "Tổng số", "M": "Nam", "F": "Nữ", "_U": "Không rõ giới tính"}
    assert in_words(files, "age_band")["_U"] == "Không rõ tuổi"
    assert in_words(files, "reporting_level") == {"lowest": "Cấp thấp nhất", "province": "Tỉnh"}
