"""When a count of rare events is unusual: an exact limit, from the class of an area and its own earlier reports.

Every area has a rate of its own for each child and year, and the rates of a class are gamma distributed; so counts are
negative binomial. What the reports of a class say is in `Rates`; those of the area itself add to it in `limits_of`.
Source  docs/decisions/0020-unusual-counts.md
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import betainc, gammaln

from tally.contracts.areas import Area
from tally.contracts.limits import Count, CountLimits
from tally.judgement.earlier import EarlierReport, Limit
from tally.periods import Period

Floats = NDArray[np.float64]
YEARS = {"S1": 0.5, "A1": 1.0}
_SHAPES = np.geomspace(0.05, 50, 50)
_SHAPE_SPREAD = 0.5  # of its logarithm: some hundred reports outweigh what is known of a larger class
_EVENTS_KNOWN = 5  # as many, at the rate of a larger class, are added to those of a class
_ROUNDS = 3  # in each a count weighs no more than the limit of the round before, so that one slip moves no class


@dataclass(frozen=True)
class Rate:
    """How often something happens in the areas of a class.

    Units   mean: events for each child and year; shape: the larger, the more alike the areas are.
    """

    mean: float
    shape: float


@dataclass(frozen=True)
class Asked:
    """A report whose count is held against a limit, and those of its territory before it, the newest first.

    Blanks  NaN children: it does not say.
    """

    area: Area
    period: Period
    children: float
    history: Sequence[EarlierReport]


class Rates:
    """The rates of every class of areas: those of one level and type.

    Shape   reports: level, type, count, children, years of each. What is published is corrected by the reports of a
            level, and that by those of a class: the fewer there are, the less.
    Blanks  a report without a count says nothing; one without children counts as the median of its class.
    """

    def __init__(self, reports: pd.DataFrame, count: Count, certainty: float) -> None:
        self._stated = Rate(count.events / count.children, count.shape)
        known = reports[reports["count"].notna()]
        children = known.children.where(known.children > 0)
        self._children: dict[tuple[str, ...], float] = {}
        for names in (["level"], ["level", "type"]):
            of_class = known[names].assign(children=children).groupby(names).children
            self._children |= {_key(key): median for key, median in of_class.median().dropna().items()}
            children = children.fillna(of_class.transform("median"))
        known = known.assign(child_years=children * known.years).dropna(subset="child_years")
        self._rates: dict[tuple[str, ...], Rate] = {}
        for names in (["level"], ["level", "type"]):
            for key, rows in known.groupby(names):
                above = self._rates.get(_key(key)[:-1], self._stated)
                self._rates[_key(key)] = fitted(rows["count"].to_numpy(), rows.child_years.to_numpy(), above, certainty)

    def of(self, area: Area) -> Rate:
        return self._rates.get((area.level, area.type)) or self._rates.get((area.level,)) or self._stated

    def children_of(self, area: Area) -> float:
        """What counts as the children of an area that says it nowhere; NaN where no report says it."""
        return self._children.get((area.level, area.type), self._children.get((area.level,), np.nan))


def fitted(counts: Floats, child_years: Floats, above: Rate, certainty: float) -> Rate:
    """The rate of a class: the likeliest, after what is known of a larger one.

    Shape   counts and child_years: one a report.
    """
    found, capped = above, counts
    for _ in range(_ROUNDS):
        high = np.flatnonzero(counts > found.mean * child_years)
        capped = counts.copy()
        limits = upper_limits(found.mean * child_years[high], np.full(len(high), found.shape), certainty)
        capped[high] = np.minimum(counts[high], limits)
        found = _likeliest(capped, child_years, above)
    return found


def _likeliest(counts: Floats, child_years: Floats, above: Rate) -> Rate:
    mean = (counts.sum() + _EVENTS_KNOWN) / (child_years.sum() + _EVENTS_KNOWN / above.mean)
    shapes = _SHAPES[:, None]
    seen, times = np.unique(counts, return_counts=True)
    likelihood = ((gammaln(shapes + seen) - gammaln(shapes)) * times).sum(axis=1)
    likelihood += (shapes * np.log(shapes) - (shapes + counts) * np.log(shapes + mean * child_years)).sum(axis=1)
    likelihood -= (np.log(_SHAPES / above.shape) / _SHAPE_SPREAD) ** 2 / 2
    return Rate(float(mean), float(_SHAPES[likelihood.argmax()]))


def at_least(counts: Floats, mean: Floats, shape: Floats) -> Floats:
    """The probability of so many or more, of a negative binomial; exact."""
    tail: Floats = betainc(np.maximum(counts, 1), shape, mean / (mean + shape))
    return np.where(counts <= 0, 1.0, tail)


def probability(limit: Limit, count: int) -> float:
    """Of so many or more, where nothing is amiss."""
    return float(at_least(*(np.array(one) for one in (count - limit.certain, limit.mean, limit.shape))))


def upper_limits(mean: Floats, shape: Floats, certainty: float) -> Floats:
    """The smallest counts that are not exceeded with such certainty."""
    beyond = 1 - certainty
    low, high = np.full(len(mean), -1.0), np.ceil(mean)
    while (is_short := at_least(high + 1, mean, shape) > beyond).any():
        low, high = np.where(is_short, high, low), np.where(is_short, 2 * high + 1, high)
    while (high - low > 1).any():
        middle = np.floor((low + high) / 2)
        is_enough = at_least(middle + 1, mean, shape) <= beyond
        low, high = np.where(is_enough, low, middle), np.where(is_enough, middle, high)
    return high


def limits_of(
    asked: Mapping[str, Asked], said: Mapping[str, tuple[float, float]], rates: Rates, model: CountLimits
) -> dict[str, Limit]:
    """The limit of every report that is asked about.

    Shape   said: (count, children) of the earlier reports.
    Blanks  no limit where no earlier report has a count. Children that a report does not say are those of another of
            its territory, the newest; where none says, the median of the class; where there is none, no limit.
    """
    found: list[tuple[str, Rate, tuple[tuple[EarlierReport, int], ...]]] = []
    numbers: list[tuple[float, float, float, float]] = []  # certain, events and child-years before, child-years to come
    for one_id, one in asked.items():
        sums = [(report, *_sum(report, said)) for report in one.history]
        sums = [(report, count, children) for report, count, children in sums if not np.isnan(count)]
        mentioned = [children for children in (one.children, *(told[2] for told in sums)) if children > 0]
        here = mentioned[0] if mentioned else rates.children_of(one.area)
        if not sums or np.isnan(here):
            continue
        before = [(children if children > 0 else here) * YEARS[report.period.part] for report, _, children in sums]
        to_come, certain = (one.children if one.children > 0 else here) * YEARS[one.period.part], 0.0
        if sums[0][0].period.year == one.period.year:  # its first half
            to_come, certain = max(to_come - before[0], to_come / 2), sums[0][1]
        history = tuple((report, int(count)) for report, count, _ in sums)
        found.append((one_id, rates.of(one.area), history))
        numbers.append((certain, sum(count for _, count, _ in sums), sum(before), to_come))
    if not found:
        return {}
    certain_, events, years, to_come_ = np.array(numbers).T
    events, years = events * model.weight_of_history, years * model.weight_of_history
    means = np.array([rate.mean for _, rate, _ in found])
    shapes = np.array([rate.shape for _, rate, _ in found])
    mean = to_come_ * (shapes + events) / (shapes / means + years)
    shape = 1 / ((1 + model.drift**2) / (shapes + events) + model.drift**2)
    values = np.maximum(certain_ + upper_limits(mean, shape, model.certainty), model.least_count - 1)
    return {
        one_id: Limit(int(value), float(sure + m), rate.mean, history, int(sure), float(m), float(s))
        for (one_id, rate, history), value, sure, m, s in zip(found, values, certain_, mean, shape, strict=True)
    }


def _sum(report: EarlierReport, said: Mapping[str, tuple[float, float]]) -> tuple[float, float]:
    """Count and children of all areas of a report together; NaN where one of them does not say."""
    parts = [said.get(one, (np.nan, np.nan)) for one in report.submission_ids]
    return sum(count for count, _ in parts), sum(children for _, children in parts)


def _key(key: object) -> tuple[str, ...]:
    """A key of `groupby` over a list of names."""
    return tuple(str(part) for part in key) if isinstance(key, tuple) else (str(key),)
