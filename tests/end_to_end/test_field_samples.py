"""Every field sample gets the verdict and the rules, at the cells, that its README promises; and the marts say so."""

import csv
import re
import shutil
from collections import defaultdict
from datetime import datetime
from pathlib import Path

import duckdb
import pytest
import yaml
from coded_columns import codes_without_words
from linked_pages import dead_links, pages_in, reached
from openpyxl import load_workbook

from tally.periods import LOCAL_TIME
from tally.pipeline.home import Home
from tally.pipeline.recipe import Figure
from tally.pipeline.releases import manifest_of
from tally.pipeline.run import run
from tally.pipeline.submission_pages import write_submission_pages
from tally.pipeline.trace import trace_figure

SAMPLES = Path(__file__).parents[1] / "field_samples"
NOW = datetime(2026, 1, 5, 9, tzinfo=LOCAL_TIME)
EXPECTED = list(csv.DictReader((SAMPLES / "expected.csv").open(encoding="utf-8")))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("samples"))
    shutil.copytree(SAMPLES / "inbox", home.inbox)
    shutil.copy(SAMPLES / "received.csv", home.received_csv)
    run(NOW, home)
    return home


@pytest.fixture(scope="module")
def marts(home: Home) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(str(home.releases / "current" / "national.duckdb"), read_only=True)


@pytest.mark.parametrize("sample", EXPECTED, ids=[row["path"].removeprefix("inbox/") for row in EXPECTED])
def test_a_sample_gets_its_verdict_and_its_findings(sample: dict[str, str], marts: duckdb.DuckDBPyConnection) -> None:
    verdict = marts.execute(
        "select verdict from marts.fct_submissions where file_path = ?", [sample["path"]]
    ).fetchall()
    found = marts.execute(
        """
        select rule_code || coalesce('@' || sheet_name || '!' || cell_address, '')
        from marts.fct_findings inner join marts.fct_submissions using (submission_id)
        where file_path = ?
        """,
        [sample["path"]],
    ).fetchall()
    assert verdict == [(sample["verdict"],)]
    assert sorted(place for (place,) in found) == sorted(filter(None, sample["rules"].split(";")))


def test_of_what_was_refused_only_the_rules_that_refuse_were_judged(home: Home) -> None:
    refusing = {code for code, rule in home.contracts.submission_rules.items() if rule.refuses} | {"S09"}
    folders = [str(path) for path in (home.root / "work" / "judgements").glob("*/submissions.parquet")]
    judged = duckdb.execute("select rules_judged from read_parquet(?) where verdict = 'refused'", [folders]).fetchall()
    assert judged
    assert [rules for (rules,) in judged if not set(rules) <= refusing] == []


def test_every_finding_can_be_reached_from_the_index_down_to_the_submission(home: Home, tmp_path: Path) -> None:
    index, count = write_submission_pages(home, out=tmp_path / "pages")
    assert count == len(EXPECTED)
    assert dead_links(index.parent) == []
    assert reached(index.parent / "data_docs" / "index.html") == set(pages_in(index.parent))
    broken = defaultdict(set)
    for path in (index.parent / "pages" / "batches").iterdir():
        for rule in path.read_text(encoding="utf-8").split('<tbody class="rule ')[1:]:
            rule_code = re.search(r"rules/(\w+)\.html", rule)[1]
            broken[rule_code] |= set(re.findall(r"submissions/(\w+)\.html", rule))
    ids = {one.file_path: one.submission_id for one in home.state().submissions.values()}
    for sample in EXPECTED:
        for place in filter(None, sample["rules"].split(";")):
            assert ids[sample["path"]] in broken[place.partition("@")[0]], place


def test_running_again_changes_nothing(home: Home) -> None:
    events, releases = list(home.ledger.events()), sorted(home.releases.iterdir())
    letters = {path: path.read_bytes() for path in home.outbox.rglob("*") if path.is_file()}
    run(NOW, home)
    assert list(home.ledger.events()) == events
    assert sorted(home.releases.iterdir()) == releases
    assert {path: path.read_bytes() for path in home.outbox.rglob("*") if path.is_file()} == letters


