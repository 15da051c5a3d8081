"""Which explanations of the past cover a finding, so that nobody is asked twice about one figure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

from tally.areas.territory import Territory
from tally.contracts.areas import Area, Register
from tally.periods import Period
from tally.pipeline.state import Closing, FindingKey
from tally.vocabulary import FindingStatus, Severity

_FIGURE = ("rule_code", "indicator_code", "column_code")


class Explained:
    """What was explained, by the figure that it is about."""

    def __init__(self, closings: Iterable[Closing], register: Register) -> None:
        self._register = register
        self._identities: dict[Area, str] = {}
        self._of_figure: dict[tuple[str, str | None, str | None], list[Closing]] = defaultdict(list)
        for one in closings:
            if one.column_code and one.area_code and one.period_code:
                self._of_figure[one.finding[1], one.indicator_code, one.column_code].append(one)

    def covering(self, finding: Mapping[str, Any], area: Area, period: Period, number: int) -> Closing | None:
        """The explanation that covers a finding of a submission: of the same rule and figure, on the same territory,
        in this or an earlier period, accepted before the submission came; the last of several.

        Shape   number: the submission's place in the ledger, so that judging again finds the same.
        Blanks  None for a critical finding, which must be corrected, and for one that is not about a figure.
        Source  docs/decisions/0016
        """
        said = self._of_figure.get(tuple(finding[name] for name in _FIGURE)) if self._of_figure else None
        if not said or finding["severity"] == Severity.CRITICAL:
            return None
        last: dict[FindingKey, Closing] = {one.finding: one for one in said if one.number < number}
        covering = [one for one in last.values() if self._covers(one, area, period)]
        return max(covering, key=lambda one: one.number, default=None)

    def _covers(self, closing: Closing, area: Area, period: Period) -> bool:
        if closing.status != FindingStatus.EXPLAINED or not closing.area_code or not closing.period_code:
            return False
        since = Period.parse(closing.period_code)
        if period < since or (closing.until and period > Period.parse(closing.until)):
            return False
        explained = self._register.at(closing.area_code, since.map_date)
        return explained is not None and self._identity(explained) == self._identity(area)

    def _identity(self, area: Area) -> str:
        if area not in self._identities:
            self._identities[area] = self._territory.identity(area)
        return self._identities[area]

    @cached_property
    def _territory(self) -> Territory:
        return Territory(self._register)
