"""Pages that an auditor reads beside Data Docs: a release's batches and rules, and the life of each submission.

They fetch nothing but the style sheet of Data Docs, have no script, and open from disk.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

import jinja2

from tally.contracts.model import Contracts, Line, Rule, SubmissionRule, Text
from tally.exports.answers import runs
from tally.periods import LOCAL_TIME
from tally.vocabulary import CORRECTED, Severity, Verdict

ASSETS = Path(__file__).parent / "pages_assets"
STYLE = ASSETS / "data_docs.css"
ROWS_SHOWN = 50
CELLS_SHOWN = 20
_SUBMISSION = re.compile(r'<span class="code submission">(\w+)</span>')
_ALL_SUBMISSIONS = re.compile(r'<span class="submissions">(.*?)</span>')


@dataclass(frozen=True, slots=True)
class Life:
    """One statement of a rule, in force from `since` to `until`; blank is open."""

    since: str
    until: str
    severity: Severity
    tell: Text
    mend: Text
    why: Text | None
    source: str
    says: tuple[str, ...] = ()
    also: Severity | None = None
    verdict: Verdict | None = None
    looks_back: bool = False


@dataclass(frozen=True, slots=True)
class RuleOf:
    """A rule, its statements, and the suites in which it is judged. No statement: the contracts know it no longer."""

    rule_code: str
    suites: tuple[str, ...] = ()
    lives: tuple[Life, ...] = ()

    @property
    def told(self) -> Life | None:
        """What it says now."""
        return self.lives[-1] if self.lives else None


@dataclass(frozen=True, slots=True)
class BatchOf:
    """A batch as it was judged; `elsewhere` of its submissions were judged again in another batch since.

    Shape   data_docs: page of each suite's result, from the release.
    """

    batch_id: str
    judged_at: datetime | None
    verdicts: Mapping[str, int]
    elsewhere: int
    findings: int
    periods: Sequence[str]
    data_docs: Mapping[str, str]

    @property
    def submissions(self) -> int:
        return sum(self.verdicts.values())


@dataclass(frozen=True, slots=True)
class Broken:
    """A submission that breaks a rule: where, by sheet; `cells` in all, the first of them by name."""

    submission_id: str
    area_code: str | None
    sender: str | None
    area_vi: str | None
    province_vi: str | None
    period_code: str | None
    verdict: str
    judged_in: str
    cells: int
    first: Sequence[Mapping[str, str | None]]

    @property
    def where(self) -> list[tuple[str, str]]:
        sheets: dict[str, list[str]] = {}
        for one in self.first:
            if one["sheet"]:
                sheets.setdefault(one["sheet"], []).extend([one["cell"]] if one["cell"] else [])
        return [(sheet, runs(cells)) for sheet, cells in sheets.items()]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a rule came to in a batch, in one suite and severity.

    Units   judged, failed: values. submissions: those that break it, of which `broken` are the first.
    """

    suite: str
    rule_code: str
    severity: str
    outcome: str
    judged: int
    failed: int
    submissions: int = 0
    broken: Sequence[Broken] = ()

    @property
    def anchor(self) -> str:
        return f"{self.suite}.{self.rule_code}.{self.severity}"


@dataclass(frozen=True, slots=True)
class Count:
    """Submissions on which a rule was judged, those that break it, its findings there, and those still open."""

    judged: int = 0
    failed: int = 0
    findings: int = 0
    open: int = 0

    def __add__(self, other: "Count") -> "Count":
        return Count(
            self.judged + other.judged,
            self.failed + other.failed,
            self.findings + other.findings,
            self.open + other.open,
        )


