"""Words that mean one thing everywhere: in code, columns, screens and docs."""

from enum import StrEnum


class Verdict(StrEnum):
    ACCEPTED = "accepted"
    ACCEPTED_WITH_WARNINGS = "accepted_with_warnings"
    RETURNED = "returned"
    REFUSED = "refused"
    DUPLICATE = "duplicate"

    @property
    def is_accepted(self) -> bool:
        return self in (Verdict.ACCEPTED, Verdict.ACCEPTED_WITH_WARNINGS)


class Severity(StrEnum):
    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


class FindingStatus(StrEnum):
    """What became of a finding: nothing yet, the sender's explanation was accepted, a later submission of the report
    does not have it any more, or the rule was mistaken there."""

    OPEN = "open"
    EXPLAINED = "explained"
    CORRECTED = "corrected"
    WITHDRAWN = "withdrawn"


class Role(StrEnum):
    """What somebody does who signs a release: each once, and not the same person."""

    CHECKER = "checker"
    APPROVER = "approver"


class Total(StrEnum):
    """Which total of an area is meant: its figure, or the two that an imbalance compares."""

    FIGURE = "figure"
    REPORTED = "reported"
    CHILDREN = "children"


class CellState(StrEnum):
    """What a figure cell says. A blank is not a zero, and neither is a cell that nobody can read."""

    REPORTED = "reported"
    BLANK = "blank"
    NOT_APPLICABLE = "not_applicable"
    UNREADABLE = "unreadable"
    NOT_USED = "not_used"


COVER_SHEET = "TT chung"
NATION = "VN"
AS_REPORTED = "as_reported"
UNKNOWN = "_U"
REPORTS = "communes"
"""The source of the figures that communes report, beside police, hotline and others."""
CORRECTED = "C01"
"""The rule that a figure breaks which a declared correction changes."""
