"""The map of some provinces alone: for tests of which it is not the subject, and that the country's would slow down."""

import csv
from pathlib import Path


def keep_provinces(areas: Path, *provinces: str) -> None:
    """Leave of contracts/areas what lies in these provinces, whose borders nothing may have crossed."""
    with (areas / "units.csv").open(encoding="utf-8", newline="") as file:
        units = list(csv.DictReader(file))
    codes = set(provinces)
    for level in ("district", "commune"):
        codes |= {unit["code"] for unit in units if unit["level"] == level and unit["parent_code"] in codes}
    _keep(areas / "units.csv", "code", codes)
    _keep(areas / "flows.csv", "new_code", codes)
    _keep(areas / "aliases.csv", "alias", set())
    _keep(areas / "totals.csv", "day", set())


def _keep(path: Path, column: str, values: set[str]) -> None:
    with path.open(encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(
            [head, *(row for row in rows if row[head.index(column)] in values)]
        )