def test_every_province_has_a_list_of_what_is_outstanding_there(home: Home, marts: duckdb.DuckDBPyConnection) -> None:
    provinces = {path.parent.name for path in home.outbox.glob("*/outstanding.html")}
    assert len(provinces) == 34
    assert provinces == {path.parent.name for path in home.outbox.glob("*/outstanding.xlsx")}
    page = (home.outbox / "79" / "outstanding.html").read_text(encoding="utf-8")
    assert "Tỉnh Bình Dương (mã 74 trên bản đồ của kỳ)" in page
    assert all(f"../{code}/" in page for code in ("25951", "26584", "27424", "27628"))
    assert dead_links(home.outbox) == []
    listed = load_workbook(home.outbox / "79" / "outstanding.xlsx")["Danh sách"].iter_rows(min_row=2, values_only=True)
    owed = marts.execute(
        """
        select period_code, area_code, due_date, days_after_due from marts.rpt_late_and_missing_reports
        where report_state <> 'late' and province_code in ('74', '77', '79')
        """
    ).fetchall()
    assert sorted((row[0], row[1], row[4].date(), row[5]) for row in listed) == sorted(owed)


def test_the_later_accepted_submission_stands_and_the_earlier_stays_on_record(marts: duckdb.DuckDBPyConnection) -> None:
    rows = marts.execute(
        """
        select file_path, is_current, supersedes is not null from marts.fct_submissions
        where area_code = '05800' order by received_at
        """
    ).fetchall()
    assert rows == [
        ("inbox/05800/BVTE_05800_2025-A1.xlsx", False, False),
        ("inbox/05800/BVTE_05800_2025-A1_v2.xlsx", True, True),
    ]


def test_every_code_of_a_mart_is_said_in_words(marts: duckdb.DuckDBPyConnection) -> None:
    assert codes_without_words(marts) == []


def test_every_table_and_every_column_says_what_it_is_in_both_languages(marts: duckdb.DuckDBPyConnection) -> None:
    said = marts.execute(
        """
        from (
            select schema_name, table_name, null as column_name, comment from duckdb_tables()
            union all
            select schema_name, view_name, null, comment from duckdb_views() where not internal
            union all
            select schema_name, table_name, column_name, comment from duckdb_columns() where not internal
        )
        where schema_name in ('marts', 'stored')
        """
    ).fetchall()
    assert len(said) > 250
    in_both = re.compile(r".*\w.* / .*\w.*", re.DOTALL)
    assert [place for *place, comment in said if not in_both.fullmatch(comment or "")] == []


def test_a_mart_is_made_as_it_is_described(home: Home, marts: duckdb.DuckDBPyConnection) -> None:
    described = yaml.safe_load((home.project / "dbt_project/models/marts/_changes.yml").read_text(encoding="utf-8"))
    for mart in described["sources"][0]["tables"]:
        columns = [(column["name"], column["data_type"]) for column in mart["columns"]]
        made = marts.execute(f"describe marts.{mart['name']}").fetchall()
        assert [(row[0], row[1].lower().replace("timestamp with time zone", "timestamptz")) for row in made] == columns


def test_a_release_has_the_page_that_says_what_its_marts_are(home: Home) -> None:
    release = home.releases / "current"
    page = (release / "dbt_docs" / "index.html").read_text(encoding="utf-8")
    assert "dbt_docs/index.html" in manifest_of(release)["files"]
    assert [place for place in (str(home.root), str(home.project), str(Path.home())) if place in page] == []


def test_the_province_that_adds_up_has_no_imbalance(marts: duckdb.DuckDBPyConnection) -> None:
    rows = marts.execute(
        """
        select count(*), count(*) filter (imbalance <> 0), min(children_accepted), max(children_expected)
        from marts.fct_imbalances where area_code = '11' and period_code = '2025-A1'
        """
    ).fetchall()
    assert rows[0][0] > 300
    assert rows[0][1:] == (0, 4, 45)


@pytest.mark.parametrize("area", ["VN", "11"])
def test_a_figure_leads_back_to_the_lowest_reports_and_not_to_those_above_them(home: Home, area: str) -> None:
    traced = trace_figure(home, Figure("children_under_16", area, "2025-A1"))
    assert traced["agrees"]
    assert {len(cell["area_code"]) for cell in traced["cells"]} == {5}


def test_no_letter_copies_personal_data_or_free_text_onward(home: Home) -> None:
    for folder in ("08218", "09877"):
        assert not list((home.outbox / folder).glob("*.xlsx"))
    for path in home.root.rglob("*"):
        outside = not path.is_relative_to(home.inbox) and not path.is_relative_to(home.root / "archive")
        if path.is_file() and outside and path.suffix in (".html", ".json", ".jsonl", ".csv"):
            text = path.read_text(encoding="utf-8", errors="replace")
            for row in EXPECTED:
                assert "Nguyễn Thị" not in text or row["path"], path
