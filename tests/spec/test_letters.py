"""The letter: what a sender gets back, and what it must never do."""

import csv
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tally.contracts.load import load_contracts
from tally.contracts.model import Contracts
from tally.exports.answers import Finding, Original, Submission, marks, needs_answer, points, runs
from tally.exports.letter import letter
from tally.periods import LOCAL_TIME
from tally.vocabulary import Severity, Verdict

PROJECT = Path(__file__).resolve().parents[2]
SAMPLES = PROJECT / "tests" / "field_samples"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
VOID = {"meta", "br", "hr", "img", "input", "link"}

AT_NOON = datetime(2025, 12, 16, 12, 0, tzinfo=LOCAL_TIME)
RETURNED = Submission(
    submission_id="0123456789abcdef",
    file_path="inbox/26740/BVTE_26740_2025-A1.xlsx",
    sha256="0" * 64,
    sender="26740",
    area_code="26740",
    period_code="2025-A1",
    received_at=AT_NOON,
    due_date=date(2025, 12, 17),
    verdict=Verdict.RETURNED,
    is_late=False,
)
WRONG_TOTAL = Finding(
    submission_id=RETURNED.submission_id,
    rule_code="R0201",
    severity=Severity.CRITICAL,
    sheet_name="BVTE-02",
    cell_address="F12",
    message_vi="E12 = 5; F12 + G12 + H12 = 4. Quy tắc: Tổng số bằng các phần; hãy cộng lại các số thành phần.",
    message_en="E12 = 5; F12 + G12 + H12 = 4. Rule: The total is its parts; please add the parts again.",
)


@pytest.fixture(scope="module")
def contracts() -> Contracts:
    return load_contracts(PROJECT / "contracts")


def answered_samples() -> Iterator[tuple[str, str, list[tuple[str, str, str]]]]:
    """(path, verdict, [(rule, sheet, cell)]) of every sample that is not clean."""
    with (SAMPLES / "expected.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            broken = [
                re.fullmatch(r"(\w+)(?:@(.+)!(\w+))?", rule).groups("") for rule in row["rules"].split(";") if rule
            ]
            if broken:
                yield row["path"], row["verdict"], broken


def sample(
    contracts: Contracts, path: str, verdict: str, broken: list[tuple[str, str, str]]
) -> tuple[Submission, list[Finding]]:
    """A sample's submission, and findings that say what the contract says of each rule."""
    rules = {rule.code: rule for form in contracts.forms for rule in form.rules} | contracts.submission_rules
    rules |= {rule.code: rule for rule in contracts.coherence.rules}
    findings = [
        Finding(
            submission_id="0123456789abcdef",
            rule_code=code,
            severity=rules[code].severity if verdict != "accepted_with_warnings" else Severity.WARNING,
            sheet_name=sheet or None,
            cell_address=cell or None,
            message_vi=f"{cell} = 1. Quy tắc: {rules[code].tell.vi}; hãy {rules[code].mend.vi}.",
            message_en=f"{cell} = 1. Rule: {rules[code].tell.en}; please {rules[code].mend.en}.",
        )
        for code, sheet, cell in broken
    ]
    sender = path.split("/")[1]
    late = any(code == "S13" for code, _, _ in broken)
    submission = replace(
        RETURNED, file_path=path, sender=sender, area_code=sender, verdict=Verdict(verdict), is_late=late
    )
    return submission, findings


