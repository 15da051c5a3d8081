"""dbt seeds: ratios and their cells, populations on each map, and the lines of reports."""

from collections.abc import Iterable, Sequence
from datetime import date

from tally.contracts.areas import Area, Register
from tally.contracts.model import Column, Contracts, Form, Frame, Indicator, Text
from tally.contracts.ratios import Ratio, RatioCell, area_counted
from tally.contracts.reports import ReportLine
from tally.periods import Period
from tally.vocabulary import AS_REPORTED

Row = Sequence[str | int | date | Period | None]

_RATIO_COLUMNS = (
    "ratio_code", "position", "label_vi", "label_en", "kind", "per", "formula_vi", "formula_en", "denominator_vi",
    "denominator_en", "denominator_place", "population_column", "source", "since", "until",
)  # fmt: skip
_RATIO_CELL_COLUMNS = ("ratio_code", "is_numerator", "indicator_code", "sex", "age_band", "subset")
_POPULATION_COLUMNS = ("frame", "area_code", "valid_from", "count_date", "children_under_16", "population", "source")
_LINE_COLUMNS = (
    "report_code", "position", "line_code", "label_vi", "label_en", "source_code", "indicator_code", "ratio_code",
    "unit", "unit_vi", "unit_en", "empty_because_vi", "empty_because_en", "source",
)  # fmt: skip
_EVERYBODY = Text(vi="Dân số mọi lứa tuổi", en="Population of all ages")
_FIRST = Period(0, "S1")


def ratio_tables(contracts: Contracts) -> dict[str, list[Row]]:
    """The tables about ratios and reports, with their headers."""
    return {
        "ratios": [_RATIO_COLUMNS, *_ratios(contracts)],
        "ratio_cells": [_RATIO_CELL_COLUMNS, *_ratio_cells(contracts.ratios)],
        "populations": [_POPULATION_COLUMNS, *_populations(contracts)],
        "report_lines": [_LINE_COLUMNS, *_report_lines(contracts)],
    }


def _ratios(contracts: Contracts) -> Iterable[Row]:
    rows = _last_editions(contracts.forms)
    for position, ratio in enumerate(contracts.ratios, start=1):
        formula, whole = _ratio_in_words(ratio, rows, contracts)
        places: dict[str, list[str]] = {}
        for cell in ratio.denominator_cells:
            form, indicator = rows[cell.indicator]
            places.setdefault(form.sheet, []).append(indicator.row)
        place = "; ".join(f"{sheet}: {', '.join(numbers)}" for sheet, numbers in places.items())
        yield [
            ratio.code, position, ratio.label.vi, ratio.label.en, ratio.kind, ratio.per, formula.vi, formula.en,
            whole.vi, whole.en, place or None, ratio.population, ratio.source, ratio.since, ratio.until,
        ]  # fmt: skip


def _ratio_cells(ratios: Sequence[Ratio]) -> Iterable[Row]:
    for ratio in ratios:
        for flag, cells in (("true", ratio.numerator), ("false", ratio.denominator_cells)):
            for cell in cells:
                yield [ratio.code, flag, cell.indicator, cell.sex, cell.age, cell.subset]


def _populations(contracts: Contracts) -> Iterable[Row]:
    """Each count on every map on which just the area that was counted stands: its code may be another's there."""
    for one in contracts.population:
        area = area_counted(contracts.register, one)
        for frame in contracts.frames:
            if frame.code == AS_REPORTED or (_stands(contracts.register, area, frame) and not frame.estimates):
                valid_from = area.valid_from if area else None
                counts = (one.children_under_16, one.population)
                yield [frame.code, one.area_code, valid_from, one.day, *counts, one.source]


def _stands(register: Register, area: Area | None, frame: Frame) -> bool:
    if area is None:  # the nation, which is whole on every map
        return True
    return frame.on is not None and area.level == frame.level and register.at(area.code, frame.on) is area


def _report_lines(contracts: Contracts) -> Iterable[Row]:
    rows = _last_editions(contracts.forms)
    ratios = {ratio.code: ratio for ratio in contracts.ratios}
    for report in contracts.reports:
        for position, line in enumerate(report.lines, start=1):
            label, unit, source = _line_in_words(line, rows, ratios, contracts)
            because = line.empty_because
            yield [
                report.code, position, line.name, label.vi, label.en, line.source, line.indicator, line.ratio, unit[0],
                unit[1], unit[2], because.vi if because else None, because.en if because else None, source,
            ]  # fmt: skip


def _line_in_words(
    line: ReportLine, rows: dict[str, tuple[Form, Indicator]], ratios: dict[str, Ratio], contracts: Contracts
) -> tuple[Text, tuple[str | None, str | None, str | None], str | None]:
    """The label of a line, its unit (code, Vietnamese, English) and where it comes from."""
    if line.source and line.indicator:
        source = next(one for one in contracts.sources if one.source == line.source)
        counted = source.named[line.indicator]
        unit = contracts.units[counted.unit]
        return line.label or counted.label, (unit.code, unit.label.vi, unit.label.en), source.title.vi
    if line.indicator:
        form, indicator = rows[line.indicator]
        unit = contracts.units[indicator.unit]
        place = f"{form.sheet}: {indicator.row}"
        return line.label or indicator.label, (unit.code, unit.label.vi, unit.label.en), place
    if line.ratio:
        ratio = ratios[line.ratio]
        per = f"{ratio.per:,}"
        share = ("share", "%", "%")
        rate = ("rate", f"Trên {per.replace(',', '.')}", f"Per {per}")
        return line.label or ratio.label, share if ratio.kind == "share" else rate, ratio.source
    assert line.label  # of a line that is empty, which the contract holds
    return line.label, (None, None, None), line.basis


def _last_editions(forms: Sequence[Form]) -> dict[str, tuple[Form, Indicator]]:
    """Each indicator as it was worded last, and its form."""
    lives = [(form, indicator) for form in forms for indicator in form.indicators]
    return {
        indicator.code: (form, indicator)
        for form, indicator in sorted(lives, key=lambda life: life[1].since or _FIRST)
    }  # fmt: skip


def _ratio_in_words(ratio: Ratio, rows: dict[str, tuple[Form, Indicator]], contracts: Contracts) -> tuple[Text, Text]:
    """A ratio's formula and its denominator alone, in the words of the forms."""

    def said(cells: Sequence[RatioCell]) -> Text:
        columns = contracts.codelists.column_at
        labels = [(rows[one.indicator][1].label, columns(one.sex, one.age, one.subset)) for one in cells]
        vi, en = (" + ".join(_cell(getattr(label, of), column, of) for label, column in labels) for of in ("vi", "en"))
        return Text(vi=vi, en=en)

    part, whole = said(ratio.numerator), said(ratio.denominator_cells) if ratio.denominator_cells else _EVERYBODY
    times = f" × {ratio.per:,}" if ratio.per > 1 else ""
    return (
        Text(
            vi=f"({part.vi}) / ({whole.vi}){times.replace(',', '.')}",
            en=f"({part.en}) / ({whole.en}){times}",
        ),
        whole,
    )


def _cell(label: str, column: Column | None, of: str) -> str:
    if column is None or (column.sex, column.age_band, column.subset) == ("_T", "_T", "_T"):
        return label
    return f"{label}, {getattr(column.label, of).lower()}"
