"""How many of something rare an area may report before it is unusual; docs/decisions/0020-unusual-counts.md."""

from math import exp, lgamma, log
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tally.areas.territory import Territory
from tally.contracts.areas import Area
from tally.contracts.load import load_contracts
from tally.judgement.earlier import EarlierReport, Limit, earlier_reports
from tally.judgement.limits import Asked, Rate, Rates, at_least, fitted, limits_of, upper_limits
from tally.periods import Period
from tally.pipeline.limits import fitting
from tally.pipeline.unusual import write_unusual_counts
from tally.simulation.reports import areas_owing, simulated_figures

CONTRACTS = load_contracts(Path(__file__).parents[2] / "contracts")
MODEL = CONTRACTS.limits
(COUNT,) = MODEL.counts
STATED = Rate(COUNT.events / COUNT.children, COUNT.shape)
H2025, Y2025, H2026 = (Period.parse(code) for code in ("2025-S1", "2025-A1", "2026-S1"))
TERRITORY = Territory(CONTRACTS.register)
COMMUNE = Area("00001", "commune", None, None, "Xã Một", "Một", "Xã", "01", "")
REPORTS = ["level", "type", "year", "part", "count", "children"]


def limits(history, children=10_000, period=Y2025, reports=()) -> Limit | None:
    """The limit of one commune whose earlier reports said (period, count, children), the newest first."""
    told = {f"{at}": (count, here) for at, (_, count, here) in enumerate(history)}
    earlier = tuple(EarlierReport(one[0], (COMMUNE,), (f"{at}",)) for at, one in enumerate(history))
    rates = Rates(fitting(pd.DataFrame(reports, columns=REPORTS)), COUNT, MODEL.certainty)
    return limits_of({"now": Asked(COMMUNE, period, children, earlier)}, told, rates, MODEL).get("now")


def brute(at: int, mean: float, shape: float) -> float:
    p = shape * log(shape / (shape + mean)) + at * log(mean / (shape + mean))
    return exp(lgamma(shape + at) - lgamma(shape) - lgamma(at + 1) + p)


@given(st.floats(0.01, 60), st.floats(0.05, 25), st.integers(0, 80))
def test_the_tail_is_the_sum_of_all_larger_counts_and_the_limit_the_first_that_is_certain_enough(mean, shape, count):
    below = sum(brute(one, mean, shape) for one in range(count))
    assert at_least(np.array([count]), np.array([mean]), np.array([shape]))[0] == pytest.approx(1 - below, abs=1e-9)
    (limit,) = upper_limits(np.array([mean]), np.array([shape]), 0.999)
    within = [sum(brute(one, mean, shape) for one in range(int(limit) + more)) for more in (0, 1)]
    assert within[0] < 0.999 + 1e-9
    assert within[1] > 0.999 - 1e-9


def drawn(rng, areas: int, mean: float, shape: float):
    return rng.gamma(shape, mean / shape, areas)


def test_a_class_has_the_rate_that_its_reports_show():
    rng = np.random.default_rng(1)
    counts = rng.poisson(drawn(rng, 4000, 3e-4, 2.0) * 10_000).astype(float)
    found = fitted(counts, np.full(4000, 10_000.0), STATED, MODEL.certainty)
    assert found.mean == pytest.approx(3e-4, rel=0.05)
    assert found.shape == pytest.approx(2.0, rel=0.2)


def test_one_slip_of_the_pen_moves_no_class():
    rng = np.random.default_rng(2)
    counts = rng.poisson(drawn(rng, 3000, 1e-4, 0.65) * 7_500).astype(float)
    before = fitted(counts, np.full(3000, 7_500.0), STATED, MODEL.certainty)
    counts[0] = 150_000
    after = fitted(counts, np.full(3000, 7_500.0), STATED, MODEL.certainty)
    assert after.mean == pytest.approx(before.mean, rel=0.02)


def test_where_few_have_reported_what_is_published_counts():
    few = [("commune", "Xã", 2025, "S1", 0.0, 2_000.0)] * 5
    rates = Rates(fitting(pd.DataFrame(few, columns=REPORTS)), COUNT, MODEL.certainty)
    assert rates.of(COMMUNE).mean == pytest.approx(STATED.mean, rel=0.2)
    nobody = Rates(fitting(pd.DataFrame([], columns=REPORTS)), COUNT, MODEL.certainty)
    assert nobody.of(COMMUNE) == STATED


