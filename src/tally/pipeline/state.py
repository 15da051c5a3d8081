"""What the ledger says of every submission so far."""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from datetime import datetime
from operator import attrgetter

from tally.adapters.ledger import Event
from tally.vocabulary import FindingStatus, Role, Verdict

FindingKey = tuple[str, str, str | None, str | None]
"""A finding as people name it: submission, rule, sheet, cell; it has no sheet and cell if it is about the workbook."""


@dataclass(slots=True)
class Submission:
    """One file received; the fields of a step are None until the step is done."""

    submission_id: str
    file_path: str
    sha256: str
    size: int
    mtime_ns: int
    sender: str
    received_at: datetime
    number: int
    chunk_id: str | None = None
    batch_id: str | None = None
    verdict: Verdict | None = None
    judged_at: datetime | None = None
    area_code: str | None = None
    period_code: str | None = None
    answered_batch: str | None = None

    @property
    def order(self) -> tuple[datetime, str, int]:
        """Files are taken in the order in which they were received, ties by path, then as the ledger met them."""
        return self.received_at, self.file_path, self.number


@dataclass(slots=True)
class Feed:
    """One file of another source; the fields of its judgement are None until that is done.

    Blanks  no source: it lies in no source's folder.
    """

    feed_id: str
    source_code: str | None
    file_path: str
    sha256: str
    size: int
    mtime_ns: int
    received_at: datetime
    number: int
    batch_id: str | None = None
    verdict: Verdict | None = None

    @property
    def is_shipped(self) -> bool:
        return not self.file_path.startswith("inbox/")

    @property
    def order(self) -> tuple[bool, datetime, str, int]:
        """What is shipped comes first, so that whatever a source sends stands over it; then as files were received."""
        return not self.is_shipped, self.received_at, self.file_path, self.number


@dataclass(frozen=True, slots=True)
class Signature:
    """Somebody's word that a release may go out, and what for."""

    by: str
    role: Role
    at: datetime


@dataclass(frozen=True, slots=True)
class Closing:
    """Somebody's word that a finding is explained or withdrawn, and why.

    Shape   number: its place in the ledger; until: the last period in which an explanation covers the figure.
    Blanks  no column: the finding is not about one figure; no `until`: for good; no area or period: not known.
    """

    finding: FindingKey
    status: FindingStatus
    because: str
    by: str
    at: datetime
    number: int
    indicator_code: str | None
    column_code: str | None
    area_code: str | None
    period_code: str | None
    until: str | None


_fields_of = attrgetter(*(one.name for one in fields(Submission)))
_feed_fields_of = attrgetter(*(one.name for one in fields(Feed)))


