"""A form changes by a line with `since` or `until`; what was asked of earlier periods stays as it was."""

import csv
import json

import pytest
from provinces import keep_provinces

from tally.compile.templates import templates
from tally.contracts.load import load_contracts
from tally.periods import Period
from tally.pipeline.compile import write_compiled

OTHER_HARM = '- {row: "0208", code: abuse_victims_other_harm'
NEW_ROW = """\
- {row: "0209", code: abuse_victims_image_misuse, label: {vi: "Sử dụng hình ảnh trái phép", en: "Misuse of images"}, \
unit: children, adds_up: flow, since: 2026-S1}
  """
NEW_RULE = """rules:
  - code: R0211
    says: "abuse_victims_image_misuse <= abuse_victims"
    severity: warning
    tell: {vi: "Số bị sử dụng hình ảnh không lớn hơn số bị xâm hại", en: "Misused images are no more than victims"}
    mend: {vi: "kiểm tra lại", en: "check it again"}
    source: Bộ biểu mẫu mô phỏng BVTE 2025.1
    since: 2026-S1
"""
EARLIER = [Period(2021, "S1"), Period(2025, "S1"), Period(2025, "A1")]


@pytest.fixture
def project(project):
    """With two provinces alone: how many areas there are is the same to a form."""
    keep_provinces(project / "contracts" / "areas", "11", "12")
    return project


@pytest.fixture
def grown(project, edit):
    """The project with one row and one rule more from 2026 on."""
    edit("forms/bvte_02.yml", OTHER_HARM, NEW_ROW + OTHER_HARM)
    edit("forms/bvte_02.yml", "rules:\n", NEW_RULE)
    return project


def codes(edition) -> list[str]:
    return [row.code for row in edition.rows]


def claims(edition) -> list[tuple]:
    return [(claim.rule.code, claim.form_code, claim.statement, claim.places) for claim in edition.claims]


def names_of(edition, rule_code: str) -> set[str]:
    return {name for claim in edition.claims if claim.rule.code == rule_code for name in claim.statement.names}


@pytest.mark.parametrize("period", EARLIER, ids=str)
def test_a_row_and_a_rule_of_2026_leave_earlier_periods_as_they_were(contracts, grown, period):
    before, after = contracts.edition(period), load_contracts(grown / "contracts").edition(period)
    assert codes(after) == codes(before)
    assert claims(after) == claims(before)
    assert [sheet.columns for sheet in after.sheets] == [sheet.columns for sheet in before.sheets]


@pytest.mark.parametrize("part", ["S1", "A1"])
def test_a_row_and_a_rule_of_2026_are_in_force_from_then_on(contracts, grown, part):
    edition = load_contracts(grown / "contracts").edition(Period(2026, part))
    assert set(codes(edition)) - set(codes(contracts.edition(Period(2026, part)))) == {"abuse_victims_image_misuse"}
    assert "R0211" in {claim.rule.code for claim in edition.claims}


def test_a_new_row_that_fits_a_wildcard_is_part_of_its_sum(grown):
    grown_contracts = load_contracts(grown / "contracts")
    assert "abuse_victims_image_misuse" in names_of(grown_contracts.edition(Period(2026, "S1")), "R0203")
    assert "abuse_victims_image_misuse" not in names_of(grown_contracts.edition(Period(2025, "A1")), "R0203")


def test_a_row_that_ended_is_asked_for_until_then_and_leaves_the_wildcards(project, edit):
    edit("forms/bvte_02.yml", OTHER_HARM, OTHER_HARM.replace("{row", "{until: 2025-A1, row"))
    ended = load_contracts(project / "contracts")
    last, next_one = ended.edition(Period(2025, "A1")), ended.edition(Period(2026, "S1"))
    assert "abuse_victims_other_harm" in codes(last)
    assert "abuse_victims_other_harm" in names_of(last, "R0203")
    assert "abuse_victims_other_harm" not in codes(next_one)
    assert "abuse_victims_other_harm" not in names_of(next_one, "R0203")


def test_a_rule_that_ended_is_judged_until_then(project, edit):
    edit("forms/bvte_02.yml", "  - code: R0208\n", "  - code: R0208\n    until: 2025-A1\n")
    ended = load_contracts(project / "contracts")
    last, next_one = (ended.edition(period) for period in (Period(2025, "A1"), Period(2026, "A1")))
    assert {claim.rule.code for claim in last.claims} - {claim.rule.code for claim in next_one.claims} == {"R0208"}


def test_a_column_of_2026_is_in_force_from_then_on(project, edit):
    new = '  - {code: OTHER, label: {vi: "Khác", en: "Other"}, sex: O, age_band: _T, subset: _T, since: 2026-S1}\n'
    edit("codelists.yml", "column_sets:\n", new + "column_sets:\n")
    edit("codelists.yml", "S: [T, M, F, U]", "S: [T, M, F, U, OTHER]")
    edit("codelists.yml", "SA: [T, M, F, U, ", "SA: [T, M, F, U, OTHER, ")
    widened = load_contracts(project / "contracts")
    columns = {
        period: [column.code for column in widened.edition(period).row_of["cases_opened"].form.columns]
        for period in (Period(2025, "A1"), Period(2026, "S1"))
    }
    assert columns == {Period(2025, "A1"): ["T", "M", "F", "U"], Period(2026, "S1"): ["T", "M", "F", "U", "OTHER"]}


def test_two_lives_of_a_rule_are_two_columns_of_its_suite(project, edit):
    edit("forms/bvte_02.yml", "  - code: R0208\n", "  - code: R0208\n    until: 2025-A1\n")
    edit("forms/bvte_02.yml", "rules:\n", NEW_RULE.replace("R0211", "R0208").replace("_image_misuse <", "_violence <"))
    write_compiled(project)
    suite = json.loads((project / "expectations" / "bvte_02.json").read_text())
    columns = [one["kwargs"]["column"] for one in suite["expectations"] if one["meta"]["rule_code"] == "R0208"]
    assert columns == ["R0208.2026-S1", "R0208.first"]
    with (project / "dbt_project" / "seeds" / "rules.csv").open(newline="") as stream:
        rules = [row for row in csv.DictReader(stream) if row["rule_code"] == "R0208"]
    assert [rule["sentence_en"] for rule in rules] == ["Misused images are no more than victims"]


def test_what_follows_from_a_new_row_says_since_when(grown):
    changed = write_compiled(grown)
    assert {f"templates/BVTE-2025.1-{mark}-2026.xlsx" for mark in ("X-S1", "X-A1", "T-S1", "T-A1")} <= set(changed)
    with (grown / "dbt_project" / "seeds" / "indicators.csv").open(newline="") as stream:
        rows = {row["indicator_code"]: row for row in csv.DictReader(stream)}
    assert rows["abuse_victims_image_misuse"]["since"] == "2026-S1"
    assert rows["abuse_victims"]["since"] == ""
    dictionary = (grown / "docs" / "reference" / "dictionary.md").read_text()
    assert "since 2026-S1" in next(line for line in dictionary.splitlines() if "abuse_victims_image_misuse" in line)


def test_the_workbooks_of_2025_stay_the_same_to_the_byte(grown, contracts):
    later = templates(load_contracts(grown / "contracts"))
    assert {name: content for name, content in later.items() if "-2026" not in name} == templates(contracts)
