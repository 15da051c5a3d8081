"""The contracts as data: forms, code lists, calendar and the rules of the submission; and their editions by period."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from tally.contracts.aliases import Alias
from tally.contracts.areas import Area, Register
from tally.contracts.grammar import Statement, parse
from tally.contracts.limits import CountLimits
from tally.periods import Period
from tally.vocabulary import Severity, Verdict

if TYPE_CHECKING:
    from tally.contracts.classifications import Scheme
    from tally.contracts.commitments import Commitment
    from tally.contracts.programmes import Programmes
    from tally.contracts.ratios import Counted, Ratio
    from tally.contracts.reports import Report
    from tally.contracts.sources import Feeds, Source, SourceClaim

T = TypeVar("T")


def _period(value: Any) -> Period:
    return value if isinstance(value, Period) else Period.parse(str(value))


def _month_day(value: str) -> str:
    try:
        date.fromisoformat(f"2001-{value}")
    except ValueError:
        raise ValueError(f"{value!r} is no day of every year") from None
    return value


def _not_empty(value: T) -> T:
    if not (value.strip() if isinstance(value, str) else value):
        raise ValueError("is empty")
    return value


def _sheet_name(name: str) -> str:
    """A name that Excel takes for a sheet."""
    if len(name) > 31:
        raise ValueError(f"{name!r} has {len(name)} characters; the name of a sheet has at most 31")
    if re.search(r"[\[\]:*?/\\]", name):
        raise ValueError(f"{name!r}: the name of a sheet has none of [ ] : * ? / \\")
    if name.startswith("'") or name.endswith("'"):
        raise ValueError(f"{name}: the name of a sheet neither begins nor ends with '")
    return name


PeriodCode = Annotated[Period, BeforeValidator(_period)]
Code = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
MonthDay = Annotated[str, Field(pattern=r"^\d\d-\d\d$"), AfterValidator(_month_day)]
Part = Literal["S1", "A1"]
Words = Annotated[str, AfterValidator(_not_empty)]
Some = Annotated[list[T], AfterValidator(_not_empty)]
SheetName = Annotated[Words, AfterValidator(_sheet_name)]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class Text(Strict):
    vi: Words
    en: Words


class Line(Strict):
    """Anything that has a life: in force from `since` to `until`, both included; absent is open."""

    since: PeriodCode | None = None
    until: PeriodCode | None = None

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.since and self.until and self.until < self.since:
            raise ValueError(f"until {self.until} is before since {self.since}")
        return self

    def in_force(self, period: Period) -> bool:
        return (self.since is None or self.since <= period) and (self.until is None or period <= self.until)


class Column(Line):
    code: Code
    label: Text
    sex: str
    age_band: str
    subset: str


class Unit(Line):
    """`also`: how other sources write it."""

    code: Code
    label: Text
    also: list[str] = []


class Level(Strict):
    code: Code
    width: int
    mark: str
    label: Text
    largest_figure: int = Field(gt=0)
    signs: str


class ReportKind(Line):
    code: Code
    label: Text


class CodeInWords(Strict):
    """A code of the marts; `meaning` where the label is not enough."""

    code: Code
    label: Text
    meaning: Text | None = None


class CodeLists(Strict):
    columns: Some[Column]
    column_sets: dict[str, Some[str]]
    units: Some[Unit]
    levels: Some[Level]
    report_kinds: Some[ReportKind]
    codes: dict[str, Some[CodeInWords]]

    def columns_of(self, form: "Form", indicator: "Indicator") -> list[str]:
        """The codes of the columns that a row fills, in any period: its own, or those of its form."""
        wanted = indicator.columns or form.columns
        return self.column_sets[wanted] if isinstance(wanted, str) else wanted

    def column_at(self, sex: str, age_band: str, subset: str) -> Column | None:
        """The column of a cell; none has other codes."""
        cell = (sex, age_band, subset)
        return next((one for one in self.columns if (one.sex, one.age_band, one.subset) == cell), None)

    @property
    def total(self) -> str:
        """The column of everybody."""
        column = self.column_at("_T", "_T", "_T")
        return column.code if column else ""


class Indicator(Line):
    row: str = Field(pattern=r"^\d{4}$")
    code: Code
    label: Text
    unit: str
    adds_up: Literal["flow", "stock_at_end", "stock_at_start", "never"]
    columns: Annotated[str | list[str], AfterValidator(_not_empty)] | None = None
    levels: Some[str] | None = None

    @property
    def reporting_level(self) -> str:
        """Whose reports its figures are added up from: those of provinces, or of every area with none below it."""
        return "province" if self.levels == ["province"] else "lowest"


class Rule(Line):
    code: str = Field(pattern=r"^R\d{4}$")
    says: Annotated[str | list[str], AfterValidator(_not_empty)]
    over: Literal["columns", "rows"] = "columns"
    columns: Some[str] | None = None
    severity: Severity
    tell: Text
    mend: Text
    why: Text | None = None
    source: Words

    @property
    def sentences(self) -> list[str]:
        return [self.says] if isinstance(self.says, str) else self.says

    @property
    def looks_back(self) -> bool:
        """Whether it compares with an earlier report."""
        return any(parse(sentence).earlier for sentence in self.sentences)


class Form(Line):
    form: Code
    title: Text
    sheet: SheetName
    periods: Some[Part]
    columns: str
    indicators: Some[Indicator]
    rules: list[Rule] = []


class Coherence(Strict):
    rules: list[Rule]


class DueDay(Strict):
    level: str
    part: Part
    day: MonthDay


class ProvinceDueDay(Line):
    province: str
    level: str
    part: Part
    day: MonthDay
    source: str


class Calendar(Strict):
    collected_from: PeriodCode
    send_again_within: int = Field(gt=0)  # days after a letter
    due_days: list[DueDay]
    provinces: list[ProvinceDueDay]

    def due_date(self, period: Period, level: str, province: str | None) -> date:
        """The last day on which a report is on time, local time; the province's own day takes precedence."""
        own = [
            line.day
            for line in self.provinces
            if (line.province, line.level, line.part) == (province, level, period.part) and line.in_force(period)
        ]
        day = own[0] if own else next(d.day for d in self.due_days if (d.level, d.part) == (level, period.part))
        return date(period.year, int(day[:2]), int(day[3:]))


