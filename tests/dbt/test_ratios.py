"""A ratio is made anew of its parts, over just the areas that filled both; and reports say what they cannot say."""

from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from small_country import Build, Marts, Submission, X

LOWEST = ("00001", "00002", "00003", "003")
HOLDERS = {
    "as_reported": {
        "VN": LOWEST, "01": LOWEST[:3], "02": LOWEST[3:], "001": LOWEST[:2], "002": ("00003",), "003": ("003",),
    },
    "provinces_34": {"VN": LOWEST, "01": LOWEST},
    "provinces_63": {"VN": LOWEST, "01": LOWEST[:3], "02": LOWEST[3:]},
    "stable_groups": {"VN": LOWEST},
}  # fmt: skip
ALL, BOYS, GIRLS, CHILDREN = ("victims", "T"), ("victims", "M"), ("victims", "F"), ("children", "T")
RATIOS = {
    "girls_share": (1, [GIRLS], [ALL]),
    "sexes_share": (1, [BOYS, GIRLS], [ALL]),
    "victims_rate": (1000, [ALL], [CHILDREN]),
    "per_head": (1000, [ALL], []),
}
COUNTED = {
    ("victims_rate", "as_reported", "VN"): (1000, "điều tra, 2025-04-01"),
    ("per_head", "as_reported", "VN"): (9000, "điều tra, 2025-04-01"),
    ("per_head", "as_reported", "02"): (500, "điều tra, 2025-03-01"),
    ("victims_rate", "as_reported", "01"): (300, "bản đồ cũ, 2025-05-01"),
}
PLACES = {"girls_share": "BVTE-02: 0201", "sexes_share": "BVTE-02: 0201", "victims_rate": "BVTE-02: 0202"}

value = st.one_of(st.none(), st.just(X), st.integers(0, 10**6))
report = st.one_of(st.none(), st.fixed_dictionaries(dict.fromkeys((ALL, BOYS, GIRLS, CHILDREN), value)))


def recomputed(ratio: str, frame: str, area: str, said: dict[str, dict[Any, Any] | None]) -> tuple[Any, ...]:
    """(numerator, denominator, ratio, status, areas filled, where the denominator is from), from the reports alone."""
    per, numerator, denominator = RATIOS[ratio]

    def part(cells: list[Any], of: str) -> int | None:
        numbers = [(said[of] or {}).get(cell) for cell in cells]
        return sum(numbers) if numbers and all(isinstance(one, int) for one in numbers) else None

    within = HOLDERS[frame][area]
    parts = [(part(numerator, of), part(denominator, of)) for of in within]
    people, place = COUNTED.get((ratio, frame, area), (None, None))
    if people and all(above is not None for above, _ in parts):
        above, below, filled = sum(above for above, _ in parts), people, len(within)
    else:
        both = [pair for pair in parts if None not in pair]
        if not both:
            return (None, None, None, "M", 0, None)
        above, below, filled = sum(one for one, _ in both), sum(other for _, other in both), len(both)
        place = PLACES[ratio]
    quotient = float(Fraction(per * above, below)) if below else None
    return (above, below, quotient, "A" if filled == len(within) else "P", filled, place)


def ratio_of(marts: Marts, ratio: str, frame: str, area: str, period: str = "2025-S1") -> tuple[Any, ...]:
    (found,) = marts.rows(
        f"""
        select numerator_value, denominator_value, ratio_value, obs_status, areas_filled, denominator_source
        from marts.fct_ratios
        where frame = '{frame}' and area_code = '{area}' and period_code = '{period}' and ratio_code = '{ratio}'
        """
    )
    return found


FULL = {ALL: 6, BOYS: 2, GIRLS: 3, CHILDREN: 0}