Province = tuple[str, str]
"""Code and name: codes were given again when the map changed."""


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of the ledger about a submission; `again`: the same was done to it before."""

    at: datetime
    event: str
    said: Mapping[str, Any]
    again: bool = False


@dataclass(frozen=True, slots=True)
class Stood:
    """From which release to which a submission was the one that counts, without a gap."""

    first: str
    last: str
    releases: int
    signed: int


@dataclass(frozen=True, slots=True)
class Sibling:
    """Another submission of the same report."""

    submission_id: str
    received_at: datetime
    verdict: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class SubmissionOf:
    """A submission as a release has it: `row` of fct_submissions with names, `findings` rows of fct_findings."""

    row: Mapping[str, Any]
    findings: Sequence[Mapping[str, Any]]
    life: Sequence[Happening]
    letters: Sequence[str]
    siblings: Sequence[Sibling]
    superseded_by: str | None
    same_as: str | None
    stood: Sequence[Stood]

    @property
    def followed_by(self) -> str | None:
        """The next submission of the same report."""
        ids = [one.submission_id for one in self.siblings]
        later = ids[ids.index(self.row["submission_id"]) + 1 :] if ids else []
        return later[0] if later else None


def rules_of(contracts: Contracts) -> dict[str, RuleOf]:
    """Every rule about submissions by its code, in the order of the contracts."""
    suites: dict[str, list[str]] = {}
    for suite, checks in contracts.suites.items():
        for check in checks:
            suites.setdefault(check.rule_code, []).append(suite)
    lives: dict[str, list[Life]] = {}
    for of_submission in contracts.submission.rules:
        lives[of_submission.code] = [_life(of_submission, contracts.submission.source)]
    for rule in (*(rule for form in contracts.forms for rule in form.rules), *contracts.coherence.rules):
        lives.setdefault(rule.code, []).append(_life(rule, rule.source))
    said = contracts.corrections
    lives[CORRECTED] = [Life("", "", Severity.INFO, said.tell, said.mend, said.why, "contracts/corrections.yml")]
    return {
        code: RuleOf(code, tuple(dict.fromkeys(suites.get(code, ()))), tuple(sorted(told, key=lambda one: one.since)))
        for code, told in lives.items()
    }


def index_page(
    release_id: str,
    as_of: datetime,
    batches: Sequence[BatchOf],
    batches_in_all: int,
    rules: Iterable[tuple[RuleOf, Count]],
    titles: Mapping[str, Text],
) -> str:
    """pages/index.html: the batches, newest first, and the rules with how many submissions break each."""
    return _page(
        "pages_index.j2",
        root="../",
        release_id=release_id,
        as_of=as_of,
        batches=batches,
        batches_in_all=batches_in_all,
        rules=list(rules),
        titles=titles,
    )


def batch_page(
    release_id: str,
    batch: BatchOf,
    outcomes: Sequence[Outcome],
    rules: Mapping[str, RuleOf],
    titles: Mapping[str, Text],
) -> str:
    """pages/batches/<batch>.html: form → rule → the first submissions that break it, with their cells."""
    suites: dict[str, list[Outcome]] = {suite: [] for suite in titles}
    for one in outcomes:
        suites.setdefault(one.suite, []).append(one)
    return _page(
        "batch.j2",
        root="../../",
        release_id=release_id,
        batch=batch,
        suites={suite: of_suite for suite, of_suite in suites.items() if of_suite},
        counts={suite: Counter(one.outcome for one in of_suite) for suite, of_suite in suites.items()},
        rules=rules,
        titles=titles,
        rows_shown=ROWS_SHOWN,
        cells_shown=CELLS_SHOWN,
    )


def rule_page(
    release_id: str,
    rule: RuleOf,
    counts: Mapping[tuple[str | None, Province | None], Count],
    periods: Mapping[str, Text],
    outcomes: Sequence[tuple[BatchOf, Outcome]],
    titles: Mapping[str, Text],
) -> str:
    """pages/rules/<code>.html: what a rule asks and why, and how many submissions break it.

    Shape   counts by period code and province, periods in order; outcomes of the newest batches.
    Blanks  no period or no province: not known; no count: judged nowhere, which is not the same as broken nowhere.
    """
    by_period: dict[str | None, Count] = {}
    by_province: dict[Province | None, dict[str | None, Count]] = {}
    for (period, province), count in counts.items():
        by_period[period] = by_period.get(period, Count()) + count
        by_province.setdefault(province, {})[period] = count
    totals = {province: sum(of.values(), Count()) for province, of in by_province.items()}

    def rank(province: Province | None) -> tuple[int, bool, Province]:
        return -totals[province].failed, province is None, province or ("", "")

    return _page(
        "rule.j2",
        root="../../",
        release_id=release_id,
        rule=rule,
        columns=[code for code in (*periods, None) if code in by_period],
        periods=periods,
        by_period=by_period,
        by_province={province: by_province[province] for province in sorted(by_province, key=rank)},
        totals=totals,
        outcomes=outcomes,
        titles=titles,
    )


def sources_page(release_id: str, sources: Sequence[Mapping[str, Any]]) -> str:
    """sources.html: the figures of other sources as they were published, and what is wrong in them.

    Shape   sources: rows of dim_sources, each with its files, findings and the first of its figures, and how many more.
    """
    told = [
        {**source, "figures": [{**one, "told": _as_published(one["obs_value"])} for one in source["figures"]]}
        for source in sources
    ]
    return _page("sources.j2", root="../", release_id=release_id, sources=told)


def targets_page(release_id: str, targets: Sequence[Mapping[str, Any]]) -> str:
    """targets.html: every target of the programmes, what the nation has reached of it, or why nobody can tell.

    Shape   targets: rows of rpt_programme_targets with the names of their programmes, in order.
    """
    programmes = [
        {
            "code": code,
            "vi": of_programme[0]["programme_vi"],
            "en": of_programme[0]["programme_en"],
            "decision": of_programme[0]["decision"],
            "period": of_programme[0]["period_code"],
            "targets": of_programme,
        }
        for code, rows in groupby(targets, key=lambda one: str(one["programme_code"]))
        for of_programme in [[{**one, **_percents(one)} for one in rows]]
    ]
    return _page("targets.j2", root="../", release_id=release_id, programmes=programmes)


def _percents(target: Mapping[str, Any]) -> dict[str, str]:
    value = target["value_percent"]
    reached = "" if value is None else f"{value:.1f}".replace(".", ",")
    return {"target_told": _as_published(target["target_value"]), "value_told": reached}


def _as_published(value: float | None) -> str:
    """As Vietnamese texts write it: 1.914, 81,6; `…` where it was not published."""
    if value is None:
        return "…"
    text = f"{value:,.0f}" if value == int(value) else f"{value:,.6f}".rstrip("0")
    return text.translate(str.maketrans(",.", ".,"))


@dataclass(frozen=True, slots=True)
class Changes:
    """What is other than in the release `before`, as a page says it.

    Shape   rows by the columns of fct_changes and fct_changed_reports, with labels; largest: of the nation and its
            provinces, reports: both the first of as many as there are in all.
    """

    before: str | None
    figures: int
    without_reason: int
    counted: Sequence[Mapping[str, Any]]
    reports: Sequence[Mapping[str, Any]]
    reports_in_all: int
    largest: Sequence[Mapping[str, Any]]
    largest_in_all: int
    corrections: Sequence[Mapping[str, Any]]


def changes_page(release_id: str, changes: Changes) -> str:
    """changes.html: every figure of the nation and its provinces that is other than before, each with its reason."""
    return _page(
        "changes.j2",
        root="../",
        release_id=release_id,
        **{one.name: getattr(changes, one.name) for one in fields(changes)},
    )


def submission_page(
    release_id: str,
    submission: SubmissionOf,
    rule_pages: Collection[str],
    batch_pages: Collection[str],
    has_page: Collection[str],
) -> str:
    """submissions/<id>.html: the life of a submission, its findings, its letters, what came after it.

    Shape   rule_pages, batch_pages, has_page: the codes and ids that have a page to link to.
    """
    return _page(
        "submission.j2",
        root="../",
        release_id=release_id,
        one=submission,
        rule_pages=rule_pages,
        batch_pages=batch_pages,
        has_page=has_page,
        has_status=any("status" in finding for finding in submission.findings),
    )


def submissions_index(
    release_id: str, lists: Sequence[tuple[str, Text | None, str | None, Counter[str]]], chosen: str, has_pages: bool
) -> str:
    """index.html of a folder of submissions' pages.

    Shape   lists: page, period, province and verdicts of each list; chosen: in words, which submissions there are.
    """
    return _page(
        "submissions_index.j2", root="", release_id=release_id, lists=lists, chosen=chosen, has_pages=has_pages
    )


def submissions_list(
    release_id: str, period: Text | None, province: str | None, rows: Sequence[Mapping[str, Any]]
) -> str:
    """lists/<period>_<province>.html: the submissions of a period and a province, each with a link to its page."""
    return _page("submissions_list.j2", root="../", release_id=release_id, period=period, province=province, rows=rows)


def with_submissions(html: str, has_page: Collection[str], root: str) -> str:
    """A release's page, with its submissions linked to their pages."""

    def linked(found: re.Match[str]) -> str:
        if found[1] not in has_page:
            return found[0]
        return f'<a class="code submission" href="{root}submissions/{found[1]}.html">{found[1]}</a>'

    html = _ALL_SUBMISSIONS.sub(rf'<a href="{root}index.html">\1</a>', html)
    return _SUBMISSION.sub(linked, html)


