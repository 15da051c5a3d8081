"""Blank workbooks to hand out, one for each template, level and part of the year."""

from tally.contracts.model import Contracts, Edition
from tally.periods import PARTS, Period, periods_between
from tally.workbooks import BlankWorkbook


def templates(contracts: Contracts) -> dict[str, bytes]:
    """`templates/<version>-<mark>-<part>.xlsx`, with the labels of the first year that is collected.

    Shape   where a form changes later under the same version, one more workbook with that year behind its name.
            A level that no longer exists in a period has none.
    """
    files: dict[str, bytes] = {}
    for part in PARTS:
        before: Edition | None = None
        for period in _periods(contracts, part):
            edition = contracts.edition(period)
            if before and _printed(contracts, before) == _printed(contracts, edition):
                continue
            is_first = before is None or before.template_version != edition.template_version
            before = edition
            for level in contracts.levels.values():
                if contracts.register.on(period.map_date, level.code):
                    name = f"{edition.template_version}-{level.mark}-{part}" + ("" if is_first else f"-{period.year}")
                    files[f"templates/{name}.xlsx"] = BlankWorkbook(contracts, edition, level.code).content
    return files


def _periods(contracts: Contracts, part: str) -> list[Period]:
    """From the first year collected to the last in which anything begins or has just ended."""
    codelists = contracts.codelists
    lines = [*contracts.submission.templates, *codelists.columns, *codelists.units, *codelists.report_kinds]
    for form in contracts.forms:
        lines += [form, *form.indicators]
    first = contracts.calendar.collected_from
    begins = [line.since.year for line in lines if line.since]
    ended = [line.until.year + 1 for line in lines if line.until]
    last = max(first.year, *begins, *ended)
    return [
        period
        for period in periods_between(Period(first.year, "S1"), Period(last, "A1"))
        if period.part == part and any(template.in_force(period) for template in contracts.submission.templates)
    ]


def _printed(contracts: Contracts, edition: Edition) -> object:
    """What makes two editions print the same workbook, but for the period."""
    sheets = [(sheet.name, sheet.form.title, sheet.columns) for sheet in edition.sheets]
    rows = [(row.form.code, row.indicator.row, row.indicator.label, row.indicator.unit) for row in edition.rows]
    cells = [(row.columns, row.indicator.levels) for row in edition.rows]
    lists = [*contracts.codelists.units, *contracts.codelists.report_kinds]
    return edition.template_version, sheets, rows, cells, [line for line in lists if line.in_force(edition.period)]
