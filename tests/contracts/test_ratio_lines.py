"""Ratios, populations and reports: what a person is told who makes a mistake in them, and what they compile to."""

import pytest

from tally.compile.ratios import ratio_tables
from tally.contracts.load import load_contracts
from tally.contracts.reports import columns_of
from tally.errors import ContractError
from tally.pipeline.home import PROJECT

SHARE = "abuse_victims_girls_share, kind: share"
POPULATION = "areas/population.csv"
HEADER = "area_code,date,children_under_16,population,source\n"


def told(project) -> ContractError:
    with pytest.raises(ContractError) as caught:
        load_contracts(project / "contracts")
    return caught.value


@pytest.mark.parametrize(
    ("file", "old", "new", "key", "message"),
    [
        pytest.param(
            "ratios.yml", SHARE, "abuse_victims_rate, kind: share", "ratios[3].code", "abuse_victims_rate stands twice",
            id="a code that stands twice",
        ),
        pytest.param(
            "ratios.yml", SHARE, "abuse_victims_girls_share, kind: share, per: 100", "ratios[3]", "a share is per 1",
            id="a share per hundred",
        ),
        pytest.param(
            "ratios.yml", "[{indicator: justice_diverted}]", "[{indicator: diverted}]",
            "ratios[69].numerator[0].indicator", "no indicator diverted", id="an unknown indicator",
        ),
        pytest.param(
            "ratios.yml", "[{indicator: justice_diverted}]", "[{indicator: justice_diverted, age: Y0T5}]",
            "ratios[69].numerator[0]", "justice_diverted has no cell of sex _T, age Y0T5, subset _T",
            id="a cell that no form prints",
        ),
        pytest.param(
            "ratios.yml", "[{indicator: justice_diverted}]", "[{indicator: emergency_service_available}]",
            "ratios[69].numerator[0]", "emergency_service_available is not added up from the lowest areas",
            id="a row of provinces alone",
        ),
        pytest.param(
            "reports.yml", "- {indicator: justice_diverted}\n          - {indicator: justice_detained}\n"
            "          - {indicator: justice_reintegrated}\n          - {indicator: justice_child_victims_witnesses}\n"
            "          - {ratio: justice_diverted_share}",
            "- {indicator: diverted}\n          - {indicator: justice_detained}\n"
            "          - {indicator: justice_reintegrated}\n          - {indicator: justice_child_victims_witnesses}\n"
            "          - {ratio: justice_diverted_share}",
            "reports[6].tables[4].lines[1].indicator", "no indicator diverted", id="a line of an unknown indicator",
        ),
        pytest.param(
            "reports.yml", "{source: hotline_111, indicator: hotline_calls}",
            "{source: hotline, indicator: hotline_calls}",
            "reports[1].tables[2].lines[0].source", "no source hotline", id="a line of an unknown source",
        ),
        pytest.param(
            "reports.yml", "{source: hotline_111, indicator: hotline_calls}", "{source: hotline_111, indicator: calls}",
            "reports[1].tables[2].lines[0].indicator", "no indicator calls", id="what the source does not count",
        ),
        pytest.param(
            "reports.yml", "columns: G", "columns: H", "reports[2].tables[0].columns", "H is no column set",
            id="columns that are none",
        ),
        pytest.param(
            "reports.yml", "of: [special_circumstances_share]", "of: [special_hiv]", "reports[2].tables[3].chart.of[0]",
            "the table has no column special_hiv", id="a chart of a column that is not there",
        ),
        pytest.param(
            "reports.yml", "{code: justice_indicator_12, label: {", "{code: justice_indicator_13, label: {",
            "reports[6].tables[2].lines[12]", "justice_indicator_13 is two lines", id="a code of two lines",
        ),
    ],
)  # fmt: skip
def test_an_error_names_the_place_and_what_is_wrong(project, edit, file, old, new, key, message) -> None:
    edit(file, old, new)
    error = told(project)
    assert (error.file, error.key) == (f"contracts/{file}", key)
    assert message in str(error)