def templates(*folders: Path) -> jinja2.Environment:
    """An environment with our filters; templates of `folders` may extend and import those that lie here."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader([*folders, ASSETS]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": number, "local_time": _local_time, "day": _day, "share": _share}
    return environment


def number(value: Any) -> str:
    """Write a number as Vietnamese print does: 1.234,5."""
    if not isinstance(value, int | float):
        return str(value)
    text = f"{value:,.0f}" if float(value).is_integer() else f"{value:,.4f}".rstrip("0")
    return text.translate(str.maketrans(",.", ".,"))


@cache
def _template(name: str) -> jinja2.Template:
    return templates().get_template(name)


def _page(template: str, **shown: Any) -> str:
    return _template(template).render(shown)


def _life(rule: Rule | SubmissionRule, source: str) -> Life:
    span = rule if isinstance(rule, Line) else Line()
    common: dict[str, Any] = {
        "since": span.since.code if span.since else "",
        "until": span.until.code if span.until else "",
        "severity": rule.severity,
        "tell": rule.tell,
        "mend": rule.mend,
        "why": rule.why,
        "source": source,
    }
    if isinstance(rule, SubmissionRule):
        return Life(**common, also=rule.also, verdict=rule.verdict)
    says = tuple(rule.sentences)
    return Life(**common, says=says, looks_back=rule.looks_back)


def _local_time(value: datetime) -> str:
    return value.astimezone(LOCAL_TIME).strftime("%d/%m/%Y %H:%M")


def _day(value: date) -> str:
    return value.strftime("%d/%m/%Y")


def _share(part: int, whole: int) -> str:
    """A part of a whole in per cent; nothing of nothing is no share."""
    if not whole:
        return "–"
    share = 100 * part / whole
    if not part:
        return "0 %"
    return "< 0,1 %" if share < 0.1 else f"{share:.1f} %".replace(".", ",")