@dataclass
class State:
    """`failed`: submissions on which our reader failed, and how; `releases`: the hash of each release's manifest;
    `signatures`: those of each release that has any; `closings`: every word on a finding, in the order of the ledger.

    `replayed`: how many events of the ledger it knows.
    """

    submissions: dict[str, Submission] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    releases: dict[str, str] = field(default_factory=dict)
    signatures: dict[str, tuple[Signature, ...]] = field(default_factory=dict)
    closings: list[Closing] = field(default_factory=list)
    feeds: dict[str, Feed] = field(default_factory=dict)
    replayed: int = 0
    _originals: dict[tuple[str, str], Submission] = field(default_factory=dict)

    def original_of(self, submission: Submission) -> Submission:
        """The first submission of the same bytes in the same folder, in the order of the ledger; maybe itself."""
        return self._originals[submission.sender, submission.sha256]

    def is_signed(self, release_id: str) -> bool:
        """Whether everybody signed who has to; until then it is a draft."""
        return {one.role for one in self.signatures.get(release_id, ())} == set(Role)

    @property
    def judged(self) -> dict[str, str]:
        """The batch of each submission that was judged."""
        return {one.submission_id: one.batch_id for one in self.submissions.values() if one.batch_id}

    @property
    def feeds_batch(self) -> str | None:
        """In which batch the feeds were judged last, all together."""
        return next((one.batch_id for one in reversed(self.feeds.values()) if one.batch_id), None)

    @property
    def last_signed(self) -> str | None:
        """The youngest release that is signed."""
        return next(filter(self.is_signed, reversed(self.releases)), None)

    @property
    def closed(self) -> dict[FindingKey, Closing]:
        """The last word on each finding that anything was said of."""
        return {one.finding: one for one in self.closings}

    def receive(self, submission: Submission) -> None:
        self.submissions[submission.submission_id] = submission
        self._originals.setdefault((submission.sender, submission.sha256), submission)

    def copy(self) -> "State":
        """The state of this moment, which later events do not change."""
        submissions = {submission_id: Submission(*_fields_of(one)) for submission_id, one in self.submissions.items()}
        originals = {key: submissions[one.submission_id] for key, one in self._originals.items()}
        return State(
            submissions,
            dict(self.failed),
            dict(self.releases),
            dict(self.signatures),
            list(self.closings),
            {feed_id: Feed(*_feed_fields_of(one)) for feed_id, one in self.feeds.items()},
            self.replayed,
            originals,
        )

    def replay(self, events: Iterable[Event]) -> None:
        """Take in the events that follow those already replayed."""
        for event in events:
            self._take(event)
            self.replayed += 1

    def _take(self, event: Event) -> None:
        match event["event"]:
            case "received":
                self.receive(
                    Submission(
                        submission_id=event["submission_id"],
                        file_path=event["file_path"],
                        sha256=event["sha256"],
                        size=event["size"],
                        mtime_ns=event["mtime_ns"],
                        sender=event["sender"],
                        received_at=datetime.fromisoformat(event["received_at"]),
                        number=event["seq"],
                    )
                )
            case "read":
                for submission_id in event["submission_ids"]:
                    self.submissions[submission_id].chunk_id = event["chunk_id"]
                    self.failed.pop(submission_id, None)
            case "failed" if "submission_id" in event:
                self.failed[event["submission_id"]] = event["error"]
            case "judged":
                submission = self.submissions[event["submission_id"]]
                submission.batch_id, submission.verdict = event["batch_id"], Verdict(event["verdict"])
                submission.judged_at = datetime.fromisoformat(event["at"])
                submission.area_code, submission.period_code = event["area_code"], event["period_code"]
            case "feed_received":
                self.feeds[event["feed_id"]] = Feed(
                    feed_id=event["feed_id"],
                    source_code=event["source_code"],
                    file_path=event["file_path"],
                    sha256=event["sha256"],
                    size=event["size"],
                    mtime_ns=event["mtime_ns"],
                    received_at=datetime.fromisoformat(event["received_at"]),
                    number=event["seq"],
                )
            case "feed_judged":
                feed = self.feeds[event["feed_id"]]
                feed.batch_id, feed.verdict = event["batch_id"], Verdict(event["verdict"])
            case "answered":
                for submission_id in event["submission_ids"]:
                    self.submissions[submission_id].answered_batch = event["batch_id"]
            case "published":
                self.releases[event["release_id"]] = event["manifest_sha256"]
            case "signed":
                signature = Signature(event["by"], Role(event["role"]), datetime.fromisoformat(event["at"]))
                self.signatures[event["release_id"]] = (*self.signatures.get(event["release_id"], ()), signature)
            case FindingStatus.EXPLAINED | FindingStatus.WITHDRAWN as status:
                self.closings.append(
                    Closing(
                        finding=(
                            event["submission_id"],
                            event["rule_code"],
                            event["sheet_name"],
                            event["cell_address"],
                        ),
                        status=FindingStatus(status),
                        because=event["explanation" if status == FindingStatus.EXPLAINED else "reason"],
                        by=event["by"],
                        at=datetime.fromisoformat(event["at"]),
                        number=event["seq"],
                        indicator_code=event["indicator_code"],
                        column_code=event["column_code"],
                        area_code=event["area_code"],
                        period_code=event["period_code"],
                        until=event.get("until"),
                    )
                )


def state_of(events: Iterable[Event]) -> State:
    """Replay the ledger."""
    state = State()
    state.replay(events)
    return state
