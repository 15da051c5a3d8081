"""Find the earlier reports that the submissions of a batch are compared with, and read what they say."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tally.areas.territory import Territory
from tally.contracts.areas import Area
from tally.contracts.grammar import UPPER_LIMIT, Call
from tally.contracts.limits import CountLimits
from tally.contracts.model import Contracts
from tally.errors import JudgingError
from tally.judgement.earlier import CELL, EarlierReport, Past, earlier_report, earlier_reports
from tally.periods import Period
from tally.pipeline.home import Home
from tally.pipeline.judgements import is_whole
from tally.pipeline.limits import Accepted, Counted, known_then, limits_then
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
    contracts = home.contracts
    calls = {period: _calls(contracts, period) for period in {one.period for one in judged if one.period}}
    accepted, territory = _accepted(judged, state), Territory(contracts.register)
    reports = _earlier_reports(judged, calls, accepted, territory)
    counted = _counted(judged, calls, accepted, territory, contracts.limits)
    functions = {function for _, function in reports}
    indicators = sorted({one.args[0].name for some in calls.values() for one in some if one.function in functions})
    total = contracts.codelists.total
    past = Past(reports, indicators, list(contracts.columns), total)
    batch = {one.submission.submission_id for one in judged}
    compared = {one for report in reports.values() for one in report.submission_ids}
    if not batch.isdisjoint(compared):
        past.add(figures[[*CELL, "value"]])
    known = known_then(counted, accepted, contracts)
    window = set[str]().union(*(alike.submission_ids for alike in known))
    limited = [contracts.limits.exposure, *(one.indicator for one in contracts.limits.counts)]
    wanted = pc.field("submission_id").isin([*compared]) & pc.field("indicator_code").isin(indicators)
    if counted:
        is_count = pc.field("indicator_code").isin(limited) & (pc.field("column_code") == total)
        wanted = wanted | (pc.field("submission_id").isin([*window]) & is_count)
    others = [state.submissions[one] for one in (compared | window) - batch]
    said = [figures] if counted else []
    for table in _read(others, wanted, state, home):
        past.add(table)
        said.append(table)
    if counted:
        past.limits = limits_then(known, _pairs(said, limited, total), contracts)
    return past


def _calls(contracts: Contracts, period: Period) -> list[Call]:
    """The figures of earlier reports that the rules of a period name."""
    return list(dict.fromkeys(call for claim in contracts.edition(period).claims for call in claim.statement.earlier))


def _earlier_reports(
    judged: Sequence[Judged],
    calls: Mapping[Period, Sequence[Call]],
    accepted: Accepted,
    territory: Territory,
) -> dict[tuple[str, str], EarlierReport]:
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


def _counted(
    judged: Sequence[Judged],
    calls: Mapping[Period, Sequence[Call]],
    accepted: Accepted,
    territory: Territory,
    model: CountLimits,
) -> list[Counted]:
    """The submissions whose counts are held against limits: those of a territory that has reported before."""
    reported = {period for _, period in accepted}
    asked = {
        period: frozenset(call.args[0].name for call in some if call.function == UPPER_LIMIT)
        for period, some in calls.items()
    }
    found = []
    for one in judged:
        if one.area and one.period and asked[one.period]:
            stands = partial(_stood, accepted, one.submission)
            history = earlier_reports(one.area, one.period, model.years, reported, stands, territory)
            if history:
                found.append(Counted(one.submission, one.area, one.period, asked[one.period], history))
    return found


def _pairs(tables: Sequence[pd.DataFrame], indicators: Sequence[str], column: str) -> pd.DataFrame:
    """One row a submission, one column an indicator, out of tables of figures."""
    kept = [table[(table.column_code == column) & table.indicator_code.isin(indicators)] for table in tables]
    together = pd.concat([table[[*CELL, "value"]].astype(dict.fromkeys(CELL, str)) for table in kept])
    values = together.value.to_numpy(dtype=float, na_value=np.nan)
    # what was read twice stands in two chunks
    once = together.assign(value=values).drop_duplicates(CELL, keep="last")
    return once.pivot(index="submission_id", columns="indicator_code", values="value")


def _stood(accepted: Accepted, submission: Submission, code: str, period: Period) -> str | None:
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


def _read(submissions: Sequence[Submission], wanted: pc.Expression, state: State, home: Home) -> Iterator[pd.DataFrame]:
    """Those of their figures that are wanted, as other batches left them.

    Blanks  none of a submission on which our reader has failed since its judgement was deleted.
    """
    by_batch: dict[str | None, list[str]] = defaultdict(list)
    for one in submissions:
        by_batch[one.batch_id].append(one.submission_id)
    for batch_id, ids in by_batch.items():
        folder = home.judgement(str(batch_id))
        if is_whole(folder):
            asked = pc.field("submission_id").isin(ids) & wanted
            table = pq.read_table(folder / "observations.parquet", columns=[*CELL, "obs_value"], filters=asked)
            yield table.rename_columns([*CELL, "value"]).to_pandas(strings_to_categorical=True)
        elif lost := [one for one in ids if one not in state.failed]:
            raise JudgingError(
                f"{len(lost)} earlier reports are compared with, and their judgement {batch_id} is not there:"
                f" {', '.join(lost[:10])}; receive new files again, then they are judged in the same batch"
            )
