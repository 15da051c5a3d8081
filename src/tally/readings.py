"""What was read from one workbook: facts of its cover, its figures cell by cell, and what was wrong with it."""

from dataclasses import dataclass, field
from datetime import date

from tally.periods import Period
from tally.vocabulary import CellState, Severity


@dataclass(frozen=True, slots=True)
class Fault:
    """One place where a workbook breaks a rule, in words that give away nothing of its free text."""

    rule_code: str
    severity: Severity
    sheet_name: str | None
    cell_address: str | None
    indicator_code: str | None
    vi: str
    en: str


@dataclass(frozen=True, slots=True)
class Cover:
    """What the cover says.

    Blanks  None: empty or unreadable. `cells` has the address of each field's value.
    """

    template_version: str | None = None
    level: str | None = None
    area_code: str | None = None
    area_name: str | None = None
    district_name: str | None = None
    province_name: str | None = None
    period: Period | None = None
    start_date: date | None = None
    end_date: date | None = None
    report_kind: str | None = None
    reports_expected: int | None = None
    reports_made: int | None = None
    unreadable_counters: tuple[str, ...] = ()
    is_signed: bool = False
    signed_date: date | None = None
    cells: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Figures:
    """One entry for every cell that a form asks for, in columns of equal length.

    Blanks  `value` is None unless `state` is reported; `reason` says why a cell is unreadable.
    """

    form_code: list[str] = field(default_factory=list)
    indicator_code: list[str] = field(default_factory=list)
    column_code: list[str] = field(default_factory=list)
    sheet_name: list[str] = field(default_factory=list)
    cell_address: list[str] = field(default_factory=list)
    raw_text: list[str] = field(default_factory=list)
    value: list[int | None] = field(default_factory=list)
    state: list[CellState] = field(default_factory=list)
    reason: list[str | None] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Reading:
    """Everything that one workbook said; no cover where it could not be opened, no figures where they were not read."""

    faults: tuple[Fault, ...]
    cover: Cover | None
    figures: Figures


@dataclass(slots=True)
class FeedLine:
    """One line of a feed: what could be read of it. `number` counts from 1, the line of the header.

    Blanks  None: empty or unreadable; then `faults` says so, unless an empty value: not published.
    """

    number: int
    area_code: str | None = None
    start: date | None = None
    end: date | None = None
    indicator_code: str | None = None
    sex: str = "_T"
    age_band: str = "_T"
    value: float | None = None
    unit: str | None = None
    status: str | None = None
    citation: str = ""
    faults: dict[str, Fault] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str | None, date | None, date | None, str | None, str, str]:
        """What the figure is of."""
        return self.area_code, self.start, self.end, self.indicator_code, self.sex, self.age_band


@dataclass(slots=True)
class FeedFile:
    """One feed as it was read; `faults`: what keeps the file as a whole from being read, by rule."""

    lines: list[FeedLine] = field(default_factory=list)
    faults: dict[str, Fault] = field(default_factory=dict)
