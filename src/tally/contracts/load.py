"""Reads contracts/ once and says exactly what is wrong with it: file, line, key."""

import hashlib
from collections.abc import Callable, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

from tally.contracts.aliases import load_aliases
from tally.contracts.area_files import load_areas
from tally.contracts.areas import Register
from tally.contracts.classifications import load_classifications
from tally.contracts.codes import check_codes, check_weights
from tally.contracts.commitments import load_commitments
from tally.contracts.grammar import UPPER_LIMIT, parse, renamed, spelt_out
from tally.contracts.limits import CountLimits
from tally.contracts.lines import Document, Key, read_as
from tally.contracts.model import (
    ACROSS_FORMS,
    ACROSS_PERIODS,
    RELEASE,
    SUBMISSION,
    Calendar,
    Claim,
    CodeLists,
    Coherence,
    Contracts,
    Corrections,
    CorrectionTarget,
    Edition,
    Editions,
    Form,
    Frames,
    Gate,
    Line,
    Row,
    Rule,
    Sheet,
    SubmissionContract,
)
from tally.contracts.programmes import load_programmes
from tally.contracts.ratios import Ratios, check_ratios, load_population
from tally.contracts.reports import Reports, check_reports
from tally.contracts.source_files import load_sources
from tally.errors import ContractError
from tally.names import plain
from tally.periods import PARTS, Period
from tally.vocabulary import AS_REPORTED, Severity

EVERY_ROW = "figure"
CORRECTIONS = "corrections.yml"
# what the reader of covers and the judge of submissions ask for by code
COVER_FIELDS = (
    *("template_version", "level", "area_code", "area_name", "district_name", "province_name", "period", "start_date"),
    *("end_date", "report_kind", "reports_expected", "reports_made", "prepared_by", "signed_by", "signed_date"),
)
SUBMISSION_RULES = tuple(f"S{number:02d}" for number in range(1, 19))


def load_contracts(folder: Path) -> Contracts:
    """Everything under contracts/, checked.

    Raises  ContractError at the first thing that is wrong: an unknown key or code, a rule that names a missing row,
            lines of one code whose validity overlaps, areas that do not hold together.
    """
    codelists_document, codelists = read_as(folder, "codelists.yml", CodeLists)
    calendar_document, calendar = read_as(folder, "calendar.yml", Calendar)
    submission_document, submission = read_as(folder, "submission.yml", SubmissionContract)
    coherence_document, coherence = read_as(folder, "coherence.yml", Coherence)
    gate_document, gate = read_as(folder, "release.yml", Gate)
    frames_document, frames = read_as(folder, "areas/frames.yml", Frames)
    corrections_document, corrections = read_as(folder, CORRECTIONS, Corrections)
    ratios_document, ratios = read_as(folder, "ratios.yml", Ratios)
    reports_document, reports = read_as(folder, "reports.yml", Reports)
    limits_document, limits = read_as(folder, "limits.yml", CountLimits)
    forms = [read_as(folder, f"forms/{path.name}", Form) for path in sorted((folder / "forms").glob("*.yml"))]

    _check_codelists(codelists_document, codelists)
    check_codes(codelists_document, codelists)
    _check_calendar(calendar_document, calendar, codelists)
    _check_submission(submission_document, submission)
    gate_document.check_once(("checks",), [check.code for check in gate.checks])
    _check_frames(frames_document, frames, codelists)
    _check_rules(coherence_document, coherence.rules)
    for document, form in forms:
        _check_form(document, form, codelists, Path(document.name).stem)
    _check_limits(limits_document, limits, forms, coherence_document, coherence)
    _check_sheets(forms, submission)
    _check_one_code_one_place(forms, coherence_document, coherence)
    check_ratios(ratios_document, ratios.ratios, [form for _, form in forms], codelists)

    documents = {form.form: document for document, form in forms}
    maker = _EditionMaker(codelists, [form for _, form in forms], coherence, submission, documents, coherence_document)
    for period in _turning_points(codelists, [form for _, form in forms], coherence, submission):
        maker.make(period)
    register = load_areas(folder / "areas")
    check_weights(codelists_document, codelists, register.flows)
    provinces = {area.code for area in register.areas if area.level == "province"}
    for at, line in enumerate(calendar.provinces):
        if line.province not in provinces:
            raise calendar_document.error(("provinces", at, "province"), f"no province {line.province}")
    _check_corrections(corrections_document, corrections, codelists, register, maker)
    indicators = [indicator for _, form in forms for indicator in form.indicators]
    asked = {indicator.code for indicator in indicators}
    feeds, sources, source_claims = load_sources(folder, codelists, asked)
    check_reports(reports_document, reports.reports, [form for _, form in forms], ratios.ratios, sources, codelists)
    schemes = load_classifications(folder, asked)
    of_provinces = {one.code for one in indicators if one.reporting_level == "province"}
    programmes = load_programmes(folder, {ratio.code for ratio in ratios.ratios}, of_provinces)
    known = {
        "indicators": asked,
        "feed": {source.source for source in sources},
        "report": {report.code for report in reports.reports},
        "programme": {programme.code for programme in programmes.programmes},
    }
    return Contracts(
        parts=_parts(folder),
        codelists=codelists,
        forms=tuple(form for _, form in forms),
        coherence=coherence,
        calendar=calendar,
        submission=submission,
        gate=gate,
        register=register,
        aliases=load_aliases(folder / "areas", register),
        frames=tuple(frames.frames),
        corrections=corrections,
        feeds=feeds,
        sources=sources,
        source_claims=source_claims,
        schemes=schemes,
        programmes=programmes,
        commitments=load_commitments(folder, known),
        ratios=tuple(ratios.ratios),
        population=tuple(load_population(folder / "areas", register)),
        reports=tuple(reports.reports),
        limits=limits,
        editions=Editions(maker.make),
    )


