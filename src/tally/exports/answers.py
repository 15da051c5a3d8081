"""What is said about one submission, before it becomes a letter or marks in a workbook."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Literal

from tally.contracts.model import Contracts, Rule, SubmissionRule
from tally.exports.marked import Mark
from tally.names import capital
from tally.periods import LOCAL_TIME
from tally.vocabulary import Severity, Verdict

Language = Literal["vi", "en"]

SEVERAL = 6
_DO = {"vi": "; hãy ", "en": "; please "}
_RULE = {"vi": ". Quy tắc: ", "en": ". Rule: "}
_AGAINST = {"vi": "chưa đúng quy tắc: ", "en": "against the rule: "}
_CELL = {"vi": "Ô {} ", "en": "Cell {} "}
_OTHERS = {"vi": " và {} ô khác", "en": " and {} other cells"}
_COMPARED = {"vi": "so với", "en": "compared with"}
_EARLIER = re.compile(r"\d{4}-(?:S1|A1) (?:của|of) .+?(?= = )")
_LAST_WORD = re.compile(r"(.*?)(«[^»]*»|\S*)", re.DOTALL)
_ADDRESS = re.compile(r"([A-Z]+)(\d+)")


@dataclass(frozen=True, slots=True)
class Submission:
    """One file received and its verdict.

    Blanks  no area, period or due date: not known; no `is_late`: cannot be said.
    """

    submission_id: str
    file_path: str
    sha256: str
    sender: str
    area_code: str | None
    period_code: str | None
    received_at: datetime
    due_date: date | None
    verdict: Verdict
    is_late: bool | None


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule broken at one place; its messages are whole sentences.

    Blanks  no sheet and cell: it is about the whole workbook; `explained_in`: no explanation of an earlier submission
            covers it.
    """

    submission_id: str
    rule_code: str
    severity: Severity
    sheet_name: str | None
    cell_address: str | None
    message_vi: str
    message_en: str
    explained_in: str | None = None

    def message(self, language: Language) -> str:
        return self.message_vi if language == "vi" else self.message_en


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a letter: where, in the form `Biểu BVTE-02, ô F12`, and what."""

    where: str
    what: str


@dataclass(frozen=True, slots=True)
class Point:
    """Everything that one rule found: its lines, and what they have in common once, after them.

    Shape   `cells`: at how many cells; `is_whole`: every one of them is named; `is_at_cells`: all of it is at cells.
    """

    rule_code: str
    severity: Severity
    lines: tuple[Line, ...]
    common: str | None
    cells: int
    is_whole: bool
    is_at_cells: bool


@dataclass(frozen=True, slots=True)
class Original:
    """The submission of the same bytes that came before a duplicate.

    Shape   `is_settled`: its report was accepted, from it or from another submission before the duplicate.
    """

    submission_id: str
    received_at: datetime
    verdict: Verdict
    is_settled: bool


def needs_answer(submission: Submission, findings: Sequence[Finding]) -> bool:
    """Only a report accepted without any finding needs none; what was explained before is none for its sender."""
    return submission.verdict != Verdict.ACCEPTED or bool(unexplained(findings))


def unexplained(findings: Iterable[Finding]) -> list[Finding]:
    """The findings that are something to do: not those that an earlier explanation covers."""
    return [one for one in findings if one.explained_in is None]


def points(
    findings: Iterable[Finding],
    contracts: Contracts,
    language: Language,
    several: int = SEVERAL,
    most: int | None = None,
) -> list[Point]:
    """Findings as a letter says them: by severity and rule, those about the submission first, the same words once.

    Shape   a rule with more than `several` different lines about cells becomes one, in the words of the rule, that
            names every cell; with `most`, a line names so many cells or runs of cells, and counts the others.
    """
    order = {sheet: at for at, sheet in enumerate(_sheets(contracts))}

    def rank(one: Finding) -> tuple[object, ...]:
        at = order.get(one.sheet_name or "", -1)
        of_form = one.rule_code not in contracts.submission_rules
        return list(Severity).index(one.severity), of_form, one.rule_code, at, _place(one.cell_address)

    ranked = sorted(findings, key=rank)
    made = []
    for (severity, rule_code), members in groupby(ranked, key=lambda one: (one.severity, one.rule_code)):
        by_words: dict[str, list[Finding]] = defaultdict(list)
        for one in members:
            opening = _CELL[language].format(one.cell_address)
            by_words[one.message(language).strip().removeprefix(opening)].append(one)
        all_of_rule = [one for same in by_words.values() for one in same]
        common: str | None = None
        is_at_cells = all(one.sheet_name and one.cell_address for one in all_of_rule)
        if len(by_words) > several and is_at_cells:
            by_words = {_in_general(all_of_rule, contracts, language): all_of_rule}
        places = [_where(same, contracts, language, most) for same in by_words.values()]
        lines = [Line(where, words) for (where, _), words in zip(places, by_words, strict=True)]
        if len(lines) > 1:
            lines, common = _without_common_end(lines, language)
        if common and not is_at_cells:
            lines = _without_common_start(lines)
        cells = {(one.sheet_name, one.cell_address) for one in all_of_rule if one.cell_address}
        is_whole = all(whole for _, whole in places)
        made.append(Point(rule_code, severity, tuple(lines), common, len(cells), is_whole, is_at_cells))
    return made


def marks(submission: Submission, findings: Iterable[Finding], contracts: Contracts) -> list[Mark]:
    """What to mark in the workbook, with the verdict on its cover.

    Blanks  none where no finding names a cell, and never for what was refused or sent twice: such a file is not copied.
    """
    if submission.verdict not in (Verdict.RETURNED, Verdict.ACCEPTED, Verdict.ACCEPTED_WITH_WARNINGS):
        return []
    at_cells = [
        Mark(one.sheet_name, one.cell_address, one.severity, one.message_vi)
        for one in unexplained(findings)
        if one.sheet_name and one.cell_address
    ]
    if not at_cells:
        return []
    red, yellow = coloured(findings)
    counted = [f"{red} ô phải sửa (màu đỏ)"] * (red > 0) + [f"{yellow} ô cần kiểm tra (màu vàng)"] * (yellow > 0)
    result = "trả lại để sửa" if submission.verdict == Verdict.RETURNED else "đã chấp nhận, có điểm cần kiểm tra"
    said = f"Kết quả: {result}. {', '.join(counted)}. Đưa chuột vào từng ô có màu để xem chú thích."
    return [Mark(contracts.submission.cover.sheet, "A1", Severity.INFO, said), *at_cells]


def coloured(findings: Iterable[Finding]) -> tuple[int, int]:
    """How many cells are red and how many yellow in a marked workbook: each by the worst that was found at it."""
    worst: dict[tuple[str, str], Severity] = {}
    for one in sorted(unexplained(findings), key=lambda one: list(Severity).index(one.severity)):
        if one.sheet_name and one.cell_address:
            worst.setdefault((one.sheet_name, one.cell_address), one.severity)
    counts = Counter(worst.values())
    return counts[Severity.CRITICAL], counts[Severity.WARNING]


def local(moment: datetime) -> datetime:
    return moment.astimezone(LOCAL_TIME)


def _without_common_end(lines: list[Line], language: Language) -> tuple[list[Line], str | None]:
    """Says the rule and what to do once, where all lines end with the same."""
    for joint in (_RULE[language], _DO[language]):
        parted = [line.what.partition(joint) for line in lines]
        ends = {end for _, found, end in parted if found}
        if len(ends) == 1 and all(found for _, found, _ in parted):
            end = f"{joint.lstrip('.; ')}{ends.pop()}"
            return [Line(line.where, start) for line, (start, _, _) in zip(lines, parted, strict=True)], capital(end)
    return lines, None


def _without_common_start(lines: list[Line]) -> list[Line]:
    """Lines that part only in their last word become one, with all of those words."""
    last_words: dict[tuple[str, str], list[str]] = defaultdict(list)
    for line in lines:
        start, last = _LAST_WORD.fullmatch(line.what).groups()  # type: ignore[union-attr]
        last_words[line.where, start].append(last)
    return [Line(where, start + ", ".join(words)) for (where, start), words in last_words.items()]


def _in_general(findings: Sequence[Finding], contracts: Contracts, language: Language) -> str:
    """The words of the rule, with the earlier report that all of them are compared with, if it is one."""
    rule = _rule(findings[0].rule_code, contracts)
    if rule is None:
        return findings[0].message(language)
    tell, mend = (rule.tell.vi, rule.mend.vi) if language == "vi" else (rule.tell.en, rule.mend.en)
    reports = {found[0] if (found := _EARLIER.search(one.message(language))) else "" for one in findings}
    earlier = f" ({_COMPARED[language]} {reports.pop()})" if len(reports) == 1 and "" not in reports else ""
    return f"{_AGAINST[language]}{tell}{earlier}{_DO[language]}{mend}."


def _rule(code: str, contracts: Contracts) -> Rule | SubmissionRule | None:
    of_forms = (rule for form in contracts.forms for rule in form.rules)
    known = contracts.submission_rules.get(code)
    return known or next((rule for rule in (*of_forms, *contracts.coherence.rules) if rule.code == code), None)


def _sheets(contracts: Contracts) -> list[str]:
    return [contracts.submission.cover.sheet, *(form.sheet for form in contracts.forms)]


def _where(findings: Sequence[Finding], contracts: Contracts, language: Language, most: int | None) -> tuple[str, bool]:
    """(the places in words, whether every cell is named)."""
    cells: dict[str, set[str]] = defaultdict(set)
    for one in findings:
        if one.sheet_name:
            cells[one.sheet_name].update([one.cell_address] if one.cell_address else [])
    vi, forms = language == "vi", {form.sheet for form in contracts.forms}
    places, left, others = [], most, 0
    for sheet, addresses in cells.items():
        found = _runs(addresses)
        named = found[:left]
        others += sum(map(len, found[len(named) :]))
        if left is not None:
            left -= len(named)
        if addresses and not named:
            continue
        kind = ("Biểu" if vi else "form") if sheet in forms else ("Trang" if vi else "sheet")
        word = "ô" if vi else "cell" if len(addresses) == 1 else "cells"
        places.append(f"{kind} {sheet}" + (f", {word} {', '.join(map(_said, named))}" if named else ""))
    return capital("; ".join(places)) + (_OTHERS[language].format(others) if others else ""), not others


def runs(addresses: Iterable[str]) -> str:
    """Cells in a few words: neighbours in a column as `E8–E23`."""
    return ", ".join(map(_said, _runs(addresses)))


def _runs(addresses: Iterable[str]) -> list[list[str]]:
    """Cells in the order of a sheet, three neighbours or more in a column together."""
    left = sorted(set(addresses), key=lambda address: (_place(address)[1], _place(address)[0]))
    if any(not _ADDRESS.fullmatch(address) for address in left):
        return [[address] for address in left]
    found: list[list[str]] = []
    for _, group in groupby(enumerate(left), key=lambda pair: (_place(pair[1])[1], _place(pair[1])[0] - pair[0])):
        run = [address for _, address in group]
        found += [run] if len(run) > 2 else [[address] for address in run]
    return found


def _said(run: list[str]) -> str:
    return run[0] if len(run) == 1 else f"{run[0]}–{run[-1]}"


def _place(address: str | None) -> tuple[int, tuple[int, str]]:
    """(row, column), in the order of a sheet: columns by their letters, A before Z before AA."""
    found = _ADDRESS.fullmatch(address or "")
    return (int(found[2]), (len(found[1]), found[1])) if found else (0, (0, ""))
