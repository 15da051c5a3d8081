"""Other sources than the reports as data: what each may say, and what has to hold in it."""

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Literal

from pydantic import Field

from tally.contracts.grammar import Statement
from tally.contracts.model import (
    Check,
    Code,
    MonthDay,
    Part,
    Rule,
    Some,
    Strict,
    Text,
    Words,
)
from tally.vocabulary import Severity, Verdict

FEED = "feed_"
"""What the suite of a source is called: this, then its code."""


class FeedStatus(Strict):
    """How a figure came to be; one that is not used is shown, and never compared with anything."""

    code: Code
    obs_status: str
    label: Text
    is_used: bool = True


class FeedRule(Strict):
    """What holds of every feed; `verdict`: what becomes of a file that breaks it."""

    code: str = Field(pattern=r"^N\d\d$")
    severity: Severity
    verdict: Verdict | None = None
    tell: Text
    mend: Text
    why: Text


class FeedLimits(Strict):
    file_bytes: int = Field(gt=0)
    lines: int = Field(gt=0)


class Described(Strict):
    """What the figures of a source are: whom they cover, and when they are closed."""

    title: Text
    coverage: Text
    cut_off: Text


class Feeds(Strict):
    """`reports`: the communes' reports, as one source among the others."""

    reports: Described
    columns: Some[str]
    limits: FeedLimits
    statuses: Some[FeedStatus]
    rules: Some[FeedRule]
    source: Words

    @property
    def checks(self) -> list[Check]:
        return [Check(one.code, one.code, one.severity, one.tell, one.mend, self.source) for one in self.rules]


class Window(Strict):
    """A window that stands beside a part of the reports' year; a start after its end lies in the year before."""

    part: Part
    start: MonthDay
    end: MonthDay
    comparability: Literal["same_window", "shifted_window"]

    def in_year(self, year: int) -> tuple[date, date]:
        """Its first and last day in a reporting year."""
        start = date.fromisoformat(f"{year - (self.start > self.end)}-{self.start}")
        return start, date.fromisoformat(f"{year}-{self.end}")


class SourceIndicator(Strict):
    """What a source counts. `concept`: the indicator of the reports that counts the same; `series`: as published."""

    code: Code
    series: Code | None = None
    unit: str
    concept: Code | None = None
    is_signed: bool = False
    label: Text


class SourceRule(Rule):
    code: str = Field(pattern=r"^N\d\d$")


class Known(Strict):
    """A figure that was published with an error: it is shown as it was published, with this note."""

    code: str = Field(pattern=r"^F\d+$")
    rule: str
    indicator: Code
    start: date
    end: date
    note: Text


class Source(Described):
    source: Code
    windows: list[Window]
    indicators: Some[SourceIndicator]
    rules: tuple[SourceRule, ...] = ()
    known: tuple[Known, ...] = ()

    @property
    def suite(self) -> str:
        return f"{FEED}{self.source}"

    @property
    def checks(self) -> list[Check]:
        """What is asked of its feeds beside what is asked of all."""
        return [Check(one.code, one.code, one.severity, one.tell, one.mend, one.source) for one in self.rules]

    @cached_property
    def named(self) -> dict[str, SourceIndicator]:
        """Its indicators by code, and by the name under which they were published."""
        return {one.series: one for one in self.indicators if one.series} | {one.code: one for one in self.indicators}


@dataclass(frozen=True)
class SourceClaim:
    """One statement of a rule with its names spelt out; `places`: columns, or indicators if the rule is over rows."""

    rule: SourceRule
    statement: Statement
    places: tuple[str, ...]


def series_of(indicator: SourceIndicator, sex: str) -> str | None:
    """The name under which a figure was published: that of the sexes has the sex behind it."""
    ending = {"M": "_male", "F": "_female"}.get(sex, "")
    return indicator.series and indicator.series + ending
