"""Reporting periods: cut-off days of Decree 09/2019/NĐ-CP, Art. 12."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import total_ordering
from zoneinfo import ZoneInfo

LOCAL_TIME = ZoneInfo("Asia/Ho_Chi_Minh")
PARTS = ("S1", "A1")
_CODE = re.compile(r"(\d{4})-(S1|A1)")
_LABELS = {"S1": re.compile(r"6 thang dau nam (\d{4})"), "A1": re.compile(r"nam (\d{4})")}


@total_ordering
@dataclass(frozen=True, slots=True)
class Period:
    """`2025-S1`, the first six months, or `2025-A1`, the whole year, which contains them."""

    year: int
    part: str

    @classmethod
    def parse(cls, code: str) -> "Period":
        """Raises  ValueError if the code is not one of `<year>-S1`, `<year>-A1`."""
        match = _CODE.fullmatch(code)
        if not match:
            raise ValueError(f"{code!r} is not a period: write 2025-S1 or 2025-A1")
        return cls(int(match[1]), match[2])

    @classmethod
    def of_label(cls, plain_label: str) -> "Period | None":
        """The period that a cover's label names (text already compared plain), or None."""
        for part, pattern in _LABELS.items():
            if match := pattern.fullmatch(plain_label):
                return cls(int(match[1]), part)
        return None

    @property
    def code(self) -> str:
        return f"{self.year}-{self.part}"

    @property
    def start_date(self) -> date:
        return date(self.year - 1, 12, 15)

    @property
    def end_date(self) -> date:
        return date(self.year, 6, 14) if self.part == "S1" else date(self.year, 12, 14)

    @property
    def map_date(self) -> date:
        """The day whose map is the map of the period: the day after the cut-off."""
        return self.end_date + timedelta(days=1)

    @property
    def label_vi(self) -> str:
        return f"6 tháng đầu năm {self.year}" if self.part == "S1" else f"Năm {self.year}"

    @property
    def label_en(self) -> str:
        return f"First six months of {self.year}" if self.part == "S1" else f"Year {self.year}"

    def __str__(self) -> str:
        return self.code

    def __lt__(self, other: "Period") -> bool:
        return (self.year, PARTS.index(self.part)) < (other.year, PARTS.index(other.part))


@dataclass(frozen=True, slots=True)
class SecondHalf:
    """`2025-S2`, the last six months: never reported, only derived, as the year less its first six months."""

    year: int

    @property
    def code(self) -> str:
        return f"{self.year}-S2"

    @property
    def first_half(self) -> Period:
        return Period(self.year, "S1")

    @property
    def whole_year(self) -> Period:
        return Period(self.year, "A1")

    @property
    def label_vi(self) -> str:
        return f"6 tháng cuối năm {self.year}"

    @property
    def label_en(self) -> str:
        return f"Last six months of {self.year}"


def periods_between(first: Period, last: Period) -> Iterator[Period]:
    """Every period from `first` to `last`, both included, in order."""
    for year in range(first.year, last.year + 1):
        for part in PARTS:
            period = Period(year, part)
            if first <= period <= last:
                yield period
