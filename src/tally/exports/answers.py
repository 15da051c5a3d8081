"""What is said about one submission, before it becomes a letter or marks in a workbook."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Literal

from tally.contracts.model import Contracts, Rule, SubmissionRule
from tally.exports.marked import Mark
from tally.periods import LOCAL_TIME
from tally.vocabulary import Severity, Verdict

Language = Literal["vi", "en"]

SEVERAL = 6
_DO = {"vi": "; hãy ", "en": "; please "}
_RULE = {"vi": ". Quy tắc: ", "en": ". Rule: "}
_AGAINST = {"vi": "chưa đúng quy tắc: ", "en": "against the rule: "}
_CELL = {"vi": "Ô {} ", "en": "Cell {} "}
_COMPARED = {"vi": "so với", "en": "compared with"}
_EARLIER = re.compile(r"\d{4}-(?:S1|A1) (?:của|of) .+?(?= = )")
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
    """Everything that one rule found: its lines, and what they have in common once, after them."""

    rule_code: str
    severity: Severity
    lines: tuple[Line, ...]
    common: str | None


def needs_answer(submission: Submission, findings: Sequence[Finding]) -> bool:
    """Only a report accepted without any finding needs none; what was explained before is none for its sender."""
    return submission.verdict != Verdict.ACCEPTED or bool(unexplained(findings))


def unexplained(findings: Iterable[Finding]) -> list[Finding]:
    """The findings that are something to do: not those that an earlier explanation covers."""
    return [one for one in findings if one.explained_in is None]


def points(findings: Iterable[Finding], contracts: Contracts, language: Language) -> list[Point]:
    """Findings as a letter says them: by severity and rule, cells with the same words in one line.

    Shape   a rule with more than six different lines becomes one, in the words of the rule, that names every cell.
    """
    order = {sheet: at for at, sheet in enumerate(_sheets(contracts))}

    def rank(one: Finding) -> tuple[object, ...]:
        at = order.get(one.sheet_name or "", -1)
        return list(Severity).index(one.severity), one.rule_code, at, _place(one.cell_address)

    ranked = sorted(findings, key=rank)
    made = []
    for (severity, rule_code), members in groupby(ranked, key=lambda one: (one.severity, one.rule_code)):
        by_words: dict[str, list[Finding]] = defaultdict(list)
        for one in members:
            opening = _CELL[language].format(one.cell_address)
            by_words[one.message(language).strip().removeprefix(opening)].append(one)
        all_of_rule = [one for same in by_words.values() for one in same]
        lines = [Line(_where(same, contracts, language), words) for words, same in by_words.items()]
        common: str | None = None
        if len(lines) > SEVERAL:
            lines = [Line(_where(all_of_rule, contracts, language), _in_general(all_of_rule, contracts, language))]
        elif len(lines) > 1:
            lines, common = _without_common_end(lines, language)
        made.append(Point(rule_code, severity, tuple(lines), common))
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
    worst: dict[tuple[str, str], Severity] = {}
    for mark in sorted(at_cells, key=lambda mark: list(Severity).index(mark.severity)):
        worst.setdefault((mark.sheet_name, mark.cell_address), mark.severity)
    red = sum(severity == Severity.CRITICAL for severity in worst.values())
    yellow = sum(severity == Severity.WARNING for severity in worst.values())
    counted = [f"{red} ô phải sửa (màu đỏ)"] * (red > 0) + [f"{yellow} ô cần kiểm tra (màu vàng)"] * (yellow > 0)
    result = "trả lại để sửa" if submission.verdict == Verdict.RETURNED else "đã chấp nhận, có điểm cần kiểm tra"
    said = f"Kết quả: {result}. {', '.join(counted)}. Đưa chuột vào từng ô có màu để xem chú thích."
    return [Mark(contracts.submission.cover.sheet, "A1", Severity.INFO, said), *at_cells]


def local(moment: datetime) -> datetime:
    return moment.astimezone(LOCAL_TIME)


def _without_common_end(lines: list[Line], language: Language) -> tuple[list[Line], str | None]:
    """Says the rule and what to do once, where all lines end with the same."""
    for joint in (_RULE[language], _DO[language]):
        parted = [line.what.partition(joint) for line in lines]
        ends = {end for _, found, end in parted if found}
        if len(ends) == 1 and all(found for _, found, _ in parted):
            end = f"{joint.lstrip('.; ')}{ends.pop()}"
            return [Line(line.where, start) for line, (start, _, _) in zip(lines, parted, strict=True)], _capital(end)
    return lines, None


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


def _where(findings: Sequence[Finding], contracts: Contracts, language: Language) -> str:
    cells: dict[str, list[str]] = defaultdict(list)
    for one in findings:
        if one.sheet_name:
            cells[one.sheet_name] += [one.cell_address] if one.cell_address else []
    vi, forms = language == "vi", {form.sheet for form in contracts.forms}
    places = []
    for sheet, addresses in cells.items():
        kind = ("Biểu" if vi else "form") if sheet in forms else ("Trang" if vi else "sheet")
        word = "ô" if vi else "cell" if len(addresses) == 1 else "cells"
        places.append(f"{kind} {sheet}" + (f", {word} {runs(addresses)}" if addresses else ""))
    return _capital("; ".join(places))


def runs(addresses: Iterable[str]) -> str:
    """Cells in a few words: neighbours in a column or in a row as `E8–E23`."""
    left = sorted(set(addresses), key=lambda address: (_place(address)[1], _place(address)[0]))
    if any(not _ADDRESS.fullmatch(address) for address in left):
        return ", ".join(left)
    words = []
    for _, group in groupby(enumerate(left), key=lambda pair: (_place(pair[1])[1], _place(pair[1])[0] - pair[0])):
        run = [address for _, address in group]
        words += [f"{run[0]}–{run[-1]}"] if len(run) > 2 else run
    return ", ".join(words)


def _place(address: str | None) -> tuple[int, tuple[int, str]]:
    """(row, column), in the order of a sheet: columns by their letters, A before Z before AA."""
    found = _ADDRESS.fullmatch(address or "")
    return (int(found[2]), (len(found[1]), found[1])) if found else (0, (0, ""))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
