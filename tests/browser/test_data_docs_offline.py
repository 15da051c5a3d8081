"""Data Docs and the pages beside them open from disk in a browser without a network, and ask for none."""

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest
from great_expectations import ExpectationSuite
from great_expectations.expectations import ExpectColumnValuesToBeInSet
from linked_pages import dead_links, pages_in, reached

from tally.adapters.data_docs import build_data_docs
from tally.adapters.gx import run_checkpoint
from tally.contracts.model import Text
from tally.exports.pages import (
    BatchOf,
    Broken,
    Changes,
    Count,
    Happening,
    Life,
    Outcome,
    RuleOf,
    Sibling,
    Stood,
    SubmissionOf,
    batch_page,
    changes_page,
    index_page,
    rule_page,
    sources_page,
    submission_page,
    submissions_index,
    submissions_list,
    targets_page,
    with_submissions,
)
from tally.vocabulary import Severity

NOW = datetime(2025, 7, 1, 2, 15, tzinfo=UTC)
RELEASE = "20250701-1a2b"
TITLES = {"bvte_02": Text(vi="Tình hình xâm hại trẻ em", en="Child abuse")}
TELL = Text(vi="Tổng số bằng Nam cộng Nữ", en="The total is boys plus girls")
PERIOD = Text(vi="6 tháng đầu năm 2025", en="First six months of 2025")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """One batch of two submissions of a commune, as `pipeline.pages` lays it out."""
    folder = tmp_path_factory.mktemp("release")
    meta = {"rule_code": "R0201", "severity": "critical", "sentence_vi": TELL.vi}
    rule = ExpectColumnValuesToBeInSet(column="R0201", value_set=[0], meta=meta)
    suite = ExpectationSuite(name="bvte_02", expectations=[rule])
    suite_file = folder.parent / "bvte_02.json"
    suite_file.write_text(json.dumps(suite.to_json_dict()), encoding="utf-8")
    frame = pd.DataFrame({"submission_id": ["s1"], "cell_address": ["E8"], "R0201": [3.0]})
    result = run_checkpoint("bvte_02-b1", suite, frame, ["submission_id", "cell_address"], NOW)
    saved = result.save(folder.parent / "results" / "bvte_02.json")
    build_data_docs(
        [saved], [suite_file], folder / "data_docs", RELEASE, "../pages/index.html", "../dbt_docs/index.html"
    )
    (data_docs,) = (folder / "data_docs" / "validations").rglob("*.html")

    life = Life("", "", Severity.CRITICAL, TELL, TELL, TELL, "BVTE 2025.1", says=("T = M + F + U",))
    rules = {"R0201": RuleOf("R0201", ("bvte_02",), (life,))}
    docs = {"bvte_02": data_docs.relative_to(folder).as_posix()}
    batch = BatchOf("b1", NOW, {"returned": 1, "accepted": 1}, 0, 1, ["2025-S1"], docs)
    place = ("00004", "00004", "Phường Ba Đình", "Thành phố Hà Nội", "2025-S1", "returned", "b1")
    broken = Broken("s1", *place, 1, [{"sheet": "BVTE-02", "cell": "E8"}])
    outcome = Outcome("bvte_02", "R0201", "critical", "failed", 2, 1, 1, [broken])
    count = Count(judged=2, failed=1, findings=1)
    has_page = {"s1", "s2"}
    pages = {
        "dbt_docs/index.html": "<title>dbt docs</title>",
        "pages/index.html": index_page(RELEASE, NOW, [batch], 1, [(rules["R0201"], count)], TITLES),
        "pages/batches/b1.html": batch_page(RELEASE, batch, [outcome], rules, TITLES),
        "pages/rules/R0201.html": rule_page(
            RELEASE,
            rules["R0201"],
            {("2025-S1", ("01", "Thành phố Hà Nội")): count},
            {"2025-S1": PERIOD},
            [(batch, outcome)],
            TITLES,
        ),
    }
    moved = {"period_code": "2025-S1", "area_code": "00004", "area_vi": "Phường Ba Đình", "received_at": NOW}
    report = {"reason": "correction", "submission_id_before": "s1", "submission_id_now": "s2", "cells_changed": 1}
    cell = {"indicator_code": "abuse_victims", "indicator_vi": "Số trẻ em bị xâm hại", "column": "Nam"}
    parts = {"by_late_reports": 0.0, "by_corrections": 3.0, "by_declared_corrections": 0.0, "reasons": "correction"}
    values = {"value_before": None, "value_now": 3, "status_before": "M", "status_now": "P"}
    counted = {"frame_vi": "Bản đồ của kỳ", "area_level": "nation", "figures": 1}
    said = {"reason_vi": "thừa số 0", "reason_en": "a 0 too many", "declared_by": "Sở"}
    declared = {"correction_code": "C2025-001", "value_from": 30, "value_to": None}
    pages["pages/changes.html"] = changes_page(
        RELEASE,
        Changes(
            "20250601-1a2b", 1, 0, [moved | counted | parts], [moved | report | {"is_late": True}], 2,
            [moved | cell | values | parts], 3, [moved | cell | said | declared],
        ),
    )  # fmt: skip
    words = dict.fromkeys(("label_vi", "coverage_vi", "cut_off_vi", "label_en", "coverage_en", "cut_off_en"), "công an")
    published = {
        **words, "cell": "", "area_code": "VN", "window_start": NOW, "window_end": NOW, "obs_value": 81.6,
        "status_vi": None, "unit_vi": "Phần trăm", "citation": "https://example.vn/<b>",
    }  # fmt: skip
    wrong = {
        "rule_code": "N23", "known_code": "F7", "severity": "warning", "message_vi": "Dòng 35", "message_en": "Line 35",
        "note_vi": "của số vụ", "note_en": "of incidents", "file_path": "published/police.csv",
    }  # fmt: skip
    file = {
        "file_path": "published/police.csv",
        "received_at": NOW,
        "verdict": "accepted_with_warnings",
        "line_count": 35,
    }
    source = {**words, "source_code": "police", "files": [file], "findings": [wrong], "figures": [published], "more": 1}
    pages["pages/sources.html"] = sources_page(RELEASE, [source])
    target = {
        **dict.fromkeys(("programme_vi", "programme_en", "decision", "title_vi", "title_en"), "QĐ 23"),
        **dict.fromkeys(("note_vi", "value_percent", "areas_expected", "period_code")),
        "programme_code": "qd_23", "target_value": 4.5, "target_at": "most", "target_year": 2025,
        "verification_status": "verified", "status_vi": "Không đánh giá được", "status_en": "Cannot be evaluated",
        "reason_vi": "chỉ đếm trẻ em được phát hiện", "reason_en": "detected",
    }  # fmt: skip
    pages["pages/targets.html"] = targets_page(RELEASE, [target])
    pages = {name: with_submissions(html, has_page, "../" * name.count("/")) for name, html in pages.items()}
    rows = [
        {
            **dict.fromkeys(("due_date", "template_version", "report_kind", "supersedes", "is_late")),
            "submission_id": submission_id,
            "file_path": "inbox/00004/a.xlsx",
            "sha256": "0" * 64,
            "findings": 1,
            "sender": "00004",
            "area_code": "00004",
            "area_level": "commune",
            "area_vi": "Phường Ba Đình",
            "province_code": "01",
            "province_vi": "Thành phố Hà Nội",
            "period_vi": PERIOD.vi,
            "received_at": NOW,
            "verdict": verdict,
            "is_current": verdict == "accepted",
        }
        for submission_id, verdict in (("s1", "returned"), ("s2", "accepted"))
    ]
    finding = {"rule_code": "R0201", "severity": "critical", "sheet_name": "BVTE-02", "cell_address": "E8"}
    messages = {"message_vi": "E8 = 3 <script>", "message_en": "E8 = 3", "status": "open"}
    siblings = [Sibling(row["submission_id"], NOW, row["verdict"], row["is_current"]) for row in rows]
    for row in rows:
        judged = Happening(NOW, "judged", {"verdict": row["verdict"], "batch_id": "b1", "findings": 1})
        stood = [Stood(RELEASE, RELEASE, 1, 0)] if row["is_current"] else []
        one = SubmissionOf(row, [finding | messages], [judged], ["outbox/x.html"], siblings, None, None, stood)
        page = submission_page(RELEASE, one, {"R0201"}, {"b1"}, has_page)
        pages[f"submissions/{row['submission_id']}.html"] = page
    listed = "lists/2025-S1_01.html"
    pages[listed] = submissions_list(RELEASE, PERIOD, "Thành phố Hà Nội", rows)
    verdicts = Counter(row["verdict"] for row in rows)
    pages["index.html"] = submissions_index(RELEASE, [(listed, PERIOD, "Thành phố Hà Nội", verdicts)], "mọi", True)
    for name, html in pages.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(html, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("page", "says"),
    [
        ("data_docs/index.html", ["Hồ sơ thẩm định số liệu", 'href="../pages/index.html"']),
        ("data_docs/validations", [TELL.vi]),
        ("pages/index.html", ["Lô và quy tắc", ">R0201</a>", "50,0 %"]),
        ("pages/batches", [TELL.vi, "BVTE-02: E8", 'href="../../submissions/s1.html"']),
        ("pages/rules", [TELL.en, "T = M + F + U", "Thành phố Hà Nội"]),
        (
            "pages/changes.html",
            ["+3", "Đơn vị gửi đính chính", "C2025-001", "2 số liệu nữa", 'href="../submissions/s2.html"'],
        ),
        ("pages/sources.html", ["81,6", "F7", "của số vụ", "https://example.vn/&lt;b&gt;", "fct_source_values"]),
        ("pages/targets.html", ["≤ 4,5 %", "Không đánh giá được", "chỉ đếm trẻ em được phát hiện"]),
        ("submissions/s1.html", ["Trả lại", "BVTE-02!E8", "E8 = 3 &lt;script&gt;", "Chưa xử lý", 'href="s2.html"']),
    ],
)
def test_a_page_says_what_it_is_for(site: Path, page, says):
    (path,) = [site / page] if page.endswith("html") else (site / page).rglob("*.html")
    html = path.read_text(encoding="utf-8")
    assert [words for words in says if words not in html] == []


