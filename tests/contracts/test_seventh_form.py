"""A seventh form is one more YAML file: everything else follows from it."""

import csv
import json
import shutil
from io import BytesIO
from pathlib import Path

import openpyxl
import pytest
from great_expectations import ExpectationSuite
from provinces import keep_provinces

from tally.contracts.load import load_contracts
from tally.periods import Period
from tally.pipeline.compile import write_compiled
from tally.workbooks import BlankWorkbook

SEVENTH = """\
form: bvte_07
title: {vi: "Trợ giúp khẩn cấp", en: "Emergency help"}
sheet: BVTE-07
periods: [S1, A1]
columns: S
since: 2026-S1
indicators:
  - {row: "0700", code: emergencies, label: {vi: "Số vụ khẩn cấp", en: "Emergencies"}, unit: incidents, adds_up: flow,
     columns: T}
  - {row: "0701", code: children_helped, label: {vi: "Trẻ em được trợ giúp", en: "Children helped"}, unit: children,
     adds_up: flow}
  - {row: "0702", code: children_helped_at_night, label: {vi: "Trong đó: ban đêm", en: "Of these: at night"},
     unit: children, adds_up: flow}
rules:
  - code: R0701
    says: "children_helped_at_night <= children_helped"
    severity: critical
    tell: {vi: "Số ban đêm không lớn hơn tổng số", en: "Those at night are no more than all"}
    mend: {vi: "sửa số bị sai", en: "correct the wrong figure"}
    source: Bộ biểu mẫu mô phỏng
  - code: R0702
    says: "T = M + F + U"
    over: rows
    severity: critical
    tell: {vi: "Tổng số bằng các phần", en: "The total is its parts"}
    mend: {vi: "cộng lại", en: "add again"}
    source: Bộ biểu mẫu mô phỏng
"""
FIRST = Period(2026, "S1")


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    """A project with the seventh form, and what changed when it was compiled."""
    root = tmp_path_factory.mktemp("project")
    shutil.copytree(Path(__file__).parents[2] / "contracts", root / "contracts")
    keep_provinces(root / "contracts" / "areas", "11", "12")
    write_compiled(root)
    (root / "contracts" / "forms" / "bvte_07.yml").write_text(SEVENTH, encoding="utf-8")
    return root, write_compiled(root)


@pytest.fixture(scope="module")
def root(compiled):
    return compiled[0]


def rows_of(root, name: str, **of) -> list[dict[str, str]]:
    with (root / "dbt_project" / "seeds" / f"{name}.csv").open(newline="") as stream:
        return [row for row in csv.DictReader(stream) if of.items() <= row.items()]


def test_nothing_changes_but_what_follows_from_the_form(compiled):
    assert compiled[1] == [
        "dbt_project/seeds/codes.csv",
        "dbt_project/seeds/form_periods.csv",
        "dbt_project/seeds/indicator_cells.csv",
        "dbt_project/seeds/indicators.csv",
        "dbt_project/seeds/rules.csv",
        "docs/reference/dictionary.md",
        "expectations/bvte_07.json",
        "templates/BVTE-2025.1-T-A1-2026.xlsx",
        "templates/BVTE-2025.1-T-S1-2026.xlsx",
        "templates/BVTE-2025.1-X-A1-2026.xlsx",
        "templates/BVTE-2025.1-X-S1-2026.xlsx",
    ]


def test_it_is_asked_for_from_its_first_period_on(root):
    contracts = load_contracts(root / "contracts")
    assert "BVTE-07" not in [sheet.name for sheet in contracts.edition(Period(2025, "A1")).sheets]
    assert [sheet.name for sheet in contracts.edition(FIRST).sheets][-1] == "BVTE-07"


def test_its_suite_judges_its_rules_and_its_cells(root):
    suite = ExpectationSuite(**json.loads((root / "expectations" / "bvte_07.json").read_text()))
    assert [expectation.column for expectation in suite.expectations] == ["S12", "S17", "S18", "R0701", "R0702"]


def test_its_seeds_have_its_rows_cells_periods_and_rules(root):
    rows = rows_of(root, "indicators", form_code="bvte_07")
    assert [row["indicator_code"] for row in rows] == ["emergencies", "children_helped", "children_helped_at_night"]
    assert {(row["since"], row["until"]) for row in rows} == {("2026-S1", "")}
    for code, columns in (("emergencies", "T"), ("children_helped", "TMFU")):
        cells = rows_of(root, "indicator_cells", indicator_code=code)
        assert [(cell["column_code"], cell["since"]) for cell in cells] == [(column, "2026-S1") for column in columns]
    assert [row["part"] for row in rows_of(root, "form_periods", form_code="bvte_07")] == ["S1", "A1"]
    assert [row["rule_code"] for row in rows_of(root, "rules", form_code="bvte_07")] == ["R0701", "R0702"]


def test_its_sheet_is_in_the_blank_workbook(root):
    sheet = openpyxl.load_workbook(root / "templates" / "BVTE-2025.1-X-S1-2026.xlsx")["BVTE-07"]
    assert [sheet["A1"].value, sheet["A2"].value] == ["Biểu BVTE-07/X", "TRỢ GIÚP KHẨN CẤP"]
    assert [cell.value for cell in sheet[8]] == [1, "Số vụ khẩn cấp", "0700", "Vụ", None, "x", "x", "x"]
    assert [sheet[f"C{row}"].value for row in (8, 9, 10)] == ["0700", "0701", "0702"]


def test_its_workbook_can_be_filled(root):
    contracts = load_contracts(root / "contracts")
    blank = BlankWorkbook(contracts, contracts.edition(FIRST), "commune")
    filled = openpyxl.load_workbook(BytesIO(blank.filled({}, {("children_helped", "F"): 3})))
    assert filled["BVTE-07"]["G9"].value == 3


def test_it_has_its_page_in_the_dictionary(root):
    text = (root / "docs" / "reference" / "dictionary.md").read_text()
    assert "## BVTE-07 Trợ giúp khẩn cấp" in text
    assert "In force since 2026-S1." in text
    assert "### R0701" in text
