"""The table of commitments is true: what serves a commitment is there, and nothing that was asked is left out."""

from pathlib import Path

import pytest
import yaml

from tally.compile.commitments import marts_of
from tally.contracts.load import load_contracts
from tally.contracts.model import Contracts

ROOT = Path(__file__).parents[2]
ASKED = {
    *("reporting_at_all_levels", "intersectoral_coordination", "police", "hotline_111", "published_figures"),
    *("circular_13", "special_circumstances", "asean_services", "asean_bullying", "asean_online", "juvenile_justice"),
    *("trafficking", "sdg_16_2", "qd_1863", "qd_23", "qd_830", "icvac_iccs", "rates", "unusual_counts"),
}


@pytest.fixture(scope="module")
def contracts() -> Contracts:
    return load_contracts(ROOT / "contracts")


def test_every_system_and_commitment_that_was_asked_for_is_in_the_table(contracts):
    assert {one.code for one in contracts.commitments} == ASKED


def test_every_mart_that_serves_a_commitment_is_built(contracts):
    built = {path.stem for path in (ROOT / "dbt_project/models/marts").glob("*.sql")}
    written = yaml.safe_load((ROOT / "dbt_project/models/marts/_changes.yml").read_text(encoding="utf-8"))
    built |= {one["name"] for one in written["sources"][0]["tables"]}
    assert {mart for one in contracts.commitments for mart in marts_of(one)} <= built


def test_every_report_programme_and_source_serves_a_commitment(contracts):
    assert {one.code for one in contracts.reports} == {one.report for one in contracts.commitments if one.report}
    programmes = {one.code for one in contracts.programmes.programmes}
    assert programmes == {one.programme for one in contracts.commitments if one.programme}
    feeds = {one.feed for one in contracts.commitments if one.feed}
    assert {one.source for one in contracts.sources} - feeds == {"child_affairs"}, (
        "beside the census, in published figures"
    )


def test_the_plan_against_violence_has_its_nine_targets_and_all_but_the_database_are_judged(contracts):
    plan = next(one for one in contracts.programmes.programmes if one.code == "qd_1863")
    assert [target.code for target in plan.targets] == [f"qd_1863_{number}" for number in range(1, 10)]
    assert [target.code for target in plan.targets if target.cannot] == ["qd_1863_9"]


def test_children_abused_are_never_judged_by_those_who_were_detected(contracts):
    targets = [
        one for programme in contracts.programmes.programmes for one in programme.targets if "abused" in one.code
    ]
    assert [(one.by, one.value, bool(one.cannot), one.ratio) for one in targets] == [
        (2025, 4.5, True, None),
        (2030, 4, True, None),
    ]


def test_every_juvenile_justice_indicator_is_computed_or_says_why_not(contracts):
    report = next(one for one in contracts.reports if one.code == "juvenile_justice")
    empty = [line for line in report.lines if line.empty_because]
    text = (ROOT / "docs/reference/commitments.md").read_text(encoding="utf-8")
    for line in empty:
        assert line.empty_because.vi in text
        assert line.empty_because.en in text


def test_survey_based_indicators_of_sdg_16_2_stand_empty_with_their_reason(contracts):
    report = next(one for one in contracts.reports if one.code == "child_abuse")
    empty = {line.name: line.empty_because.en for line in report.lines if line.empty_because}
    assert len([name for name in empty if "16_2_1" in name or "16_2_3" in name]) == 2
    assert all("survey" in reason for name, reason in empty.items() if "16_2" in name)


def test_the_seven_areas_of_the_online_plan_and_the_ten_services_are_all_named(contracts):
    online = next(one for one in contracts.reports if one.code == "online_safety")
    services = next(one for one in contracts.reports if one.code == "case_management")
    assert len({line.name for line in services.lines if line.name.startswith("service_")} & {
        row.code for form in contracts.forms for row in form.indicators
    }) == 10  # fmt: skip
    areas = {line.name.split("_")[1] for line in online.lines if line.name.startswith("asean_")}
    assert areas == {str(number) for number in range(1, 8)}
