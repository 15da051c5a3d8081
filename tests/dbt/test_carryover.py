"""A release that takes figures over from the one before is the release that would be built from nothing."""

import shutil
from datetime import datetime
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from small_country import PERIODS, REPORTS, Build, Figures, X, reported, submissions_of

from tally.errors import BuildError
from tally.pipeline.carryover import FIGURES, compare_releases, tables_of, take_over

AS_OF = datetime.fromisoformat("2027-01-10T09:00:00+07:00")

value = st.one_of(st.none(), st.just(X), st.integers(0, 40))
figures = st.fixed_dictionaries({("victims", "T"): value, ("victims", "F"): value, ("children", "T"): value})
step = st.dictionaries(st.sampled_from(REPORTS), figures, min_size=1, max_size=2)


def difference(one: Path, other: Path) -> dict[str, int]:
    """How many rows of each mart are in one of two files only."""
    with duckdb.connect() as connection:
        connection.execute(f"attach '{one}' as one (read_only)")
        connection.execute(f"attach '{other}' as other (read_only)")
        counts = {}
        for table in [*tables_of(connection, "other"), f"marts.{FIGURES}", "marts.fct_year_on_year"]:
            sides = (("one", "other"), ("other", "one"))
            rows = " union all ".join(f"(from {a}.{table} except all from {b}.{table})" for a, b in sides)
            counts[table] = connection.execute(f"select count(*) from ({rows})").fetchall()[0][0]
        return {table: count for table, count in counts.items() if count}


@settings(max_examples=1, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    first=st.dictionaries(st.sampled_from(REPORTS), figures, min_size=8), steps=st.lists(step, min_size=1, max_size=2)
)
@example(first=reported(5), steps=[{("2025-S1", "00003"): {("victims", "T"): 1}}, {("2026-S1", "00001"): {}}])
@example(first=reported(5), steps=[{("2025-A1", "00001"): {("victims", "T"): 900, ("children", "T"): None}}])
@example(
    first={key: said for key, said in reported(5).items() if key[0] != "2025-A1"},
    steps=[{key: said for key, said in reported(9).items() if key[0] == "2025-A1"}],
)
def test_what_is_taken_over_and_what_is_built_anew_make_the_release_that_is_built_from_nothing(
    build: Build,
    tmp_path_factory: pytest.TempPathFactory,
    first: dict[tuple[str, str], Figures],
    steps: list[dict[tuple[str, str], Figures]],
) -> None:
    folder = tmp_path_factory.mktemp("carryover")
    release = folder / "release.duckdb"
    shutil.copyfile(build({"b": submissions_of([first])}, as_of=AS_OF).outcome.build_file, release)
    for number, corrections in enumerate(steps, 1):
        sent = submissions_of([first, *steps[:number]])
        before = folder / f"before{number}.duckdb"
        shutil.copyfile(release, before)
        periods = sorted({period for period, _ in corrections})
        built = build({"b": sent}, as_of=AS_OF, periods=periods, published=before)
        changes = [folder / "changes.parquet", folder / "changes_of_whole.parquet"]
        take_over(release, built.outcome, periods, changes[0])
        whole = build({"b": sent}, as_of=AS_OF).outcome.build_file
        assert difference(release, whole) == {}
        compare_releases(whole, before, changes[1])
        taken, compared = (duckdb.sql(f"from '{part}' order by all").fetchall() for part in changes)
        assert taken == compared


def test_what_is_built_year_by_year_is_what_is_built_in_one_go(build: Build, tmp_path: Path) -> None:
    batches = {"b": submissions_of([reported(5)])}
    release = tmp_path / "release.duckdb"
    shutil.copyfile(build(batches, as_of=AS_OF, periods=["2025-A1", "2025-S1"]).outcome.build_file, release)
    second = ["2026-A1", "2026-S1"]
    take_over(release, build(batches, as_of=AS_OF, periods=second, published=release).outcome, second)
    assert difference(release, build(batches, as_of=AS_OF).outcome.build_file) == {}


def test_only_files_of_touched_periods_are_named_as_touched(build: Build, tmp_path: Path) -> None:
    release = tmp_path / "release.duckdb"
    shutil.copyfile(build({"b": submissions_of([reported(5)])}, as_of=AS_OF).outcome.build_file, release)
    correction = {("2025-S1", "00003"): {("victims", "T"): 1, ("children", "T"): 7}}
    sent = submissions_of([reported(5), correction])
    published = tmp_path / "published.duckdb"
    shutil.copyfile(release, published)
    built = build({"b": sent}, as_of=AS_OF, periods=["2025-S1"], published=published)
    touched = take_over(release, built.outcome, ["2025-S1"])
    assert touched["stored.figures"] == {"2025-S1", "2025-S2"}  # the second half follows from the first
    assert (touched["marts.fct_submissions"], touched["marts.dim_areas"]) == ({""}, set())


def test_a_release_in_which_a_row_is_not_what_was_built_is_refused(
    build: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = tmp_path / "release.duckdb"
    whole = build({"b": submissions_of([reported(5)])}, as_of=AS_OF)
    shutil.copyfile(whole.outcome.build_file, release)
    with duckdb.connect(str(release)) as connection:
        connection.execute("update marts.dim_periods set label_en = 'other'")
    monkeypatch.setattr("tally.pipeline.carryover._replace", lambda *_: set())
    with pytest.raises(BuildError, match=r"marts\.dim_periods is not what was built"):
        take_over(release, whole.outcome, list(PERIODS))
