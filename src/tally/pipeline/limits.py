"""The limits of a batch's counts, from what was known of earlier periods when each report came."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time

import numpy as np
import pandas as pd

from tally.contracts.areas import Area, Register
from tally.contracts.limits import CountLimits
from tally.contracts.model import Contracts
from tally.judgement.earlier import EarlierReport, Limit
from tally.judgement.limits import YEARS, Asked, Rates, limits_of
from tally.periods import LOCAL_TIME, Period
from tally.pipeline.state import Submission

Accepted = Mapping[tuple[str, Period], Sequence[Submission]]
_NOTHING = (np.nan, np.nan)


@dataclass(frozen=True)
class Counted:
    """A submission of the batch with counts that are held against limits, and its earlier reports, the newest first."""

    submission: Submission
    area: Area
    period: Period
    indicators: frozenset[str]
    history: tuple[EarlierReport, ...]


@dataclass(frozen=True)
class Alike:
    """Submissions of one period before which as much was known, and the reports that their rates are fitted to.

    Shape   reports: submission_id, level, type, year, part, years.
    """

    counted: Sequence[Counted]
    reports: pd.DataFrame

    @property
    def submission_ids(self) -> set[str]:
        """All that their limits are made of."""
        told = {one for counted in self.counted for report in counted.history for one in report.submission_ids}
        return told.union(self.reports.submission_id)


def known_then(counted: Sequence[Counted], accepted: Accepted, contracts: Contracts) -> list[Alike]:
    """What was known of earlier periods when each submission came: the same whoever asks, and whenever.

    Shape   of the reports received before its period ended, those that the ledger had met before it.
    """
    found = []
    for period in {one.period for one in counted}:
        window = _window(accepted, period, contracts.limits)
        met = np.sort([one.number for some in window.values() for one in some])
        alike: dict[int, list[Counted]] = defaultdict(list)
        for one in (one for one in counted if one.period == period):
            alike[int(np.searchsorted(met, one.submission.number))].append(one)
        for some in alike.values():
            reports = _stood(window, some[0].submission.number, contracts.register)
            found.append(Alike(some, reports[reports.level.isin({one.area.level for one in some})]))
    return found


def limits_then(known: Sequence[Alike], said: pd.DataFrame, contracts: Contracts) -> dict[tuple[str, str], Limit]:
    """The limits of a batch by (submission, indicator).

    Shape   said: a row a submission, a column an indicator: counts and children of the batch and all before it.
    """
    found = {}
    for alike in known:
        for indicator in frozenset[str]().union(*(one.indicators for one in alike.counted)):
            count = contracts.limits.count(indicator)
            assert count
            pairs = said.reindex(columns=[indicator, contracts.limits.exposure]).set_axis(["count", "children"], axis=1)
            of_reports = pairs.reindex(alike.reports.submission_id).set_index(alike.reports.index)
            rates = Rates(alike.reports.assign(**of_reports), count, contracts.limits.certainty)
            pairs_of = dict(zip(pairs.index, zip(*pairs.to_numpy().T.tolist(), strict=True), strict=True))
            asked = {
                one.submission.submission_id: Asked(
                    one.area, one.period, pairs_of.get(one.submission.submission_id, _NOTHING)[1], one.history
                )
                for one in alike.counted
                if indicator in one.indicators
            }
            limits = limits_of(asked, pairs_of, rates, contracts.limits)
            found.update({(one, indicator): limit for one, limit in limits.items()})
    return found


def in_window(period: Period, earlier: Period, model: CountLimits) -> bool:
    """Whether a report of a period is compared with those of an earlier one."""
    return earlier < period and earlier.year >= period.year - model.years


def fitting(reports: pd.DataFrame) -> pd.DataFrame:
    """The reports that rates are fitted to: at each level those of the whole of a year, else of its first half.

    Shape   level, year, part and others → the same rows or fewer, and `years` that each of them covers.
    """
    kept = reports[reports.part == reports.groupby(["level", "year"]).part.transform("min")]
    return kept.assign(years=kept.part.map(YEARS).astype(float)).reset_index(drop=True)


def _window(accepted: Accepted, period: Period, model: CountLimits) -> Accepted:
    """What was received for earlier periods before this one ended."""
    end = datetime.combine(period.map_date, time(), LOCAL_TIME)
    return {
        (code, earlier): [one for one in some if one.received_at < end]
        for (code, earlier), some in accepted.items()
        if in_window(period, earlier, model)
    }


def _stood(window: Accepted, number: int, register: Register) -> pd.DataFrame:
    """The reports of a window that the ledger had met before a submission: of each the one that stood."""
    rows = []
    for (code, earlier), some in window.items():
        met = [one for one in some if one.number < number]
        area = register.at(code, earlier.map_date) if met else None
        if area:
            last = max(met, key=lambda one: one.order) if len(met) > 1 else met[0]
            rows.append((last.submission_id, area.level, area.type, earlier.year, earlier.part))
    return fitting(pd.DataFrame(rows, columns=["submission_id", "level", "type", "year", "part"]))
