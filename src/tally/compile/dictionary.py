"""The data dictionary: what each form asks for, what every code means, and what each rule says."""

from collections.abc import Iterable, Sequence

from tally.compile.suites import HINT
from tally.contracts.model import CodeInWords, Contracts, Form, Line, Rule, SubmissionRule, Text
from tally.contracts.sources import FeedRule, SourceRule
from tally.periods import PARTS, Period
from tally.vocabulary import Severity

_ABOUT = """\
The forms are simulated (mẫu mô phỏng), not official. A line without a span is in force in every period; both ends of a
span belong to it."""


def dictionary(contracts: Contracts) -> dict[str, bytes]:
    """`docs/reference/dictionary.md`; every rule has an anchor as `#r0203`, every indicator one as `#abuse_victims`."""
    parts = [
        [f"<!-- {HINT} -->", "# Data dictionary", _ABOUT],
        _contents(contracts),
        _code_lists(contracts),
        _calendar(contracts),
        *(_form(contracts, form) for form in contracts.forms),
        ["## Rules across forms", *(_rule(contracts, rule) for rule in contracts.coherence.rules)],
        [
            "## Rules about the submission",
            f"The cover and the workbook itself. Source: {contracts.submission.source}.",
            *(_submission_rule(contracts, rule) for rule in contracts.submission.rules),
        ],
        *_sources(contracts),
        ["## Before a release", "What must hold in the built marts before a release appears.", *_gate(contracts)],
    ]
    return {"docs/reference/dictionary.md": ("\n\n".join("\n\n".join(part) for part in parts) + "\n").encode()}


def _contents(contracts: Contracts) -> list[str]:
    rows = []
    for form in contracts.forms:
        title, anchor = _form_title(form)
        rules = " ".join(f"[{code}](#{code.lower()})" for code in dict.fromkeys(rule.code for rule in form.rules))
        rows.append((f"[{title}](#{anchor})", form.title.en, " ".join(form.periods), str(len(form.indicators)), rules))
    return [table(("Form", "English", "Periods", "Rows", "Rules"), rows)]


def _code_lists(contracts: Contracts) -> list[str]:
    codes = contracts.codelists
    return [
        "## Codes",
        "As in SDMX: `_T` total, `_U` unknown. A column of a form is one member of sex, age band and subset.",
        table(
            ("Column", "Header", "English", "sex", "age_band", "subset", "Span"),
            [
                (f"`{c.code}`", c.label.vi, c.label.en, f"`{c.sex}`", f"`{c.age_band}`", f"`{c.subset}`", _span(c))
                for c in codes.columns
            ],
        ),
        table(
            ("Column set", "Columns"), [(f"`{name}`", _codes(columns)) for name, columns in codes.column_sets.items()]
        ),
        table(
            ("Unit", "ĐVT", "English", "Span"),
            [(f"`{unit.code}`", unit.label.vi, unit.label.en, _span(unit)) for unit in codes.units],
        ),
        table(
            ("Level", "Cấp", "English", "Form mark", "Digits of the code", "Largest figure ([S17](#s17))"),
            [
                (
                    f"`{level.code}`",
                    level.label.vi,
                    level.label.en,
                    f"/{level.mark}",
                    str(level.width),
                    f"{level.largest_figure:,}",
                )
                for level in codes.levels
            ],
        ),
        table(
            ("Kind of report", "Loại báo cáo", "English", "Span"),
            [(f"`{kind.code}`", kind.label.vi, kind.label.en, _span(kind)) for kind in codes.report_kinds],
        ),
        "The codes that stand in the marts, as `dim_codes` has them.",
        table(
            ("Code list", "Code", "Nhãn", "Label", "Ý nghĩa", "Meaning"),
            [
                (f"`{name}`", f"`{line.code}`", line.label.vi, line.label.en, *_meaning(line))
                for name, lines in codes.codes.items()
                for line in lines
            ],
        ),
    ]


