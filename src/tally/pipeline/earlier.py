"""Find the earlier reports that the submissions of a batch are compared with, and read what they say."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import pandas as pd
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tally.areas.territory import Territory
from tally.contracts.areas import Area
from tally.contracts.grammar import Call
from tally.contracts.model import Contracts
from tally.errors import JudgingError
from tally.judgement.earlier import CELL, EarlierReport, Past, earlier_report
from tally.periods import Period
from tally.pipeline.home import Home
from tally.pipeline.judgements import is_whole
from tally.pipeline.state import State, Submission
from tally.vocabulary import Verdict


@dataclass(frozen=True)
class Judged:
    """A submission of the batch by the rules that do not look back.

    Blanks  no area and period: it was not read as a report.
    """

    submission: Submission
    verdict: Verdict
    area: Area | None
    period: Period | None


def past_of(judged: Sequence[Judged], figures: pd.DataFrame, state: State, home: Home) -> Past:
    """What every report of a batch is compared with: reports of earlier batches, and of this one.

    Shape   judged: the whole batch; figures: its figures, as they were read.
    Raises  JudgingError if the judgement of an earlier report is not there.
    """
    calls = {period: _calls(home.contracts, period) for period in {one.period for one in judged if one.period}}
    reports = _earlier_reports(judged, calls, state, Territory(home.contracts.register))
    functions = {function for _, function in reports}
    indicators = sorted({one.args[0].name for some in calls.values() for one in some if one.function in functions})
    past = Past(reports, indicators, list(home.contracts.columns))
    batch = {one.submission.submission_id for one in judged}
    wanted = dict.fromkeys(one for report in reports.values() for one in report.submission_ids)
    if not batch.isdisjoint(wanted):
        past.add(figures[[*CELL, "value"]])
    for table in _read([state.submissions[one] for one in wanted if one not in batch], indicators, state, home):
        past.add(table)
    return past


def _calls(contracts: Contracts, period: Period) -> list[Call]:
    """The figures of earlier reports that the rules of a period name."""
    claims = [claim for claim in contracts.edition(period).claims if claim.rule.is_judged]
    return list(dict.fromkeys(call for claim in claims for call in claim.statement.earlier))


def _earlier_reports(
    judged: Sequence[Judged], calls: Mapping[Period, Sequence[Call]], state: State, territory: Territory
) -> dict[tuple[str, str], EarlierReport]:
    accepted = _accepted(judged, state)
    reported = sorted({period for _, period in accepted})
    functions = {period: {call.function for call in some} for period, some in calls.items()}
    reports = {}
    for one in judged:
        if one.area is None or one.period is None:
            continue
        stands = partial(_stood, accepted, one.submission)
        for function in functions[one.period]:
            report = earlier_report(function, one.area, one.period, reported, stands, territory)
            if report:
                reports[one.submission.submission_id, function] = report
    return reports


def _stood(
    accepted: Mapping[tuple[str, Period], Sequence[Submission]], submission: Submission, code: str, period: Period
) -> str | None:
    """The submission that stood for an area's report of a period when another one came."""
    # of those known when that one came, so that judging again finds the same
    known = [one for one in accepted.get((code, period), ()) if one.number < submission.number]
    earlier = [one for one in known if one.order < submission.order]
    return max(earlier, key=lambda one: one.order).submission_id if earlier else None


def _accepted(judged: Sequence[Judged], state: State) -> dict[tuple[str, Period], list[Submission]]:
    """Every accepted submission by area and period: as this batch finds it, or else as the ledger says."""
    accepted: dict[tuple[str, Period], list[Submission]] = defaultdict(list)
    for one in judged:
        if one.verdict.is_accepted and one.area and one.period:
            accepted[one.area.code, one.period].append(one.submission)
    batch = {one.submission.submission_id for one in judged}
    others = (one for one in state.submissions.values() if one.submission_id not in batch)
    for other in others:
        if other.verdict and other.verdict.is_accepted and other.area_code and other.period_code:
            accepted[other.area_code, Period.parse(other.period_code)].append(other)
    return accepted


def _read(
    submissions: Sequence[Submission], indicators: Sequence[str], state: State, home: Home
) -> Iterator[pd.DataFrame]:
    """Their figures, as other batches left them.

    Blanks  none of a submission on which our reader has failed since its judgement was deleted.
    """
    by_batch: dict[str | None, list[str]] = defaultdict(list)
    for one in submissions:
        by_batch[one.batch_id].append(one.submission_id)
    for batch_id, ids in by_batch.items():
        folder = home.judgement(str(batch_id))
        if is_whole(folder):
            asked = pc.field("submission_id").isin(ids) & pc.field("indicator_code").isin(indicators)
            table = pq.read_table(folder / "observations.parquet", columns=[*CELL, "obs_value"], filters=asked)
            yield table.rename_columns([*CELL, "value"]).to_pandas(strings_to_categorical=True)
        elif lost := [one for one in ids if one not in state.failed]:
            raise JudgingError(
                f"{len(lost)} earlier reports are compared with, and their judgement {batch_id} is not there:"
                f" {', '.join(lost[:10])}; receive new files again, then they are judged in the same batch"
            )
