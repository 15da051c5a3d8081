"""dbt seeds: areas, periods, indicators and rules as tables. Blank is open: since ever, still, every province."""

import csv
from collections.abc import Iterable, Sequence
from datetime import date
from fnmatch import fnmatchcase
from io import StringIO

from tally.areas.frames import placements
from tally.areas.territory import Territory, key
from tally.compile.codes import codes_in_words
from tally.compile.ratios import Row, ratio_tables
from tally.compile.sources import source_tables
from tally.contracts.areas import Area, Register
from tally.contracts.grammar import parse
from tally.contracts.model import Contracts, Form, Frame, Indicator, Line, Rule
from tally.names import english_name
from tally.periods import Period, SecondHalf, periods_between
from tally.vocabulary import CORRECTED, Severity

LAST_PERIOD = Period(2030, "A1")
_SINCE_EVER = Period(0, "S1")
_NAMES_SHOWN = 3


def seeds(contracts: Contracts) -> dict[str, bytes]:
    """`dbt_project/seeds/*.csv`; spans of periods include both ends, spans of dates only the first."""
    periods = _periods(contracts)
    tables: dict[str, list[Row]] = {
        **area_tables(contracts.register, contracts.frames),
        "periods": [_PERIOD_COLUMNS, *(_period(period) for period in periods)],
        "second_halves": [_SECOND_HALF_COLUMNS, *_second_halves(periods)],
        "due_days": [_DUE_DAY_COLUMNS, *_due_days(contracts, periods)],
        "indicators": [_INDICATOR_COLUMNS, *_indicators(contracts)],
        "indicator_cells": [_CELL_COLUMNS, *_cells(contracts)],
        "form_periods": [
            ["form_code", "part"],
            *([form.form, part] for form in contracts.forms for part in form.periods),
        ],
        "rules": [_RULE_COLUMNS, *_rules(contracts)],
        **source_tables(contracts, periods),
        "codes": [_CODE_COLUMNS, *_codes(contracts)],
        **ratio_tables(contracts),
    }
    return {f"dbt_project/seeds/{name}.csv": _written(rows) for name, rows in tables.items()}


def area_tables(register: Register, frames: Sequence[Frame]) -> dict[str, list[Row]]:
    """The tables that follow from the register of areas and the frames alone."""
    territory = Territory(register)
    return {
        "areas": [_AREA_COLUMNS, *_areas(territory)],
        "area_flows": [_FLOW_COLUMNS, *_flows(register)],
        "stable_groups": [_GROUP_COLUMNS, *_groups(territory)],
        "frames": [_FRAME_COLUMNS, *_frames(frames)],
        "frame_areas": [_FRAME_AREA_COLUMNS, *_frame_areas(territory, frames)],
    }


_AREA_COLUMNS = (
    "area_code", "area_level", "valid_from", "valid_to", "name_vi", "name_en", "area_type", "parent_code", "is_lowest",
    "territory", "legal_basis",
)  # fmt: skip
_FLOW_COLUMNS = ("flow_date", "area_level", "old_code", "new_code", "relation", "weight", "weight_basis", "legal_basis")
_GROUP_COLUMNS = ("group_code", "province_code", "name_vi", "name_en")
_FRAME_COLUMNS = ("frame", "label_vi", "label_en", "has_estimates")
_FRAME_AREA_COLUMNS = (
    "frame", "area_code", "valid_from", "frame_area_code", "frame_area_level", "is_whole", "share",
)  # fmt: skip
_PERIOD_COLUMNS = ("period_code", "year", "part", "start_date", "end_date", "map_date", "label_vi", "label_en")
_SECOND_HALF_COLUMNS = (
    "period_code", "year", "first_half_code", "whole_year_code", "start_date", "end_date", "map_date", "label_vi",
    "label_en",
)  # fmt: skip
_DUE_DAY_COLUMNS = ("period_code", "area_level", "province_code", "due_date")
_INDICATOR_COLUMNS = (
    "indicator_code", "form_code", "row_code", "position", "label_vi", "label_en", "unit", "unit_vi", "unit_en",
    "adds_up", "reporting_level", "since", "until",
)  # fmt: skip
_CELL_COLUMNS = ("indicator_code", "column_code", "sex", "age_band", "subset", "since", "until")
_RULE_COLUMNS = ("rule_code", "form_code", "severity", "sentence_vi", "sentence_en", "source")
_CODE_COLUMNS = ("codelist", "code", "position", "label_vi", "label_en", "meaning_vi", "meaning_en")


