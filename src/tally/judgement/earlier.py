"""The earlier reports that a rule compares with: which ones they are, and what they say together."""

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tally.areas.territory import Territory
from tally.contracts.areas import Area
from tally.contracts.grammar import UPPER_LIMIT, Call
from tally.periods import Period

Floats = NDArray[np.float64]
CELL = ["submission_id", "indicator_code", "column_code"]


@dataclass(frozen=True)
class EarlierReport:
    """What one submission is compared with: a report on its territory, or those of all its whole predecessors.

    Shape   areas as they were in that period, in order of code; the submission of each that stands.
    """

    period: Period
    areas: tuple[Area, ...]
    submission_ids: tuple[str, ...]


@dataclass(frozen=True)
class Limit:
    """The largest count that is not unusual, and what it is made of.

    Shape   history: what the earlier reports said, the newest first. `certain` of the events are in the count already,
            because a year contains its first half; the others have a mean and a shape.
    Units   expected: events of the whole period; rate: of the class, for each child and year.
    Source  tally.judgement.limits
    """

    value: int
    expected: float
    rate: float
    history: tuple[tuple[EarlierReport, int], ...]
    certain: int
    mean: float
    shape: float


def earlier_report(
    function: str,
    area: Area,
    period: Period,
    reported: Sequence[Period],
    stands: Callable[[str, Period], str | None],
    territory: Territory,
) -> EarlierReport | None:
    """The report that a function of the rules means, for an area's report of a period.

    Shape   reported: the periods for which anything was accepted; stands(area code, period): the submission that does.
    Blanks  None: there is none on the same territory, a predecessor's is missing, or a predecessor was split.
    Source  docs/decisions/0009
    """
    for earlier in _periods_meant(function, period, reported):
        if report := _comparable(area, earlier, stands, territory):
            return report
    return None


def earlier_reports(
    area: Area,
    period: Period,
    years: int,
    reported: Container[Period],
    stands: Callable[[str, Period], str | None],
    territory: Territory,
) -> tuple[EarlierReport, ...]:
    """All that was reported of a territory in some years, nothing twice: of each year the whole, else its first half.

    Shape   the newest first; as `earlier_report` for the rest.
    """
    found = []
    for year in range(period.year, period.year - years - 1, -1):
        meant = [one for one in (Period(year, "A1"), Period(year, "S1")) if one < period and one in reported]
        of_year = (_comparable(area, earlier, stands, territory) for earlier in meant)
        if report := next(filter(None, of_year), None):
            found.append(report)
    return tuple(found)


def _comparable(
    area: Area, earlier: Period, stands: Callable[[str, Period], str | None], territory: Territory
) -> EarlierReport | None:
    areas = territory.whole_predecessors(area, earlier.map_date) or ()
    found = [submission_id for one in areas if (submission_id := stands(one.code, earlier))]
    return EarlierReport(earlier, tuple(areas), tuple(found)) if found and len(found) == len(areas) else None


def _periods_meant(function: str, period: Period, reported: Sequence[Period]) -> Iterator[Period]:
    """The periods in which to look, one after the other."""
    match function, period.part:
        case "previous", _:
            yield from sorted((one for one in reported if one < period), reverse=True)
        case "first_half", "A1":
            yield Period(period.year, "S1")
        case "end_of_last_year", _:
            yield Period(period.year - 1, "A1")


class Past:
    """What the submissions of a batch are compared with.

    Shape   reports: by (submission, function) of the batch; figures are summed over the areas of each. limits: by
            (submission, indicator), of the column `limited`.
    Blanks  NaN where one of the areas has no figure: a part of a territory is not the territory.
    """

    def __init__(
        self,
        reports: Mapping[tuple[str, str], EarlierReport],
        indicators: Sequence[str],
        columns: Sequence[str],
        limited: str = "",
    ) -> None:
        self.reports = reports
        self.limits: dict[tuple[str, str], Limit] = {}
        self._limited = limited
        self._indicators = {code: at for at, code in enumerate(indicators)}
        self._columns = {code: at for at, code in enumerate(columns)}
        ids = dict.fromkeys(chain.from_iterable(report.submission_ids for report in reports.values()))
        self._submissions = {submission_id: at for at, submission_id in enumerate(ids)}
        self._values = np.full((len(ids), len(indicators), len(columns)), np.nan)

    def add(self, figures: pd.DataFrame) -> None:
        """Take the figures of earlier reports out of a table of figures: the columns of CELL, and `value`."""
        places = zip(CELL, (self._submissions, self._indicators, self._columns), strict=True)
        at = np.stack([figures[name].map(known).to_numpy(dtype=float) for name, known in places])
        wanted = ~np.isnan(at).any(axis=0)
        values = figures.value.to_numpy(dtype=float, na_value=np.nan)
        self._values[tuple(at[:, wanted].astype(int))] = values[wanted]

    def figures(self, call: Call, submission_ids: Sequence[str]) -> Floats:
        """One indicator of the earlier reports of some submissions, or what it may be at most.

        Shape   [submission, column]
        """
        sums = np.full((len(submission_ids), len(self._columns)), np.nan)
        if call.function == UPPER_LIMIT and self.limits:
            limits = [self.limits.get((one, call.args[0].name)) for one in submission_ids]
            sums[:, self._columns[self._limited]] = [limit.value if limit else np.nan for limit in limits]
            return sums
        reports = [self.reports.get((one, call.function)) for one in submission_ids]
        compared = [(at, report.submission_ids) for at, report in enumerate(reports) if report]
        if compared:
            starts = np.cumsum([0] + [len(ids) for _, ids in compared[:-1]])
            parts = [self._submissions[one] for _, ids in compared for one in ids]
            values = self._values[parts, self._indicators[call.args[0].name]]
            sums[[at for at, _ in compared]] = np.add.reduceat(values, starts)
        return sums

    def figure(self, call: Call, submission_id: str, column: str) -> float:
        """One figure of the earlier report of one submission."""
        return float(self.figures(call, [submission_id])[0, self._columns[column]])

    def source(self, call: Call, submission_id: str) -> EarlierReport | Limit | None:
        """Where the earlier figures of a submission are from."""
        if call.function == UPPER_LIMIT:
            return self.limits.get((submission_id, call.args[0].name))
        return self.reports.get((submission_id, call.function))

    @property
    def asked(self) -> set[str]:
        """The submissions that are compared with anything."""
        return {submission_id for submission_id, _ in (*self.reports, *self.limits)}
