"""Builds of the small country by the real dbt."""

import csv
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from small_country import SEEDS, Build, Marts, Submission, project_with, write_judgements

from tally.adapters.dbt import build_marts

AS_OF = datetime(2026, 1, 10, tzinfo=UTC)


@pytest.fixture(scope="session")
def small_country(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The dbt project with the seeds of the small country."""
    return project_with(tmp_path_factory.mktemp("small_country"), SEEDS)


@pytest.fixture(scope="session")
def build(small_country: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Build]:
    """Builds the small country from batches of submissions; the last batch that judged a submission is current.

    What was built of the same is not built again: nobody writes into it.
    """
    built: dict[str, Marts] = {}

    def build_them(
        batches: dict[str, list[Submission]],
        *,
        seeds: dict[str, str] | None = None,
        as_of: datetime = AS_OF,
        **options: Any,
    ) -> Marts:
        asked = repr((batches, seeds, as_of, options))
        if asked in built:
            return built[asked]
        home = tmp_path_factory.mktemp("build")
        project = project_with(home, SEEDS | seeds) if seeds else small_country
        judged: dict[str, str] = {}
        for batch_id, submissions in batches.items():
            write_judgements(home / batch_id, submissions)
            judged |= {one.submission_id: batch_id for one in submissions}
        with (home / "judged.csv").open("w", newline="") as file:
            csv.writer(file).writerows([("submission_id", "batch_id"), *sorted(judged.items())])
        outcome = build_marts(
            project,
            home / "build" / "national.duckdb",
            home / "dbt",
            [home / batch_id for batch_id in batches],
            home / "judged.csv",
            as_of,
            **options,
        )
        built[asked] = Marts(outcome, duckdb.connect(str(outcome.build_file), read_only=True))
        return built[asked]

    yield build_them
    for marts in built.values():
        marts.connection.close()
