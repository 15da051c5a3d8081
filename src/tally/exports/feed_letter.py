"""The answer to whoever sent a feed: its verdict, and line by line what is wrong and what to do."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files

from jinja2 import Environment, StrictUndefined

from tally.contracts.model import Text
from tally.exports.answers import local
from tally.vocabulary import Severity, Verdict

_PAGE = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True).from_string(
    files(__package__).joinpath("feed_letter.html").read_text(encoding="utf-8")
)
_MOST_LISTED = 200
_WORDS = {
    Verdict.ACCEPTED_WITH_WARNINGS: ("Đã nhận, có điểm cần xem lại", "Accepted with remarks"),
    Verdict.RETURNED: ("Trả lại: chưa số nào trong tệp được dùng", "Returned: no figure of the file is used"),
    Verdict.REFUSED: ("Không đọc được: chưa số nào trong tệp được dùng", "Refused: no figure of the file is used"),
    Verdict.DUPLICATE: ("Trùng: tệp này đã nhận trước đó", "Duplicate: the same file was received before"),
}


@dataclass(frozen=True, slots=True)
class FeedFinding:
    """Blanks  no line: it is about the file as a whole."""

    rule_code: str
    severity: Severity
    line: int | None
    text: Text


def feed_letter(
    name: str, feed_id: str, verdict: Verdict, received_at: datetime, findings: Sequence[FeedFinding], lines: int
) -> str:
    """A page in Vietnamese and English; critical findings first, then in the order of the lines."""
    ordered = sorted(findings, key=lambda one: (one.severity != Severity.CRITICAL, one.line or 0, one.rule_code))
    return _PAGE.render(
        name=name,
        feed_id=feed_id,
        title=_WORDS[verdict],
        is_bad=verdict in (Verdict.RETURNED, Verdict.REFUSED),
        received=local(received_at),
        lines=lines,
        findings=ordered[:_MOST_LISTED],
        more=len(ordered) - _MOST_LISTED,
    )
