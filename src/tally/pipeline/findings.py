"""The life of findings: which there are, which of them senders explained, and where a rule was mistaken."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import duckdb
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tally.adapters.files import locked
from tally.adapters.tables import rows_of
from tally.errors import UsageError
from tally.intake.personal_data import holds_personal_data
from tally.names import one_line
from tally.periods import LOCAL_TIME, Period
from tally.pipeline.home import Home
from tally.pipeline.judgements import is_whole
from tally.pipeline.releases import CURRENT, named_release, pointed_to
from tally.pipeline.state import Closing, FindingKey, State, Submission
from tally.vocabulary import NATION, FindingStatus, Severity, Verdict

LONGEST_TEXT = 500
_FINDINGS = """
    select
        area_code, sender, period_code, received_at, submission_id, rule_code, severity, sheet_name, cell_address,
        indicator_code, column_code, status, closed_at, closed_by_submission_id, explained_in_submission_id,
        message_vi, message_en
    from marts.fct_findings
    inner join marts.fct_submissions using (submission_id)
    where
        repeated_in_submission_id is null
        and ($period is null or period_code = $period)
        and ($rule is null or rule_code = $rule)
        and ($severity is null or severity = $severity)
    order by coalesce(area_code, sender), period_code, received_at, file_path, submission_id, finding_number
