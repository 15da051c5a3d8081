"""What the marts say of a country small enough to add up by hand."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from small_country import ROOT, Build, Marts, Submission, X, small_register

from tally.adapters.dbt import prepare_project
from tally.pipeline.outstanding import sections_by_province

SIX_MONTHS = [
    Submission(
        "one", "00001", "2025-S1", "2025-06-16T09:00:00+07:00",
        {("victims", "T"): 3, ("victims", "M"): 1, ("victims", "F"): 2, ("children", "T"): 100},
    ),
    Submission(
        "two", "00002", "2025-S1", "2025-06-16T10:00:00+07:00",
        {("victims", "T"): 0, ("victims", "M"): None, ("victims", "F"): None, ("children", "T"): X},
    ),
    Submission("two_again", "00002", "2025-S1", "2025-06-16T11:00:00+07:00", {}, verdict="duplicate"),
    Submission("three", "00003", "2025-S1", "2025-06-16T09:00:00+07:00", {}, verdict="returned", findings=("S12",)),
    Submission(
        "district", "001", "2025-S1", "2025-06-18T09:00:00+07:00",
        {("victims", "T"): 3, ("victims", "M"): None, ("victims", "F"): 9, ("children", "T"): 900},
    ),
    Submission(
        "province", "01", "2025-S1", "2025-06-24T09:00:00+07:00",
        {("victims", "T"): 9, ("victims", "M"): 1, ("victims", "F"): 8, ("children", "T"): 1000},
    ),
    Submission("late_province", "02", "2025-S1", "2025-06-26T09:00:00+07:00", {("victims", "T"): 7}, is_late=True),
    Submission("stranger", None, None, "2025-06-16T09:00:00+07:00", {}, verdict="refused"),
    Submission(
        "unread", None, None, "2025-06-18T09:00:00+07:00", {}, verdict="refused", findings=("S12",), sender="002"
    ),
]  # fmt: skip
ISLAND = Submission(
    "island", "003", "2025-S1", "2025-06-17T09:00:00+07:00",
    {("victims", "T"): 7, ("victims", "M"): X, ("victims", "F"): None, ("children", "T"): X},
)  # fmt: skip
ISLAND_BEFORE_REPLAY = replace(ISLAND, figures={("victims", "T"): 70, ("victims", "M"): 70})
CORRECTION = Submission(
    "one_corrected", "00001", "2025-S1", "2025-06-19T09:00:00+07:00",
    {("victims", "T"): 5, ("victims", "M"): 2, ("victims", "F"): 3, ("children", "T"): 110}, is_late=True,
)  # fmt: skip
CORRECTION_BEFORE_REPLAY = replace(CORRECTION, figures={}, verdict="returned", findings=("S12", "S12"))
YEAR = [
    Submission(
        "year", "00001", "2025-A1", "2025-12-16T09:00:00+07:00",
        {("victims", "T"): 20, ("new_row", "T"): 1, ("grade", "T"): 4},
    ),
    Submission(
        "year_again", "00001", "2025-A1", "2025-12-18T09:00:00+07:00", {}, verdict="returned", findings=("S12",)
    ),
    Submission("year_returned", "00003", "2025-A1", "2025-12-16T09:00:00+07:00", {}, verdict="returned"),
    Submission(
        "year_of_province", "01", "2025-A1", "2025-12-20T09:00:00+07:00",
        {("victims", "T"): 30, ("has_unit", "T"): 1, ("grade", "T"): 3},
    ),
]  # fmt: skip


@pytest.fixture(scope="module")
def marts(build: Build) -> Marts:
    batches = {"b1": [*SIX_MONTHS, CORRECTION_BEFORE_REPLAY, ISLAND_BEFORE_REPLAY], "b2": [CORRECTION, ISLAND, *YEAR]}
    return build(batches, with_unit_tests=True)


def test_the_nation_is_the_sum_of_communes_and_island_districts(marts: Marts) -> None:
    assert marts.figure("VN", "victims") == (5 + 0 + 7, "P", 4, 3, 3)


def test_what_a_parent_reports_never_enters_a_sum(marts: Marts) -> None:
    assert marts.figure("001", "victims") == (5 + 0, "A", 2, 2, 2)
    assert marts.figure("01", "victims") == (5 + 0, "P", 3, 2, 2)
    assert marts.figure("01", "children") == (110, "P", 3, 2, 1)


def test_an_island_district_stands_among_the_lowest_areas(marts: Marts) -> None:
    assert marts.figure("003", "victims") == (7, "A", 1, 1, 1)
    assert marts.figure("02", "victims") == (7, "A", 1, 1, 1)


def test_a_blank_cell_is_not_a_zero(marts: Marts) -> None:
    assert marts.figure("00002", "victims") == (0, "A", 1, 1, 1)
    assert marts.figure("00002", "victims", "M") == (None, "M", 1, 1, 0)
    assert marts.figure("001", "victims", "M") == (2, "P", 2, 2, 1)


def test_an_area_whose_report_was_returned_did_not_report(marts: Marts) -> None:
    assert marts.figure("00003", "victims") == (None, "M", 1, 0, 0)
    assert marts.figure("002", "victims") == (None, "M", 1, 0, 0)


def test_a_cell_that_every_area_crossed_out_is_not_applicable(marts: Marts) -> None:
    assert marts.figure("003", "victims", "M") == (None, "Z", 1, 1, 0)
    assert marts.figure("02", "children") == (None, "Z", 1, 1, 0)
    assert marts.figure("003", "victims", "F") == (None, "M", 1, 1, 0)
    assert marts.figure("00002", "children") == (None, "Z", 1, 1, 0)
    assert marts.figure("001", "children") == (110, "P", 2, 2, 1)


def test_a_figure_stands_on_the_map_of_its_period(marts: Marts) -> None:
    assert marts.figure("VN", "victims", period_code="2025-A1") == (20, "P", 2, 1, 1)
    assert marts.figure("01", "victims", period_code="2025-A1") == (20, "P", 2, 1, 1)
    assert marts.figure("02", "victims", period_code="2025-A1") is None
    assert marts.figure("001", "victims", period_code="2025-A1") is None
    assert marts.figure("00002", "victims", period_code="2025-A1") is None


def test_a_row_of_the_province_stands_there_and_above(marts: Marts) -> None:
    assert marts.figure("01", "has_unit", period_code="2025-A1") == (1, "A", 1, 1, 1)
    assert marts.figure("VN", "has_unit", period_code="2025-A1") == (1, "A", 1, 1, 1)
    assert marts.figure("00001", "has_unit", period_code="2025-A1") is None


def test_a_figure_that_never_adds_up_stays_where_it_was_reported(marts: Marts) -> None:
    assert marts.figure("00001", "grade", period_code="2025-A1") == (4, "A", 1, 1, 1)
    assert marts.figure("01", "grade", period_code="2025-A1") == (None, "M", 2, 1, 0)
    assert marts.figure("VN", "grade", period_code="2025-A1") == (None, "M", 2, 1, 0)


def test_a_row_has_figures_only_in_its_own_periods(marts: Marts) -> None:
    assert marts.figure("VN", "new_row") is None
    assert marts.figure("VN", "new_row", period_code="2025-A1") == (1, "P", 2, 1, 1)
    assert marts.figure("VN", "old_row") is None
    assert marts.figure("VN", "has_unit") is None


def test_every_area_has_every_cell_once(marts: Marts) -> None:
    six_months, year = 9 * 4, 4 * 6 + 2
    as_reported = "select * from marts.fct_indicator_values where frame = 'as_reported'"
    counts = f"select period_code, count(*) from ({as_reported}) group by all order by 1"
    assert marts.rows(counts) == [("2025-A1", year), ("2025-S1", six_months)]


def test_a_correction_supersedes_and_the_first_stays_on_record(marts: Marts) -> None:
    report = "select submission_id, is_current, supersedes from marts.fct_submissions where area_code = '00001' "
    assert marts.rows(report + "and period_code = '2025-S1' order by received_at") == [
        ("one", False, None),
        ("one_corrected", True, "one"),
    ]
    assert marts.rows("select count(*) from marts.fct_submissions where is_current") == [(8,)]
    others = "select submission_id, is_current, supersedes from marts.fct_submissions where verdict not like 'acc%'"
    assert marts.rows(others + " order by 1") == [
        ("stranger", False, None),
        ("three", False, None),
        ("two_again", False, None),
        ("unread", False, None),
        ("year_again", False, None),
        ("year_returned", False, None),
    ]


def test_only_the_current_judgement_of_a_replayed_submission_counts(marts: Marts) -> None:
    replayed = "select verdict from marts.fct_submissions where submission_id = 'one_corrected'"
    assert marts.rows(replayed) == [("accepted",)]
    assert marts.rows("select submission_id, finding_number, rule_code, status from marts.fct_findings order by 1") == [
        ("three", 1, "S12", "open"),
        ("unread", 1, "S12", "open"),
        ("year_again", 1, "S12", "open"),
    ]


@pytest.mark.parametrize(
    ("area_code", "period_code", "expected", "received", "accepted", "on_time", "areas"),
    [
        pytest.param("VN", "2025-S1", 8, 7, 6, 5, (4, 3), id="the nation counts every level"),
        pytest.param("01", "2025-S1", 6, 5, 4, 4, (3, 2), id="a correction that came late was on time at first"),
        pytest.param("02", "2025-S1", 2, 2, 2, 1, (1, 1), id="an island province"),
        pytest.param("002", "2025-S1", 2, 1, 0, 0, (1, 0), id="a returned report is received and not made"),
        pytest.param("00002", "2025-S1", 1, 1, 1, 1, (1, 1), id="a duplicate counts once"),
        pytest.param("VN", "2025-A1", 3, 3, 2, 2, (2, 1), id="the new map owes fewer"),
        pytest.param("003", "2025-S1", 1, 1, 1, 1, (1, 1), id="an island district"),
    ],
)
def test_completeness_counts_what_an_area_and_those_below_it_owe(
    marts: Marts,
    area_code: str,
    period_code: str,
    expected: int,
    received: int,
    accepted: int,
    on_time: int,
    areas: tuple[int, int],
) -> None:
    row = marts.rows(
        f"""
        select reports_expected, reports_received, reports_accepted, reports_on_time, reporting_rate, on_time_rate,
            areas_expected, areas_accepted
        from marts.fct_reporting_completeness where area_code = '{area_code}' and period_code = '{period_code}'
        """
    )
    assert row == [(expected, received, accepted, on_time, accepted / expected, on_time / expected, *areas)]


def test_completeness_is_kept_for_ended_periods_since_collection_began(marts: Marts) -> None:
    periods = "select distinct period_code from marts.fct_reporting_completeness order by 1"
    assert marts.rows(periods) == [("2025-A1",), ("2025-S1",)]


def imbalance(marts: Marts, area_code: str, indicator_code: str, sex: str = "_T", period_code: str = "2025-S1"):
    rows = marts.rows(
        f"""
        select reported_value, children_value, imbalance from marts.fct_imbalances
        where area_code = '{area_code}' and indicator_code = '{indicator_code}' and sex = '{sex}'
            and period_code = '{period_code}'
        """
    )
    return rows[0] if rows else None


def test_an_imbalance_is_the_parents_figure_minus_its_childrens_own(marts: Marts) -> None:
    assert imbalance(marts, "001", "victims") == (3, 5 + 0, -2)
    assert imbalance(marts, "01", "victims") == (9, 3, 6)
    assert imbalance(marts, "02", "victims") == (7, 7, 0)
    assert imbalance(marts, "01", "victims", period_code="2025-A1") == (30, 20, 10)


def test_an_imbalance_is_unknown_where_either_side_is(marts: Marts) -> None:
    assert imbalance(marts, "001", "victims", "M") == (None, 2, None)
    assert imbalance(marts, "01", "victims", "M") == (1, None, None)
    assert imbalance(marts, "001", "victims", "F") == (9, 3, 6)


def test_only_rows_that_the_children_owe_can_be_out_of_balance(marts: Marts) -> None:
    assert imbalance(marts, "01", "has_unit", period_code="2025-A1") is None
    assert imbalance(marts, "01", "grade", period_code="2025-A1") == (3, 4, -1)
    assert imbalance(marts, "003", "victims") is None
    assert imbalance(marts, "002", "victims") is None


def test_an_imbalance_names_the_children_that_are_missing_or_changed_since(marts: Marts) -> None:
    families = """
        select distinct area_code, period_code, children_expected, children_accepted, children_missing, children_silent,
            children_returned, children_late, children_changed, missing_area_codes, late_area_codes, changed_area_codes
        from marts.fct_imbalances order by all
    """
    assert marts.rows(families) == [
        ("001", "2025-S1", 2, 2, 0, 0, 0, 0, 1, None, None, "00001"),
        ("01", "2025-A1", 2, 1, 1, 0, 1, 0, 0, "00003", None, None),
        ("01", "2025-S1", 2, 1, 1, 1, 0, 0, 0, "002", None, None),
        ("02", "2025-S1", 1, 1, 0, 0, 0, 0, 0, None, None, None),
    ]


def test_an_imbalance_then_is_against_what_the_parent_could_have_added(marts: Marts) -> None:
    then = """
        select reported_value, children_value, children_value_then, imbalance, imbalance_then, is_balanced,
            children_filled
        from marts.fct_imbalances where area_code = '001' and indicator_code = 'victims' and period_code = '2025-S1'
        order by sex
    """
    assert marts.rows(then) == [
        (9, 3, 2, 6, 7, False, 1),
        (None, 2, 1, None, None, None, 1),
        (3, 5, 3, -2, 0, False, 2),  # the district added 3 and 0; then 00001 was corrected to 5
    ]


def test_the_children_that_explain_an_imbalance_are_listed_with_the_reason(marts: Marts) -> None:
    listed = """
        select area_code, period_code, child_code, reason, last_verdict, submission_id, submission_id_then
        from marts.fct_imbalance_children order by all
    """
    assert marts.rows(listed) == [
        ("001", "2025-S1", "00001", "changed", "accepted", "one_corrected", "one"),
        ("01", "2025-A1", "00003", "returned", "returned", None, None),
        ("01", "2025-S1", "002", "missing", None, None, None),
    ]


def test_reports_that_are_missing_returned_or_late_are_listed_with_their_due_day(marts: Marts) -> None:
    listed = """
        select period_code, area_code, label_vi, province_code, report_state, due_date::varchar, days_after_due
        from marts.rpt_late_and_missing_reports order by all
    """
    assert marts.rows(listed) == [
        ("2025-A1", "00003", "Xã Ba", "01", "returned", "2025-12-17", 24),
        ("2025-S1", "00003", "Xã Ba", "01", "returned", "2025-06-17", 207),
        ("2025-S1", "002", "Huyện Hai", "01", "missing", "2025-06-20", 204),
        ("2025-S1", "02", "Tỉnh Hai", "02", "late", "2025-06-25", 1),
    ]


def test_each_province_of_today_is_told_what_is_outstanding_on_the_map_of_each_period(marts: Marts) -> None:
    listed = sections_by_province(marts.connection, small_register(), date(2026, 1, 10))
    assert list(listed) == ["01"]
    assert [
        (one.period.code, one.name, one.expected, one.received, one.accepted, one.late) for one in listed["01"]
    ] == [
        ("2025-A1", "Tỉnh Một", 3, 3, 2, 0),
        ("2025-S1", "Tỉnh Một", 6, 5, 4, 0),
    ]
    assert [
        (one.area_code, one.name, str(one.standing), one.days_after_due, one.folder, one.submission_id, one.critical)
        for section in listed["01"]
        for one in section.reports
    ] == [
        ("00003", "Xã Ba", "returned", 24, "00003", "year_returned", 0),
        ("00001", "Xã Một", "correction", 24, "00001", "year_again", 1),
        ("00003", "Xã Ba", "returned", 207, "00003", "three", 1),
        ("002", "Huyện Hai", "unread", 204, "002", "unread", 1),
    ]


def test_each_form_tells_how_many_reports_owe_it_and_how_many_cells_they_filled(marts: Marts) -> None:
    forms = """
        select area_code, form_code, reports_expected, reports_received, reports_accepted, reports_on_time,
            cells_expected, cells_filled
        from marts.fct_form_completeness where period_code = '2025-A1' order by all
    """
    assert marts.rows(forms) == [
        ("00001", "bvte_02", 1, 1, 1, 1, 5, 2),
        ("00001", "bvte_06", 1, 1, 1, 1, 1, 1),
        ("00003", "bvte_02", 1, 1, 0, 0, 5, 0),
        ("00003", "bvte_06", 1, 1, 0, 0, 1, 0),
        ("01", "bvte_02", 3, 3, 2, 2, 15, 3),
        ("01", "bvte_06", 3, 3, 2, 2, 4, 3),
        ("VN", "bvte_02", 3, 3, 2, 2, 15, 3),
        ("VN", "bvte_06", 3, 3, 2, 2, 4, 3),
    ]


def test_an_area_has_a_row_for_each_of_its_versions(marts: Marts) -> None:
    versions = "select valid_from, valid_to, parent_code, label_vi from marts.dim_areas where area_code = '00001'"
    assert [(row[2], row[3]) for row in marts.rows(versions)] == [("001", "Xã Một"), ("01", "Xã Một")]
    assert marts.rows("select area_level, label_en from marts.dim_areas where area_code = 'VN'") == [
        ("nation", "Viet Nam")
    ]


def test_the_build_file_holds_the_marts_and_nothing_that_a_sender_wrote(marts: Marts) -> None:
    tables = marts.rows("select schema_name, table_name from duckdb_tables() order by 2")
    assert {schema for schema, _ in tables} == {"marts", "stored"}
    views = "select distinct schema_name from duckdb_views() where not internal"
    assert marts.rows(views) == [("marts",)]
    columns = {name for (name,) in marts.rows("select column_name from duckdb_columns() where not internal")}
    assert not {"raw_text", "note"} & columns
    assert "chữ của người gửi".encode() not in marts.outcome.build_file.read_bytes()


def test_the_page_of_the_marts_is_the_same_wherever_the_project_lies(marts: Marts, tmp_path: Path) -> None:
    prepared = prepare_project(ROOT / "dbt_project", tmp_path / "warehouse.duckdb", tmp_path)
    assert (prepared / "docs.html").read_bytes() == marts.outcome.docs_file.read_bytes()