def test_quiet_years_lower_a_limit_and_busy_ones_raise_it():
    quiet, busy = (limits([(Y2025, count, 10_000)], period=H2026) for count in (0, 8))
    assert quiet.value < busy.value
    assert quiet.expected < STATED.mean * 5_000 < busy.expected


def test_a_year_contains_its_first_half_and_nothing_counts_twice():
    year = limits([(H2025, 6, 10_000)])
    half = limits([(H2025, 6, 10_000)], period=H2026)
    assert (year.certain, year.history[0][1]) == (6, 6)
    assert year.value == 6 + half.value
    assert year.expected == pytest.approx(6 + half.expected)


def test_what_happened_in_one_half_alone_is_compared_with_the_whole_of_other_years():
    areas = {(COMMUNE.code, period): f"{period}" for period in (H2025, Y2025, H2026)}
    found = earlier_reports(
        COMMUNE, Period(2026, "A1"), 3, {H2025, Y2025, H2026}, lambda *one: areas.get(one), TERRITORY
    )
    assert [report.period for report in found] == [H2026, Y2025]
    del areas[COMMUNE.code, Y2025]
    found = earlier_reports(
        COMMUNE, Period(2026, "A1"), 3, {H2025, Y2025, H2026}, lambda *one: areas.get(one), TERRITORY
    )
    assert [report.period for report in found] == [H2026, H2025]


@pytest.mark.parametrize("blank", [float("nan"), 0], ids=["blank", "zero"])
def test_who_does_not_say_how_many_children_has_those_of_its_other_report_or_of_its_class(blank):
    assert limits([(H2025, 1, 8_000)], children=blank) == limits([(H2025, 1, 8_000)], children=8_000)
    assert limits([(H2025, 1, blank)], children=8_000) == limits([(H2025, 1, 8_000)], children=8_000)
    others = [("commune", "Xã", 2025, "S1", 1.0, children) for children in (4_000.0, 6_000.0, 9_000.0)]
    of_class = limits([(H2025, 1, blank)], children=blank, reports=others)
    assert of_class == limits([(H2025, 1, 6_000)], children=6_000, reports=others)
    assert limits([(H2025, 1, blank)], children=blank) is None


def test_an_earlier_report_that_left_the_count_blank_is_none():
    assert limits([(H2025, float("nan"), 8_000)]) is None
    assert limits([]) is None


@pytest.mark.parametrize("silent", [0.0, 0.5], ids=["rates that move", "half of the areas never find anything"])
def test_a_clean_nation_raises_ten_alarms_in_ten_thousand_at_most_and_most_outbreaks_are_found(silent):
    """Rates that are gamma distributed and move by `drift` from year to year; three years are known."""
    rng, areas = np.random.default_rng(3), 20_000
    children = rng.lognormal(8.8, 0.6, areas)
    own = drawn(rng, areas, 1.0e-4, 0.65) * (rng.random(areas) >= silent)
    moves = 1 / MODEL.drift**2
    years = [rng.poisson(own * rng.gamma(moves, 1 / moves, areas) * children) for _ in range(4)]
    known = [
        pd.DataFrame({"level": "commune", "type": "Xã", "year": 2022 + at, "part": "A1"}, range(areas))
        for at in range(3)
    ]
    reports = pd.concat([one.assign(count=n * 1.0, children=children) for one, n in zip(known, years, strict=False)])
    rates = Rates(fitting(reports), COUNT, MODEL.certainty)
    said = {f"{area} {at}": (float(years[at][area]), children[area]) for area in range(areas) for at in range(3)}
    asked = {
        f"{area}": Asked(
            COMMUNE,
            Y2025,
            children[area],
            [EarlierReport(Period(2022 + at, "A1"), (COMMUNE,), (f"{area} {at}",)) for at in (2, 1, 0)],
        )
        for area in range(areas)
    }
    found = limits_of(asked, said, rates, MODEL)
    limit = np.array([found[f"{area}"].value for area in range(areas)])
    assert (years[3] > limit).mean() <= 10 / 10_000
    often = own * children >= 3
    assert often.sum() > 500
    assert (np.round(5 * own[often] * children[often]) > limit[often]).mean() >= 0.9
    assert (rng.poisson(5 * own[often] * children[often]) > limit[often]).mean() >= 0.85


