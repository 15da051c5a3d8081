"""Feeds of other sources on their whole way: archived, judged, answered, beside the reports, superseded, traced."""

import shutil
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tally.adapters.tables import rows_of
from tally.errors import LedgerError, UsageError
from tally.periods import LOCAL_TIME, Period
from tally.pipeline.home import PROJECT, Home
from tally.pipeline.run import run
from tally.pipeline.trace import SourceFigure, trace_source
from tally.pipeline.verify import rebuild_release, verify_home
from tally.simulation.reports import areas_owing, lawful_reports
from tally.workbooks import BlankWorkbook

PERIOD = Period(2025, "A1")
NOW = datetime(2026, 1, 5, 9, tzinfo=LOCAL_TIME)
HEADER = "source,period_start,period_end,area_code,indicator_code,sex,age,value,unit,status,citation"
POLICE = "police,{window},{area},abuse_victims,_T,_T,{value},children,sourced,Công an tỉnh\n"
OF_THE_REPORTS, OF_THE_CALENDAR = "2024-12-15,2025-12-14", "2025-01-01,2025-12-31"
DETECTED = SourceFigure("police", "abuse_victims", "12", "2025-A1")


def feed(home: Home, source: str, name: str, *lines: str) -> None:
    folder = home.inbox / "feeds" / source
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("\n".join([HEADER, *lines]), encoding="utf-8")


