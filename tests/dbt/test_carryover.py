"""A release that takes figures over from the one before is the release that would be built from nothing."""

import shutil
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from small_country import Build, Figures, Submission, X

from tally.errors import BuildError
from tally.pipeline.carryover import FIGURES, compare_releases, tables_of, take_over, write_changes

OLD_MAP = ("00001", "00002", "00003", "003", "001", "01")
NEW_MAP = ("00001", "00003", "01")
PERIODS = {"2025-S1": OLD_MAP, "2025-A1": NEW_MAP, "2026-S1": NEW_MAP, "2026-A1": NEW_MAP}
REPORTS = [(period, area) for period, areas in PERIODS.items() for area in areas]
AS_OF = datetime.fromisoformat("2027-01-10T09:00:00+07:00")

value = st.one_of(st.none(), st.just(X), st.integers(0, 40))
figures = st.fixed_dictionaries({("victims", "T"): value, ("victims", "F"): value, ("children", "T"): value})
step = st.dictionaries(st.sampled_from(REPORTS), figures, min_size=1, max_size=2)


def submissions(steps: Sequence[dict[tuple[str, str], Figures]]) -> list[Submission]:
    """Each step is a day later than the one before; what it says of an area and a period supersedes."""
    return [
        Submission(f"{number}-{period}-{area}", area, period, f"2027-01-{number + 1:02}T08:00:00+07:00", said)
        for number, step in enumerate(steps)
        for (period, area), said in step.items()
    ]


def plain(count: int) -> dict[tuple[str, str], Figures]:
    """Every report there is, each with figures of its own."""
    return {
        report: {("victims", "T"): count + at * (1 + report[0].endswith("A1")), ("children", "T"): 100 + at}
        for at, report in enumerate(REPORTS)
    }


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


@settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    first=st.dictionaries(st.sampled_from(REPORTS), figures, min_size=8), steps=st.lists(step, min_size=1, max_size=2)
)
@example(first=plain(5), steps=[{("2025-S1", "00003"): {("victims", "T"): 1}}, {("2026-S1", "00001"): {}}])
@example(first=plain(5), steps=[{("2025-A1", "00001"): {("victims", "T"): 900, ("children", "T"): None}}])
@example(
    first={key: said for key, said in plain(5).items() if key[0] != "2025-A1"},
    steps=[{key: said for key, said in plain(9).items() if key[0] == "2025-A1"}],
)
def test_what_is_taken_over_and_what_is_built_anew_make_the_release_that_is_built_from_nothing(
    build: Build,
    tmp_path_factory: pytest.TempPathFactory,
    first: dict[tuple[str, str], Figures],
    steps: list[dict[tuple[str, str], Figures]],
) -> None:
    folder = tmp_path_factory.mktemp("carryover")
    release = folder / "release.duckdb"
    shutil.copyfile(build({"b0": submissions([first])}, as_of=AS_OF).outcome.build_file, release)
    for number, corrections in enumerate(steps, 1):
        sent = submissions([first, *steps[:number]])
        before = folder / f"before{number}.duckdb"
        shutil.copyfile(release, before)
        periods = sorted({period for period, _ in corrections})
        built = build({"b": sent}, as_of=AS_OF, periods=periods, published=before)
        changes = [folder / "changes.parquet", folder / "changes_of_whole.parquet"]
        take_over(release, built.outcome, periods, changes[0])
        whole = build({"b": sent}, as_of=AS_OF).outcome.build_file
        assert difference(release, whole) == {}
        compare_releases(whole, before, changes[1])
        for part in changes:
            write_changes([part], part.with_suffix(".csv"))
        taken, compared = (part.with_suffix(".csv").read_text() for part in changes)
        assert taken == compared


def test_what_is_built_year_by_year_is_what_is_built_in_one_go(build: Build, tmp_path: Path) -> None:
    batches = {"b": submissions([plain(5)])}
    release = tmp_path / "release.duckdb"
    shutil.copyfile(build(batches, as_of=AS_OF, periods=["2025-A1", "2025-S1"]).outcome.build_file, release)
    second = ["2026-A1", "2026-S1"]
    take_over(release, build(batches, as_of=AS_OF, periods=second, published=release).outcome, second)
    assert difference(release, build(batches, as_of=AS_OF).outcome.build_file) == {}


def test_only_files_of_touched_periods_are_named_as_touched(build: Build, tmp_path: Path) -> None:
    release = tmp_path / "release.duckdb"
    shutil.copyfile(build({"b": submissions([plain(5)])}, as_of=AS_OF).outcome.build_file, release)
    correction = {("2025-S1", "00003"): {("victims", "T"): 1, ("children", "T"): 7}}
    sent = submissions([plain(5), correction])
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
    whole = build({"b": submissions([plain(5)])}, as_of=AS_OF)
    shutil.copyfile(whole.outcome.build_file, release)
    with duckdb.connect(str(release)) as connection:
        connection.execute("update marts.dim_periods set label_en = 'other'")
    monkeypatch.setattr("tally.pipeline.carryover._replace", lambda *_: set())
    with pytest.raises(BuildError, match=r"marts\.dim_periods is not what was built"):
        take_over(release, whole.outcome, list(PERIODS))