@settings(
    max_examples=2,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@example(  # each part is missing where the other stands
    said={
        **dict.fromkeys(LOWEST, FULL),
        "00002": {**FULL, GIRLS: None, CHILDREN: 50},
        "00003": {**FULL, CHILDREN: None},
    }
)
@given(said=st.fixed_dictionaries(dict.fromkeys(LOWEST, report)))
def test_a_ratio_is_made_of_just_the_areas_that_filled_both_parts(build: Build, said) -> None:
    submissions = [
        Submission(f"{area}-said", area, "2025-S1", "2025-06-16T09:00:00+07:00", figures)
        for area, figures in said.items()
        if figures
    ]
    parent = Submission("parent", "01", "2025-S1", "2025-06-20T09:00:00+07:00", dict.fromkeys(FULL, 999))
    marts = build({"b1": [*submissions, parent]})
    for frame, areas in HOLDERS.items():
        for area in areas:
            for ratio in RATIOS:
                found = ratio_of(marts, ratio, frame, area)
                expected = recomputed(ratio, frame, area, said)
                assert found[:2] + found[3:] == expected[:2] + expected[3:], (ratio, frame, area)
                assert found[2] == (expected[2] and pytest.approx(expected[2], rel=1e-12)), (ratio, frame, area)


@pytest.fixture(scope="module")
def two_years(build: Build) -> Marts:
    def said(area: str, period: str, victims: int, girls: int | None) -> Submission:
        figures = {ALL: victims, GIRLS: girls, CHILDREN: 100}
        if period != "2025-S1":
            figures["new_row", "T"] = 1
        return Submission(f"{area}-{period}", area, period, "2027-01-02T09:00:00+07:00", figures)

    submissions = [
        *(said(area, "2025-S1", 10, 2) for area in LOWEST),
        *(said(area, "2025-A1", 30, 9) for area in ("00001", "00003")),
        said("00001", "2026-S1", 5, 1), said("00003", "2026-S1", 15, None),
    ]  # fmt: skip
    return build({"b1": submissions}, as_of=datetime(2027, 1, 10, tzinfo=UTC))


def lines(marts: Marts, columns: str, where: str) -> list[tuple[Any, ...]]:
    return marts.rows(f"select {columns} from marts.rpt_child_abuse where {where} order by all")


def test_a_population_counts_only_the_version_of_the_area_that_reports(two_years: Marts) -> None:
    assert ratio_of(two_years, "victims_rate", "as_reported", "01", "2025-A1")[:2] == (60, 200)
    assert ratio_of(two_years, "per_head", "as_reported", "01", "2025-A1")[3] == "M"
    assert ratio_of(two_years, "per_head", "provinces_34", "01", "2025-A1")[:3] == (60, 4000, 15.0)
    assert ratio_of(two_years, "per_head", "provinces_34", "01", "2025-S1")[3] == "M"


def test_a_ratio_stands_only_in_periods_of_its_own_and_of_all_its_cells(two_years: Marts) -> None:
    found = two_years.rows("select distinct ratio_code, period_code from marts.fct_ratios order by all")
    periods = {ratio: [period for code, period in found if code == ratio] for ratio, _ in found}
    assert periods["new_share"] == ["2025-A1", "2026-S1"]
    assert periods["late_share"] == ["2026-S1"]
    assert periods["girls_share"] == ["2025-A1", "2025-S1", "2026-S1"]


def test_communes_and_estimates_have_no_ratio(two_years: Marts) -> None:
    assert two_years.rows("select distinct area_level from marts.fct_ratios order by 1") == [
        ("district",), ("nation",), ("province",)
    ]  # fmt: skip
    assert not two_years.rows("select 1 from marts.fct_ratios where frame = 'communes_3321'")


def test_what_a_map_cuts_has_no_ratio_and_says_so(two_years: Marts) -> None:
    assert two_years.rows(
        "select distinct obs_status, status_reason from marts.fct_ratios "
        "where frame = 'provinces_63' and period_code = '2025-A1' and area_level = 'province'"
    ) == [("M", "area_cut")]


def test_a_report_sets_each_line_beside_the_year_before(two_years: Marts) -> None:
    nation = "frame = 'as_reported' and area_code = 'VN' and period_code = '2026-S1' and sex = '_T'"
    columns = "line_code, obs_value, obs_status, areas_filled, value_year_before, change_on_year"
    victims, girls = lines(two_years, columns, f"{nation} and line_code = 'victims'"), lines(
        two_years, columns, f"{nation} and line_code = 'girls_share'"
    )  # fmt: skip
    assert victims == [("victims", 20, "A", 2, 40, -20)]
    # a fifth of those who filled both, not the mean of anything
    assert girls == [("girls_share", 0.2, "P", 1, 0.2, 0.0)]


def test_a_line_that_the_database_cannot_say_stands_there_with_its_reason(two_years: Marts) -> None:
    nation = "frame = 'as_reported' and area_code = 'VN' and line_code = 'sdg_16_2_1'"
    found = lines(two_years, "period_code, obs_value, obs_status, areas_expected, empty_because_vi", nation)
    assert found == [(period, None, "M", None, "phải điều tra") for period in ("2025-A1", "2025-S1", "2026-S1")]


def test_a_report_holds_its_own_lines_of_nation_and_provinces_alone(two_years: Marts) -> None:
    assert two_years.rows("select distinct line_code from marts.rpt_hotline") == [("victims",)]
    assert two_years.rows("select distinct frame, area_level from marts.rpt_child_abuse order by all") == [
        ("as_reported", "nation"), ("as_reported", "province"),
        ("provinces_34", "nation"), ("provinces_34", "province"),
    ]  # fmt: skip
