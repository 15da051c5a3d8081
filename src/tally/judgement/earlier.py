"""The earlier reports that a rule compares with: which ones they are, and what they say together."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tally.areas.territory import Territory
from tally.contracts.areas import Area
from tally.contracts.grammar import Call
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
        areas = territory.whole_predecessors(area, earlier.map_date) or ()
        found = [submission_id for one in areas if (submission_id := stands(one.code, earlier))]
        if found and len(found) == len(areas):
            return EarlierReport(earlier, tuple(areas), tuple(found))
    return None


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

    Shape   reports: by (submission, function) of the batch; figures are summed over the areas of each.
    Blanks  NaN where one of the areas has no figure: a part of a territory is not the territory.
    """

    def __init__(
        self, reports: Mapping[tuple[str, str], EarlierReport], indicators: Sequence[str], columns: Sequence[str]
    ) -> None:
        self.reports = reports
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
        """One indicator of the earlier reports of some submissions.

        Shape   [submission, column]
        """
        sums = np.full((len(submission_ids), len(self._columns)), np.nan)
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
