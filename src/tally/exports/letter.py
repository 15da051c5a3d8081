"""The letter that goes back to a sender: what was received, what is wrong where, what to do by when, whom to ask."""

import unicodedata
from collections.abc import Sequence
from datetime import datetime
from importlib.resources import files

from jinja2 import Environment, StrictUndefined

from tally.contracts.areas import Area
from tally.contracts.model import Contracts
from tally.exports.answers import Finding, Submission, local, marks, points, unexplained
from tally.periods import Period
from tally.vocabulary import Severity, Verdict

_PAGE = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True).from_string(
    files(__package__).joinpath("letter.html").read_text(encoding="utf-8")
)


def letter(
    submission: Submission,
    findings: Sequence[Finding],
    contracts: Contracts,
    written_at: datetime,
    marked_name: str | None,
) -> str:
    """One HTML page that fetches nothing, Vietnamese first, English second.

    Shape   `written_at` decides whether the due day is still ahead; `marked_name` is the marked copy's file name.
    Blanks  no marked copy: none was needed, or it could not be made, and then the letter says so.
    """
    to_do = unexplained(findings)
    by_severity = {
        language: {
            severity: [point for point in points(to_do, contracts, language) if point.severity == severity]
            for severity in Severity
        }
        for language in ("vi", "en")
    }
    area = _area(submission, contracts)
    kinds = {kind.code: kind.label for kind in contracts.codelists.report_kinds}
    due = submission.due_date
    return _PAGE.render(
        submission=submission,
        file_name=_shown(submission.file_path.rpartition("/")[2]),
        received=local(submission.received_at),
        written=local(written_at),
        area=area,
        reported_for=_reported_for(submission, contracts),
        province=_province(submission, contracts),
        period=Period.parse(submission.period_code) if submission.period_code else None,
        points=by_severity,
        explained=len(findings) - len(to_do),
        marked_name=marked_name,
        could_not_mark=marked_name is None and bool(marks(submission, findings, contracts)),
        correction=kinds["correction"],
        kind_cell=contracts.submission.cover.cell("report_kind"),
        cover=contracts.submission.cover.sheet,
        due_ahead=due if due and local(written_at).date() <= due else None,
        Verdict=Verdict,
        Severity=Severity,
    )


def _area(submission: Submission, contracts: Contracts) -> Area | None:
    """Whose folder it is, as far as that is an area, on the map of the day of receipt or else the last with it."""
    day = local(submission.received_at).date()
    versions = contracts.register.versions(submission.sender)
    return contracts.register.at(submission.sender, day) or (versions[-1] if versions else None)


def _reported_for(submission: Submission, contracts: Contracts) -> Area | None:
    if not submission.area_code:
        return None
    day = (
        Period.parse(submission.period_code).map_date
        if submission.period_code
        else local(submission.received_at).date()
    )
    return contracts.register.at(submission.area_code, day)


def _province(submission: Submission, contracts: Contracts) -> Area | None:
    """The province whose officer answers questions today; none for a province, which asks the ministry."""
    area = _area(submission, contracts)
    if area is None or area.level == "province":
        return None
    day = local(submission.received_at).date()
    heirs = [area] if area.exists_on(day) else contracts.register.successors(area.code, day)
    return contracts.register.province_of(heirs[0].code, day) if heirs else None


def _shown(name: str) -> str:
    """A file name without the characters that would hide or turn round parts of it."""
    return "".join(letter for letter in unicodedata.normalize("NFC", name) if unicodedata.category(letter)[0] != "C")