class Frame(Strict):
    """A map on which figures are given: the areas of a `level` as they were `on` a day, the stable groups, or neither.

    Neither is the map of the report. `estimates`: parts of areas that were split count by their weights.
    """

    code: Code
    title: Text
    level: str | None = None
    on: date | None = None
    groups: bool = False
    estimates: bool = False

    @model_validator(mode="after")
    def _is_one_map(self) -> Self:
        if (self.level is None) != (self.on is None):
            raise ValueError("level and on go together")
        if self.groups and self.on:
            raise ValueError("groups have no level and no day")
        return self


class Frames(Strict):
    frames: Some[Frame]


class Template(Line):
    version: str


class Limits(Strict):
    file_bytes: int = Field(gt=0)
    unpacked_bytes: int = Field(gt=0)
    sheets: int = Field(gt=0)


class CoverField(Strict):
    row: int = Field(gt=2)  # the title stands above
    code: Code
    label: Words


class Cover(Strict):
    sheet: SheetName
    title: str
    fields: Some[CoverField]

    def cell(self, code: str) -> str:
        """The address of a field's value, as `B12`."""
        return f"B{next(field.row for field in self.fields if field.code == code)}"


class SubmissionRule(Strict):
    """A rule about the workbook itself, or about its figure `cells`; `also`: a milder severity of some findings."""

    code: str = Field(pattern=r"^S\d\d$")
    severity: Severity
    also: Severity | None = None
    verdict: Verdict | None = None
    judges: Literal["submission", "cells"] = "submission"
    tell: Text
    mend: Text
    why: Text | None = None

    @property
    def refuses(self) -> bool:
        return self.verdict == Verdict.REFUSED


