"""Take in the feeds of other sources: into the archive and the ledger as reports are, then judged all together."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from tally.adapters.archive import file_hash
from tally.adapters.files import appearing, locked, write_whole
from tally.adapters.gx import Validation, run_checkpoint
from tally.adapters.ledger import Event
from tally.contracts.model import FEEDS as ALL_FEEDS
from tally.contracts.model import Contracts, Text
from tally.contracts.sources import FeedRule, Source, SourceRule, series_of
from tally.exports.feed_letter import FeedFinding, feed_letter
from tally.intake.feeds import read_feed
from tally.judgement.feeds import Broken, Figure, Place, Published
from tally.names import capital
from tally.periods import LOCAL_TIME
from tally.pipeline.home import Home
from tally.pipeline.judgements import has_tables
from tally.pipeline.receive import FEEDS, Arrival, archived, arrivals_in
from tally.pipeline.state import Feed, State
from tally.readings import Fault, FeedFile, FeedLine
from tally.vocabulary import Severity, Verdict

SHIPPED = "published"
"""The folder of the project with what the sources have published: taken in like any other feed."""
_TEXTS = ("feed_id", "source_code", "file_path", "sha256")
FILES = pa.schema(
    [(name, pa.string()) for name in _TEXTS]
    + [("received_at", pa.timestamp("us", tz="UTC")), ("received_number", pa.int64())]
    + [("verdict", pa.string()), ("line_count", pa.int64())]
)
VALUES = pa.schema(
    [("feed_id", pa.string()), ("source_code", pa.string()), ("line_number", pa.int64())]
    + [(name, pa.string()) for name in ("area_code", "indicator_code", "series_code", "sex", "age_band", "unit")]
    + [("window_start", pa.date32()), ("window_end", pa.date32()), ("obs_value", pa.float64())]
    + [(name, pa.string()) for name in ("feed_status", "obs_status", "citation")]
    + [("is_current", pa.bool_()), ("is_used", pa.bool_())]
)
FINDINGS = pa.schema(
    [(name, pa.string()) for name in ("feed_id", "source_code", "rule_code", "severity")]
    + [("line_number", pa.int64())]
    + [(name, pa.string()) for name in ("column_name", "indicator_code", "message_vi", "message_en")]
    + [(name, pa.string()) for name in ("known_code", "note_vi", "note_en")]
)
TABLES = {"files": FILES, "values": VALUES, "findings": FINDINGS}
_FILE = 0  # the line of a finding about the file as a whole


def take_in_feeds(now: datetime, home: Home | None = None) -> bool:
    """Archive and record every feed that has arrived by `now`, judge all feeds together, answer; whether any is new.

    Shape   feeds: inbox/feeds/<source>/, and what is shipped in published/. Judged again whenever one comes or the
            contracts or the code change; otherwise nothing is done.
    Raises  JudgingError if Great Expectations could not judge.
    """
    home = home or Home.default()
    with locked(home.lock("feeds")):
        state = home.state()
        known = set(state.feeds)
        arrivals = sorted(_arrivals(home, state, now), key=lambda arrival: arrival[:2])
        home.ledger.append(now, [event for event in _receive(home, arrivals) if event["feed_id"] not in known])
        before = state.feeds_batch
        return judge_feeds(now, home) not in (None, before)


def is_whole(folder: Path) -> bool:
    """Whether every table of a batch of feeds is there, with the columns that the present code writes."""
    return has_tables(folder, TABLES)


def read_archived(home: Home, sha256: str, received_at: datetime, source: Source) -> FeedFile:
    """A feed as it was received.

    Raises  LedgerError if the archived file is not what its name says.
    """
    home.archive.verify(sha256)
    today = received_at.astimezone(LOCAL_TIME).date()
    return read_feed(home.archive.path(sha256).read_bytes(), source, home.contracts, today)


def _arrivals(home: Home, state: State, now: datetime) -> Iterator[Arrival]:
    shipped = {(one.file_path, one.sha256) for one in state.feeds.values()}
    for path in sorted((home.project / SHIPPED).glob("*.csv")):
        name = f"{SHIPPED}/{path.name}"
        if (name, file_hash(path)) not in shipped:
            yield now, name, path
    seen = {(one.file_path, one.size, one.mtime_ns) for one in state.feeds.values()}
    yield from arrivals_in(home, home.inbox / FEEDS, seen, now)


def _receive(home: Home, arrivals: Sequence[Arrival]) -> Iterator[Event]:
    for feed_id, file in archived(home, arrivals) if arrivals else ():
        yield {"event": "feed_received", "feed_id": feed_id, **file, "source_code": _source_of(file["file_path"])}


def _source_of(name: str) -> str | None:
    """The source in whose folder a file lies: `inbox/feeds/police/x.csv`, `published/police.csv`."""
    parts = PurePosixPath(name).parts
    if parts[0] == SHIPPED:
        return PurePosixPath(name).stem
    return parts[2] if len(parts) > 3 else None


@dataclass
class _Entry:
    feed: Feed
    file: FeedFile
    is_duplicate: bool = False
    findings: list[dict[str, Any]] = field(default_factory=list)

    @property
    def is_refused(self) -> bool:
        return bool(self.file.faults)

    @property
    def verdict(self) -> Verdict:
        if self.is_duplicate:
            return Verdict.DUPLICATE
        if self.is_refused:
            return Verdict.REFUSED
        severities = {finding["severity"] for finding in self.findings}
        if Severity.CRITICAL in severities:
            return Verdict.RETURNED
        return Verdict.ACCEPTED_WITH_WARNINGS if Severity.WARNING in severities else Verdict.ACCEPTED


def judge_feeds(now: datetime, home: Home) -> str | None:
    """Judge all feeds that were received together, and answer; the batch, which stands unless anything is new.

    Blanks  None: no feed was ever received.
    Raises  JudgingError if Great Expectations could not judge.
    """
    feeds = sorted(home.state().feeds.values(), key=lambda one: one.order)
    if not feeds:
        return None
    ids = "\0".join(one.feed_id for one in feeds)
    batch_id = hashlib.sha256(f"{home.contracts.version}\0{home.code_version}\0{ids}".encode()).hexdigest()[:16]
    folder = home.feeds_batch(batch_id)
    if is_whole(folder) and all(one.batch_id == batch_id for one in feeds):
        return batch_id
    entries = _read(home, feeds)
    contracts = home.contracts
    published: dict[str, Published] = {}
    for source in contracts.sources:
        mine = [one for one in entries if one.feed.source_code == source.source and not one.is_duplicate]
        if mine:
            published[source.source] = _published(mine, source, contracts)
    broken = {code: one.judge() for code, one in published.items()}
    validations = [_judge_suite(ALL_FEEDS, entries, broken, home, batch_id, now)]
    validations += [
        _judge_suite(published[code].source.suite, entries, {code: broken[code]}, home, batch_id, now)
        for code in published
        if published[code].source.rules
    ]
    values = [row for one in published.values() for row in _values(entries, one, contracts)]
    _write(folder, entries, values, validations)
    _answer(home, entries)
    home.ledger.append(
        now,
        [
            {
                "event": "feed_judged",
                "feed_id": one.feed.feed_id,
                "batch_id": batch_id,
                "verdict": one.verdict,
                "findings": len(one.findings),
            }
            for one in entries
        ],
    )
    return batch_id


def _read(home: Home, feeds: Sequence[Feed]) -> list[_Entry]:
    sources = {source.source: source for source in home.contracts.sources}
    seen: set[tuple[str | None, str]] = set()
    entries = []
    for feed in feeds:
        source = sources.get(feed.source_code or "")
        if (feed.source_code, feed.sha256) in seen:
            entries.append(_Entry(feed, FeedFile(), is_duplicate=True))
            continue
        seen.add((feed.source_code, feed.sha256))
        if source is None:
            known = ", ".join(sources)
            vi, en = f"thư mục không của nguồn nào; nguồn: {known}", f"the folder is of no source; sources: {known}"
            fault = Fault("N02", Severity.CRITICAL, None, None, None, vi, en)
            entries.append(_Entry(feed, FeedFile(faults={"N02": fault})))
            continue
        entries.append(_Entry(feed, read_archived(home, feed.sha256, feed.received_at, source)))
    return entries


def _published(entries: Sequence[_Entry], source: Source, contracts: Contracts) -> Published:
    """What stands of a source: the lines of files in which no line is critical."""
    whole = [one for one in entries if not one.is_refused and not any(line.faults for line in one.file.lines)]
    return Published([Figure(one.feed.feed_id, line) for one in whole for line in one.file.lines], source, contracts)


Told = Mapping[str, Mapping[str, Mapping[Place, Broken]]]
"""By source and rule: what the rule says of each line at which it is judged."""


def _judge_suite(
    suite: str, entries: Sequence[_Entry], broken: Told, home: Home, batch_id: str, now: datetime
) -> Validation:
    """One Great Expectations checkpoint over every line of some sources; findings follow from what it lists.

    Shape   of the suite of all feeds a row a file too: what keeps it from being read.
    """
    checks = home.contracts.suites[suite]
    rules = {rule.code: rule for rule in home.contracts.feeds.rules}
    all_rules: dict[str, FeedRule | SourceRule] = {**rules}
    all_rules |= {rule.code: rule for source in home.contracts.sources for rule in source.rules}
    about_files = [check.column for check in checks if check.column in rules and rules[check.column].verdict]
    about_lines = [
        check.column
        for check in checks
        if check.column in rules and not rules[check.column].verdict and check.severity == Severity.CRITICAL
    ]
    rows: list[dict[str, Any]] = []
    mine = [one for one in entries if not one.is_duplicate and (suite == ALL_FEEDS or one.feed.source_code in broken)]
    for one in mine:
        if about_files:
            of_file = {code: float(code in one.file.faults) for code in about_files}
            rows.append({"feed_id": one.feed.feed_id, "line": _FILE, **of_file})
        of_source = broken.get(one.feed.source_code or "", {})
        for line in one.file.lines:
            place = one.feed.feed_id, line.number
            judged = {code: of_rule[place].residual for code, of_rule in of_source.items() if place in of_rule}
            faults = {code: float(code in line.faults) for code in about_lines}
            rows.append({"feed_id": place[0], "line": place[1], **faults, **judged})
    frame = pd.DataFrame(rows, columns=["feed_id", "line", *(check.column for check in checks)])
    path = home.project / "expectations" / f"{suite}.json"
    validation = run_checkpoint(f"{suite}-{batch_id}", path, frame, ["feed_id", "line"], now)
    by_id = {one.feed.feed_id: one for one in mine}
    lines = {(one.feed.feed_id, line.number): line for one in mine for line in one.file.lines}
    sources = {source.source: source for source in home.contracts.sources}
    for judgement in validation.judgements:
        for row in judgement.unexpected:
            entry, place = by_id[row.index[0]], (str(row.index[0]), int(row.index[1]))
            code, feed = judgement.rule_code, entry.feed
            at = lines.get(place)
            fault = (at or entry.file).faults.get(code)
            if fault:
                text = Text(vi=fault.vi, en=fault.en)
                found = _finding(feed, all_rules[code], text, fault.cell_address, at.number if at else None)
            else:
                assert at
                source = sources[str(feed.source_code)]
                text = broken[source.source][code][place].text
                found = _finding(feed, all_rules[code], text, "value", at.number) | _known_as(code, at, source)
            entry.findings.append(found)
    return validation


def _finding(
    feed: Feed, rule: FeedRule | SourceRule, text: Text, column: str | None, line: int | None = None
) -> dict[str, Any]:
    return {
        "feed_id": feed.feed_id,
        "source_code": feed.source_code,
        "rule_code": rule.code,
        "severity": rule.severity,
        "line_number": line,
        "column_name": column,
        "message_vi": f"{capital(text.vi)}. Quy tắc: {rule.tell.vi}; hãy {rule.mend.vi}.",
        "message_en": f"{capital(text.en)}. Rule: {rule.tell.en}; please {rule.mend.en}.",
    }


def _known_as(rule_code: str, line: FeedLine, source: Source) -> dict[str, str | None]:
    """The indicator of a figure that breaks a rule, and the note on it if it is known to."""
    broken = (rule_code, line.indicator_code, line.start, line.end)
    known = next((one for one in source.known if (one.rule, one.indicator, one.start, one.end) == broken), None)
    noted = {"known_code": known.code, "note_vi": known.note.vi, "note_en": known.note.en} if known else {}
    return {"indicator_code": line.indicator_code, **noted}


def _values(entries: Sequence[_Entry], published: Published, contracts: Contracts) -> Iterator[dict[str, Any]]:
    """The lines of a source's accepted feeds; one whose place another has taken is not current."""
    source = published.source
    statuses = {one.code: one for one in contracts.feeds.statuses}
    for one in entries:
        if one.feed.source_code != source.source or not one.verdict.is_accepted:
            continue
        for line in one.file.lines:
            indicator = source.named[str(line.indicator_code)]
            status = statuses[str(line.status)]
            yield {
                "feed_id": one.feed.feed_id,
                "source_code": source.source,
                "line_number": line.number,
                "area_code": line.area_code,
                "indicator_code": line.indicator_code,
                "series_code": series_of(indicator, line.sex),
                "sex": line.sex,
                "age_band": line.age_band,
                "unit": line.unit,
                "window_start": line.start,
                "window_end": line.end,
                "obs_value": line.value,
                "feed_status": status.code,
                "obs_status": "M" if line.value is None else status.obs_status,
                "citation": line.citation,
                "is_current": (one.feed.feed_id, line.number) in published.current,
                "is_used": status.is_used,
            }


