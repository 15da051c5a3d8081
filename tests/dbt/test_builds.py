"""How a build goes, and what stops it."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from small_country import Build, Submission

from tally.adapters.dbt import build_marts, rehearse
from tally.errors import BuildError

PROJECT = Path(__file__).parents[2] / "dbt_project"


def test_before_anything_is_received_every_report_is_owed_and_none_is_made(tmp_path: Path) -> None:
    as_of = datetime(2026, 1, 10, tzinfo=UTC)
    outcome = build_marts(PROJECT, tmp_path / "national.duckdb", tmp_path / "dbt", [], tmp_path / "none.csv", as_of)
    with duckdb.connect(str(outcome.build_file), read_only=True) as marts:
        owed = """
            select period_code, area_level, count(*), sum(reports_accepted) from marts.fct_reporting_completeness
            where area_level <> 'nation' group by all order by all
        """
        assert marts.execute(owed).fetchall() == [
            ("2025-A1", "commune", 3321, 0),
            ("2025-A1", "province", 34, 0),
            ("2025-S1", "commune", 10035, 0),
            ("2025-S1", "district", 696, 0),
            ("2025-S1", "province", 63, 0),
        ]
        lowest = (
            "select period_code, areas_expected from marts.fct_reporting_completeness where area_code = 'VN' order by 1"
        )
        assert marts.execute(lowest).fetchall() == [("2025-A1", 3321), ("2025-S1", 10035 + 5)]
        assert marts.execute("select count(*) from marts.fct_indicator_values").fetchall() == [(0,)]


def test_a_period_ends_by_the_clock_of_the_build_in_local_time(tmp_path: Path) -> None:
    last_minute_of_the_period = datetime(2025, 6, 14, 16, 59, tzinfo=UTC)
    outcome = build_marts(
        PROJECT, tmp_path / "national.duckdb", tmp_path / "dbt", [], tmp_path / "none.csv", last_minute_of_the_period
    )
    with duckdb.connect(str(outcome.build_file), read_only=True) as marts:
        assert marts.execute("select count(*) from marts.fct_reporting_completeness").fetchall() == [(0,)]


def test_a_figure_that_no_cell_takes_stops_the_build_by_name(build: Build) -> None:
    stray = Submission("stray", "00001", "2025-S1", "2025-06-16T09:00:00+07:00", {("unknown_row", "T"): 1})
    with pytest.raises(BuildError, match="no_accepted_figure_is_lost"):
        build({"b1": [stray]})


def test_an_accepted_report_that_nobody_owes_stops_the_build_by_name(build: Build) -> None:
    stray = Submission("stray", "00002", "2025-A1", "2025-12-16T09:00:00+07:00", {("victims", "T"): 1})
    with pytest.raises(BuildError, match="every_standing_submission_answers_an_owed_report"):
        build({"b1": [stray]})


def test_a_build_writes_nothing_into_the_project_and_lets_go_of_its_file(build: Build, small_country: Path) -> None:
    before = sorted(small_country.rglob("*"))
    one = Submission("one", "00001", "2025-S1", "2025-06-16T09:00:00+07:00", {("victims", "T"): 1})
    marts = build({"b1": [one]})
    assert sorted(small_country.rglob("*")) == before
    assert not marts.outcome.build_file.with_name("national.duckdb.wal").exists()
    marts.connection.close()
    with duckdb.connect(str(marts.outcome.build_file)) as writer:
        writer.execute("create table marts.mine (a integer)")


def test_where_nothing_can_be_kept_beside_the_packages_it_is_kept_at_home(
    small_country: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr("tally.adapters.dbt._KEPT", tmp_path / "file" / "folder")
    for _ in range(2):
        rehearse(small_country, tmp_path / "national.duckdb", tmp_path / "dbt")
        (kept,) = (tmp_path / "dbt" / "kept").iterdir()
        assert (kept / "national.duckdb").exists()


def models() -> list[Path]:
    return sorted((PROJECT / "models").rglob("*.sql"))


@pytest.mark.parametrize("path", [*models(), *sorted((PROJECT / "tests").glob("*.sql"))], ids=lambda path: path.stem)
def test_the_first_line_says_the_grain(path: Path) -> None:
    assert re.match(r"-- Grain: one row per \S.+\.\n", path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def declared() -> dict[str, dict[str, Any]]:
    """What is declared of each model, by its name."""
    return {
        model["name"]: model
        for file in (PROJECT / "models").rglob("*.yml")
        for model in yaml.safe_load(file.read_text(encoding="utf-8")).get("models", [])
    }


@pytest.mark.parametrize("path", models(), ids=lambda path: path.stem)
def test_every_model_is_held_to_its_grain(path: Path, declared: dict[str, dict[str, Any]]) -> None:
    config = declared[path.stem].get("config", {})
    # a row twice in it is a row twice in the one that reads it: that is tested, and millions of rows are not twice
    holder = declared[config.get("meta", {}).get("grain_held_by", path.stem)]
    is_view = config.get("materialized") == "view"
    assert is_view or any("grain" in test for test in holder["data_tests"])
