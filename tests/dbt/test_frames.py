"""What the marts say of the small country on the other maps, of its second halves and of the years before."""

from datetime import UTC, datetime

import pytest
from small_country import Build, Marts, Submission

AS_OF = datetime(2027, 1, 10, tzinfo=UTC)
MONTHS = {"S1": "06", "A1": "12"}
REFORM_YEAR = {
    "2025-S1": {"00001": (4, 3, 100), "00002": (8, 1, 200), "00003": (2, 2, 50), "003": (1, 0, 10)},
    "2025-A1": {"00001": (20, 5, 160), "00003": (30, 5, 210)},
}
YEAR_AFTER = {
    "2026-S1": {"00001": (6, 4, 170), "00003": (None, 2, 200)},
    "2026-A1": {"00001": (11, 1, 180), "00003": (40, 9, 190)},
}


def submissions(years: dict[str, dict[str, tuple[int | None, ...]]]) -> list[Submission]:
    return [
        Submission(
            f"{area}-{period}", area, period, f"{period[:4]}-{MONTHS[period[5:]]}-16T09:00:00+07:00",
            {("victims", "T"): victims, ("victims", "M"): boys, ("children", "T"): children},
        )
        for period, reports in years.items()
        for area, (victims, boys, children) in reports.items()
    ]  # fmt: skip


PROVINCE = Submission(
    "province", "01", "2025-A1", "2025-12-20T09:00:00+07:00", {("victims", "T"): 999, ("has_unit", "T"): 1}
)


@pytest.fixture(scope="module")
def marts(build: Build) -> Marts:
    return build({"b1": [*submissions(REFORM_YEAR | YEAR_AFTER), PROVINCE]}, as_of=AS_OF)


@pytest.mark.parametrize(("frame", "area_code", "period_code", "expected"), [
    pytest.param("provinces_34", "01", "2025-S1", (15, "A", 4, 4, 4), id="two old provinces are one of today"),
    pytest.param("provinces_34", "01", "2025-A1", (50, "A", 2, 2, 2), id="as it is"),
    pytest.param("provinces_34", "VN", "2025-S1", (15, "A", 4, 4, 4), id="the nation"),
    pytest.param("provinces_63", "01", "2025-S1", (14, "A", 3, 3, 3), id="as it was"),
    pytest.param("provinces_63", "02", "2025-S1", (1, "A", 1, 1, 1), id="the island province"),
    pytest.param("provinces_63", "01", "2025-A1", (None, "M", 2, 2, 0), id="a new commune lies in two old provinces"),
    pytest.param("provinces_63", "02", "2025-A1", (None, "M", 1, 1, 0), id="which of its victims are of the island?"),
    pytest.param("provinces_63", "VN", "2025-A1", (50, "A", 2, 2, 2), id="the nation all the same"),
    pytest.param("stable_groups", "G1", "2025-S1", (15, "A", 4, 4, 4), id="the group before"),
    pytest.param("stable_groups", "G1", "2025-A1", (50, "A", 2, 2, 2), id="and after"),
    pytest.param("communes_3321", "00001", "2025-S1", (6, "E", 2, 2, 2), id="4 and a quarter of 8"),
    pytest.param("communes_3321", "00003", "2025-S1", (9, "E", 3, 3, 3), id="2 and 1 and three quarters of 8"),
    pytest.param("communes_3321", "00003", "2025-A1", (30, "A", 1, 1, 1), id="what it reported is no estimate"),
    pytest.param("communes_3321", "VN", "2025-S1", None, id="estimates are never added up"),
])  # fmt: skip
def test_a_figure_stands_on_every_map_whole_or_not_at_all(marts, frame, area_code, period_code, expected):
    assert marts.figure(area_code, "victims", period_code=period_code, frame=frame) == expected


def reasons(marts: Marts, where: str) -> list[tuple[str | None]]:
    return marts.rows(f"select distinct status_reason from marts.fct_indicator_values where {where} order by 1")


def test_what_cannot_be_said_on_a_map_says_why(marts):
    assert reasons(marts, "frame = 'provinces_63' and period_code = '2025-A1' and area_code = '02'") == [("area_cut",)]
    assert reasons(marts, "obs_status <> 'M'") == [(None,)]
    assert ("not_filled",) in reasons(marts, "frame = 'as_reported' and obs_status = 'M'")


