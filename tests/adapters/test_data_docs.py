"""Data Docs belong to a release: they say what was judged, open from disk and fetch nothing."""

import json
import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pandas as pd
import pytest

from tally.adapters.data_docs import ROWS_SHOWN, build_data_docs
from tally.adapters.gx import run_checkpoint
from tally.errors import BuildError

NOW = datetime(2025, 7, 1, 2, 15, tzinfo=UTC)
SENTENCE = "Tổng số bằng Nam cộng Nữ cộng Không rõ giới tính"


def write_suite(folder: Path, name: str, columns: list[str], **meta: str) -> Path:
    expectations = [
        {
            "type": "expect_column_values_to_be_in_set",
            "kwargs": {"column": column, "value_set": [0]},
            "severity": "critical",
            "meta": {"rule_code": column, "severity": "critical", "sentence_vi": f"{SENTENCE} ({column})"},
        }
        for column in columns
    ]
    path = folder / f"{name}.json"
    path.write_text(json.dumps({"name": name, "meta": meta, "expectations": expectations}), encoding="utf-8")
    return path


def judge(batch: str, suite: Path, frame: pd.DataFrame, folder: Path) -> Path:
    return run_checkpoint(batch, suite, frame, ["submission_id", "cell_address"], NOW).save(folder / batch / suite.name)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("release")
    frame = pd.DataFrame({"submission_id": [f"s{i}" for i in range(60)], "cell_address": "E8"})
    frame = frame.assign(R0201=1.0, R0202=0.0, R0203=float("nan"), R0101=0.0)
    suites = [
        write_suite(folder, "bvte_01", ["R0101"]),
        write_suite(folder, "bvte_02", ["R0201", "R0202", "R0203"], title_vi="Tình hình xâm hại <trẻ em>"),
    ]
    results = [judge("b1", suite, frame, folder) for suite in suites] + [judge("b2", suites[1], frame[:2], folder)]
    return results, suites


@pytest.fixture(scope="module")
def site(made, tmp_path_factory):
    return build_data_docs(*made, tmp_path_factory.mktemp("site") / "data_docs", "20250701-1a2b").parent