def _meaning(line: CodeInWords) -> tuple[str, str]:
    return (line.meaning.vi, line.meaning.en) if line.meaning else ("", "")


def _part(contracts: Contracts, part: str) -> str:
    label = contracts.in_words("period_part", part).label
    return f"{label.vi.lower()} / {label.en.lower()} ({part})"


def _means(contracts: Contracts, severity: Severity) -> str:
    return f"{severity}: {_meaning(contracts.in_words('severity', severity))[1]}"


def _calendar(contracts: Contracts) -> list[str]:
    days: dict[tuple[str, str], str] = {(line.level, line.part): line.day for line in contracts.calendar.due_days}
    own = [
        (line.province, line.level, line.part, line.day, _span(line), line.source)
        for line in contracts.calendar.provinces
    ]
    return [
        "## Due days",
        f"The last day on which a report is on time, local time. Collected from {contracts.calendar.collected_from}.",
        f"After it, a letter asks to send again within {contracts.calendar.send_again_within} days.",
        table(
            ("Level", *(_part(contracts, part) for part in PARTS)),
            [(level.label.en, *(days[level.code, part] for part in PARTS)) for level in contracts.codelists.levels],
        ),
        *([table(("Province", "Level", "Part", "Day", "Span", "Source"), own)] if own else []),
    ]


def _form(contracts: Contracts, form: Form) -> list[str]:
    title, _ = _form_title(form)
    span = f" In force {_span(form)}." if form.since or form.until else ""
    parts = " and ".join(_part(contracts, part) for part in form.periods)
    rows = [
        (
            line.row,
            f'<a id="{line.code}"></a>`{line.code}`',
            line.label.vi,
            line.label.en,
            contracts.units[line.unit].label.en,
            _codes(contracts.codelists.columns_of(form, line)),
            f"`{line.adds_up}`",
            ", ".join(line.levels) if line.levels else "all",
            _span(line),
        )
        for line in form.indicators
    ]
    return [
        f"## {title}",
        f"{form.title.en}. Sheet `{form.sheet}`, form `{form.form}`, asked for {parts}.{span}",
        table(("Mã số", "Indicator", "Chỉ tiêu", "English", "Unit", "Columns", "Adds up", "Levels", "Span"), rows),
        *(_rule(contracts, rule) for rule in form.rules),
    ]


def _form_title(form: Form) -> tuple[str, str]:
    """The heading of a form, and the anchor that GitHub gives it."""
    title = f"{form.sheet} {form.title.vi}"
    kept = "".join(letter for letter in title.lower() if letter.isalnum() or letter in " -_")
    return title, kept.replace(" ", "-")


def _rule(contracts: Contracts, rule: Rule) -> str:
    over = "in every row that has these columns" if rule.over == "rows" else "in every column that all its rows have"
    where = f"in columns {_codes(rule.columns)}" if rule.columns else over
    if rule.looks_back:
        where += ", where a report on the same territory, or one of every whole predecessor, was accepted before"
    lines = [f"`{says}`" for says in rule.sentences]
    span = f"In force {_span(rule)}" if rule.since or rule.until else None
    says = f"{'; '.join(lines)}, {where}"
    return _entry(rule.code, rule.tell, says, _means(contracts, rule.severity), rule.mend, rule.source, span, rule.why)


def _submission_rule(contracts: Contracts, rule: SubmissionRule) -> str:
    means = f"the file is {rule.verdict}" if rule.verdict else _means(contracts, rule.severity)
    if rule.also:
        means += f"; a milder case is {_means(contracts, rule.also)}"
    return _entry(rule.code, rule.tell, None, means, rule.mend, None, None, rule.why)