class SubmissionContract(Strict):
    templates: Some[Template]
    limits: Limits
    cover: Cover
    rules: list[SubmissionRule]
    source: str


class CorrectionTarget(Strict):
    """A cell of an area's report."""

    area: str
    period: PeriodCode
    indicator: str
    sex: str = "_T"
    age: str = "_T"
    subset: str = "_T"


class CorrectionGuard(Strict):
    """What else must hold for a correction: that one workbook stands, named by its SHA-256."""

    workbook: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class Correction(Strict):
    """What a figure is to be instead of what an accepted report says; only `active` ones are in force.

    Blanks  no `from`: the cell is empty; no `to`: it is to count as empty.
    """

    code: str = Field(pattern=r"^C[0-9]{4}-[0-9]{3}$")
    target: CorrectionTarget
    before: int | None = Field(alias="from", ge=0)
    to: int | None = Field(ge=0)
    reason: Text
    who: Words
    status: Literal["proposed", "active", "retired"]
    expect: CorrectionGuard | None = None


class Corrections(Strict):
    """Declared corrections, and the rule that a figure breaks which one changes (C01)."""

    tell: Text
    mend: Text
    why: Text
    corrections: list[Correction]


@dataclass(frozen=True)
class Row:
    """One indicator as a form prints it in one period: `columns` are those it fills, the others print `x`."""

    form: "Sheet"
    indicator: Indicator
    columns: tuple[str, ...]

    @property
    def code(self) -> str:
        return self.indicator.code

    def prints(self, column: str, level: str) -> bool:
        """Whether a report of this level has a figure cell here, not an `x`."""
        return column in self.columns and (self.indicator.levels is None or level in self.indicator.levels)


@dataclass(frozen=True)
class Sheet:
    """One form as it stands in one period."""

    form: Form
    columns: tuple[Column, ...]

    @property
    def code(self) -> str:
        return self.form.form

    @property
    def name(self) -> str:
        return self.form.sheet


@dataclass(frozen=True)
class Claim:
    """One statement of a rule with its names spelt out, and where it is judged.

    `over` columns: names are indicators, `places` the columns that all of them print.
    `over` rows: names are columns, `places` the indicators that print all of them.
    """

    rule: Rule
    form_code: str
    statement: Statement
    places: tuple[str, ...]


@dataclass(frozen=True)
class Edition:
    """Everything that is asked of a report for one period."""

    period: Period
    template_version: str
    sheets: tuple[Sheet, ...]
    rows: tuple[Row, ...]
    claims: tuple[Claim, ...]

    @cached_property
    def row_of(self) -> dict[str, Row]:
        return {row.code: row for row in self.rows}

    def rows_of(self, sheet: Sheet) -> list[Row]:
        return [row for row in self.rows if row.form is sheet]


ACROSS_FORMS = "across_forms"
ACROSS_PERIODS = "across_periods"
SUBMISSION = "submission"
RELEASE = "release"
FEEDS = "feeds"


@dataclass(frozen=True)
class Check:
    """One column of a suite: its values are residuals, 0 where the rule holds and empty where it is not judged."""

    column: str
    rule_code: str
    severity: Severity
    tell: Text
    mend: Text
    source: str


class GateCheck(Strict):
    """What must hold before a release appears. `select` gives rows (place, residual) from the built marts."""

    code: str = Field(pattern=r"^G\d\d$")
    tell: Text
    mend: Text
    select: str
    source: Words


class Gate(Strict):
    checks: list[GateCheck]