@pytest.mark.parametrize(("frame", "area_code", "period_code", "expected"), [
    pytest.param("provinces_34", "01", "2025-S2", (35, "A", 2, 2, 2), id="today's province"),
    pytest.param("provinces_63", "VN", "2025-S2", (35, "A", 2, 2, 2), id="the nation on the old map"),
    pytest.param("provinces_63", "01", "2025-S2", (None, "M", 2, 2, 0), id="no second half where the year is unknown"),
    pytest.param("stable_groups", "G1", "2025-S2", (35, "A", 2, 2, 2), id="the group"),
    pytest.param("as_reported", "VN", "2025-S2", None, id="the two reports stand on two maps"),
    pytest.param("as_reported", "00001", "2025-S2", None, id="nor has a code that means another territory"),
    pytest.param("communes_3321", "00001", "2025-S2", None, id="nothing is taken from an estimate"),
    pytest.param("as_reported", "00001", "2026-S2", (5, "A", 1, 1, 1), id="one map for both"),
    pytest.param("as_reported", "00003", "2026-S2", (None, "M", 1, 1, 0), id="a blank half is not a zero"),
    pytest.param("as_reported", "01", "2026-S2", (5, "P", 2, 2, 1), id="added from what is complete"),
    pytest.param("provinces_34", "01", "2026-S2", (None, "M", 2, 2, 0), id="the group is not complete"),
])  # fmt: skip
def test_a_second_half_is_the_year_less_its_first_half(marts, frame, area_code, period_code, expected):
    assert marts.figure(area_code, "victims", period_code=period_code, frame=frame) == expected


def test_a_year_below_its_first_half_has_no_second_half(marts):
    assert marts.figure("00001", "victims", "M", "2026-S2") == (None, "M", 1, 1, 0)
    assert marts.figure("01", "victims", "M", "2026-S2") == (7, "P", 2, 2, 1)
    where = "frame = 'as_reported' and area_code = '00001' and period_code = '2026-S2' and sex = 'M'"
    assert reasons(marts, where) == [("year_below_first_half",)]


def test_a_stock_of_the_second_half_is_that_at_the_end_of_the_year(marts):
    assert marts.figure("01", "children", period_code="2025-S2", frame="provinces_34") == (370, "A", 2, 2, 2)
    assert marts.figure("00003", "children", period_code="2026-S2") == (190, "A", 1, 1, 1)


def test_a_row_that_only_provinces_fill_stands_where_provinces_do(marts):
    assert marts.figure("01", "has_unit", period_code="2025-A1", frame="provinces_34") == (1, "A", 1, 1, 1)
    assert marts.figure("01", "has_unit", period_code="2025-A1", frame="provinces_63") == (None, "M", 1, 1, 0)
    assert marts.figure("VN", "has_unit", period_code="2025-A1", frame="stable_groups") == (1, "A", 1, 1, 1)
    assert marts.figure("G1", "has_unit", period_code="2025-A1", frame="stable_groups") is None


@pytest.mark.parametrize(("frame", "area_code", "period_code", "before"), [
    pytest.param("as_reported", "00001", "2026-A1", (20, "A", -9), id="the same commune"),
    pytest.param("as_reported", "00001", "2026-S1", None, id="its code was another territory then"),
    pytest.param("as_reported", "VN", "2026-S1", (15, "A", -9), id="the nation is the nation"),
    pytest.param("provinces_34", "01", "2026-S1", (15, "A", -9), id="today's province on today's map"),
    pytest.param("as_reported", "01", "2026-S1", None, id="code 01 holds another province too now"),
    pytest.param("stable_groups", "G1", "2026-A1", (50, "A", 1), id="the group"),
    pytest.param("provinces_34", "01", "2025-S1", None, id="nothing before"),
])  # fmt: skip
def test_a_year_before_is_told_on_the_same_map_and_territory(marts, frame, area_code, period_code, before):
    row = marts.rows(
        f"""
        select value_year_before, status_year_before, change_on_year from marts.fct_year_on_year
        where frame = '{frame}' and area_code = '{area_code}' and period_code = '{period_code}'
            and indicator_code = 'victims' and sex = '_T'
        """
    )
    assert row == ([before] if before else [])


def test_a_derived_period_is_marked_and_owes_no_report(marts):
    periods = "select period_code, period_part, start_date::varchar from marts.dim_periods where is_derived order by 1"
    assert marts.rows(periods) == [("2025-S2", "S2", "2025-06-15"), ("2026-S2", "S2", "2026-06-15")]
    assert marts.rows("select count(*) from marts.fct_reporting_completeness where period_code like '%S2'") == [(0,)]


def test_frames_groups_and_flows_are_told_by_name(marts):
    frames = "select frame, has_estimates from marts.dim_frames order by 1"
    assert marts.rows(frames) == [
        ("as_reported", False), ("communes_3321", True), ("provinces_34", False), ("provinces_63", False),
        ("stable_groups", False),
    ]  # fmt: skip
    group = "select label_vi, label_en, parent_code from marts.dim_areas where area_code = 'G1'"
    assert marts.rows(group) == [("Xã Một, Xã Ba", "Mot Commune, Ba Commune", "01")]
    split = "select new_code, relation, weight from marts.dim_area_flows where old_code = '00002' order by 1"
    assert marts.rows(split) == [("00001", "split", 0.25), ("00003", "split", 0.75)]
    parts = "select frame_area_code, is_whole, share from marts.dim_frame_areas"
    assert marts.rows(f"{parts} where frame = 'communes_3321' and area_code = '00002' order by 1") == [
        ("00001", False, 0.25), ("00003", False, 0.75),
    ]  # fmt: skip