@pytest.mark.parametrize(
    ("line", "key", "message"),
    [
        pytest.param("01,2025-04-31,1,2,a", "date", "is no date", id="a day that is none"),
        pytest.param("99,2025-04-01,1,2,a", "area_code", "there is no area 99", id="an unknown area"),
        pytest.param("01,2025-04-01,1.5,2,a", "children_under_16", "is no number of people", id="half a child"),
        pytest.param("01,2025-04-01,1,0,a", "population", "is no number of people", id="nobody at all"),
        pytest.param("01,2025-04-01,1,2,", "source", "say where", id="no source"),
        pytest.param("VN,2025-04-01,1,2,a\nVN,2025-04-01,1,2,b", "area_code", "stands twice", id="counted twice a day"),
    ],
)
def test_a_population_says_who_was_counted_when_and_by_whom(project, line, key, message) -> None:
    (project / "contracts" / POPULATION).write_text(f"{HEADER}{line}\n", encoding="utf-8")
    error = told(project)
    assert (error.file, error.key) == (f"contracts/{POPULATION}", key)
    assert message in str(error)


def test_no_population_need_be_known(project) -> None:
    (project / "contracts" / POPULATION).unlink()
    assert load_contracts(project / "contracts").population == ()


def test_a_population_stands_only_on_maps_on_which_just_that_area_stands(project) -> None:
    # 24 was Bắc Giang until July 2025 and is Bắc Ninh since
    lines = "24,2025-04-01,1,2,a\n24,2026-04-01,3,4,b\nVN,2025-04-01,,9,c\n"
    (project / "contracts" / POPULATION).write_text(HEADER + lines, encoding="utf-8")
    head, *rows = ratio_tables(load_contracts(project / "contracts"))["populations"]
    found = [dict(zip(head, row, strict=True)) for row in rows]
    frames: dict[tuple[str, str], set[str]] = {}
    for one in found:
        frames.setdefault((one["area_code"], str(one["count_date"])), set()).add(one["frame"])
    assert frames == {
        ("24", "2025-04-01"): {"as_reported", "provinces_63"},
        ("24", "2026-04-01"): {"as_reported", "provinces_34"},
        ("VN", "2025-04-01"): {"as_reported", "provinces_34", "provinces_63", "stable_groups"},
    }


def test_a_ratio_says_its_formula_in_words(contracts) -> None:
    head, *rows = ratio_tables(contracts)["ratios"]
    formulas = {row[0]: dict(zip(head, row, strict=True)) for row in rows}
    girls = formulas["abuse_victims_girls_rate"]
    assert girls["formula_vi"] == "(Số trẻ em bị xâm hại, nữ) / (Tổng số trẻ em dưới 16 tuổi, nữ) × 100.000"
    assert girls["denominator_place"] == "BVTE-01: 0100"
    assert girls["population_column"] is None  # the population table does not know sexes
    assert formulas["abuse_victims_rate"]["population_column"] == "children_under_16"


def test_every_report_has_a_mart_and_the_other_way_round(contracts) -> None:
    models = (PROJECT / "dbt_project/models/marts").glob("rpt_*.sql")
    made = {path.stem for path in models if "lines_of_report" in path.read_text(encoding="utf-8")}
    assert made == {f"rpt_{report.code}" for report in contracts.reports}


def test_what_takes_a_survey_is_listed_and_left_empty(contracts) -> None:
    head, *rows = ratio_tables(contracts)["report_lines"]
    lines = {row[2]: dict(zip(head, row, strict=True)) for row in rows}
    for code in ("sdg_16_2_1", "sdg_16_2_3"):
        assert "điều tra" in lines[code]["empty_because_vi"]
        assert lines[code]["indicator_code"] is lines[code]["ratio_code"] is None
    juvenile = [line for code, line in lines.items() if code.startswith("justice_indicator_")]
    assert len(juvenile) == 15
    assert sum(line["empty_because_vi"] is not None for line in juvenile) == 10


def test_a_table_has_no_more_columns_than_fit_on_a_page(contracts) -> None:
    for report in contracts.reports:
        for table in report.tables:
            assert len(columns_of(table, contracts.codelists)) <= 8, (report.code, table.title.en)