def test_every_link_leads_somewhere_and_every_page_can_be_reached(site: Path):
    assert dead_links(site) == []
    for start in ("index.html", "data_docs/index.html"):
        assert reached(site / start) == set(pages_in(site))


def test_no_page_asks_for_the_network(site: Path, open_page):
    assert open_page(frames(site)).requests == []


def test_a_page_that_asks_for_the_network_would_be_seen(tmp_path, open_page):
    page = tmp_path / "remote.html"
    page.write_text(
        '<link rel="stylesheet" href="https://cdn.invalid/x.css"><script src="https://cdn.invalid/x.js"></script>'
    )
    assert {"https://cdn.invalid/x.css", "https://cdn.invalid/x.js"} <= set(open_page(frames(tmp_path)).requests)
    assert sorted(dead_links(tmp_path))[:3] == [
        "remote.html fetches a script",
        "remote.html fetches https://cdn.invalid/x.css",
        "remote.html fetches https://cdn.invalid/x.js",
    ]


def frames(folder: Path) -> Path:
    """One page that shows all pages of a folder: a browser takes longer to start than to open them."""
    path = folder.parent / f"{folder.name}.html"
    path.write_text("".join(f'<iframe src="{page.as_uri()}"></iframe>' for page in pages_in(folder)))
    return path
