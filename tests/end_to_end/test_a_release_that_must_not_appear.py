"""A build or a gate that fails leaves the release before where it is, says why, and disturbs no reader."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from tally.errors import BuildError, GateError, TallyError
from tally.periods import LOCAL_TIME, Period
from tally.pipeline.compile import write_compiled
from tally.pipeline.home import Home
from tally.pipeline.run import run
from tally.simulation.reports import areas_owing, lawful_reports
from tally.workbooks import BlankWorkbook

PERIOD = Period(2025, "A1")
NOW = datetime(2025, 12, 17, 9, tzinfo=LOCAL_TIME)
CHECK = """  - code: G99
    tell: {vi: "Không có gì sai", en: "Nothing is wrong"}
    mend: {vi: "xem lại", en: "look again"}
    select: select 'VN' as place, 1 as residual
    source: a test
"""


def _break_gate(project: Path) -> None:
    with (project / "contracts" / "release.yml").open("a", encoding="utf-8") as file:
        file.write(CHECK)
    write_compiled(project)


def _silence_gate(project: Path) -> None:
    with (project / "contracts" / "release.yml").open("a", encoding="utf-8") as file:
        file.write(CHECK.replace("1 as residual", "null as residual"))
    write_compiled(project)


def _break_model(project: Path) -> None:
    model = project / "dbt_project" / "models" / "intermediate" / "int_observations_rolled_up.sql"
    text = model.read_text(encoding="utf-8")
    assert text.count("cast(sum(") == 1
    model.write_text(text.replace("cast(sum(", "cast(2 * sum("), encoding="utf-8")


@pytest.fixture(scope="module")
def published(two_provinces: Path, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A release of one commune, and a second commune's report that has just come."""
    home = Home(tmp_path_factory.mktemp("home"), two_provinces)
    areas = [area for area in areas_owing(home.contracts, PERIOD, ["12"]) if area.level == "commune"][:2]
    blank = BlankWorkbook(home.contracts, home.contracts.edition(PERIOD), "commune")
    for at, report in enumerate(lawful_reports(home.contracts, PERIOD, areas, seed=1)):
        path = home.inbox / report.area.code / "report.xlsx"
        path.parent.mkdir(parents=True)
        path.write_bytes(blank.filled(report.cover, report.figures))
        if at == 0:
            run(NOW, home)
    return home


@contextmanager
def _broken(project: Path, break_it: Callable[[Path], None]) -> Iterator[None]:
    """Broken where it stands, so that what dbt knows of the rest of it is found again, and mended afterwards."""
    before = {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}
    try:
        break_it(project)
        yield
    finally:
        for path, content in before.items():
            path.write_bytes(content)


@pytest.mark.parametrize(
    ("break_it", "error", "says"),
    [
        pytest.param(_break_gate, GateError, r"G99 does not hold \(Nothing is wrong\) at 1 places: VN", id="the gate"),
        pytest.param(_silence_gate, GateError, "G99 judged nothing", id="a check of the gate that judges nothing"),
        pytest.param(_break_model, BuildError, "every_level_adds_up_to_the_nation", id="the build"),
    ],
)
def test_what_must_not_be_published_is_not(
    published: Home, tmp_path: Path, break_it: Callable[[Path], None], error: type[TallyError], says: str
) -> None:
    shutil.copytree(published.root, tmp_path / "home", symlinks=True)
    home = Home(tmp_path / "home", published.project)
    before = (home.releases / "current").readlink()
    filled = "select max(areas_filled) from marts.fct_indicator_values where area_code = 'VN'"
    with duckdb.connect(str(home.releases / "current" / "national.duckdb"), read_only=True) as reader:
        with _broken(home.project, break_it), pytest.raises(error, match=says):
            run(NOW + timedelta(hours=1), home)
        assert reader.execute(filled).fetchall() == [(1,)]
        assert (home.releases / "current").readlink() == before
        assert [path.name for path in home.releases.iterdir() if path.name != "current"] == [str(before)]
        assert list(home.ledger.events())[-1]["error"] == error.__name__

        run(NOW + timedelta(hours=2), Home(home.root, home.project))
        assert reader.execute(filled).fetchall() == [(1,)]
    with duckdb.connect(str(home.releases / "current" / "national.duckdb"), read_only=True) as reader:
        assert reader.execute(filled).fetchall() == [(2,)]
