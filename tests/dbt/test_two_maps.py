"""The whole country on its two maps: 2025-S1 from the old one, 2025-A1 from the new, and no child lost in between.

Every area reports what the simulator makes for it, some do not; only some rows, so that the build is quick.
"""

import csv
from datetime import UTC, datetime

import duckdb
import pytest
from small_country import Submission, project_with, write_judgements

from tally.adapters.dbt import build_marts
from tally.contracts.model import Contracts
from tally.periods import Period
from tally.pipeline.home import PROJECT, Home
from tally.simulation.reports import areas_owing, simulated_figures

ROWS = (
    "abuse_incidents", "abuse_victims", "abuse_victims_sexual", "cases_opened", "cases_open_at_end", "children_served",
    "children_under_16", "children_special_circumstances", "bullying_victims", "trafficking_victims",
)  # fmt: skip
FIRST_HALF, YEAR = Period(2025, "S1"), Period(2025, "A1")
ONE_IN = 40  # so many areas do not report


@pytest.fixture(scope="module")
def contracts() -> Contracts:
    return Home(PROJECT / "var").contracts


@pytest.fixture(scope="module")
def country(contracts: Contracts, tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    """The marts, with what was reported as `reported` beside units and flows of contracts/."""
    folder = tmp_path_factory.mktemp("two_maps")
    rows = (PROJECT / "dbt_project" / "seeds" / "indicators.csv").read_text(encoding="utf-8").splitlines()
    some = [row for at, row in enumerate(rows) if at == 0 or row.split(",")[0] in ROWS]
    project = project_with(folder, {"indicators": "\n".join(some)})
    submissions = [one for period in (FIRST_HALF, YEAR) for one in reports(contracts, period)]
    write_judgements(folder / "b1", submissions)
    with (folder / "judged.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("submission_id", "batch_id"), *((one.submission_id, "b1") for one in submissions)])
    outcome = build_marts(
        project, folder / "build" / "national.duckdb", folder / "dbt", [folder / "b1"], folder / "judged.csv",
        datetime(2026, 1, 10, tzinfo=UTC),
    )  # fmt: skip
    connection = duckdb.connect()
    connection.execute(f"attach '{outcome.build_file}' as built (read_only)")
    connection.execute("set search_path = 'built.marts,memory.main'")
    areas = PROJECT / "contracts" / "areas"
    for name in ("units", "flows"):
        connection.execute(
            f"create table memory.main.{name} as from read_csv('{areas / name}.csv', all_varchar = true, header = true)"
        )
    connection.execute(
        f"""
        create table memory.main.reported as
        select area_code, submissions.period_code, indicator_code, column_code, obs_value
        from '{folder / "b1"}/observations.parquet'
        join '{folder / "b1"}/submissions.parquet' as submissions using (submission_id)
        """
    )
    return connection


def reports(contracts: Contracts, period: Period) -> list[Submission]:
    areas = areas_owing(contracts, period)
    cells, figures = simulated_figures(contracts, period, areas, seed=5)
    wanted = [(at, cell) for at, cell in enumerate(cells) if cell[0] in ROWS]
    return [
        Submission(
            f"{area.code}-{period}", area.code, period.code, f"{period.map_date}T09:00:00+07:00",
            {cell: int(row[at]) for at, cell in wanted},
        )
        for number, (area, row) in enumerate(zip(areas, figures, strict=True))
        if number % ONE_IN
    ]  # fmt: skip


def figures(country: duckdb.DuckDBPyConnection, frame: str, period: str, level: str) -> dict[tuple[str, ...], int]:
    rows = country.execute(
        """
        select area_code, indicator_code, sex, age_band, subset, obs_value from fct_indicator_values
        where frame = ? and period_code = ? and area_level = ? and obs_value is not null
        """,
        [frame, period, level],
    ).fetchall()
    return {row[:-1]: row[-1] for row in rows}


def test_the_nation_is_the_same_to_the_unit_on_every_map(country):
    for period in ("2025-S1", "2025-A1"):
        nation = figures(country, "as_reported", period, "nation")
        assert len(nation) == 50
        for frame in ("provinces_34", "provinces_63", "stable_groups"):
            assert figures(country, frame, period, "nation") == nation


def test_provinces_are_the_same_to_the_unit_on_their_own_map(country):
    for frame, period in (("provinces_63", "2025-S1"), ("provinces_34", "2025-A1")):
        provinces = figures(country, frame, period, "province")
        assert provinces == figures(country, "as_reported", period, "province")
        assert len(provinces) >= 34 * 50


ACROSS_THE_MAPS = """
    -- old communes by district and province, or island districts by province, and what their province flowed into
    with old as (
        select lowest.code, coalesce(district.parent_code, lowest.parent_code) as province
        from units as lowest
        left join units as district
            on lowest.parent_code = district.code and district.level = 'district'
        where lowest.valid_to = '2025-07-01' and lowest.level <> 'province'
            and lowest.code not in (select parent_code from units where level = 'commune' and valid_to = '2025-07-01')
    ),
    new as (select code, parent_code as province from units where level = 'commune' and valid_from = '2025-07-01'),
    pairs as (select old_code, new_code from flows where level <> 'province')
"""
OLD_ON_NEW = (
    ACROSS_THE_MAPS
    + """
    select flows.new_code, sum(obs_value)
    from reported join old on area_code = old.code join flows on old.province = flows.old_code
    where period_code = '2025-S1' and indicator_code = $indicator and column_code = 'T' group by all order by 1
"""
)
NEW_ON_OLD = (
    ACROSS_THE_MAPS
    + """
    select origin.province, sum(obs_value)
    from reported
    join (select distinct new_code, province from pairs join old on old_code = old.code) as origin
        on area_code = origin.new_code
    where period_code = '2025-A1' and indicator_code = $indicator and column_code = 'T' group by all order by 1
"""
)


@pytest.mark.parametrize("indicator", ROWS)
@pytest.mark.parametrize(("frame", "period", "query", "provinces"), [
    pytest.param("provinces_34", "2025-S1", OLD_ON_NEW, 34, id="the first half on the map of today"),
    pytest.param("provinces_63", "2025-A1", NEW_ON_OLD, 63, id="the year on the map of then"),
])  # fmt: skip
def test_provinces_of_the_other_map_are_what_a_few_lines_of_sql_make_of_the_crosswalk(
    country, frame, period, query, provinces, indicator
):
    expected = country.execute(query, {"indicator": indicator}).fetchall()
    published = country.execute(
        """
        select area_code, obs_value from fct_indicator_values
        where frame = ? and period_code = ? and indicator_code = ? and area_level = 'province'
            and sex = '_T' and age_band = '_T' and subset = '_T'
        order by 1
        """,
        [frame, period, indicator],
    ).fetchall()
    assert published == expected
    assert len(published) == provinces


def test_a_report_under_code_24_is_of_bac_giang_before_and_of_bac_ninh_after(country, contracts):
    register = contracts.register
    for period, name in ((FIRST_HALF, "Tỉnh Bắc Giang"), (YEAR, "Tỉnh Bắc Ninh")):
        assert register.at("24", period.map_date).name == name
        below = [area.code for area in register.on(period.map_date) if register.is_lowest(area)]
        mine = [code for code in below if register.province_of(code, period.map_date).code == "24"]
        expected = country.execute(
            "select sum(obs_value) from reported where period_code = ? and indicator_code = 'children_under_16' "
            "and column_code = 'T' and area_code in (select unnest(?))",
            [period.code, mine],
        ).fetchone()
        published = figures(country, "as_reported", period.code, "province")
        assert published["24", "children_under_16", "_T", "_T", "_T"] == expected[0]
    before, today = (figures(country, "provinces_34", period, "province") for period in ("2025-S1", "2025-A1"))
    old = figures(country, "as_reported", "2025-S1", "province")
    key = ("children_under_16", "_T", "_T", "_T")
    assert before["24", *key] == old["24", *key] + old["27", *key]
    assert abs(before["24", *key] / today["24", *key] - 1) < 0.1


def test_no_rate_of_reporting_is_above_one_and_as_many_are_owed_as_there_are_areas(country):
    owed = """
        select period_code, area_level, sum(reports_expected) filter (where area_code = 'VN'),
            max(reporting_rate), count(*)
        from fct_reporting_completeness group by all order by all
    """
    rows = {(period, level): rest for period, level, *rest in country.execute(owed).fetchall()}
    assert all(rate <= 1 for _, rate, _ in rows.values())
    assert rows["2025-S1", "nation"][0] == 10_035 + 696 + 63
    assert rows["2025-A1", "nation"][0] == 3_321 + 34
    assert {(level, rest[2]) for (period, level), rest in rows.items() if period == "2025-A1"} == {
        ("commune", 3_321), ("province", 34), ("nation", 1),
    }  # fmt: skip


def test_second_halves_are_told_for_groups_that_filled_both_and_add_up(country):
    groups, provinces, nation = (
        figures(country, frame, "2025-S2", level)
        for frame, level in (
            ("stable_groups", "stable_group"),
            ("provinces_34", "province"),
            ("provinces_63", "nation"),
        )
    )
    flow = ("abuse_victims", "_T", "_T", "_T")
    told = [value for key, value in groups.items() if key[1:] == flow]
    assert len(told) > 2_000
    assert sum(told) == nation["VN", *flow] == sum(value for key, value in provinces.items() if key[1:] == flow)
    assert min(told) >= 0


def test_estimates_stand_beside_exact_figures_and_never_in_a_sum(country):
    statuses = country.execute(
        """
        select obs_status, status_reason, count(distinct area_code) from fct_indicator_values
        where frame = 'communes_3321' and period_code = '2025-S1' and indicator_code = 'children_under_16'
            and sex = '_T' and subset = '_T'
        group by all order by all
        """
    ).fetchall()
    assert {(status, reason) for status, reason, _ in statuses} == {
        ("A", None), ("E", None), ("M", "share_unknown"), ("P", None),
    }  # fmt: skip
    silent = (
        "select count(*) from rpt_late_and_missing_reports where report_state = 'missing' and area_level = 'commune'"
    )
    assert country.execute(silent).fetchone()[0] > 300
    assert 3_300 < sum(count for *_, count in statuses) <= 3_321  # without those all of whose predecessors are silent
    elsewhere = "select count(*) from fct_indicator_values where obs_status = 'E' and frame <> 'communes_3321'"
    assert country.execute(elsewhere).fetchone() == (0,)
    above = "select count(*) from fct_indicator_values where frame = 'communes_3321' and area_level <> 'commune'"
    assert country.execute(above).fetchone() == (0,)