def _check_lives(document: Document, key: Key, lines: Sequence[Any], code: Callable[[Any], str]) -> None:
    coded = [(line, code(line)) for line in lines]
    for (_, (first, one)), (at, (second, other)) in combinations(enumerate(coded), 2):
        if one == other and _overlap(first, second):
            raise document.error((*key, at), f"{other} is in force twice in some period")


def _plainly(label: str) -> str:
    return f"«{plain(label)}», without accents and case,"


def _overlap(first: Line, second: Line) -> bool:
    def before(one: Line, other: Line) -> bool:
        return one.until is not None and other.since is not None and one.until < other.since

    return not before(first, second) and not before(second, first)


def _check_codelists(document: Document, codelists: CodeLists) -> None:
    for key in ("columns", "units", "report_kinds"):
        _check_lives(document, (key,), getattr(codelists, key), lambda line: line.code)
    document.check_once(("levels",), [level.code for level in codelists.levels])
    for key in ("levels", "report_kinds"):
        named: dict[str, str] = {}
        for at, line in enumerate(getattr(codelists, key)):
            other = named.setdefault(plain(line.label.vi), line.code)
            if other != line.code:
                raise document.error((key, at, "label"), f"{_plainly(line.label.vi)} is the label of {other} too")
    _check_lives(
        document, ("columns",), codelists.columns,
        lambda line: f"sex {line.sex}, age_band {line.age_band}, subset {line.subset}",
    )  # fmt: skip
    known = {column.code for column in codelists.columns}
    for name, codes in codelists.column_sets.items():
        for at, code in enumerate(codes):
            if code not in known:
                raise document.error(("column_sets", name, at), f"no column {code}")
        document.check_once(("column_sets", name), codes)
        columns = [column for column in codelists.columns if column.code in codes]
        for first, second in combinations(columns, 2):
            if plain(first.label.vi) == plain(second.label.vi) and _overlap(first, second):
                place: Key = ("column_sets", name, codes.index(second.code))
                raise document.error(place, f"{_plainly(second.label.vi)} is the label of {first.code} too")


def _check_frames(document: Document, frames: Frames, codelists: CodeLists) -> None:
    document.check_once(("frames",), [frame.code for frame in frames.frames])
    if AS_REPORTED not in [frame.code for frame in frames.frames]:
        raise document.error(("frames",), f"{AS_REPORTED} is missing")
    for at, frame in enumerate(frames.frames):
        if (frame.code == AS_REPORTED) != (frame.on is None and not frame.groups):
            raise document.error(("frames", at), f"{AS_REPORTED} alone is the map of the report")
        if frame.level and frame.level not in {level.code for level in codelists.levels}:
            raise document.error(("frames", at, "level"), f"no level {frame.level}")


