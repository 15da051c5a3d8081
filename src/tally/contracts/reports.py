"""Reports that officials write: which lines each has, in which tables, and what the database cannot say and why."""

from collections.abc import Sequence
from typing import Literal, Self

from pydantic import Field, model_validator

from tally.contracts.lines import Document, Key
from tally.contracts.model import Code, CodeLists, Form, Some, Strict, Text, Words
from tally.contracts.ratios import Ratio
from tally.contracts.sources import Source

YEAR, RATIOS, PROVINCES = "year", "ratios", "provinces"
LAYOUTS = (YEAR, RATIOS, PROVINCES)
"""What a table's columns are beside the column sets: the year before, the parts of a ratio, or a row a province."""


class ReportLine(Strict):
    """One line: a row of a form, a ratio, what another source counts, or what this database cannot say.

    Shape   source: whose indicator it is, if not the reports'; basis: who asks for what is empty.
    Blanks  no label: that of the indicator or the ratio; no code: that of the indicator (after its source) or ratio.
    """

    code: Code | None = None
    label: Text | None = None
    indicator: Code | None = None
    ratio: Code | None = None
    empty_because: Text | None = None
    source: Code | None = None
    basis: Words | None = None

    @model_validator(mode="after")
    def _is_one_thing(self) -> Self:
        if sum(one is not None for one in (self.indicator, self.ratio, self.empty_because)) != 1:
            raise ValueError("a line has one of indicator, ratio and empty_because")
        if self.source and not self.indicator:
            raise ValueError("what a source counts is an indicator of it")
        if self.empty_because and not (self.code and self.label):
            raise ValueError("a line that is empty has a code and a label of its own")
        return self

    @property
    def name(self) -> str:
        of_source = f"{self.source}_{self.indicator}" if self.source else self.indicator
        return str(self.code or of_source or self.ratio)


class Chart(Strict):
    """A chart below a table: its lines along one side, but for the first `skip`, a total; these columns as series."""

    kind: Literal["bar", "column", "stacked"]
    of: Some[Code]
    skip: int = Field(default=0, ge=0)


class ReportTable(Strict):
    title: Text
    columns: str
    lines: Some[ReportLine]
    chart: Chart | None = None


class Report(Strict):
    """`sheet`: its page in the bulletin; `basis`: what it answers to."""

    code: Code
    title: Text
    sheet: Words
    basis: Text
    tables: Some[ReportTable]

    @property
    def lines(self) -> list[ReportLine]:
        """Each line once, in the order of the tables."""
        return list({line.name: line for table in self.tables for line in table.lines}.values())


class Reports(Strict):
    reports: Some[Report]


def check_reports(
    document: Document,
    reports: Sequence[Report],
    forms: Sequence[Form],
    ratios: Sequence[Ratio],
    sources: Sequence[Source],
    codelists: CodeLists,
) -> None:
    """Every line names what there is, and one code is one line; a chart shows columns that its table has.

    Raises  ContractError
    """
    indicators: dict[str | None, set[str]] = {
        one.source: {counted.code for counted in one.indicators} for one in sources
    }
    indicators[None] = {indicator.code for form in forms for indicator in form.indicators}
    known = {ratio.code for ratio in ratios}
    for of, codes in (("code", [one.code for one in reports]), ("sheet", [one.sheet for one in reports])):
        document.check_once(("reports",), codes, of)
    for at, report in enumerate(reports):
        seen: dict[str, ReportLine] = {}
        for place, table in enumerate(report.tables):
            key: Key = ("reports", at, "tables", place)
            if table.columns not in (*LAYOUTS, *codelists.column_sets):
                raise document.error((*key, "columns"), f"{table.columns} is no column set and none of {LAYOUTS}")
            for number, line in enumerate(table.lines):
                if line.source not in indicators:
                    raise document.error((*key, "lines", number, "source"), f"no source {line.source}")
                if line.indicator and line.indicator not in indicators[line.source]:
                    raise document.error((*key, "lines", number, "indicator"), f"no indicator {line.indicator}")
                if line.ratio and line.ratio not in known:
                    raise document.error((*key, "lines", number, "ratio"), f"no ratio {line.ratio}")
                if seen.setdefault(line.name, line) != line:
                    raise document.error((*key, "lines", number), f"{line.name} is two lines")
            shown = columns_of(table, codelists)
            for number, column in enumerate(table.chart.of if table.chart else []):
                if column not in shown:
                    raise document.error((*key, "chart", "of", number), f"the table has no column {column}")


def columns_of(table: ReportTable, codelists: CodeLists) -> list[str]:
    """The codes of a table's columns of figures; of a table of provinces, its lines."""
    if table.columns == YEAR:
        return ["obs_value", "value_year_before", "change_on_year"]
    if table.columns == RATIOS:
        return ["obs_value", "numerator_value", "denominator_value", "value_year_before", "change_on_year"]
    if table.columns == PROVINCES:
        return [line.name for line in table.lines]
    return codelists.column_sets[table.columns]
