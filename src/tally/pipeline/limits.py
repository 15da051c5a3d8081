"""The limits of a batch's counts, from what was known of earlier periods when each report came."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time

import numpy as np
import pandas as pd

from tally.contracts.areas import Area
from tally.contracts.limits import CountLimits
from tally.contracts.model import Contracts
from tally.judgement.earlier import EarlierReport, Limit
from tally.judgement.limits import YEARS, Asked, Rates, limits_of
from tally.periods import LOCAL_TIME, Period
from tally.pipeline.state import Submission

Accepted = Mapping[tuple[str, Period], Sequence[Submission]]


@dataclass(frozen=True)
class Counted:
    """A submission of the batch with counts that are held against limits, and its earlier reports, the newest first."""

    submission: Submission
    area: Area
    period: Period
    indicators: frozenset[str]
    history: tuple[EarlierReport, ...]


def limits_then(
    counted: Sequence[Counted], accepted: Accepted, said: pd.DataFrame, contracts: Contracts
) -> dict[tuple[str, str], Limit]:
    """The limits of a batch by (submission, indicator).

    Shape   said: a row a submission, a column an indicator: the counts and children of the batch and all before it.
    """
    known: dict[tuple[Period, int], list[Counted]] = defaultdict(list)
    for period in {one.period for one in counted}:
        of_period = [one for one in counted if one.period == period]
        before = [one.number for some in _in_window(accepted, period, contracts.limits).values() for one in some]
        numbers = np.array([one.submission.number for one in of_period])
        for one, at in zip(of_period, np.searchsorted(np.sort(before), numbers).tolist(), strict=True):
            known[period, at].append(one)
    found = {}
    for (period, _), some in known.items():
        reports = _known(accepted, period, some[0].submission.number, contracts)
        for indicator in frozenset[str]().union(*(one.indicators for one in some)):
            count = contracts.limits.count(indicator)
            assert count
            pairs = said.reindex(columns=[indicator, contracts.limits.exposure])
            of_reports = pairs.reindex(reports.submission_id).set_axis(["count", "children"], axis=1)
            rates = Rates(reports.assign(**of_reports.reset_index(drop=True)), count, contracts.limits.certainty)
            pairs_of = dict(zip(pairs.index, zip(*pairs.to_numpy().T.tolist(), strict=True), strict=True))
            nothing = (np.nan, np.nan)
            asked = {
                one.submission.submission_id: Asked(
                    one.area, one.period, pairs_of.get(one.submission.submission_id, nothing)[1], one.history
                )
                for one in some
                if indicator in one.indicators
            }
            limits = limits_of(asked, pairs_of, rates, contracts.limits)
            found.update({(one, indicator): limit for one, limit in limits.items()})
    return found


def submissions_before(periods: Collection[Period], accepted: Accepted, model: CountLimits) -> set[str]:
    """All whose counts the limits of some periods may be made of."""
    known = {earlier for _, earlier in accepted if any(in_window(period, earlier, model) for period in periods)}
    return {one.submission_id for (_, earlier), some in accepted.items() if earlier in known for one in some}


def in_window(period: Period, earlier: Period, model: CountLimits) -> bool:
    """Whether a report of a period is compared with those of an earlier one."""
    return earlier < period and earlier.year >= period.year - model.years


def fitting(reports: pd.DataFrame) -> pd.DataFrame:
    """The reports that rates are fitted to: at each level those of the whole of a year, else of its first half.

    Shape   level, year, part and others → the same rows or fewer, and `years` that each of them covers.
    """
    kept = reports[reports.part == reports.groupby(["level", "year"]).part.transform("min")]
    return kept.assign(years=kept.part.map(YEARS)).reset_index(drop=True)


def _in_window(accepted: Accepted, period: Period, model: CountLimits) -> Accepted:
    """What was received for earlier periods before this one ended: the same whoever asks, and whenever."""
    end = datetime.combine(period.map_date, time(), LOCAL_TIME)
    return {
        (code, earlier): [one for one in some if one.received_at < end]
        for (code, earlier), some in accepted.items()
        if in_window(period, earlier, model)
    }


def _known(accepted: Accepted, period: Period, number: int, contracts: Contracts) -> pd.DataFrame:
    """The reports of a window that the ledger had met before a submission: of each the one that stood."""
    rows = []
    for (code, earlier), some in _in_window(accepted, period, contracts.limits).items():
        met = [one for one in some if one.number < number]
        area = contracts.register.at(code, earlier.map_date)
        if met and area:
            last = max(met, key=lambda one: one.order) if len(met) > 1 else met[0]
            rows.append((last.submission_id, area.level, area.type, earlier.year, earlier.part))
    return fitting(pd.DataFrame(rows, columns=["submission_id", "level", "type", "year", "part"]))