@dataclass(frozen=True)
class Contracts:
    """All that people wrote, checked.

    Shape   parts: a hash of each file or folder, `version` of them all; corrections are no part of it: they change only
            the figures of their own periods.
    """

    parts: Mapping[str, str]
    codelists: CodeLists
    forms: tuple[Form, ...]
    coherence: Coherence
    calendar: Calendar
    submission: SubmissionContract
    gate: Gate
    register: Register
    aliases: tuple[Alias, ...]
    frames: tuple[Frame, ...]
    corrections: Corrections
    feeds: "Feeds"
    sources: tuple["Source", ...]
    source_claims: Mapping[str, tuple["SourceClaim", ...]]
    schemes: tuple["Scheme", ...]
    programmes: "Programmes"
    commitments: tuple["Commitment", ...]
    ratios: "tuple[Ratio, ...]"
    population: "tuple[Counted, ...]"
    reports: "tuple[Report, ...]"
    limits: CountLimits
    editions: "Editions"

    @cached_property
    def version(self) -> str:
        return hashlib.sha256(" ".join(f"{name} {part}" for name, part in self.parts.items()).encode()).hexdigest()[:12]

    def edition(self, period: Period) -> Edition:
        return self.editions(period)

    @cached_property
    def levels(self) -> dict[str, Level]:
        return {level.code: level for level in self.codelists.levels}

    @cached_property
    def columns(self) -> dict[str, Column]:
        return {column.code: column for column in self.codelists.columns}

    @cached_property
    def units(self) -> dict[str, Unit]:
        return {unit.code: unit for unit in self.codelists.units}

    def in_words(self, codelist: str, code: str) -> CodeInWords:
        return next(line for line in self.codelists.codes[codelist] if line.code == code)

    @cached_property
    def submission_rules(self) -> dict[str, SubmissionRule]:
        return {rule.code: rule for rule in self.submission.rules}

    @cached_property
    def suites(self) -> dict[str, list[Check]]:
        """What Great Expectations judges, by suite: submission, each form, across forms, across periods, all feeds,
        those of each source that has rules of its own, release.
        """
        of_submission, of_cells = [
            [check for rule in self.submission.rules if rule.judges == judges for check in self._checks_of(rule)]
            for judges in ("submission", "cells")
        ]
        suites = {SUBMISSION: of_submission}
        for form in self.forms:
            suites[form.form] = of_cells + _checks_within(form.rules)
        suites[ACROSS_FORMS] = _checks_within(self.coherence.rules)
        everywhere = [*(form.rules for form in self.forms), self.coherence.rules]
        suites[ACROSS_PERIODS] = [check for rules in everywhere for check in _checks_across_periods(rules)]
        suites[FEEDS] = self.feeds.checks
        suites |= {source.suite: source.checks for source in self.sources if source.rules}
        suites[RELEASE] = [
            Check(check.code, check.code, Severity.CRITICAL, check.tell, check.mend, check.source)
            for check in self.gate.checks
        ]
        return suites

    def _checks_of(self, rule: SubmissionRule) -> list[Check]:
        checks = [Check(rule.code, rule.code, rule.severity, rule.tell, rule.mend, self.submission.source)]
        if rule.also:
            column = f"{rule.code}.{rule.also}"
            checks.append(Check(column, rule.code, rule.also, rule.tell, rule.mend, self.submission.source))
        return checks

    def due_date(self, area: Area, period: Period) -> date:
        province = self.register.province_of(area.code, period.map_date)
        return self.calendar.due_date(period, area.level, province.code if province else None)


def rule_column(rule: Rule, siblings: Sequence[Rule]) -> str:
    """The residual column of a rule: its code, and where one code has several lives, since when."""
    lives = [other for other in siblings if other.code == rule.code]
    return rule.code if len(lives) == 1 else f"{rule.code}.{rule.since or 'first'}"


def _check_of(rule: Rule, siblings: Sequence[Rule]) -> Check:
    return Check(rule_column(rule, siblings), rule.code, rule.severity, rule.tell, rule.mend, rule.source)


def _checks_within(rules: Sequence[Rule]) -> list[Check]:
    return [_check_of(rule, rules) for rule in rules if not rule.looks_back]


def _checks_across_periods(rules: Sequence[Rule]) -> list[Check]:
    return [_check_of(rule, rules) for rule in rules if rule.looks_back]


class Editions:
    """Editions by period, made when first asked for."""

    def __init__(self, make: Any) -> None:
        self._make, self._made = make, dict[Period, Edition]()

    def __call__(self, period: Period) -> Edition:
        if period not in self._made:
            self._made[period] = self._make(period)
        return self._made[period]
