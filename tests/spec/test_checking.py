"""`tally check` tells a script by its exit code whether a workbook would be accepted."""

import json

import pytest
from reading import CLEAN, SAMPLES
from typer.testing import CliRunner

from tally.cli import app

RETURNED = SAMPLES / "inbox" / "05443" / "BVTE_05443_2025-A1.xlsx"


@pytest.mark.parametrize(
    ("files", "verdicts", "exit_code"),
    [
        pytest.param([CLEAN], ["accepted"], 0, id="accepted"),
        pytest.param([RETURNED], ["returned"], 1, id="returned"),
        pytest.param([RETURNED, CLEAN], ["returned", "accepted"], 1, id="one of two returned"),
    ],
)
def test_the_exit_code_is_that_of_the_worst_workbook(files: list, verdicts: list[str], exit_code: int) -> None:
    outcome = CliRunner().invoke(app, ["check", "--json", *map(str, files)])
    checked = json.loads(outcome.stdout)
    assert [(one["file"], one["verdict"]) for one in checked] == list(zip(map(str, files), verdicts, strict=True))
    assert outcome.exit_code == exit_code
