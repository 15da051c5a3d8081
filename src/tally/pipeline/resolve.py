"""Which areas names and codes mean: one, or a file of them."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tally.adapters.files import write_whole
from tally.areas.resolve import Resolver, Written
from tally.contracts.areas import WIDTHS, Area
from tally.errors import UsageError
from tally.periods import Period
from tally.pipeline.home import Home

WRITTEN = ("code", "name", "district", "province")
ANSWERED = ("status", "area_code", "area_name", "method", "score", "candidates")
SHOWN = 10  # candidates; a person does not choose from more


@dataclass(frozen=True)
class Question:
    """What is asked of every name: the period, and the sender's province and the level where they are known.

    Raises  UsageError for a province that is not on the map of the period, and for a level that there is not.
    """

    home: Home
    period: Period
    province: str | None = None
    level: str | None = None

    def __post_init__(self) -> None:
        on_the_map = {area.code for area in self.home.contracts.register.on(self.period.map_date, "province")}
        if self.province is not None and self.province not in on_the_map:
            raise UsageError(f"--province {self.province}: no province has this code in {self.period}")
        if self.level is not None and self.level not in WIDTHS:
            raise UsageError(f"--level {self.level}: write {', '.join(WIDTHS)}")

    @cached_property
    def _resolver(self) -> Resolver:
        return Resolver(self.home.contracts.register, self.home.contracts.aliases)

    def row(self, written: Written) -> dict[str, Any]:
        """The answer in plain values: status, method, score, area, candidates {code, name with its district, score}."""
        found = self._resolver.resolve(written, self.period.map_date, self.province, self.level)
        return {
            "status": found.status,
            "area_code": found.area.code if found.area else None,
            "area_name": found.area.name if found.area else None,
            "method": found.method,
            "score": found.score,
            "candidates": [
                {"code": area.code, "name": self._full_name(area), "score": score}
                for area, score in found.candidates[:SHOWN]
            ],
        }

    def _full_name(self, area: Area) -> str:
        district = self.home.contracts.register.district_of(area.code, self.period.map_date)
        return f"{area.name}, {district.name}" if district and district is not area else area.name


def parted(text: str, question: Question) -> Written:
    """`P.1, Quận 3, TP.HCM` as name, district and province.

    Shape   of two parts the second is the district if the sender's province is known, otherwise the province.
    Raises  UsageError for more than three parts.
    """
    parts = [part.strip() for part in text.split(",")]
    if len(parts) > 3:
        raise UsageError(f"{text!r} has {len(parts)} parts: write name, district, province")
    if len(parts) == 2 and question.province is None:
        parts.insert(1, "")
    name, district, province = (*parts, "", "")[:3]
    return Written(name, district, province)


def resolve_file(source: Path, target: Path, question: Question) -> dict[str, int]:
    """Answer every row of a file, in its order; what is not settled stays in it with its candidates, for a person.

    Shape   in: CSV with the columns code, name, district, province; others are kept. Out: status, area_code, area_name,
            method, score and candidates (`00097 Phường Hồng Hà; …`) behind. Returned: how many of each status.
    Raises  UsageError for a file that cannot be read, or that has not these columns.
    """
    counts = {"settled": 0, "review": 0, "unknown": 0}
    text = io.StringIO()
    writer = None
    for row in _rows(source):
        found = question.row(Written(**{field: row[field] for field in WRITTEN}))
        counts[found["status"]] += 1
        found["candidates"] = "; ".join(f"{one['code']} {one['name']}" for one in found["candidates"])
        if writer is None:
            writer = csv.DictWriter(text, [*row, *ANSWERED], lineterminator="\n")
            writer.writeheader()
        writer.writerow(row | found)
    write_whole(target, text.getvalue().encode("utf-8-sig"))
    return counts


def _rows(source: Path) -> Iterator[dict[str, str]]:
    try:
        with source.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream, strict=True)
            missing = [field for field in WRITTEN if field not in (reader.fieldnames or ())]
            if missing:
                raise UsageError(f"{source}: has no column {', '.join(missing)}")
            for row in reader:
                if None in row or None in row.values():
                    raise UsageError(f"{source}:{reader.line_num}: has more or fewer cells than the header")
                yield row
    except OSError as error:
        raise UsageError(f"{source}: cannot be read: {error.strerror}") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{source}: is no CSV in UTF-8: {error}") from None