@pytest.fixture(scope="module")
def home(two_provinces: Path, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """All communes of Lai Châu report; the sources send what they published, and the police more."""
    home = Home(tmp_path_factory.mktemp("feeds"), two_provinces)
    contracts = home.contracts
    blank = BlankWorkbook(contracts, contracts.edition(PERIOD), "commune")
    areas = [area for area in areas_owing(contracts, PERIOD, ["12"]) if area.level == "commune"]
    for report in lawful_reports(contracts, PERIOD, areas, seed=3):
        path = home.inbox / report.area.code / "report.xlsx"
        path.parent.mkdir(parents=True)
        path.write_bytes(blank.filled(report.cover, report.figures))
    for path in sorted((PROJECT / "published").glob("*.csv")):
        (home.inbox / "feeds" / path.stem).mkdir(parents=True)
        shutil.copy(path, home.inbox / "feeds" / path.stem / "published.csv")
    calendar = POLICE.format(window=OF_THE_CALENDAR, area="12", value=7)
    feed(home, "police", "first.csv", POLICE.format(window=OF_THE_REPORTS, area="12", value=9), calendar)
    feed(home, "police", "first_again.csv", POLICE.format(window=OF_THE_REPORTS, area="12", value=9), calendar)
    feed(home, "police", "wrong.csv", POLICE.format(window=OF_THE_REPORTS, area="12", value="1.009"), calendar)
    feed(home, "police", "personal.csv", POLICE.format(window=OF_THE_REPORTS, area="12", value=9) + " 0912345678")
    feed(home, "nobody", "x.csv", calendar)
    run(NOW, home)
    feed(home, "police", "second.csv", POLICE.format(window=OF_THE_REPORTS, area="12", value=8))
    run(NOW + timedelta(days=1), home)
    return home


def asked(home: Home, query: str, release: str = "current", **names: Any) -> list[dict[str, Any]]:
    with duckdb.connect(str(home.releases / release / "national.duckdb"), read_only=True) as connection:
        connection.execute("set search_path = 'marts'")
        return rows_of(connection, query, **names)


def first_release(home: Home) -> str:
    return next(iter(home.state().releases))


def test_a_report_shows_what_a_source_says_by_its_own_window_and_follows_it(home: Home) -> None:
    said = """
        select obs_value, window_start, citation, areas_expected from marts.rpt_child_abuse
        where line_code = 'police_abuse_victims' and area_code = '12' and period_code = '2025-A1'
    """
    releases = sorted(path for path in home.releases.iterdir() if path.name != "current")
    found = []
    for release in releases:
        with duckdb.connect(str(release / "national.duckdb"), read_only=True) as marts:
            found.append(marts.execute(said).fetchall())
    # of the two windows that the police gave, that of the reports
    assert found == [[(value, date(2024, 12, 15), "Công an tỉnh", None)] for value in (9, 8)]
    first, second = (release / "exports" / "bulletin_2025-A1.xlsx" for release in releases)
    assert not first.samefile(second)


def test_every_file_has_a_verdict(home):
    rows = asked(home, "select source_code, file_path, verdict from fct_feeds", first_release(home))
    assert {row["file_path"].removeprefix("inbox/feeds/"): row["verdict"] for row in rows} == {
        "census/published.csv": "accepted",
        "child_affairs/published.csv": "accepted",
        "hotline_111/published.csv": "accepted_with_warnings",
        "police/published.csv": "accepted_with_warnings",
        "trafficking_report/published.csv": "accepted",
        "police/first.csv": "accepted",
        "police/first_again.csv": "duplicate",
        "police/wrong.csv": "returned",
        "police/personal.csv": "refused",
        "nobody/x.csv": "refused",
    }


def test_every_published_series_is_in_the_marts_as_it_was_published_with_its_citation(home):
    rows = asked(
        home,
        """
        select * from fct_source_values inner join fct_feeds using (feed_id, source_code)
        where file_path like '%published.csv'
        """,
    )
    lines = [
        path.read_text(encoding="utf-8").splitlines()[1:] for path in sorted((PROJECT / "published").glob("*.csv"))
    ]
    assert len(rows) == sum(map(len, lines))
    assert all(row["citation"].startswith("http") for row in rows)
    assert {row["series_code"] for row in rows} >= {
        *("child_population_u16", "child_population_u16_male", "child_population_u16_female"),
        *("special_circumstances_rate", "mps_abuse_incidents", "mps_abuse_victims", "mps_abuse_victims_male"),
        *("mps_abuse_victims_female", "mps_abuse_offenders", "mps_sexual_abuse_incidents", "mps_sexual_abuse_victims"),
        *("mps_sexual_abuse_share_incidents", "mps_violence_victims", "mps_trafficking_victims"),
        *("mps_other_abuse_victims", "hotline_calls", "hotline_consultations", "hotline_interventions"),
        *("hotline_children_protected", "trafficking_victims_identified", "trafficking_child_victims"),
    }


def test_every_known_error_of_what_was_published_is_a_finding_with_its_note(home):
    rows = asked(
        home, "select known_code, rule_code, note_vi, note_en from fct_source_findings where known_code is not null"
    )
    assert {(row["known_code"], row["rule_code"]) for row in rows} == {
        *(("F1", "N31"), ("F2", "N31"), ("F3", "N32"), ("F4", "N33"), ("F5", "N34"), ("F6", "N22"), ("F7", "N23")),
        *(("F9", "N12"), ("F11", "N35")),
    }
    assert all(row["note_vi"] and row["note_en"] for row in rows)


def test_sources_stand_side_by_side_with_unit_cut_off_and_coverage_and_are_never_added(home):
    rows = asked(
        home,
        """
        select * from fct_source_comparison
        where concept_code = 'abuse_victims' and area_code = '12' and period_code = '2025-A1'
        order by source_code
        """,
        first_release(home),
    )
    communes, police = rows
    reported = asked(
        home,
        """
        select obs_value from fct_indicator_values
        where frame = 'as_reported' and area_code = '12' and period_code = '2025-A1'
        and indicator_code = 'abuse_victims' and sex = '_T' and age_band = '_T' and subset = '_T'
        """,
        first_release(home),
    )[0]["obs_value"]
    assert (communes["source_code"], communes["obs_value"], communes["beside_source_code"]) == (
        "communes",
        reported,
        None,
    )
    assert communes["areas_filled"] == communes["areas_expected"] == 38
    # the police sent the window of the reports and the calendar year: that of the reports stands beside them
    assert (police["obs_value"], police["comparability"], police["days_not_shared"]) == (9, "same_window", 0)
    assert police["value_difference"] == 9 - reported
    assert (police["overlap_at_most"], police["known_to_either_at_least"]) == (min(9, reported), max(9, reported))
    for row in rows:
        assert row["unit"] == "children"
        assert all(row[name] for name in ("cut_off_vi", "cut_off_en", "coverage_vi", "coverage_en"))


def test_other_windows_are_told_apart_and_other_units_are_not_compared(home):
    rows = asked(home, "select * from fct_source_comparison where beside_source_code is not null")
    of = {(row["concept_code"], row["period_code"], row["source_code"]): row for row in rows}
    assert of["abuse_victims", "2024-A1", "police"]["comparability"] == "not_published"
    hotline = of["abuse_victims_violence", "2022-A1", "hotline_111"]
    assert (hotline["unit"], hotline["value_difference"], hotline["overlap_at_most"]) == ("cases", None, None)
    assert all(row["days_not_shared"] > 0 for row in rows if row["comparability"] == "shifted_window")


def test_a_wrong_file_is_answered_line_by_line_and_none_of_its_figures_is_used(home):
    (letter,) = (home.outbox / "feeds" / "police").glob("*_returned.html")
    text = letter.read_text(encoding="utf-8")
    assert "Line 2, column value: «1.009»" in text
    assert "Dòng 2, cột value: «1.009»" in text
    assert asked(home, "select count(*) as rows from fct_source_values where obs_value = 1009")[0]["rows"] == 0


def test_personal_data_goes_nowhere(home):
    copied = [
        path
        for path in home.root.rglob("*")
        if path.is_file()
        and "archive" not in path.parts
        and "inbox" not in path.parts
        and b"0912345678" in path.read_bytes()
    ]
    assert copied == []


def test_a_later_file_takes_the_place_of_an_earlier_one_and_both_stay_on_record(home):
    traced = trace_source(home, DETECTED)
    told = {(line["published"], line["is_current"], line["agrees"]) for line in traced["lines"]}
    assert told == {(7, True, True), (8, True, True), (9, False, True)}
    (row,) = asked(
        home,
        """
        select obs_value from fct_source_comparison
        where concept_code = 'abuse_victims' and area_code = '12' and source_code = 'police'
        """,
    )
    assert row["obs_value"] == 8


def test_a_figure_that_no_source_sent_cannot_be_traced(home):
    with pytest.raises(UsageError, match="no figure police abuse_victims 11"):
        trace_source(home, SourceFigure("police", "abuse_victims", "11", "2025-A1"))


def test_the_record_holds_and_a_release_can_be_made_again(home):
    assert "archived files" in verify_home(home)
    assert "the rows of every mart are the same" in rebuild_release(home, first_release(home))


def test_a_feed_that_was_edited_in_the_archive_is_missed(home):
    feed_of = next(one for one in home.state().feeds.values() if one.file_path.endswith("second.csv"))
    path = home.archive.path(feed_of.sha256)
    content = path.read_bytes()
    path.chmod(0o644)
    path.write_bytes(content.replace(b",8,", b",5,"))
    try:
        with pytest.raises(LedgerError, match=feed_of.sha256):
            verify_home(home)
        with pytest.raises(LedgerError, match=feed_of.sha256):
            trace_source(home, DETECTED)
    finally:
        path.write_bytes(content)


def test_nothing_new_changes_nothing(home):
    events = home.ledger.head()
    outcome = run(NOW + timedelta(days=2), home)
    assert outcome.release_id == next(reversed(home.state().releases))
    assert home.ledger.head() == events


def test_the_release_has_a_page_of_the_sources_with_what_they_published_and_what_is_wrong(home):
    text = (home.releases / "current" / "pages" / "sources.html").read_text(encoding="utf-8")
    for said in (
        "đã công bố",
        "1.414",
        "81,6",
        "1,414 printed once for 1,914",
        "inbox/feeds/police/second.csv",
        "Trả lại",
    ):
        assert said in text
    assert 'href="http' not in text
    assert "sources.html" in (home.releases / "current" / "pages" / "index.html").read_text(encoding="utf-8")


def test_targets_are_judged_where_enough_reported_and_say_why_where_nobody_can_tell(home):
    rows = asked(home, "select * from rpt_programme_targets where frame = 'as_reported' and area_code in ('VN', '12')")
    of = {(row["target_code"], row["area_code"]): row for row in rows}
    assert len({code for code, _ in of}) == 30
    for row in rows:
        assert (row["target_status"] == "cannot_be_evaluated") == (row["why_not"] is not None), row
        assert (row["why_not"] is None) == (row["reason_vi"] is None) == (row["reason_en"] is None), row
        if row["why_not"] is None:
            assert row["value_percent"] == pytest.approx(100 * row["numerator_value"] / row["denominator_value"])
    province, nation = of["qd_1863_1", "12"], of["qd_1863_1", "VN"]
    assert (province["areas_filled"], province["coverage"], province["target_status"]) == (38, 1, "behind")
    assert nation["why_not"] == "coverage_too_low"  # one of two provinces
    assert of["qd_23_abused_2025", "VN"]["why_not"] == "not_measured"
    assert of["qd_1863_4", "VN"]["why_not"] == "not_reported"  # no province sent its own report


def test_the_forms_of_abuse_add_up_in_each_classification_with_those_not_allocated(home):
    rows = asked(
        home,
        """
        select
            classified.frame, area_code, period_code, sex, age_band, scheme_code,
            sum(classified.obs_value) - any_value(figures.obs_value) as gap
        from rpt_abuse_classified as classified
        inner join fct_indicator_values as figures using (frame, area_code, area_level, period_code, sex, age_band)
        where indicator_code = 'abuse_victims' and subset = '_T' and figures.obs_value is not null
        group by all
        """,
    )
    assert len(rows) > 100
    assert {row["gap"] for row in rows} == {0}
    (violence,) = asked(
        home, "from dim_classifications where indicator_code = 'abuse_victims_violence' and scheme_code = 'icvac'"
    )
    assert (violence["category_code"], violence["candidate_codes"]) == ("_U", "2 4")
