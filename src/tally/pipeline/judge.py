"""Judge a batch: one Great Expectations checkpoint a suite over all of it; verdicts follow from what it lists."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tally.adapters.files import appearing, locked
from tally.adapters.gx import Validation, run_checkpoint
from tally.contracts.model import ACROSS_FORMS, ACROSS_PERIODS, SUBMISSION, Check, Contracts
from tally.errors import JudgingError
from tally.judgement.figures import INDEX, Batch
from tally.judgement.submission import Sent, Standing, standing
from tally.names import capital
from tally.periods import LOCAL_TIME, Period
from tally.pipeline.earlier import Judged, past_of
from tally.pipeline.explained import Explained
from tally.pipeline.home import Home
from tally.pipeline.judgements import FINDINGS, OBSERVATIONS, OUTCOMES, SUBMISSIONS, is_whole
from tally.pipeline.progress import Progress, unwatched
from tally.pipeline.read import cover_of
from tally.pipeline.state import State, Submission
from tally.readings import Cover, Fault
from tally.vocabulary import CellState, Severity, Verdict

Bools = NDArray[np.bool_]

WHOLE = -1
LARGEST_BATCH = 12_000  # workbooks: the nation on the old map is 10,794, and takes 1.2 GiB to judge


@dataclass
class _Entry:
    """One submission on its way through a batch."""

    submission: Submission
    is_duplicate: bool
    cover: Cover | None
    faults: list[Fault]
    judged: set[str] = field(default_factory=set)
    standing: Standing | None = None
    findings: list[dict[str, Any]] = field(default_factory=list)

    def belongs_to(self) -> tuple[str | None, str | None]:
        """(area, period) of the report that this is, as far as they are known."""
        if self.standing is None or any(fault.rule_code == "S04" for fault in self.faults):
            return None, None
        area, period = self.standing.area, self.standing.period
        return area.code if area else None, period.code if period else None


def judge_chunks(
    chunk_ids: Sequence[str], now: datetime, home: Home | None = None, progress: Progress = unwatched
) -> list[str]:
    """Judge every submission of some chunks, in batches of as much as a nation sends for a period.

    Shape   batch ids; see `judge_batch`. Chunks come in the order of receipt, so each batch knows those before it.
    """
    home = home or Home.default()
    batches: list[list[str]] = []
    room = 0
    for chunk_id in chunk_ids:
        size = pq.read_metadata(home.reading(chunk_id) / "covers.parquet").num_rows
        if size > room:
            batches.append([])
            room = LARGEST_BATCH
        batches[-1].append(chunk_id)
        room -= size
    steps = (len(home.contracts.forms) + len((SUBMISSION, ACROSS_FORMS, ACROSS_PERIODS))) * len(batches)
    done = 0
    progress("judge", done, steps)

    def judged(_: str) -> None:
        nonlocal done
        done += 1
        progress("judge", done, steps)

    batch_ids = [judge_batch(batch, now, home, judged) for batch in batches]
    if done < steps:  # a batch that stood already was not judged again
        progress("judge", steps, steps)
    return batch_ids


def judge_batch(
    chunk_ids: Sequence[str], now: datetime, home: Home | None = None, judged: Callable[[str], None] = lambda _: None
) -> str:
    """Judge every submission of some chunks together and record the verdicts.

    Shape   batch id; its folder holds submissions, findings, observations, outcomes and validation/*.json.
            `judged` hears of each suite.
    Raises  JudgingError if Great Expectations could not judge, or the judgement of an earlier report is gone: then
            nothing of the batch is recorded.
    """
    home = home or Home.default()
    with locked(home.lock("judge")):
        state = home.state()
        entries = _entries(home, state, chunk_ids)
        ids = "\0".join(entry.submission.submission_id for entry in entries)
        batch_id = hashlib.sha256(f"{home.contracts.version}\0{home.code_version}\0{ids}".encode()).hexdigest()[:16]
        stands = all(entry.submission.batch_id == batch_id for entry in entries)
        if not entries or (stands and is_whole(home.judgement(batch_id))):
            return batch_id
        _stand(entries, state, home.contracts)
        validations = [_judge_submissions(entries, home, batch_id, now)]
        judged(SUBMISSION)
        refused = {code for code, rule in home.contracts.submission_rules.items() if rule.verdict is not None}
        live = [entry for entry in entries if not any(finding["rule_code"] in refused for finding in entry.findings)]
        figures = _figures(home, chunk_ids, live)
        batch = Batch(figures, {e.submission.submission_id: _of(e) for e in live}, home.contracts)
        judged_on: dict[str, Bools] = {}

        def judge_figures(suite: str, frame: pd.DataFrame) -> None:
            if len(frame):
                validation = run_checkpoint(f"{suite}-{batch_id}", _suite(home, suite), frame, INDEX, now)
                validations.append(validation)
                _find_figures(validation, batch, entries)
                _note_judged(judged_on, frame, home.contracts.suites[suite], entries)
            judged(suite)

        for suite in (*(form.form for form in home.contracts.forms), ACROSS_FORMS):
            judge_figures(suite, batch.frame(suite))
        # what is accepted does not depend on the rules that look back: none of them is critical
        so_far = [_judged(entry, home.contracts) for entry in entries]
        with ThreadPoolExecutor(1) as aside:
            writing = aside.submit(_write_observations, home.judgement(batch_id), batch.figures, so_far)
            judge_figures(ACROSS_PERIODS, batch.look_back(past_of(so_far, batch.figures, state, home)))
            writing.result()
        _explain(entries, Explained(state.closings, home.contracts.register))
        _write(home, batch_id, entries, validations, judged_on)
        home.ledger.append(
            now,
            [
                {
                    "event": "judged",
                    "submission_id": entry.submission.submission_id,
                    "batch_id": batch_id,
                    "verdict": _verdict(entry, home.contracts),
                    "area_code": entry.belongs_to()[0],
                    "period_code": entry.belongs_to()[1],
                    "findings": len(entry.findings),
                }
                for entry in entries
                if entry.submission.batch_id != batch_id
            ],
        )
        return batch_id


def _entries(home: Home, state: State, chunk_ids: Sequence[str]) -> list[_Entry]:
    faults: dict[str, list[Fault]] = {}
    entries = []
    for chunk_id in dict.fromkeys(chunk_ids):
        folder = home.reading(chunk_id)
        for row in pq.ParquetFile(folder / "faults.parquet").read().to_pylist():
            submission_id = row.pop("submission_id")
            faults.setdefault(submission_id, []).append(Fault(**{**row, "severity": Severity(row["severity"])}))
        for row in pq.ParquetFile(folder / "covers.parquet").read().to_pylist():
            submission = state.submissions[row["submission_id"]]
            if submission.chunk_id == chunk_id:
                cover = cover_of(row["cover"]) if row["cover"] else None
                entries.append(_Entry(submission, row["is_duplicate"], cover, faults.get(submission.submission_id, [])))
    return sorted(entries, key=lambda entry: entry.submission.order)


def _stand(entries: Sequence[_Entry], state: State, contracts: Contracts) -> None:
    """What each submission is, in the order of receipt: each is asked about those that came before it."""
    refusing = {code for code, rule in contracts.submission_rules.items() if rule.refuses}
    batch = {entry.submission.submission_id for entry in entries}
    reports: dict[tuple[str, str], list[Submission]] = {}
    for one in state.submissions.values():
        is_report = one.verdict is not None and (one.verdict.is_accepted or one.verdict == Verdict.RETURNED)
        if is_report and one.submission_id not in batch and one.area_code and one.period_code:
            reports.setdefault((one.area_code, one.period_code), []).append(one)
    for entry in entries:
        submission = entry.submission
        entry.judged = {"S09"}
        if entry.is_duplicate:
            entry.faults = [
                Fault(
                    "S09",
                    Severity.INFO,
                    None,
                    None,
                    None,
                    "cùng một tệp đã được nhận trước đó trong thư mục này",
                    "the same bytes were received before in this folder",
                )
            ]
            continue
        entry.judged |= {"S01"}
        if entry.cover is None:
            continue
        entry.judged |= {"S02", "S06", "S11"}
        code, period = entry.cover.area_code, entry.cover.period
        report = (code or "", period.code if period else "")
        # of those known when this one came, so that judging again finds the same
        known = [one for one in reports.get(report, []) if one.number < submission.number]
        earlier = any(one.order < submission.order for one in known)
        entry.standing = standing(entry.cover, Sent(submission.sender, submission.received_at, earlier), contracts)
        entry.judged |= entry.standing.judged
        entry.faults = [*entry.faults, *entry.standing.faults]
        if any(fault.rule_code in refusing for fault in entry.faults):
            entry.faults = [fault for fault in entry.faults if fault.rule_code in refusing]
            entry.judged &= refusing | {"S09"}  # of the others nothing is said
        else:
            entry.judged |= {"S14", "S16"}
            reports.setdefault(report, []).append(submission)


def _judge_submissions(entries: Sequence[_Entry], home: Home, batch_id: str, now: datetime) -> Validation:
    checks = home.contracts.suites[SUBMISSION]
    rows: list[dict[str, Any]] = []
    for entry in entries:
        submission_id = entry.submission.submission_id
        faulty = {_column(fault, home.contracts) for fault in entry.faults}
        whole = {check.column: 0 for check in checks if check.rule_code in entry.judged and check.column not in faulty}
        rows.append({"submission_id": submission_id, "sheet_name": "", "cell_address": "", "fault": WHOLE, **whole})
        for number, fault in enumerate(entry.faults):
            place = {"sheet_name": fault.sheet_name or "", "cell_address": fault.cell_address or ""}
            rows.append({"submission_id": submission_id, **place, "fault": number, _column(fault, home.contracts): 1})
    index = ["submission_id", "sheet_name", "cell_address", "fault"]
    frame = pd.DataFrame(rows, columns=[*index, *(check.column for check in checks)])
    validation = run_checkpoint(f"{SUBMISSION}-{batch_id}", _suite(home, SUBMISSION), frame, index, now)
    by_id = {entry.submission.submission_id: entry for entry in entries}
    for judgement in validation.judgements:
        rule = home.contracts.submission_rules[judgement.rule_code]
        for row in judgement.unexpected:
            entry = by_id[row.index[0]]
            fault = entry.faults[int(row.index[3])]
            entry.findings.append(
                {
                    "submission_id": row.index[0],
                    "rule_code": fault.rule_code,
                    "severity": judgement.severity,
                    "form_code": _form_of(fault.sheet_name, home.contracts),
                    "sheet_name": None if rule.verdict else fault.sheet_name,
                    "cell_address": None if rule.verdict else fault.cell_address,
                    "indicator_code": fault.indicator_code,
                    "column_code": None,
                    "message_vi": f"{capital(fault.vi)}; hãy {rule.mend.vi}.",
                    "message_en": f"{capital(fault.en)}; please {rule.mend.en}.",
                }
            )
    return validation


def _figures(home: Home, chunk_ids: Sequence[str], live: Sequence[_Entry]) -> pd.DataFrame:
    wanted = pa.array([entry.submission.submission_id for entry in live], pa.string())

    def of(chunk_id: str) -> pa.Table:
        table = pq.ParquetFile(home.reading(chunk_id) / "figures.parquet").read()
        is_wanted = pc.is_in(table["submission_id"], wanted)
        return table if pc.all(is_wanted).as_py() else table.filter(is_wanted)

    table = pa.concat_tables(of(chunk_id) for chunk_id in dict.fromkeys(chunk_ids)).unify_dictionaries()
    figures: pd.DataFrame = table.to_pandas(split_blocks=True, self_destruct=True)
    return figures


def _of(entry: _Entry) -> tuple[str, Period]:
    """(level, period) of a submission that was not refused."""
    standing = entry.standing
    if standing is None or standing.area is None or standing.period is None:
        raise JudgingError(f"{entry.submission.submission_id} is not refused, but belongs to no report")
    return standing.area.level, standing.period


def _judged(entry: _Entry, contracts: Contracts) -> Judged:
    verdict = _verdict(entry, contracts)
    if entry.standing is None or verdict in (Verdict.REFUSED, Verdict.DUPLICATE):
        return Judged(entry.submission, verdict, None, None)
    return Judged(entry.submission, verdict, entry.standing.area, entry.standing.period)


def _find_figures(validation: Validation, batch: Batch, entries: Sequence[_Entry]) -> None:
    by_id = {entry.submission.submission_id: entry for entry in entries}
    for judgement in validation.judgements:
        for one in judgement.unexpected:
            row = batch.row_at(*one.index)
            text = batch.text(judgement.column, judgement.rule_code, row)
            cell = batch.cell(row)
            by_id[cell["submission_id"]].findings.append(
                {
                    "submission_id": cell["submission_id"],
                    "rule_code": judgement.rule_code,
                    "severity": judgement.severity,
                    "form_code": cell["form_code"],
                    "sheet_name": cell["sheet_name"],
                    "cell_address": cell["cell_address"],
                    "indicator_code": cell["indicator_code"],
                    "column_code": cell["column_code"],
                    "message_vi": text.vi,
                    "message_en": text.en,
                }
            )


def _note_judged(
    judged_on: dict[str, Bools], frame: pd.DataFrame, checks: Sequence[Check], entries: Sequence[_Entry]
) -> None:
    """On which submissions a rule was judged at any cell, by rule; submissions in the order of `entries`."""
    order = {entry.submission.submission_id: at for at, entry in enumerate(entries)}
    words = frame["submission_id"].array
    of_row = np.array([order[word] for word in words.categories], dtype=np.intp)[words.codes]
    for check in checks:
        seen = judged_on.setdefault(check.rule_code, np.zeros(len(entries), dtype=bool))
        seen[of_row[frame[check.column].notna().to_numpy()]] = True


def _explain(entries: Sequence[_Entry], explained: Explained) -> None:
    """Mark the findings that an earlier explanation covers."""
    for entry in entries:
        if entry.standing is None or entry.standing.area is None or entry.standing.period is None:
            continue
        for finding in entry.findings:
            word = explained.covering(finding, entry.standing.area, entry.standing.period, entry.submission.number)
            if word:
                finding |= {"explained_in": word.finding[0], "explained_at": word.at}


def _verdict(entry: _Entry, contracts: Contracts) -> Verdict:
    by_rule = {finding["rule_code"]: finding["severity"] for finding in entry.findings}
    for code in by_rule:
        rule = contracts.submission_rules.get(code)
        if rule and rule.verdict:
            return rule.verdict
    severities = {finding["severity"] for finding in entry.findings if "explained_in" not in finding}
    if Severity.CRITICAL in severities:
        return Verdict.RETURNED
    return Verdict.ACCEPTED_WITH_WARNINGS if Severity.WARNING in severities else Verdict.ACCEPTED


def _write(
    home: Home,
    batch_id: str,
    entries: Sequence[_Entry],
    validations: Sequence[Validation],
    judged_on: Mapping[str, Bools],
) -> None:
    folder = home.judgement(batch_id)
    verdicts = {entry.submission.submission_id: _verdict(entry, home.contracts) for entry in entries}
    submissions = [
        {
            **_submission_row(entry, verdicts[entry.submission.submission_id], batch_id, home),
            "rules_judged": [
                *sorted((entry.judged | {fault.rule_code for fault in entry.faults}) - judged_on.keys()),
                *(code for code, seen in judged_on.items() if seen[at]),
            ],
        }
        for at, entry in enumerate(entries)
    ]
    findings = [finding for entry in entries for finding in entry.findings]
    outcomes = [
        {
            "suite": validation.suite,
            "rule_code": judgement.rule_code,
            "severity": judgement.severity,
            "judged": judgement.evaluated,
            "failed": len(judgement.unexpected),
            "outcome": judgement.outcome,
        }
        for validation in validations
        for judgement in validation.judgements
    ]
    tables = {
        "submissions": pa.Table.from_pylist(submissions, SUBMISSIONS),
        "findings": pa.Table.from_pylist(findings, FINDINGS),
        "outcomes": pa.Table.from_pylist(outcomes, OUTCOMES),
    }
    for name, table in tables.items():
        with appearing(folder / f"{name}.parquet") as path:
            pq.write_table(table, path)
    for validation in validations:
        validation.save(folder / "validation" / f"{validation.suite}.json")


def _write_observations(folder: Path, figures: pd.DataFrame, judged: Sequence[Judged]) -> None:
    """The figures of accepted submissions, each period apart from the others: who asks for one reads no other."""
    periods = {
        one.submission.submission_id: one.period.code for one in judged if one.verdict.is_accepted and one.period
    }
    kept = figures[figures.submission_id.isin(list(periods)) & (figures.state != CellState.NOT_USED)]
    kept = kept.assign(period_code=kept.submission_id.map(periods).astype("category"))
    observations = kept.rename(columns={"value": "obs_value", "state": "cell_state"})[OBSERVATIONS.names]
    table = OBSERVATIONS.empty_table()
    if len(observations):  # no row, no type of a word
        table = pa.Table.from_pandas(observations.astype({"obs_value": "Int64"}), preserve_index=False)
    table = table.replace_schema_metadata()
    # words go in as the categories that they are; without the schema of Arrow they come out as words
    with (
        appearing(folder / "observations.parquet") as temporary,
        pq.ParquetWriter(temporary, table.schema, store_schema=False) as writer,
    ):
        for period in sorted(set(periods.values())):
            writer.write_table(table.filter(pc.equal(table["period_code"], period)))


def _submission_row(entry: _Entry, verdict: Verdict, batch_id: str, home: Home) -> dict[str, Any]:
    submission = entry.submission
    area_code, period_code = entry.belongs_to()
    area = entry.standing.area if entry.standing and area_code else None
    period = entry.standing.period if entry.standing and period_code else None
    due = home.contracts.due_date(area, period) if area and period else None
    return {
        "submission_id": submission.submission_id,
        "file_path": submission.file_path,
        "sha256": submission.sha256,
        "sender": submission.sender,
        "area_code": area_code,
        "area_level": area.level if area else None,
        "period_code": period_code,
        "template_version": entry.cover.template_version if entry.cover else None,
        "report_kind": entry.cover.report_kind if entry.cover else None,
        "received_at": submission.received_at,
        "due_date": due,
        "verdict": verdict,
        "is_late": submission.received_at.astimezone(LOCAL_TIME).date() > due if due else None,
        "batch_id": batch_id,
        "received_number": submission.number,
    }


def _column(fault: Fault, contracts: Contracts) -> str:
    """The suite's column for a fault: the rule's, or that of its milder severity."""
    rule = contracts.submission_rules[fault.rule_code]
    return f"{rule.code}.{rule.also}" if fault.severity == rule.also else rule.code


def _form_of(sheet_name: str | None, contracts: Contracts) -> str | None:
    return next((form.form for form in contracts.forms if form.sheet == sheet_name), None)


def _suite(home: Home, suite: str) -> Path:
    return home.project / "expectations" / f"{suite}.json"