class Page(HTMLParser):
    """A page as its tags, its text and what it would fetch."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.fetched: list[str] = []
        self.words: list[str] = []
        self.feed(html)
        self.close()

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.fetched += [
            f"{tag} {name}" for name, _ in attrs if name in ("src", "href", "data", "action", "background")
        ]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.words.append(data)
        self.fetched += re.findall(r"url\(|@import", data)


def read(contracts: Contracts, submission: Submission, findings: list[Finding], **given: object) -> Page:
    arguments = {"written_at": AT_NOON, "marked_name": "x_marked.xlsx"} | given
    return Page(letter(submission, findings, contracts, **arguments))


@pytest.mark.parametrize(
    ("path", "verdict", "broken"), [pytest.param(*one, id=one[0][6:]) for one in answered_samples()]
)
def test_a_letter_names_every_finding(contracts: Contracts, path: str, verdict: str, broken: list) -> None:
    submission, findings = sample(contracts, path, verdict, broken)
    vietnamese = read(contracts, submission, findings).text.partition("Questions")[0]
    if verdict == "duplicate":
        assert "đã nhận trước đó" in vietnamese
        return
    for code, sheet, cell in broken:
        assert code in vietnamese
        if cell:
            place = vietnamese[vietnamese.index(sheet if sheet == "TT chung" else f"Biểu {sheet}") :]
            assert cell in place or in_a_run(cell, place)


def in_a_run(cell: str, text: str) -> bool:
    column, row = re.fullmatch(r"([A-Z]+)(\d+)", cell).groups()
    return any(
        first == last == column and int(start) <= int(row) <= int(end)
        for first, start, last, end in re.findall(r"([A-Z]+)(\d+)–([A-Z]+)(\d+)", text)
    )


@pytest.mark.parametrize(
    ("path", "verdict", "broken"), [pytest.param(*one, id=one[0][6:]) for one in answered_samples()]
)
def test_a_letter_is_well_formed_and_fetches_nothing(
    contracts: Contracts, path: str, verdict: str, broken: list
) -> None:
    page = read(contracts, *sample(contracts, path, verdict, broken))
    assert page.open == []
    assert page.fetched == []
    assert "script" not in page.tags


def test_a_finding_reads_as_form_cell_what_and_what_to_do(contracts: Contracts) -> None:
    text = read(contracts, RETURNED, [WRONG_TOTAL]).text
    assert "Biểu BVTE-02, ô F12: E12 = 5; F12 + G12 + H12 = 4. Quy tắc: Tổng số bằng các phần; hãy cộng lại" in text
    assert "Form BVTE-02, cell F12: E12 = 5" in text


def test_the_same_fault_in_eighty_cells_is_one_line(contracts: Contracts) -> None:
    findings = [
        replace(
            WRONG_TOTAL,
            rule_code="S12",
            sheet_name=f"BVTE-0{form}",
            cell_address=f"E{row}",
            message_vi=f"Ô E{row} có công thức chưa tính; hãy ghi một số.",
            message_en=f"Cell E{row} holds a formula without a value; please write a number.",
        )
        for form in range(1, 6)
        for row in range(8, 24)
    ]
    text = read(contracts, RETURNED, findings).text
    assert text.count("công thức chưa tính") == 1
    assert "Biểu BVTE-01, ô E8–E23; Biểu BVTE-02, ô E8–E23; Biểu BVTE-03" in text
    assert text.count("S12") == 2


def test_different_figures_of_one_rule_share_their_advice(contracts: Contracts) -> None:
    other = replace(WRONG_TOTAL, cell_address="F13", message_vi=WRONG_TOTAL.message_vi.replace("12", "13"))
    text = read(contracts, RETURNED, [WRONG_TOTAL, other]).text
    assert "Biểu BVTE-02, ô F12: E12 = 5; F12 + G12 + H12 = 4 Biểu BVTE-02, ô F13: E13 = 5; F13 + G13 + H13 = 4" in text
    assert text.count("hãy cộng lại các số thành phần") == 1


@pytest.mark.parametrize(
    ("written_at", "when"),
    [
        pytest.param(AT_NOON, "chậm nhất ngày 17/12/2025", id="before the due day"),
        pytest.param(
            datetime(2025, 12, 17, 23, 59, tzinfo=LOCAL_TIME), "chậm nhất ngày 17/12/2025", id="on the due day"
        ),
        pytest.param(
            datetime(2025, 12, 18, 0, 0, tzinfo=LOCAL_TIME), "chậm nhất ngày 23/12/2025", id="after the due day"
        ),
    ],
)
def test_a_letter_says_by_when_to_send_again(contracts: Contracts, written_at: datetime, when: str) -> None:
    assert when in read(contracts, RETURNED, [WRONG_TOTAL], written_at=written_at).text


def test_the_time_of_receipt_is_local(contracts: Contracts) -> None:
    submission = replace(RETURNED, received_at=datetime.fromisoformat("2025-12-15T18:30:00+00:00"))
    assert "01:30 ngày 16/12/2025" in read(contracts, submission, [WRONG_TOTAL]).text


def test_a_letter_names_the_province_that_answers_questions(contracts: Contracts) -> None:
    assert "của Thành phố Hồ Chí Minh." in read(contracts, RETURNED, [WRONG_TOTAL]).text


def test_an_unknown_area_and_period_are_said_to_be_unknown(contracts: Contracts) -> None:
    unknown = replace(
        RETURNED, sender="", area_code=None, period_code=None, due_date=None, is_late=None, verdict=Verdict.REFUSED
    )
    text = read(contracts, unknown, [replace(WRONG_TOTAL, rule_code="S01", sheet_name=None, cell_address=None)]).text
    assert text.count("chưa xác định được") == 2
    assert "chậm nhất ngày 21/12/2025" in text


def test_a_hostile_file_name_stays_text(contracts: Contracts) -> None:
    hostile = '\u202e\x07<script>alert(1)<img src=x>&".xlsx'
    page = read(contracts, replace(RETURNED, file_path=f"inbox/26740/{hostile}"), [WRONG_TOTAL])
    assert "<script>alert(1)" in page.text
    assert "script" not in page.tags
    assert "img" not in page.tags
    assert "\u202e" not in page.text


def test_a_workbook_that_cannot_be_marked_is_said_to_be_so(contracts: Contracts) -> None:
    assert "không đánh dấu được" in read(contracts, RETURNED, [WRONG_TOTAL], marked_name=None).text
    assert "không đánh dấu được" not in read(contracts, RETURNED, [WRONG_TOTAL]).text


@pytest.mark.parametrize("verdict", [Verdict.REFUSED, Verdict.DUPLICATE])
def test_what_was_refused_or_sent_twice_is_never_copied(contracts: Contracts, verdict: Verdict) -> None:
    assert marks(replace(RETURNED, verdict=verdict), [WRONG_TOTAL], contracts) == []


def test_the_cover_of_a_marked_copy_counts_its_cells_by_their_worst_finding(contracts: Contracts) -> None:
    doubtful = [replace(WRONG_TOTAL, severity=Severity.WARNING, cell_address=cell) for cell in ("F12", "F13", "F14")]
    cover, *_ = marks(RETURNED, [*doubtful, WRONG_TOTAL, WRONG_TOTAL], contracts)
    assert "1 ô phải sửa (màu đỏ), 2 ô cần kiểm tra (màu vàng)" in cover.text


@pytest.mark.parametrize(
    ("verdict", "findings", "answered"),
    [
        pytest.param(Verdict.ACCEPTED, [], False, id="accepted without a finding"),
        pytest.param(Verdict.ACCEPTED, [replace(WRONG_TOTAL, severity=Severity.INFO)], True, id="accepted, but late"),
        pytest.param(Verdict.RETURNED, [WRONG_TOTAL], True, id="returned"),
        pytest.param(
            Verdict.ACCEPTED,
            [replace(WRONG_TOTAL, severity=Severity.WARNING, explained_in="an earlier one")],
            False,
            id="accepted, and all was explained before",
        ),
    ],
)
def test_only_a_report_without_any_finding_gets_no_answer(
    verdict: Verdict, findings: list[Finding], answered: bool
) -> None:
    assert needs_answer(replace(RETURNED, verdict=verdict), findings) == answered


@pytest.mark.parametrize("verdict", [one for one in Verdict if one != Verdict.ACCEPTED])
def test_every_letter_that_asks_for_something_says_by_when_and_whom_to_ask_in_both_languages(
    contracts: Contracts, verdict: Verdict
) -> None:
    text = read(contracts, replace(RETURNED, verdict=verdict), [WRONG_TOTAL]).text
    vietnamese, _, english = text.partition("Questions: ")
    assert "chậm nhất ngày 17/12/2025" in vietnamese
    assert re.search(r"by 17/12/2025\. $", vietnamese)
    assert "Cán bộ phụ trách báo cáo bảo vệ trẻ em của Thành phố Hồ Chí Minh" in vietnamese
    assert english.startswith("the officer for child-protection reports of Thành phố Hồ Chí Minh; please quote")


@pytest.mark.parametrize(("verdict", "is_settled", "says"), [
    pytest.param(Verdict.RETURNED, False, "vẫn cần sửa và gửi lại", id="returned and not yet mended"),
    pytest.param(Verdict.RETURNED, True, "không cần làm gì", id="returned and mended since"),
    pytest.param(Verdict.ACCEPTED, True, "không cần làm gì", id="accepted"),
])  # fmt: skip
def test_who_sends_a_file_again_is_told_what_became_of_the_first(contracts, verdict, is_settled, says) -> None:
    first = Original("fedcba9876543210", AT_NOON, verdict, is_settled)
    text = read(contracts, replace(RETURNED, verdict=Verdict.DUPLICATE), [], original=first).text
    assert f"Tệp đã nhận trước đó: {says}" in text
    assert "đã nhận lúc 12:00 ngày 16/12/2025 (mã lần gửi fedcba9876543210)" in text
    assert ("fedcba9876543210_returned.html" in text) == (not is_settled)


@pytest.fixture(scope="module")
def much(contracts: Contracts) -> list[Finding]:
    """Every rule of every form broken in sixteen cells that stand apart, and late."""
    found = [
        replace(
            WRONG_TOTAL,
            rule_code=rule.code,
            severity=rule.severity,
            sheet_name=form.sheet,
            cell_address=f"{column}{row}",
            message_vi=f"{column}{row} = {row}. Quy tắc: {rule.tell.vi}; hãy {rule.mend.vi}.",
            message_en=f"{column}{row} = {row}. Rule: {rule.tell.en}; please {rule.mend.en}.",
        )
        for form in contracts.forms
        for rule in form.rules
        for column in "EF"
        for row in range(8, 24, 2)
    ]
    late = replace(WRONG_TOTAL, rule_code="S13", severity=Severity.INFO, sheet_name=None, cell_address=None)
    return [*found, replace(late, message_vi="nhận sau hạn", message_en="received after the due day")]


def test_a_letter_of_hundreds_of_findings_counts_by_rule_what_it_does_not_name(contracts, much) -> None:
    text = read(contracts, RETURNED, much).text.partition("Returned")[0]
    counted = re.findall(r"(R\d{4}) \((\d+) ô\)", text)
    codes = re.findall(r"R\d{4}", text)
    assert len(codes) > len(counted) > 3
    assert sorted(codes) == sorted({one.rule_code for one in much} - {"S13"})
    assert {count for _, count in counted} == {"16"}
    assert "nhận sau hạn" in text
    assert "Ô nào chưa nêu tên ở trên đều được tô màu" in text
    marked = {(mark.sheet_name, mark.cell_address) for mark in marks(RETURNED, much, contracts)}
    assert {(one.sheet_name, one.cell_address) for one in much if one.cell_address} < marked


def test_a_line_that_does_not_name_every_cell_counts_the_others(contracts: Contracts) -> None:
    cells = [*(f"E{row}" for row in range(8, 18)), "F8", "F10", "F12", *(f"G{row}" for row in range(8, 18))]
    findings = [
        replace(WRONG_TOTAL, cell_address=cell, sheet_name=form) for form in ("BVTE-01", "BVTE-02") for cell in cells
    ]
    ((line,),) = [point.lines for point in points(findings, contracts, "vi", most=3)]
    assert line.where == "Biểu BVTE-01, ô E8–E17, F8, F10 và 34 ô khác"


@pytest.mark.parametrize("verdict", [Verdict.REFUSED, Verdict.RETURNED])
def test_a_letter_without_a_marked_copy_says_everything(contracts, much, verdict) -> None:
    text = read(contracts, replace(RETURNED, verdict=verdict), much, marked_name=None).text
    assert {one.rule_code for one in much} <= set(re.findall(r"[RS]\d+", text))
    assert "ô khác" not in text
    assert "theo mã quy tắc" not in text


def test_everything_that_a_workbook_lacks_is_named_and_what_is_common_once(contracts: Contracts) -> None:
    lacks = [f"Trang BVTE-0{form} thiếu Mã số 0{form}{row:02}" for form in (1, 2) for row in range(12)]
    lacks += ["Trang BVTE-02 thiếu cột «Tổng số»", "Trang BVTE-02 thiếu cột «Nam»", "Thiếu trang BVTE-04"]
    missing = replace(WRONG_TOTAL, rule_code="S06", sheet_name=None, cell_address=None)
    findings = [replace(missing, message_vi=f"{what}; hãy dùng lại mẫu gốc.") for what in lacks]
    (point,) = points(findings, contracts, "vi")
    assert [line.what for line in point.lines] == [
        "Trang BVTE-01 thiếu Mã số " + ", ".join(f"01{row:02}" for row in range(12)),
        "Trang BVTE-02 thiếu Mã số " + ", ".join(f"02{row:02}" for row in range(12)),
        "Trang BVTE-02 thiếu cột «Tổng số», «Nam»",
        "Thiếu trang BVTE-04",
    ]
    assert point.common == "Hãy dùng lại mẫu gốc."


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")
def test_a_letter_is_one_page_of_paper(contracts: Contracts, much: list[Finding], tmp_path: Path) -> None:
    long_name = replace(RETURNED, file_path=f"inbox/26740/{'báo cáo năm ' * 20}.xlsx", is_late=True)
    few = [one for one in much if one.rule_code in ("R0201", "R0208")]
    explained = [replace(WRONG_TOTAL, severity=Severity.WARNING, explained_in="an earlier one")] * 2
    found = ([*much, *explained], [*few, *explained])
    pages = [letter(long_name, some, contracts, AT_NOON, "0123456789abcdef_marked.xlsx") for some in found]
    for number, page in enumerate(pages):
        (tmp_path / f"{number}.html").write_text(page, encoding="utf-8")
        printed = tmp_path / f"{number}.pdf"
        command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer"]
        command += [f"--user-data-dir={tmp_path / 'profile'}", f"--print-to-pdf={printed}"]
        subprocess.run([*command, (tmp_path / f"{number}.html").as_uri()], capture_output=True, timeout=60, check=True)
        assert len(re.findall(rb"/Type\s*/Page\b", printed.read_bytes())) == 1


def test_the_line_about_what_was_explained_takes_its_room_on_the_page(contracts: Contracts) -> None:
    lines = [replace(WRONG_TOTAL, rule_code=f"R02{at:02}", message_vi=f"số {at}", message_en="no") for at in range(30)]

    def is_compact(findings: list[Finding]) -> bool:
        return 'class="compact"' in letter(RETURNED, findings, contracts, AT_NOON, "x_marked.xlsx")

    full = next(at for at in range(30) if is_compact(lines[: at + 1]))
    assert not is_compact(lines[:full])
    assert is_compact([*lines[:full], replace(WRONG_TOTAL, explained_in="an earlier one")])


@pytest.mark.parametrize(("cells", "lines"), [(6, 6), (7, 1)])
def test_more_than_six_different_lines_of_a_rule_become_one(contracts: Contracts, cells: int, lines: int) -> None:
    findings = [replace(WRONG_TOTAL, cell_address=f"F{at}", message_vi=f"F{at} = {at}") for at in range(10, 10 + cells)]
    (point,) = points(findings, contracts, "vi")
    assert len(point.lines) == lines
    assert ("F10–F16" in point.lines[0].where) == (lines == 1)


@pytest.mark.parametrize(("other", "named"), [
    pytest.param("2025-S1 của 00703 Xã Một, 00706 Xã Hai", True, id="one earlier report"),
    pytest.param("2025-S1 của 00709 Xã Ba", False, id="two of them"),
])  # fmt: skip
def test_one_line_of_many_cells_names_the_earlier_report_that_all_are_compared_with(contracts, other, named) -> None:
    report = "2025-S1 của 00703 Xã Một, 00706 Xã Hai"
    findings = [
        replace(
            WRONG_TOTAL,
            rule_code="R0209",
            cell_address=f"F{at}",
            message_vi=f"F{at} = 1; {report if at % 2 else other} = {at}. Quy tắc: Số cả năm; hãy kiểm tra lại.",
        )
        for at in range(10, 18)
    ]
    (point,) = points(findings, contracts, "vi")
    (line,) = point.lines
    assert (f"(so với {report})" in line.what) == named
    assert ("so với" in line.what) == named


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        pytest.param(["E9"], "E9", id="one cell"),
        pytest.param(["E9", "G9", "J9"], "E9, G9, J9", id="cells of a row"),
        pytest.param(["E10", "E9", "E8"], "E8–E10", id="neighbours in a column"),
        pytest.param(["E8", "E9", "AA1", "Z1"], "E8, E9, Z1, AA1", id="columns in the order of a sheet"),
    ],
)
def test_cells_are_named_in_few_words(cells: list[str], words: str) -> None:
    assert runs(cells) == words