class Links(HTMLParser):
    """What a page points to: `fetched` by the browser itself, or `followed` by the reader."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.followed: list[str] = []
        self.scripts = 0
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        self.scripts += tag == "script"
        for name, value in attributes:
            if name in {"src", "srcset", "data", "action", "poster"} or (name == "href" and tag != "a"):
                self.fetched.append(value)
            elif name == "href":
                self.followed.append(value)


def pages(site: Path) -> list[Path]:
    return sorted(site.rglob("*.html"))


def text_of(page: Path) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.read_text(encoding="utf-8")))


def result_page(site: Path, batch: str, suite: str) -> Path:
    (page,) = (site / "validations" / suite / batch).rglob("*.html")
    return page


def test_there_is_a_page_for_every_suite_and_every_result(site):
    assert [page.relative_to(site).as_posix() for page in pages(site)] == [
        "expectations/bvte_01.html",
        "expectations/bvte_02.html",
        "index.html",
        "validations/bvte_01/b1/20250701T021500.000000Z/bvte_01.html",
        "validations/bvte_02/b1/20250701T021500.000000Z/bvte_02.html",
        "validations/bvte_02/b2/20250701T021500.000000Z/bvte_02.html",
    ]


def test_no_page_fetches_anything_but_the_style_sheet_beside_it(site):
    for page in pages(site):
        links = Links(page)
        assert links.scripts == 0
        assert [(page.parent / link).resolve() for link in links.fetched] == [site / "data_docs.css"]


def test_nothing_in_the_site_names_a_remote_resource(site):
    for file in site.rglob("*"):
        if file.is_file():
            assert not re.search(r"https?:|url\(|@import|[\"'(]//", file.read_text(encoding="utf-8")), file


def test_every_link_leads_to_a_page_of_the_site(site):
    for page in pages(site):
        for link in Links(page).followed:
            assert not urlsplit(link).scheme
            assert (page.parent / unquote(link)).resolve() in pages(site)


def test_every_page_can_be_reached_from_the_index(site):
    reached, ahead = set(), {site / "index.html"}
    while ahead:
        page = ahead.pop()
        reached.add(page)
        ahead |= {(page.parent / unquote(link)).resolve() for link in Links(page).followed} - reached
    assert reached == set(pages(site))


def test_the_index_counts_what_passed_failed_and_was_not_judged(site):
    text = text_of(site / "index.html")
    assert "20250701-1a2b" in text
    assert "Tình hình xâm hại &lt;trẻ em&gt; b1 01/07/2025 09:15 1 1 1 1 60" in text
    assert "bvte_01 b1 01/07/2025 09:15 1 0 0 0 0" in text


def test_a_result_page_says_each_rule_in_vietnamese_with_its_outcome(site):
    text = text_of(result_page(site, "b1", "bvte_02"))
    assert f"Không đạt R0201 Nghiêm trọng {SENTENCE} (R0201)" in text
    assert f"Đạt R0202 Nghiêm trọng {SENTENCE} (R0202)" in text
    assert f"Không xét R0203 Nghiêm trọng {SENTENCE} (R0203)" in text


def test_a_result_page_names_the_first_rows_and_says_how_many_there_are(site):
    text = text_of(result_page(site, "b1", "bvte_02"))
    assert f"{ROWS_SHOWN} dòng đầu trong 60 dòng vi phạm" in text
    assert "s49 E8 1" in text
    assert "s50 E8 1" not in text
    assert "fct_findings" in text


def test_a_result_page_names_all_rows_where_they_are_few(site):
    text = text_of(result_page(site, "b2", "bvte_02"))
    assert "2 dòng vi phạm Lần gửi Ô Số lệch s0 E8 1 s1 E8 1" in text


def test_a_suite_page_lists_its_rules(site):
    text = text_of(site / "expectations" / "bvte_02.html")
    assert "3 quy tắc" in text
    assert f"R0203 Nghiêm trọng {SENTENCE} (R0203)" in text


def test_the_same_results_make_the_same_bytes(made, site, tmp_path):
    again = build_data_docs(*made, tmp_path, "20250701-1a2b").parent
    files = {file.relative_to(again): file.read_bytes() for file in again.rglob("*") if file.is_file()}
    assert files == {file.relative_to(site): file.read_bytes() for file in site.rglob("*") if file.is_file()}


def test_a_result_whose_suite_is_gone_still_has_its_page(made, tmp_path):
    results, suites = made
    site = build_data_docs(results, suites[:1], tmp_path, "r").parent
    assert f"{SENTENCE} (R0201)" in text_of(result_page(site, "b1", "bvte_02"))


def test_a_release_without_results_says_so(made, tmp_path):
    assert "Chưa có lần thẩm định nào" in text_of(build_data_docs([], made[1], tmp_path, "r"))


def test_two_results_never_share_a_page(made, tmp_path):
    results, suites = made
    with pytest.raises(BuildError, match=r"two results for one page: validations/bvte_02/b1"):
        build_data_docs([results[1], results[1]], suites, tmp_path, "r")


def test_a_page_that_cannot_be_written_is_an_error(made, tmp_path):
    results, suites = made
    spoilt = json.loads(suites[0].read_text(encoding="utf-8"))
    spoilt["expectations"][0]["meta"]["severity"] = "fatal"
    path = tmp_path / "bvte_01.json"
    path.write_text(json.dumps(spoilt), encoding="utf-8")
    with pytest.raises(BuildError, match=r"no page .*expectations/bvte_01\.html"):
        build_data_docs(results, [path, suites[1]], tmp_path / "site", "r")


def test_judging_goes_on_after_a_site_was_built(made, site):
    frame = pd.DataFrame({"submission_id": ["s1"], "cell_address": ["E8"], "R0101": [2.0]})
    validation = run_checkpoint("b3", made[1][0], frame, ["submission_id", "cell_address"], NOW)
    assert validation.judgements[0].outcome == "failed"