def _write(
    folder: Path, entries: Sequence[_Entry], values: Sequence[dict[str, Any]], validations: Sequence[Validation]
) -> None:
    files = [
        {
            "feed_id": one.feed.feed_id,
            "source_code": one.feed.source_code,
            "file_path": one.feed.file_path,
            "sha256": one.feed.sha256,
            "received_at": one.feed.received_at,
            "received_number": one.feed.number,
            "verdict": one.verdict,
            "line_count": len(one.file.lines),
        }
        for one in entries
    ]
    findings = [finding for one in entries for finding in one.findings]
    for validation in validations:
        validation.save(folder / "validation" / f"{validation.suite}.json")
    for name, rows in (("values", values), ("findings", findings), ("files", files)):
        with appearing(folder / f"{name}.parquet") as path:
            pq.write_table(pa.Table.from_pylist(list(rows), TABLES[name]), path, compression="zstd")


def _answer(home: Home, entries: Sequence[_Entry]) -> None:
    """A letter for every feed that somebody sent and that is not clean; the same judgement writes the same bytes."""
    for one in entries:
        if one.feed.is_shipped or one.verdict == Verdict.ACCEPTED:
            continue
        folder = home.outbox / FEEDS / (one.feed.source_code or "_unknown")
        letter = f"{one.feed.feed_id}_{one.verdict}.html"
        for earlier in folder.glob(f"{one.feed.feed_id}_*"):
            if earlier.name != letter:
                earlier.unlink()
        name = PurePosixPath(one.feed.file_path).name
        findings = [
            FeedFinding(
                row["rule_code"], row["severity"], row["line_number"], Text(vi=row["message_vi"], en=row["message_en"])
            )
            for row in one.findings
        ]
        content = feed_letter(name, one.feed.feed_id, one.verdict, one.feed.received_at, findings, len(one.file.lines))
        write_whole(folder / letter, content.encode())
