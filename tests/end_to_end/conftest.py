"""What every test of whole runs starts from."""

import csv
import shutil
from pathlib import Path

import pytest

from tally.adapters.gx import prepare_to_judge
from tally.pipeline.compile import write_compiled
from tally.pipeline.home import PROJECT


@pytest.fixture(scope="session", autouse=True)
def great_expectations() -> None:
    """The processes that a run forks have it from here; those that the tests start as commands import it themselves."""
    prepare_to_judge()


def project_of_provinces(project: Path, *provinces: str) -> Path:
    """The project with the areas of some provinces alone, compiled: a release of it takes half the time."""
    for folder in ("contracts", "dbt_project", "expectations"):
        shutil.copytree(PROJECT / folder, project / folder)
    (project / "src").symlink_to(PROJECT / "src")
    areas = project / "contracts" / "areas"
    with (areas / "units.csv").open(encoding="utf-8", newline="") as file:
        units = list(csv.DictReader(file))
    codes = set(provinces)
    for level in ("district", "commune"):
        codes |= {unit["code"] for unit in units if unit["level"] == level and unit["parent_code"] in codes}
    _keep(areas / "units.csv", "code", codes)
    _keep(areas / "flows.csv", "new_code", codes)
    _keep(areas / "aliases.csv", "alias", set())
    _keep(areas / "totals.csv", "day", set())
    write_compiled(project)
    return project


def _keep(path: Path, column: str, values: set[str]) -> None:
    with path.open(encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(
            [head, *(row for row in rows if row[head.index(column)] in values)]
        )


@pytest.fixture(scope="session")
def two_provinces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Điện Biên and Lai Châu."""
    return project_of_provinces(tmp_path_factory.mktemp("two_provinces"), "11", "12")


@pytest.fixture(scope="session")
def merged_provinces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Hà Giang and Tuyên Quang, which are one province since July 2025, with communes that were divided."""
    return project_of_provinces(tmp_path_factory.mktemp("merged_provinces"), "02", "08")