def _check_calendar(document: Document, calendar: Calendar, codelists: CodeLists) -> None:
    levels = {level.code for level in codelists.levels}
    used = [("due_days", at, line.level) for at, line in enumerate(calendar.due_days)]
    used += [("provinces", at, line.level) for at, line in enumerate(calendar.provinces)]
    for key, at, level in used:
        if level not in levels:
            raise document.error((key, at, "level"), f"no level {level}")
    document.check_once(("due_days",), [f"{line.level} {line.part}" for line in calendar.due_days])
    _check_lives(document, ("provinces",), calendar.provinces, lambda line: f"{line.province} {line.level} {line.part}")
    for level in levels:
        for part in PARTS:
            if (level, part) not in {(day.level, day.part) for day in calendar.due_days}:
                raise document.error(("due_days",), f"no due day for {level} {part}")


def _check_corrections(
    document: Document, corrections: Corrections, codelists: CodeLists, register: Register, maker: "_EditionMaker"
) -> None:
    """Each names a cell that a report prints, changes it, and is the only one in force there."""
    document.check_once(("corrections",), [one.code for one in corrections.corrections])
    seen: set[CorrectionTarget] = set()
    for at, one in enumerate(corrections.corrections):
        target, key = one.target, ("corrections", at, "target")
        area = register.at(target.area, target.period.map_date)
        if area is None:
            raise document.error((*key, "area"), f"no area {target.area} on the map of {target.period.code}")
        column = codelists.column_at(target.sex, target.age, target.subset)
        row = maker.make(target.period).row_of.get(target.indicator)
        if row is None:
            raise document.error((*key, "indicator"), f"no indicator {target.indicator} in {target.period.code}")
        if column is None or not row.prints(column.code, area.level):
            cell = f"sex {target.sex}, age {target.age}, subset {target.subset}"
            raise document.error(key, f"a report of {target.area} has no cell {target.indicator} of {cell}")
        if one.before == one.to:
            raise document.error(("corrections", at, "to"), "is what the report says: nothing to correct")
        if one.status == "active" and target in seen:
            raise document.error(key, "another active correction has the same target")
        if one.status == "active":
            seen.add(target)


def _check_submission(document: Document, submission: SubmissionContract) -> None:
    _check_lives(document, ("templates",), submission.templates, lambda _: "a template")
    document.check_once(("rules",), [rule.code for rule in submission.rules])
    fields = submission.cover.fields
    document.check_once(("cover", "fields"), [f"row {field.row}" for field in fields])
    document.check_once(("cover", "fields"), [field.code for field in fields])
    document.check_once(("cover", "fields"), [_plainly(field.label) for field in fields])
    for name, needed, given in (
        (("cover", "fields"), COVER_FIELDS, [field.code for field in fields]),
        (("rules",), SUBMISSION_RULES, [rule.code for rule in submission.rules]),
    ):
        for code in sorted(set(needed) ^ set(given)):
            raise document.error(name, f"{code} {'is missing' if code in needed else 'is not known'}")


def _check_rules(document: Document, rules: Sequence[Rule]) -> None:
    _check_lives(document, ("rules",), rules, lambda line: line.code)
    for at, rule in enumerate(rules):
        document.check_once(("rules", at, "columns"), rule.columns or [])
        for sentence in rule.sentences:
            try:
                parse(sentence)
            except ValueError as error:
                raise document.error(("rules", at, "says"), str(error)) from None
        if rule.looks_back and rule.over == "rows":
            raise document.error(("rules", at, "over"), "a rule that looks back compares figures, not columns")
        if rule.looks_back and rule.severity == Severity.CRITICAL:
            message = "a rule that looks back cannot be critical: the earlier report may be the wrong one"
            raise document.error(("rules", at, "severity"), message)