"""


def findings_of(
    home: Home,
    release: str = CURRENT,
    *,
    area: str | None = None,
    period: Period | None = None,
    rule: str | None = None,
    severity: Severity | None = None,
    status: FindingStatus | None = None,
) -> list[dict[str, Any]]:
    """The findings of a release, each once: as the last submission of the report has it.

    Shape   rows of fct_findings with area, period and sender; `said`: {by, at, because, until} of an explanation or
            withdrawal. A province or district stands for all below it. In the current release what was said since it
            was published counts already.
    Blanks  no area or period: the submission could not be read as a report; nothing `said`: open or corrected.
    Raises  UsageError if there is no such release, or it is older than the statuses of findings.
    """
    release_id = named_release(home, release)
    asked = {"period": period and period.code, "rule": rule, "severity": severity}
    with duckdb.connect(str(home.releases / release_id / "national.duckdb"), read_only=True) as connection:
        try:
            rows = rows_of(connection, _FINDINGS, **asked)
        except duckdb.BinderException:
            raise UsageError(f"release {release_id} was published before findings had a status") from None
    state = home.state()
    words: dict[tuple[str, str], list[Closing]] = defaultdict(list)
    for one in state.closings:
        words[one.finding[:2]].append(one)
    closed = state.closed if release_id == pointed_to(home, CURRENT) else {}
    found = []
    for row in rows:
        if area and area != NATION and not _lies_in(row, area, home):
            continue
        word = closed.get(_key(row)) if row["status"] != FindingStatus.CORRECTED else None
        if word:
            explained = row["submission_id"] if word.status == FindingStatus.EXPLAINED else None
            row |= {"status": word.status.value, "closed_at": word.at, "explained_in_submission_id": explained}
        else:
            explained = row["explained_in_submission_id"] or row["submission_id"]
            word = _word(row, words[explained, row["rule_code"]])
        row["said"] = word and {
            "by": word.by, "at": _written(word.at), "because": word.because, "until": word.until,
        }  # fmt: skip
        row["closed_at"], row["received_at"] = _written(row["closed_at"]), _written(row["received_at"])
        if status in (None, row["status"]):
            found.append(row)
    return found


def explain_finding(
    home: Home,
    submission_id: str,
    rule_code: str,
    cell: str | None,
    *,
    by: str,
    because: str,
    until: Period | None,
    now: datetime,
) -> str:
    """Record that somebody accepts the sender's explanation of a finding; → what that means, in a sentence.

    Shape   cell: `BVTE-01!E8`, needed where the rule found several; until: the last period that it covers.
    Raises  UsageError where nothing can be explained: a critical finding, one that is not there, one of a submission
            that another has taken the place of; or where the text is blank, too long, or holds personal data.
    """
    with locked(home.lock("publish")):  # while a release is built, none of what it is made of changes
        submission, finding = _finding(home, home.state(), submission_id, rule_code, cell)
        if finding["severity"] == Severity.CRITICAL:
            raise UsageError(
                f"{rule_code} is critical: the report is corrected and sent again; if the rule is mistaken there,"
                " tally findings withdraw"
            )
        if until and not finding["column_code"]:
            raise UsageError(f"{rule_code} is not about one figure: no later period is covered, so give no --until")
        if until and submission.period_code and until < Period.parse(submission.period_code):
            raise UsageError(f"--until {until} is before {submission.period_code}, the period of the finding")
        explanation = {"explanation": _text(home, "--because", because), "by": _text(home, "--by", by)}
        event = {"event": FindingStatus.EXPLAINED, **_named(submission, finding), **explanation}
        home.ledger.append(now, [{**event, "until": until.code if until else None}])
    if not finding["column_code"]:
        return f"{rule_code} of {submission_id} is explained; it is not about one figure, so nothing else is covered"
    figure = f"{finding['indicator_code']}, column {finding['column_code']}, of {submission.area_code}"
    return f"{rule_code} of {submission_id} is explained: for {figure}, nobody is asked again {_how_long(until)}"


def withdraw_finding(
    home: Home, submission_id: str, rule_code: str, cell: str | None, *, by: str, because: str, now: datetime
) -> str:
    """Record that a rule was mistaken in one place; → what that means, in a sentence. The verdict stays as it is.

    Raises  UsageError, as `explain_finding` does; a critical finding can be withdrawn.
    """
    with locked(home.lock("publish")):
        submission, finding = _finding(home, home.state(), submission_id, rule_code, cell)
        reason = {"reason": _text(home, "--because", because), "by": _text(home, "--by", by)}
        home.ledger.append(now, [{"event": FindingStatus.WITHDRAWN, **_named(submission, finding), **reason}])
    said = f"{rule_code} of {submission_id} is withdrawn"
    if finding["severity"] == Severity.CRITICAL and submission.verdict:
        return f"{said}; the submission stays {submission.verdict}: mend the rule and judge it again"
    return said


def _finding(
    home: Home, state: State, submission_id: str, rule_code: str, cell: str | None
) -> tuple[Submission, dict[str, Any]]:
    """One finding of the standing judgement of a submission that nothing has taken the place of."""
    submission = state.submissions.get(submission_id)
    if submission is None:
        raise UsageError(f"there is no submission {submission_id}: its letter and tally findings name it")
    if submission.batch_id is None or not is_whole(home.judgement(submission.batch_id)):
        raise UsageError(f"submission {submission_id} has no judgement at hand: run collect_reports first")
    later = _later(state, submission)
    if later:
        raise UsageError(f"submission {later.submission_id} has taken the place of {submission_id}: name that one")
    is_meant = pc.field("submission_id") == submission_id
    rows = pq.read_table(home.judgement(submission.batch_id) / "findings.parquet", filters=is_meant).to_pylist()
    of_rule = {_place(row): row for row in rows if row["rule_code"] == rule_code}
    if not of_rule:
        rules = ", ".join(sorted({row["rule_code"] for row in rows})) or "none"
        raise UsageError(f"submission {submission_id} has no finding of {rule_code}; it has {rules}")
    if cell is None and len(of_rule) > 1:
        raise UsageError(f"{rule_code} has {len(of_rule)} findings there, name one with --cell: {', '.join(of_rule)}")
    if cell is not None and cell not in of_rule:
        raise UsageError(
            f"{rule_code} has no finding at {cell}; it has {', '.join(filter(None, of_rule)) or 'no cell'}"
        )
    return submission, of_rule[cell] if cell is not None else next(iter(of_rule.values()))


def _later(state: State, submission: Submission) -> Submission | None:
    """The last submission that has taken the place of another in the same report, as int_findings_followed has it."""
    report = (submission.area_code, submission.period_code)
    if None in report:
        return None
    accepted = submission.verdict is not None and submission.verdict.is_accepted
    takes_over = {Verdict.ACCEPTED, Verdict.ACCEPTED_WITH_WARNINGS} | (set() if accepted else {Verdict.RETURNED})
    later = [
        one
        for one in state.submissions.values()
        if (one.area_code, one.period_code) == report and one.order > submission.order and one.verdict in takes_over
    ]
    return max(later, key=lambda one: one.order, default=None)


def _named(submission: Submission, finding: Mapping[str, Any]) -> dict[str, str | None]:
    """What an event says of a finding, so that it is found again and later ones with it."""
    names = ("submission_id", "rule_code", "sheet_name", "cell_address", "indicator_code", "column_code")
    report = {"area_code": submission.area_code, "period_code": submission.period_code}
    return {**{name: finding[name] for name in names}, **report}


def _text(home: Home, option: str, text: str) -> str:
    """What a person typed, in one line, fit to be kept for ever."""
    line = one_line(text)
    if not line:
        raise UsageError(f"{option} is blank")
    if len(line) > LONGEST_TEXT:
        raise UsageError(f"{option} has {len(line)} characters, at most {LONGEST_TEXT} are kept")
    if holds_personal_data(line, frozenset(home.contracts.register.codes)):
        raise UsageError(f"{option} holds somebody's number or e-mail address, which the ledger must not keep")
    return line


def _how_long(until: Period | None) -> str:
    return f"until {until}" if until else "from now on"


def _key(row: Mapping[str, Any]) -> FindingKey:
    return row["submission_id"], row["rule_code"], row["sheet_name"], row["cell_address"]


def _place(row: Mapping[str, Any]) -> str:
    return "!".join(filter(None, (row["sheet_name"], row["cell_address"])))


def _word(row: Mapping[str, Any], words: Sequence[Closing]) -> Closing | None:
    """What was said of a finding that a release calls explained or withdrawn."""

    def is_meant(one: Closing) -> bool:
        is_the_figure = (one.indicator_code, one.column_code) == (row["indicator_code"], row["column_code"])
        is_the_place = one.finding[2:] == (row["sheet_name"], row["cell_address"])
        return one.at == row["closed_at"] and (is_the_place or (is_the_figure and one.column_code is not None))

    return next((one for one in words if one.status == row["status"] and is_meant(one)), None)


def _lies_in(row: Mapping[str, Any], area: str, home: Home) -> bool:
    """Whether a finding is about the report of an area, of one below it, or of a sender."""
    if not row["area_code"] or not row["period_code"]:
        return bool(row["sender"] == area)
    day = Period.parse(row["period_code"]).map_date
    return area in (holder.code for holder in home.contracts.register.lineage(row["area_code"], day))


def _written(moment: datetime | None) -> str | None:
    return moment.astimezone(LOCAL_TIME).isoformat() if moment else None