def _in_order(areas: Iterable[Area]) -> list[Area]:
    return sorted(areas, key=lambda area: (len(area.code), area.code, area.valid_from or date.min))


def _areas(territory: Territory) -> Iterable[Row]:
    register = territory.register
    for area in _in_order(register.areas):
        is_lowest = register.is_lowest(area)
        yield [
            area.code, area.level, area.valid_from, area.valid_to, area.name, english_name(area.name, area.type),
            area.type, area.parent_code, _flag(is_lowest), territory.identity(area) if is_lowest else None,
            area.legal_basis,
        ]  # fmt: skip


def _flows(register: Register) -> Iterable[Row]:
    for flow in register.flows:
        heir = register.at(flow.new_code, flow.date)
        yield [
            flow.date, flow.level, flow.old_code, flow.new_code, flow.relation,
            None if flow.weight is None else str(flow.weight), flow.weight_basis, heir.legal_basis if heir else None,
        ]  # fmt: skip


def _groups(territory: Territory) -> Iterable[Row]:
    """Each stable group under the names of the areas that it is made of today, and their province if it is one."""
    register = territory.register
    today: dict[str, list[Area]] = {}
    for area in _in_order(register.areas):
        group = territory.groups().get(key(area))
        if group and area.valid_to is None:
            today.setdefault(group, []).append(area)
    for group, areas in sorted(today.items()):
        provinces = {area.parent_code for area in areas}
        yield [
            group, provinces.pop() if len(provinces) == 1 else None, _named([area.name for area in areas], "và {} nữa"),
            _named([english_name(area.name, area.type) for area in areas], "and {} more"),
        ]  # fmt: skip


def _named(names: Sequence[str], others: str) -> str:
    shown = ", ".join(names[:_NAMES_SHOWN])
    return shown if len(names) <= _NAMES_SHOWN else f"{shown} {others.format(len(names) - _NAMES_SHOWN)}"


def _frames(frames: Sequence[Frame]) -> Iterable[Row]:
    for frame in frames:
        yield [frame.code, frame.title.vi, frame.title.en, _flag(frame.estimates)]


def _frame_areas(territory: Territory, frames: Sequence[Frame]) -> Iterable[Row]:
    for one in placements(territory, frames):
        share = None if one.share is None else str(one.share)
        yield [
            one.frame, one.area.code, one.area.valid_from, one.frame_area_code, one.frame_area_level,
            _flag(one.is_whole), share,
        ]  # fmt: skip


def _flag(holds: bool) -> str:
    return str(holds).lower()


def _periods(contracts: Contracts) -> list[Period]:
    first = min(template.since for template in contracts.submission.templates if template.since)
    return list(periods_between(first, LAST_PERIOD))


def _period(period: Period) -> Row:
    return [
        period.code, period.year, period.part, period.start_date, period.end_date, period.map_date,
        period.label_vi, period.label_en,
    ]  # fmt: skip


def _second_halves(periods: Sequence[Period]) -> Iterable[Row]:
    for half in [SecondHalf(year) for year in sorted({period.year for period in periods})]:
        whole, first = half.whole_year, half.first_half
        yield [
            half.code, half.year, first, whole, first.map_date, whole.end_date, whole.map_date,
            half.label_vi, half.label_en,
        ]  # fmt: skip


