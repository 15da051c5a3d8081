"""What is judged again, or was deleted and made again, leaves the figures as they are."""

import shutil
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from tally.errors import BuildError
from tally.periods import LOCAL_TIME, Period
from tally.pipeline.home import Home
from tally.pipeline.judge import judge_batch
from tally.pipeline.publish import publish_release
from tally.pipeline.read import read_submissions
from tally.pipeline.receive import receive_new_files
from tally.pipeline.run import run
from tally.simulation.reports import areas_owing, lawful_reports
from tally.workbooks import BlankWorkbook

PERIOD = Period(2025, "A1")
NOW = datetime(2025, 12, 17, 9, tzinfo=LOCAL_TIME)


@pytest.fixture(scope="module")
def home(two_provinces: Path, tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("replays"), two_provinces)
    areas = [area for area in areas_owing(home.contracts, PERIOD, ["12"]) if area.level == "commune"][:3]
    blank = BlankWorkbook(home.contracts, home.contracts.edition(PERIOD), "commune")
    for report in lawful_reports(home.contracts, PERIOD, areas, seed=1):
        path = home.inbox / report.area.code / "report.xlsx"
        path.parent.mkdir(parents=True)
        path.write_bytes(blank.filled(report.cover, report.figures))
    run(NOW, home)
    return home


def nation(home: Home) -> list[tuple[object, ...]]:
    with duckdb.connect(str(home.releases / "current" / "national.duckdb"), read_only=True) as marts:
        query = "from marts.fct_indicator_values where area_code in ('VN', '12') order by all"
        return marts.execute(query).fetchall()


def replay(home: Home, now: datetime, **asked: str) -> int:
    chunks = receive_new_files(now, home=home, **asked)
    judge_batch([read_submissions(chunk, home) for chunk in chunks], now, home)
    return sum(len(chunk) for chunk in chunks)


@pytest.mark.parametrize(
    ("asked", "judged"),
    [
        pytest.param({"area": "03388"}, 1, id="one commune"),
        pytest.param({"area": "12"}, 3, id="a province with all below it"),
        pytest.param({"period": "2025-A1"}, 3, id="a period"),
        pytest.param({"area": "11", "period": "2025-A1"}, 0, id="a province that sent nothing"),
    ],
)
def test_a_replay_counts_nothing_twice(home: Home, asked: dict[str, str], judged: int) -> None:
    before = nation(home)
    assert replay(home, NOW + timedelta(hours=1), **asked) == judged
    publish_release(NOW + timedelta(hours=1), home)
    assert nation(home) == before


def test_what_was_deleted_is_made_again_and_until_then_nothing_is_published(home: Home) -> None:
    before, events, release = nation(home), len(list(home.ledger.events())), (home.releases / "current").readlink()
    shutil.rmtree(home.root / "work")
    with pytest.raises(BuildError, match="run collect_reports first"):
        publish_release(NOW + timedelta(hours=2), home)
    run(NOW + timedelta(hours=2), home)
    assert nation(home) == before
    assert [event["event"] for event in home.ledger.events()][events:].count("received") == 0
    assert release.name in [path.name for path in home.releases.iterdir()]
