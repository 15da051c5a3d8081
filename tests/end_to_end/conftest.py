"""What every test of whole runs starts from."""

import shutil
from pathlib import Path

import pytest
from provinces import keep_provinces

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
    keep_provinces(project / "contracts" / "areas", *provinces)
    write_compiled(project)
    return project


@pytest.fixture(scope="session")
def two_provinces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Điện Biên and Lai Châu."""
    return project_of_provinces(tmp_path_factory.mktemp("two_provinces"), "11", "12")


@pytest.fixture(scope="session")
def merged_provinces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Hà Giang and Tuyên Quang, which are one province since July 2025, with communes that were divided."""
    return project_of_provinces(tmp_path_factory.mktemp("merged_provinces"), "02", "08")