def _sources(contracts: Contracts) -> Iterable[list[str]]:
    feeds = contracts.feeds
    yield [
        "## Other sources",
        "Figures of sources stand side by side and are never added. One CSV a delivery in `inbox/feeds/<source>/`:",
        f"`{','.join(feeds.columns)}`",
        table(
            ("Status", "Nghĩa", "English", "In the marts", "Compared"),
            [
                (f"`{one.code}`", one.label.vi, one.label.en, f"`{one.obs_status}`", "yes" if one.is_used else "never")
                for one in feeds.statuses
            ],
        ),
        *(
            _entry(rule.code, rule.tell, None, _feed_rule_means(rule), rule.mend, feeds.source, None, rule.why)
            for rule in feeds.rules
        ),
    ]
    for source in contracts.sources:
        yield [
            f"## Source `{source.source}`",
            f"{source.title.vi} / {source.title.en}.",
            f"Whom it counts: {source.coverage.vi} / {source.coverage.en}.",
            f"When it is closed: {source.cut_off.vi} / {source.cut_off.en}.",
            table(
                ("Indicator", "Chỉ tiêu", "English", "Unit", "Counts the same as", "Published as"),
                [
                    (
                        f"`{one.code}`",
                        one.label.vi,
                        one.label.en,
                        contracts.units[one.unit].label.en,
                        f"[`{one.concept}`](#{one.concept})" if one.concept else "",
                        f"`{one.series}`" if one.series else "",
                    )
                    for one in source.indicators
                ],
            ),
            *(
                [
                    table(
                        ("Period", "Stands beside it: from", "to", "Comparability"),
                        [
                            (_part(contracts, one.part), one.start, one.end, f"`{one.comparability}`")
                            for one in source.windows
                        ],
                    )
                ]
                if source.windows
                else ["No window of it stands beside a period."]
            ),
            *(_source_rule(rule) for rule in source.rules),
            *(
                [
                    table(
                        ("Known", "Rule", "Indicator", "Window", "Ghi chú", "Note"),
                        [
                            (
                                one.code,
                                one.rule,
                                f"`{one.indicator}`",
                                f"{one.start} – {one.end}",
                                one.note.vi,
                                one.note.en,
                            )
                            for one in source.known
                        ],
                    )
                ]
                if source.known
                else []
            ),
        ]


def _feed_rule_means(rule: FeedRule) -> str:
    if rule.verdict:
        return f"the file is {rule.verdict}"
    if rule.severity == Severity.CRITICAL:
        return "critical: the file is returned, no figure of it is used"
    return "warning: the figure is shown as it was published, with the finding"


def _source_rule(rule: SourceRule) -> str:
    says = "; ".join(f"`{says}`" for says in rule.sentences)
    means = "warning: the figure is shown as it was published, with the finding"
    return _entry(rule.code, rule.tell, says, means, rule.mend, rule.source, None, rule.why)


def _gate(contracts: Contracts) -> Iterable[str]:
    for check in contracts.gate.checks:
        yield _entry(check.code, check.tell, None, "stops the release", check.mend, check.source, None)


def _entry(
    code: str,
    tell: Text,
    says: str | None,
    means: str,
    mend: Text,
    source: str | None,
    span: str | None,
    why: Text | None = None,
) -> str:
    told = f"### {code}\n\n**{tell.vi}.** {tell.en}.\n\n"
    reasons = [f"Vì sao: {why.vi}.", f"Why: {why.en}."] if why else []
    lines = [
        says,
        *reasons,
        means,
        f"Cần làm: {mend.vi}.",
        f"What to do: {mend.en}.",
        source and f"Source: {source}",
        span,
    ]
    return told + "\n".join(f"- {line}" for line in lines if line)


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _codes(codes: Iterable[str]) -> str:
    return " ".join(f"`{code}`" for code in codes)


def _span(line: Line) -> str:
    match line.since, line.until:
        case None, None:
            return ""
        case Period() as since, None:
            return f"since {since}"
        case None, until:
            return f"until {until}"
        case since, until:
            return f"{since} to {until}"
