"""Feeds of other sources: what is read of a line, what is refused, which line stands, and what figures have to keep."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tally.contracts.load import load_contracts
from tally.contracts.model import Contracts
from tally.intake.feeds import read_feed
from tally.judgement.feeds import Broken, Figure, Published
from tally.readings import FeedFile

PROJECT = Path(__file__).parents[2]
HEADER = "source,period_start,period_end,area_code,indicator_code,sex,age,value,unit,status,citation"
VICTIMS = "police,2024-01-01,2024-12-31,VN,abuse_victims,_T,_T,2505,children,sourced,Bộ Công an"
TODAY = date(2026, 1, 12)


@pytest.fixture(scope="module")
def contracts() -> Contracts:
    return load_contracts(PROJECT / "contracts")


def read(contracts: Contracts, *lines: str, source: str = "police", header: str = HEADER) -> FeedFile:
    of = next(one for one in contracts.sources if one.source == source)
    return read_feed("\n".join([header, *lines, ""]).encode(), of, contracts, TODAY)


def judged(contracts: Contracts, *files: FeedFile, source: str = "police") -> dict[str, dict[tuple[str, int], Broken]]:
    return published(contracts, *files, source=source).judge()


def published(contracts: Contracts, *files: FeedFile, source: str = "police") -> Published:
    of = next(one for one in contracts.sources if one.source == source)
    figures = [Figure(f"file {at}", line) for at, file in enumerate(files) for line in file.lines]
    return Published(figures, of, contracts)


def line(indicator: str, value: object, year: int = 2024, unit: str = "children", **other: str) -> str:
    said = {"start": f"{year}-01-01", "end": f"{year}-12-31", "area": "VN", "sex": "_T", "citation": "c"} | other
    where = f"{said['start']},{said['end']},{said['area']},{indicator},{said['sex']},_T"
    return f"{said.get('source', 'police')},{where},{value},{unit},{said.get('status', 'sourced')},{said['citation']}"


def test_a_line_is_read_as_it_is_written(contracts):
    (one,) = read(contracts, VICTIMS).lines
    assert (one.number, one.value, one.faults) == (2, 2505, {})
    assert one.key == ("VN", date(2024, 1, 1), date(2024, 12, 31), "abuse_victims", "_T", "_T")


def test_a_published_name_of_a_series_and_a_unit_in_the_singular_are_understood(contracts):
    (one,) = read(contracts, VICTIMS.replace("abuse_victims", "mps_abuse_victims").replace("children", "person")).lines
    assert (one.indicator_code, one.unit, one.faults) == ("abuse_victims", "children", {})


def test_an_empty_value_is_not_published_and_not_a_zero(contracts):
    (one,) = read(contracts, VICTIMS.replace("2505", "")).lines
    assert (one.value, one.faults) == (None, {})


@pytest.mark.parametrize(("old", "new", "rule", "told"), [
    pytest.param("2024-01-01", "01/01/2024", "N04", "period_start: «01/01/2024»", id="a date as people write it"),
    pytest.param("2024-12-31", "2023-12-31", "N04", "period_end", id="an end before its start"),
    pytest.param("2024-12-31", "2026-12-31", "N04", "had not ended", id="a window that has not ended"),
    pytest.param(",VN,", ",00000,", "N05", "area_code: «00000»", id="an area that is on no map"),
    pytest.param(",VN,", ",001,", None, "", id="a district of the old map is an area of 2024"),
    pytest.param("abuse_victims", "victims", "N06", "indicator_code: «victims»", id="an indicator of nobody"),
    pytest.param("_T,_T", "M,Y0T5", "N07", "age: «Y0T5»", id="a cell that no column set has"),
    pytest.param("_T,_T", "nam,_T", "N07", "sex: «nam»", id="a sex in words"),
    pytest.param("2505", "2.505", "N08", "value: «2.505»", id="a separator of thousands"),
    pytest.param("2505", "-1", "N08", "value: «-1»", id="a negative count"),
    pytest.param("children", "incidents", "N09", "unit: «incidents»", id="incidents for children"),
    pytest.param("sourced", "sure", "N10", "status: «sure»", id="a status of nobody"),
    pytest.param("Bộ Công an", "", "N10", "citation: is empty", id="no citation"),
])  # fmt: skip
def test_what_is_wrong_in_a_line_is_told_with_line_column_and_value(contracts, old, new, rule, told):
    (one,) = read(contracts, VICTIMS.replace(old, new, 1)).lines
    assert list(one.faults) == ([rule] if rule else [])
    if rule:
        assert one.faults[rule].en.startswith("line 2, column ")
        assert told in one.faults[rule].en


def test_a_figure_that_a_file_gives_twice_for_one_citation_is_told(contracts):
    _, again = read(contracts, VICTIMS, VICTIMS.replace("2505", "2506")).lines
    assert list(again.faults) == ["N11"]


@pytest.mark.parametrize(("content", "rule"), [
    pytest.param(f"{HEADER}\n{VICTIMS}\n".encode("utf-16"), "N01", id="another encoding"),
    pytest.param(b"", "N01", id="nothing"),
    pytest.param(f"{HEADER}\n".encode(), "N01", id="a header alone"),
    pytest.param(f"{HEADER.replace('sex,', '')}\n{VICTIMS}\n".encode(), "N01", id="a column too few"),
    pytest.param(f'{HEADER}\n{VICTIMS}\n"never closed'.encode(), "N01", id="a quote that is never closed"),
    pytest.param(f"{HEADER}\n{VICTIMS},more\n".encode(), "N01", id="a field too many"),
    pytest.param(f"{HEADER}\n{VICTIMS.replace('police', 'census')}\n".encode(), "N02", id="a line of another source"),
    pytest.param(f"{HEADER}\n{VICTIMS} 0912 345 678\n".encode(), "N03", id="a telephone number in the citation"),
    pytest.param(f"{HEADER}\n{VICTIMS} a.b@gov.vn\n".encode(), "N03", id="an address in the citation"),
])  # fmt: skip
def test_a_file_that_is_no_feed_is_refused_whole(contracts, content, rule):
    police = next(one for one in contracts.sources if one.source == "police")
    file = read_feed(content, police, contracts, TODAY)
    assert list(file.faults) == [rule]
    assert file.lines == []
    assert "0912" not in str(file.faults)
    assert "@" not in str(file.faults)


def test_the_number_of_an_article_in_an_address_is_nobodys_number(contracts):
    address = "https://tuoitre.vn/tong-dai-103250916152.htm"
    assert read(contracts, VICTIMS.replace("Bộ Công an", address)).faults == {}


def test_lines_ended_as_in_windows_and_a_byte_order_mark_are_read(contracts):
    police = next(one for one in contracts.sources if one.source == "police")
    file = read_feed(f"\ufeff{HEADER}\r\n{VICTIMS}\r\n\r\n".encode(), police, contracts, TODAY)
    assert [one.value for one in file.lines] == [2505]


def test_a_later_file_takes_the_place_of_an_earlier_one_figure_by_figure(contracts):
    first = read(contracts, line("abuse_victims", 10), line("abuse_offenders", 4, unit="people"))
    second = read(contracts, line("abuse_victims", 11))
    of = published(contracts, first, second)
    assert {(one.feed_id, one.line.value) for one in of.standing.values()} == {("file 0", 4), ("file 1", 11)}
    assert of.judge()["N12"] == {}, "a correction contradicts nobody"


def test_a_misprint_is_shown_and_does_not_stand(contracts):
    file = read(contracts, line("abuse_victims", 1414, status="misprint"), line("abuse_victims", 1914, citation="d"))
    of = published(contracts, file)
    assert [one.line.value for one in of.standing.values()] == [1914]
    assert {place: one.residual for place, one in of.judge()["N12"].items()} == {("file 0", 2): -500}


V, S, R, P = "abuse_victims", "abuse_victims_sexual", "abuse_victims_other", "abuse_victims_sexual_share"


@pytest.mark.parametrize(("rule", "lines", "residual"), [
    pytest.param("N21", [(V, 10), (S, 7), (R, 3)], 0, id="parts make the total"),
    pytest.param("N21", [(V, 10), (S, 7), (R, 2)], 1, id="one is left out"),
    pytest.param("N21", [(V, 10), (S, 7)], None, id="a list of parts without its end is not judged"),
    pytest.param("N23", [(V, 3), (S, 2), (P, 66.7)], 0, id="a share as it is printed"),
    pytest.param("N23", [(V, 3), (S, 2), (P, 66.6)], -0.1, id="a share of something else"),
    pytest.param("N23", [(V, 0), (S, 0), (P, 0)], None, id="a share of nothing is not judged"),
])  # fmt: skip
def test_figures_keep_the_rules_of_their_source(contracts, rule, lines, residual):
    file = read(contracts, *(line(code, value, unit="percent" if code == P else "children") for code, value in lines))
    found = judged(contracts, file)[rule]
    assert [round(one.residual, 6) for one in found.values()] == ([] if residual is None else [residual])


@given(st.lists(st.integers(0, 10**6), min_size=10, max_size=10), st.integers(-3, 3))
@settings(max_examples=30, deadline=None)
def test_parts_make_a_total_exactly_if_they_add_up(contracts, parts, gap):
    source = next(one for one in contracts.sources if one.source == "hotline_111")
    codes = [one.code for one in source.indicators if one.code.startswith("hotline_interventions_")]
    total = max(sum(parts) + gap, 0)
    lines = [line("hotline_interventions", total, unit="cases", source="hotline_111")]
    lines += [line(code, value, unit="cases", source="hotline_111") for code, value in zip(codes, parts, strict=True)]
    file = read(contracts, *lines, source="hotline_111")
    found = judged(contracts, file, source="hotline_111")["N31"]
    assert [one.residual for one in found.values()] == [total - sum(parts)]


@given(
    st.lists(st.tuples(st.integers(2, 12), st.integers(0, 1000)), min_size=2, max_size=6, unique_by=lambda one: one[0])
)
@settings(max_examples=50, deadline=None)
def test_a_cumulative_figure_is_told_exactly_where_a_shorter_window_has_more(contracts, months):
    lines = [
        line("hotline_calls", value, unit="calls", source="hotline_111", end=f"2022-{month:02}-28")
        for month, value in months
    ]
    file = read(contracts, *lines, source="hotline_111")
    found = judged(contracts, file, source="hotline_111")["N33"]
    expected = {}
    for at, (month, value) in enumerate(months):
        shorter = [other for when, other in months if when < month]
        if shorter:
            expected["file 0", at + 2] = max(max(shorter) - value, 0)
    assert {place: one.residual for place, one in found.items()} == expected


def test_what_the_sources_published_gives_exactly_the_findings_that_are_known(contracts):
    found, noted = set(), set()
    for source in contracts.sources:
        content = (PROJECT / "published" / f"{source.source}.csv").read_bytes()
        file = read_feed(content, source, contracts, TODAY)
        assert [fault for one in file.lines for fault in one.faults] == []
        by_number = {one.number: one for one in file.lines}
        for rule, broken in judged(contracts, file, source=source.source).items():
            for (_, number), one in broken.items():
                if one.residual:
                    at = by_number[number]
                    found.add((source.source, rule, at.indicator_code, at.start, at.end))
        noted |= {(source.source, one.rule, one.indicator, one.start, one.end) for one in source.known}
    assert found == noted
    assert {one.code for source in contracts.sources for one in source.known} == {
        *("F1", "F2", "F3", "F4", "F5", "F6", "F7", "F9", "F11")
    }