def test_in_the_simulated_nation_nothing_is_unusual_and_what_is_planted_is_found():
    rows, said = [], {}
    for period in (H2025, Y2025):
        own = areas_owing(CONTRACTS, period)
        cells, totals = simulated_figures(CONTRACTS, period, own, 1)
        counts, children = (totals[:, cells.index((name, "T"))] for name in (COUNT.indicator, MODEL.exposure))
        for area, *pair in zip(own, counts.astype(float).tolist(), children.astype(float).tolist(), strict=True):
            said[f"{area.code} {period}"] = tuple(pair)
            rows.append((area.level, area.type, period.year, period.part, *pair))
    before = pd.DataFrame(rows, columns=REPORTS).query("part == 'S1'")
    history = {
        area: earlier_reports(
            area,
            Y2025,
            MODEL.years,
            {H2025},
            lambda code, one: key if (key := f"{code} {one}") in said else None,
            TERRITORY,
        )
        for area in own
    }
    asked = {area.code: Asked(area, Y2025, said[f"{area.code} {Y2025}"][1], some) for area, some in history.items()}
    found = limits_of(asked, said, Rates(fitting(before), COUNT, MODEL.certainty), MODEL)
    assert len(found) > 2_900
    alarms = sum(said[f"{code} {Y2025}"][0] > limit.value for code, limit in found.items())
    assert alarms <= len(found) * 10 / 10_000
    often = [limit for limit in found.values() if limit.expected >= 3]
    assert len(often) > 100
    assert np.mean([round(5 * limit.expected) > limit.value for limit in often]) >= 0.9
    chance = np.random.default_rng(1)
    assert np.mean([chance.poisson(5 * limit.expected) > limit.value for limit in often]) >= 0.9


TEXTS = ("frame", "area_code", "area_level", "period_code", "indicator_code", "sex", "age_band", "subset", "obs_status")


def listed(folder: Path, *counts: tuple[str, str, str, int | None]) -> list[tuple]:
    """What a release lists that says so many victims of (level, code, period), among 100,000 children each."""
    rows = [
        ("as_reported", code, level, period, indicator, "_T", "_T", "_T", "A", value)
        for level, code, period, count in counts
        for indicator, value in ((COUNT.indicator, count), (MODEL.exposure, 100_000))
    ]
    figures = pd.DataFrame(rows, columns=[*TEXTS, "obs_value"]).astype({"obs_value": "Int64"})
    areas = pd.DataFrame({"area_code": sorted({code for _, code, *_ in counts})})
    file = folder / "national.duckdb"
    with duckdb.connect(str(file)) as connection:
        connection.execute("create schema marts")
        connection.execute("create table marts.fct_indicator_values as from figures")
        labels = "area_code as label_vi, area_code as label_en, null::date as valid_from, null::date as valid_to"
        connection.execute(f"create table marts.dim_areas as select area_code, {labels} from areas")
        periods = "select distinct period_code, date '2026-06-15' as map_date from figures"
        connection.execute(f"create table marts.dim_periods as {periods}")
        del figures, areas
    write_unusual_counts(file, CONTRACTS)
    with duckdb.connect(str(file)) as connection:
        shown = "area_code, period_code, obs_value, is_unusual, history"
        return connection.execute(f"select {shown} from marts.rpt_unusual_counts").fetchall()


def test_a_release_lists_the_nation_every_province_and_the_communes_that_are_unusual(tmp_path):
    (one, other, *_) = CONTRACTS.register.children("12", H2026.map_date)
    assert listed(
        tmp_path,
        ("nation", "VN", "2025-A1", 22),
        ("nation", "VN", "2026-S1", 60),
        ("province", "12", "2025-A1", 22),
        ("province", "12", "2026-S1", 0),
        ("commune", one.code, "2025-A1", 2),
        ("commune", one.code, "2026-S1", 60),
        ("commune", other.code, "2025-A1", 20),
        ("commune", other.code, "2026-S1", 8),
    ) == [
        (one.code, "2026-S1", 60, True, "2025-A1 = 2"),
        ("VN", "2026-S1", 60, True, "2025-A1 = 22"),
        ("12", "2026-S1", 0, False, "2025-A1 = 22"),
    ]


def test_nothing_is_listed_of_a_first_period_or_of_what_nobody_filled(tmp_path):
    assert listed(tmp_path, ("nation", "VN", "2025-A1", 22), ("nation", "VN", "2026-S1", None)) == []
