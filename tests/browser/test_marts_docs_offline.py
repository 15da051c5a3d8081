"""dbt's page of the marts opens from disk without a network, and says what every mart and column is."""

import re
from html import unescape
from pathlib import Path

import pytest

from tally.adapters.dbt import prepare_project
from tally.pipeline.home import PROJECT


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As a release has it; what runs of this project have prepared is not prepared again."""
    folder = tmp_path_factory.mktemp("dbt")
    page = folder / "index.html"
    prepared = prepare_project(PROJECT / "dbt_project", folder / "warehouse.duckdb", folder)
    page.write_bytes((prepared / "docs.html").read_bytes())
    return page


def shown(html: str) -> str:
    """What a reader sees: not the data that the page is built from."""
    return unescape(html[html.index("<body") :])


def test_the_first_page_says_in_both_languages_where_to_begin(page, open_page):
    opened = open_page(page)
    assert opened.requests == []
    for words in ("Các bảng số liệu của một bản phát hành", "The marts of a release", "#!/model/model.tally.dim_codes"):
        assert words in shown(opened.html)


def test_a_mart_is_found_with_its_columns_their_types_and_what_they_are(page, open_page):
    opened = open_page(page, "#!/model/model.tally.fct_submissions")
    says = [
        "national.marts.fct_submissions",
        ">timestamptz<",
        ">batch_id<",
        "trả lại để sửa;",
        "returned (to be corrected)",
    ]
    assert [words for words in says if words not in shown(opened.html)] == []
    assert opened.requests == []
    models = PROJECT / "dbt_project" / "models"
    published = {
        f"model.tally.{path.stem}" for folder in ("marts", "stored") for path in (models / folder).glob("*.sql")
    }
    published |= {
        f"source.tally.changes.{name}" for name in ("fct_changes", "fct_changed_reports", "rpt_unusual_counts")
    }
    listed = set(re.findall(r'data-nav-unique-id="((?:model|source|seed)[^"]+)"', opened.html))
    assert listed == published, "what no reader has is not listed"