def _check_limits(
    document: Document,
    limits: CountLimits,
    forms: list[tuple[Document, Form]],
    coherence_document: Document,
    coherence: Coherence,
) -> None:
    """Limits are of indicators that there are, and every one that a rule asks for is among them."""
    known = {line.code for _, form in forms for line in form.indicators}
    if limits.exposure not in known:
        raise document.error(("exposure",), f"no indicator {limits.exposure}")
    document.check_once(("counts",), [one.indicator for one in limits.counts])
    for at, one in enumerate(limits.counts):
        if one.indicator not in known:
            raise document.error(("counts", at, "indicator"), f"no indicator {one.indicator}")
    for owner, rules in [*((owner, form.rules) for owner, form in forms), (coherence_document, coherence.rules)]:
        for at, rule in enumerate(rules):
            for call in (call for says in rule.sentences for call in parse(says).earlier):
                if call.function == UPPER_LIMIT and limits.count(call.args[0].name) is None:
                    message = f"contracts/limits.yml does not say how often {call.args[0].name} is expected"
                    raise owner.error(("rules", at, "says"), message)


def _check_sheets(forms: list[tuple[Document, Form]], submission: SubmissionContract) -> None:
    homes = {submission.cover.sheet.casefold(): "the cover"}
    for document, form in forms:
        name = form.sheet.casefold()
        if name in homes:
            raise document.error(("sheet",), f"{form.sheet} is the sheet of {homes[name]} too")
        homes[name] = document.name


def _check_form(document: Document, form: Form, codelists: CodeLists, stem: str) -> None:
    if form.form != stem:
        raise document.error(("form",), f"{form.form} does not name its file")
    if form.form.casefold() in (SUBMISSION, ACROSS_FORMS, ACROSS_PERIODS, RELEASE):
        raise document.error(("form",), f"{form.form} is the name of another suite")
    document.check_once(("periods",), form.periods)
    if form.columns not in codelists.column_sets:
        raise document.error(("columns",), f"no column set {form.columns}")
    form_columns = codelists.column_sets[form.columns]
    units, levels = {unit.code for unit in codelists.units}, {level.code for level in codelists.levels}
    for at, indicator in enumerate(form.indicators):
        key: Key = ("indicators", at)
        if indicator.unit not in units:
            raise document.error((*key, "unit"), f"no unit {indicator.unit}")
        if isinstance(indicator.columns, str) and indicator.columns not in codelists.column_sets:
            raise document.error((*key, "columns"), f"no column set {indicator.columns}")
        for column in codelists.columns_of(form, indicator):
            if column not in form_columns:
                raise document.error((*key, "columns"), f"the form has no column {column}")
        for level in indicator.levels or []:
            if level not in levels:
                raise document.error((*key, "levels"), f"no level {level}")
        document.check_once((*key, "levels"), indicator.levels or [])
        document.check_once((*key, "columns"), codelists.columns_of(form, indicator))
    _check_lives(document, ("indicators",), form.indicators, lambda line: line.code)
    _check_lives(document, ("indicators",), form.indicators, lambda line: line.row)
    _check_lives(document, ("indicators",), form.indicators, lambda line: _plainly(line.label.vi))
    _check_rules(document, form.rules)


def _check_one_code_one_place(
    forms: list[tuple[Document, Form]], coherence_document: Document, coherence: Coherence
) -> None:
    homes: dict[str, str] = {}
    for document, form in forms:
        codes = {"indicators": [line.code for line in form.indicators], "rules": [rule.code for rule in form.rules]}
        for key, own in codes.items():
            for at, code in enumerate(own):
                if homes.setdefault(code, document.name) != document.name:
                    raise document.error((key, at, "code"), f"{code} stands in {homes[code]} too")
    for at, rule in enumerate(coherence.rules):
        if rule.code in homes:
            raise coherence_document.error(("rules", at, "code"), f"{rule.code} stands in {homes[rule.code]} too")


def _turning_points(
    codelists: CodeLists, forms: list[Form], coherence: Coherence, submission: SubmissionContract
) -> list[Period]:
    """The periods at which something begins or has just ended, while a template is in force."""
    lines: list[Line] = [*codelists.columns, *codelists.units, *coherence.rules, *submission.templates, *forms]
    for form in forms:
        lines += [*form.indicators, *form.rules]
    points = {line.since for line in lines if line.since} | {_next(line.until) for line in lines if line.until}
    both = {Period(point.year, part) for point in points for part in PARTS}
    return sorted(point for point in both if any(template.in_force(point) for template in submission.templates))


def _next(period: Period) -> Period:
    return Period(period.year, "A1") if period.part == "S1" else Period(period.year + 1, "S1")


