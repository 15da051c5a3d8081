"""Which figures of a release are other than in an earlier one."""

import tempfile
from pathlib import Path
from typing import Any

import duckdb

from tally.errors import UsageError
from tally.pipeline.carryover import compare_releases, write_changes
from tally.pipeline.home import Home
from tally.pipeline.releases import PUBLIC, named_release, pointed_to

_OF_THE_NATION = """
    select period_code, indicator_code, sex, age_band, subset, value_before, value_now, status_before, status_now
    from changes
    where frame = 'as_reported' and area_level = 'nation'
    order by all
"""
_COUNTED = """
    select period_code, area_level, count(*) as figures
    from changes
    where frame = 'as_reported'
    group by all
    order by period_code, figures
"""


def changes_since(home: Home, since: str = PUBLIC, release: str = "current", to: Path | None = None) -> dict[str, Any]:
    """What is other in a release than in an earlier one, by default than in the last that was signed.

    Shape   {since, release, figures: on every map, counted: [{period_code, area_level, figures}] and nation: […] on the
            map of the report}; `to`: CSV of every figure that is other.
    Blanks  a figure that is or was not there has no value; a period that is new is no change of its figures.
    Raises  UsageError if there is no such release.
    """
    if since == PUBLIC and pointed_to(home, PUBLIC) is None:
        raise UsageError("no release was signed yet: name one with --since")
    before, now = named_release(home, since), named_release(home, release)
    file, file_before = (home.releases / one / "national.duckdb" for one in (now, before))
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as connection:
        part = Path(folder) / "changes.parquet"
        compare_releases(file, file_before, part)
        if to:
            write_changes([part], to)
        connection.execute(f"create view changes as from read_parquet('{part}')")
        found = connection.execute("select count(*) from changes").fetchall()[0][0]
        counted, nation = (connection.execute(query).df().astype(object) for query in (_COUNTED, _OF_THE_NATION))
        return {
            "since": before,
            "release": now,
            "figures": found,
            "counted": counted.to_dict("records"),
            "nation": nation.where(nation.notna(), None).to_dict("records"),
        }
