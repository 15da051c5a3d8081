"""How texts of a workbook are compared, and how its faults are worded."""

from functools import lru_cache

from tally.names import plain
from tally.readings import Fault
from tally.vocabulary import Severity

LONGEST_PHRASE = 300


class Words:
    """Texts without what they are compared without, remembered: every workbook prints the same ones."""

    def __init__(self) -> None:
        self._plain = lru_cache(maxsize=20_000)(plain)

    def plain(self, text: str) -> str:
        """As `names.plain`; "" for a text longer than any phrase of a form."""
        return self._plain(text) if len(text) <= LONGEST_PHRASE else ""


def refused(rule_code: str, vi: str, en: str) -> Fault:
    """A fault that refuses the whole submission: it names no cell, whatever it says about one."""
    return Fault(rule_code, Severity.CRITICAL, None, None, None, vi, en)
