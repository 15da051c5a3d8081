"""Builds of the small country by the real dbt."""

import csv
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from small_country import SEEDS, Build, Marts, Submission, write_judgements

from tally.adapters.dbt import build_marts

ROOT = Path(__file__).parents[2]
AS_OF = datetime(2026, 1, 10, tzinfo=UTC)


@pytest.fixture(scope="session")
def small_country(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The dbt project with the seeds of the small country."""
    project = tmp_path_factory.mktemp("small_country") / "dbt_project"
    shutil.copytree(ROOT / "dbt_project", project)
    for name, text in SEEDS.items():
        lines = [line.strip() for line in text.strip().splitlines()]
        (project / "seeds" / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return project


@pytest.fixture(scope="module")
def build(small_country: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Build]:
    """Builds the small country from batches of submissions; the last batch that judged a submission is current."""
    opened: list[duckdb.DuckDBPyConnection] = []

    def build_them(batches: dict[str, list[Submission]], **options: Any) -> Marts:
        home = tmp_path_factory.mktemp("build")
        judged: dict[str, str] = {}
        for batch_id, submissions in batches.items():
            write_judgements(home / batch_id, submissions)
            judged |= {one.submission_id: batch_id for one in submissions}
        with (home / "judged.csv").open("w", newline="") as file:
            csv.writer(file).writerows([("submission_id", "batch_id"), *sorted(judged.items())])
        outcome = build_marts(
            small_country,
            home / "build" / "national.duckdb",
            home / "dbt",
            [home / batch_id for batch_id in batches],
            home / "judged.csv",
            AS_OF,
            **options,
        )
        connection = duckdb.connect(str(outcome.build_file), read_only=True)
        opened.append(connection)
        return Marts(outcome, connection)

    yield build_them
    for connection in opened:
        connection.close()