def _due_days(contracts: Contracts, periods: list[Period]) -> Iterable[Row]:
    calendar = contracts.calendar
    for period in periods:
        for level in contracts.levels:
            yield [period, level, None, calendar.due_date(period, level, None)]
            own = {
                line.province
                for line in calendar.provinces
                if (line.level, line.part) == (level, period.part) and line.in_force(period)
            }
            for province in sorted(own):
                yield [period, level, province, calendar.due_date(period, level, province)]


def _indicators(contracts: Contracts) -> Iterable[Row]:
    for form, position, indicator in _editions(contracts):
        unit = contracts.units[indicator.unit]
        span = _span(form, indicator)
        if span is not None:
            yield [
                indicator.code, form.form, indicator.row, position, indicator.label.vi, indicator.label.en,
                unit.code, unit.label.vi, unit.label.en, indicator.adds_up, indicator.reporting_level, *span,
            ]  # fmt: skip


def _cells(contracts: Contracts) -> Iterable[Row]:
    for form, _, indicator in _editions(contracts):
        codes = contracts.codelists.columns_of(form, indicator)
        for column in contracts.codelists.columns:
            span = _span(form, indicator, column)
            if column.code in codes and span is not None:
                yield [indicator.code, column.code, column.sex, column.age_band, column.subset, *span]


def _editions(contracts: Contracts) -> Iterable[tuple[Form, int, Indicator]]:
    for form in contracts.forms:
        for position, indicator in enumerate(form.indicators, start=1):
            yield form, position, indicator


def _span(*lines: Line) -> tuple[Period | None, Period | None] | None:
    """The life that all have in common, if any: a row lives no longer than its form, a cell than its column."""
    since = max((line.since for line in lines if line.since), default=None)
    until = min((line.until for line in lines if line.until), default=None)
    return None if since and until and until < since else (since, until)


def _rules(contracts: Contracts) -> Iterable[Row]:
    for of_submission in contracts.submission.rules:
        tell = of_submission.tell
        yield [of_submission.code, None, of_submission.severity, tell.vi, tell.en, contracts.submission.source]
    tell = contracts.corrections.tell
    yield [CORRECTED, None, Severity.INFO, tell.vi, tell.en, "contracts/corrections.yml"]
    for general in contracts.feeds.rules:
        yield [general.code, None, general.severity, general.tell.vi, general.tell.en, contracts.feeds.source]
    for source in contracts.sources:
        for own in source.rules:
            yield [own.code, source.suite, own.severity, own.tell.vi, own.tell.en, own.source]
    owned = [(form.form, rule) for form in contracts.forms for rule in form.rules]
    owned += [(_form_of(contracts, rule), rule) for rule in contracts.coherence.rules]
    # a rule that was reworded is one rule, and its last wording stands
    lives = sorted(owned, key=lambda line: (line[1].code, line[1].since or _SINCE_EVER))
    for code, (form_code, rule) in {rule.code: (form_code, rule) for form_code, rule in lives}.items():
        yield [code, form_code, rule.severity, rule.tell.vi, rule.tell.en, rule.source]


def _form_of(contracts: Contracts, rule: Rule) -> str:
    """The form that a rule across forms is about: the one whose cell it shows."""
    anchor = parse(rule.sentences[0]).anchor
    return next(form.form for form, _, indicator in _editions(contracts) if fnmatchcase(indicator.code, anchor))


def _codes(contracts: Contracts) -> Iterable[Row]:
    for codelist, lines in codes_in_words(contracts).items():
        for position, (code, (label, meaning)) in enumerate(lines.items(), start=1):
            yield [
                codelist,
                code,
                position,
                label.vi,
                label.en,
                *((meaning.vi, meaning.en) if meaning else (None, None)),
            ]


def _written(rows: Iterable[Row]) -> bytes:
    text = StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()
