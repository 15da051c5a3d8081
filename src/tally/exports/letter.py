"""The letter that goes back to a sender: what was received, what is wrong where, what to do by when, whom to ask."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from importlib.resources import files

from jinja2 import Environment, StrictUndefined

from tally.contracts.areas import Area
from tally.contracts.model import Contracts
from tally.exports.answers import (
    SEVERAL,
    Finding,
    Language,
    Original,
    Point,
    Submission,
    coloured,
    local,
    marks,
    points,
    unexplained,
)
from tally.periods import Period
from tally.vocabulary import Severity, Verdict

_PAGE = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True).from_string(
    files(__package__).joinpath("letter.html").read_text(encoding="utf-8")
)
_LANGUAGES: tuple[Language, ...] = ("vi", "en")
_FEWER = (SEVERAL, SEVERAL // 2, 1)
_MOST = 12  # cells or runs of cells that a line of a shortened letter names
_VIETNAMESE = 0.62  # of the room for points, where both languages want more than there is


@dataclass(frozen=True, slots=True)
class _Type:
    """How letter.html sets points on A4: what the longest letter leaves for them, and what they take.

    Units   points of type; letters a line.
    """

    room: float
    heading: float
    gap: float
    line: dict[Language, float]
    letters: dict[Language, int]
    runs_on: bool  # the lines of one rule follow each other in one paragraph

    @property
    def line_in_each(self) -> float:
        """What one line more in each language takes."""
        return sum(line + self.gap for line in self.line.values())

    def height(self, points: Sequence[Point], language: Language, rest: Sequence[Point] = ()) -> float:
        texts = [[f"{line.where}: {line.what}" for line in point.lines] + [point.common or ""] for point in points]
        paragraphs = [[" · ".join(said)] if self.runs_on else said for said in texts]
        paragraphs += [["".join(f"{point.rule_code} ({point.cells} cells), " for point in rest)]] if rest else []
        lines = sum(-(-len(text) // self.letters[language]) for said in paragraphs for text in said)
        headings = len({point.severity for point in (*points, *rest)})
        return headings * self.heading + lines * self.line[language] + len(paragraphs) * self.gap


_NORMAL = _Type(266, 25, 6.5, {"vi": 14.2, "en": 12.9}, {"vi": 100, "en": 112}, runs_on=False)
_COMPACT = _Type(418, 18, 3, {"vi": 11.9, "en": 10.7}, {"vi": 112, "en": 128}, runs_on=True)


def letter(
    submission: Submission,
    findings: Sequence[Finding],
    contracts: Contracts,
    written_at: datetime,
    marked_name: str | None,
    original: Original | None = None,
) -> str:
    """One A4 page of HTML that fetches nothing, Vietnamese first, English second.

    Shape   `written_at` decides whether the due day is still ahead; `marked_name` is the marked copy's file name;
            `original` is what a duplicate repeats. What does not fit on the page is counted, rule by rule, and stands
            in the marked copy; where there is none, all is said and the page may be longer.
    Blanks  no marked copy: none was needed, or it could not be made, and then the letter says so.
    """
    to_do = unexplained(findings)
    explained = len(findings) - len(to_do)
    kind, said, rest = _fitted(to_do, contracts, marked_name is not None, explained > 0)
    area = _area(submission, contracts)
    kinds = {kind.code: kind.label for kind in contracts.codelists.report_kinds}
    written = local(written_at)
    red, yellow = coloured(to_do)
    return _PAGE.render(
        submission=submission,
        file_name=_shown(submission.file_path.rpartition("/")[2]),
        received=local(submission.received_at),
        original=original,
        original_received=local(original.received_at) if original else None,
        written=written,
        area=area,
        reported_for=_reported_for(submission, contracts),
        province=_province(submission, contracts),
        period=Period.parse(submission.period_code) if submission.period_code else None,
        is_compact=kind is _COMPACT,
        points=_by_severity(said),
        rest=_by_severity(rest),
        is_short=any(rest.values()) or any(not point.is_whole for points in said.values() for point in points),
        explained=explained,
        marked_name=marked_name,
        red=red,
        yellow=yellow,
        could_not_mark=marked_name is None and bool(marks(submission, findings, contracts)),
        correction=kinds["correction"],
        kind_cell=contracts.submission.cover.cell("report_kind"),
        cover=contracts.submission.cover.sheet,
        send_again_by=_send_again_by(submission, written.date(), contracts),
        Verdict=Verdict,
        Severity=Severity,
    )


_Said = dict[Language, list[Point]]


def _fitted(
    findings: Sequence[Finding], contracts: Contracts, are_marked: bool, some_explained: bool
) -> tuple[_Type, _Said, _Said]:
    """(how it is set, the points it says, those it only counts): all of them in words, as long as a page holds them."""
    said: _Said = {language: points(findings, contracts, language) for language in _LANGUAGES}
    rest: _Said = {language: [] for language in _LANGUAGES}
    normal, compact = (kind.room - some_explained * kind.line_in_each for kind in (_NORMAL, _COMPACT))
    if sum(_NORMAL.height(said[language], language) for language in _LANGUAGES) <= normal:
        return _NORMAL, said, rest
    if are_marked:
        room = compact - min(_COMPACT.height(said["en"], "en"), compact * (1 - _VIETNAMESE))
        for language in _LANGUAGES:
            said[language], rest[language] = _cut(findings, contracts, language, room)
            room = compact - _COMPACT.height(said[language], language, rest[language])
    return _COMPACT, said, rest


def _cut(
    findings: Sequence[Finding], contracts: Contracts, language: Language, room: float
) -> tuple[list[Point], list[Point]]:
    """(what is said, what is only counted): in fewer words, then without the last; what names no cell stays."""
    for several in _FEWER:
        said = points(findings, contracts, language, several)
        if _COMPACT.height(said, language) <= room:
            return said, []
    said = points(findings, contracts, language, 1, _MOST)
    rest: list[Point] = []
    for point in reversed(said):
        if _COMPACT.height(said, language, rest) > room and point.is_at_cells:
            said = [one for one in said if one is not point]
            rest.insert(0, point)
    return said, rest


def _by_severity(said: _Said) -> dict[Language, dict[Severity, list[Point]]]:
    return {
        language: {severity: [point for point in points if point.severity == severity] for severity in Severity}
        for language, points in said.items()
    }


def _send_again_by(submission: Submission, today: date, contracts: Contracts) -> date:
    """The due day, or where it is over or not known, a day soon after the letter."""
    due = submission.due_date
    return due if due and today <= due else today + timedelta(days=contracts.calendar.send_again_within)


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
