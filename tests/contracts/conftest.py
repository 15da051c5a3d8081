"""A copy of contracts/ that a test may change."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tally.contracts.load import load_contracts
from tally.contracts.model import Contracts

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def contracts() -> Contracts:
    return load_contracts(ROOT / "contracts")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project's folder with nothing in it but contracts/."""
    shutil.copytree(ROOT / "contracts", tmp_path / "contracts")
    return tmp_path


@pytest.fixture
def edit(project: Path) -> Callable[[str, str, str], None]:
    """Replace what stands exactly once in a file of the copy."""

    def replace(file: str, old: str, new: str) -> None:
        path = project / "contracts" / file
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {file}"
        path.write_text(text.replace(old, new), encoding="utf-8")

    return replace
