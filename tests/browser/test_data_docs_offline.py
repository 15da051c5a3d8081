"""Data Docs open from disk in a browser without a network, and ask for none."""

from datetime import UTC, datetime

import pandas as pd
import pytest
from great_expectations import ExpectationSuite
from great_expectations.expectations import ExpectColumnValuesToBeInSet

from tally.adapters.data_docs import build_data_docs
from tally.adapters.gx import run_checkpoint


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("release")
    meta = {"rule_code": "R0201", "severity": "critical", "sentence_vi": "Tổng số bằng Nam cộng Nữ"}
    rule = ExpectColumnValuesToBeInSet(column="R0201", value_set=[0], meta=meta)
    suite = ExpectationSuite(name="bvte_02", expectations=[rule])
    frame = pd.DataFrame({"submission_id": ["s1"], "cell_address": ["E8"], "R0201": [3.0]})
    now = datetime(2025, 7, 1, 2, 15, tzinfo=UTC)
    result = run_checkpoint("b1", suite, frame, ["submission_id", "cell_address"], now).save(folder / "bvte_02.json")
    return build_data_docs([result], [], folder / "data_docs", "20250701-1a2b").parent


def test_the_index_shows_its_results_without_a_network(site, open_page):
    page = open_page(site / "index.html")
    assert "Hồ sơ thẩm định số liệu" in page.html
    assert ">bvte_02</a>" in page.html
    assert page.requests == []


def test_a_result_page_shows_its_rules_without_a_network(site, open_page):
    (path,) = (site / "validations").rglob("*.html")
    page = open_page(path)
    assert "Tổng số bằng Nam cộng Nữ" in page.html
    assert page.requests == []


def test_a_page_that_asks_for_the_network_would_be_seen(tmp_path, open_page):
    page = tmp_path / "remote.html"
    page.write_text(
        '<link rel="stylesheet" href="https://cdn.invalid/x.css"><script src="https://cdn.invalid/x.js"></script>'
    )
    assert {"https://cdn.invalid/x.css", "https://cdn.invalid/x.js"} <= set(open_page(page).requests)