class _EditionMaker:
    def __init__(
        self,
        codelists: CodeLists,
        forms: list[Form],
        coherence: Coherence,
        submission: SubmissionContract,
        documents: dict[str, Document],
        coherence_document: Document,
    ) -> None:
        self.codelists, self.forms, self.coherence, self.submission = codelists, forms, coherence, submission
        self.documents, self.coherence_document = documents, coherence_document

    def make(self, period: Period) -> Edition:
        """Raises  ContractError where the period has no template, or a rule names a row that is not in force."""
        template = next((t for t in self.submission.templates if t.in_force(period)), None)
        if template is None:
            raise ContractError("contracts/submission.yml", None, "templates", f"no template is in force in {period}")
        known = {column.code: column for column in self.codelists.columns if column.in_force(period)}
        units = {unit.code for unit in self.codelists.units if unit.in_force(period)}
        sheets: list[Sheet] = []
        rows: list[Row] = []
        for form in self.forms:
            if not form.in_force(period) or period.part not in form.periods:
                continue
            columns = tuple(known[code] for code in self.codelists.column_sets[form.columns] if code in known)
            sheet = Sheet(form, columns)
            sheets.append(sheet)
            for at, line in enumerate(form.indicators):
                if line.in_force(period):
                    if line.unit not in units:
                        message = f"no unit {line.unit} in force in {period}"
                        raise self.documents[form.form].error(("indicators", at, "unit"), message)
                    columns_filled = tuple(c for c in self.codelists.columns_of(form, line) if c in known)
                    rows.append(Row(sheet, line, columns_filled))
        claims: list[Claim] = []
        for sheet in sheets:
            mine = [row for row in rows if row.form is sheet]
            for at, rule in enumerate(sheet.form.rules):
                if rule.in_force(period):
                    claims += self._claims(self.documents[sheet.code], at, rule, sheet.code, mine)
        for at, rule in enumerate(self.coherence.rules):
            if rule.in_force(period):
                claims += self._claims(self.coherence_document, at, rule, ACROSS_FORMS, rows)
        return Edition(period, template.version, tuple(sheets), tuple(rows), tuple(claims))

    def _claims(self, document: Document, at: int, rule: Rule, owner: str, rows: list[Row]) -> list[Claim]:
        key: Key = ("rules", at, "says")
        claims = []
        by_code = {row.code: row for row in rows}
        columns = {column.code for column in self.codelists.columns}
        for position, column in enumerate(rule.columns or []):
            if column not in columns:
                raise document.error(("rules", at, "columns", position), f"no column {column}")
        known_somewhere = {line.code for form in self.forms for line in form.indicators}
        for sentence in rule.sentences:
            statement = parse(sentence)
            if rule.over == "rows":
                for name in statement.names:
                    if name not in columns:
                        raise document.error(key, f"no column {name}")
                places = tuple(row.code for row in rows if set(statement.names) <= set(row.columns))
                if not places:
                    raise document.error(key, "no row prints all its columns")
                claims.append(Claim(rule, owner, statement, places))
                continue
            statements = [statement]
            if EVERY_ROW in statement.names:
                statements = [renamed(statement, {EVERY_ROW: [row.code]}) for row in rows]
            for one in statements:
                full = spelt_out(one, list(by_code))
                for name in full.names:
                    if name not in by_code:
                        # a rule across forms rests where a period does not ask for one of its forms
                        if owner == ACROSS_FORMS and name in known_somewhere:
                            break
                        raise document.error(key, f"no row {name} in force")
                else:
                    wanted = rule.columns or [column.code for column in self.codelists.columns]
                    places = tuple(c for c in wanted if all(c in by_code[name].columns for name in full.names))
                    if not places:
                        raise document.error(key, "no column that all its rows print")
                    claims.append(Claim(rule, owner, full, places))
        return claims


def _parts(folder: Path) -> dict[str, str]:
    """A hash of each file of the contracts, and of each folder of them; declared corrections aside."""
    digests: dict[str, Any] = {}
    for path in sorted(p for p in folder.rglob("*") if p.suffix in (".yml", ".csv")):
        name = path.relative_to(folder).as_posix()
        if name != CORRECTIONS:
            digest = digests.setdefault(name.split("/")[0], hashlib.sha256())
            digest.update(name.encode() + b"\0" + path.read_bytes() + b"\0")
    return {name: digest.hexdigest()[:12] for name, digest in digests.items()}
