"""A declared correction changes the figures that its report enters, and says so in each."""

from datetime import datetime
from pathlib import Path

import duckdb
import pytest
from small_country import Build, Marts, reported, submissions_of

from tally.pipeline.carryover import take_over
from tally.pipeline.recipe import Figure, recipe_of

AS_OF = datetime.fromisoformat("2027-01-10T09:00:00+07:00")
SAID = reported(5)


def correction(code: str, area: str, period: str, value_from: int | None, value_to: int | None, **other: str) -> dict:
    return {
        "correction_code": code, "area_code": area, "period_code": period, "indicator_code": "victims",
        "column_code": "T", "form_code": "bvte_02", "sex": "_T", "age_band": "_T", "subset": "_T",
        "value_from": value_from, "value_to": value_to, "workbook": None, "reason_vi": "gõ thừa số 0",
        "reason_en": "a 0 too many", "declared_by": "Sở Một", "status": "active", **other,
    }  # fmt: skip


def said(area: str, period: str) -> int:
    return SAID[period, area]["victims", "T"]


CORRECTIONS = [
    correction("C2025-001", "00001", "2025-S1", said("00001", "2025-S1"), 900),
    correction("C2025-002", "00003", "2025-A1", said("00003", "2025-A1"), None),
    correction("C2025-003", "00002", "2025-S1", 999_999, 1),  # what the report does not say
    correction("C2025-004", "003", "2025-S1", said("003", "2025-S1"), 1, status="proposed"),
    correction("C2025-005", "00003", "2025-S1", said("00003", "2025-S1"), 1, workbook="f" * 64),
]


@pytest.fixture(scope="module")
def both(build: Build) -> tuple[Marts, Marts]:
    sent = submissions_of([SAID])
    return build({"b": sent}, as_of=AS_OF), build({"b": sent}, as_of=AS_OF, corrections=CORRECTIONS)


def test_what_is_in_force_and_finds_what_it_was_declared_for_changes_every_figure_above(
    both: tuple[Marts, Marts],
) -> None:
    by = 900 - said("00001", "2025-S1")
    for area in ("00001", "001", "01", "VN"):
        before, after = (marts.figure(area, "victims")[0] for marts in both)
        assert after - before == by, area
    assert both[1].figure("00002", "victims") == both[0].figure("00002", "victims")
    assert both[1].figure("003", "victims") == both[0].figure("003", "victims")
    assert both[1].figure("00003", "victims") == both[0].figure("00003", "victims")
    assert (
        both[1].figure("G1", "victims", frame="stable_groups")[0]
        == by + both[0].figure("G1", "victims", frame="stable_groups")[0]
    )


def test_a_figure_says_that_it_was_corrected(both: tuple[Marts, Marts]) -> None:
    status = """
        select area_code, obs_status, areas_corrected from marts.fct_indicator_values
        where frame = 'as_reported' and indicator_code = 'victims' and sex = '_T' and period_code = '{}'
            and areas_corrected > 0 order by 1
    """
    assert both[0].rows(status.format("2025-S1")) == []
    assert both[1].rows(status.format("2025-S1")) == [
        ("00001", "I", 1), ("001", "A", 1), ("01", "A", 1), ("VN", "A", 1)
    ]  # fmt: skip
    assert both[1].rows(status.format("2025-A1")) == [("00003", "M", 1), ("01", "P", 1), ("VN", "P", 1)]


def test_a_correction_is_listed_and_is_a_finding_about_the_submission_that_it_changes(
    both: tuple[Marts, Marts],
) -> None:
    findings = both[1].rows("select submission_id, severity, message_vi, message_en from marts.fct_findings order by 1")
    assert findings[0][:2] == ("0-2025-A1-00003", "info")
    assert findings[1][2:] == (
        f"Hiệu chỉnh C2025-001: dùng 900 thay cho {said('00001', '2025-S1')}; lý do: gõ thừa số 0",
        f"Correction C2025-001: 900 is used instead of {said('00001', '2025-S1')}; reason: a 0 too many",
    )
    listed = both[1].rows("select correction_code, status, submission_id from marts.fct_corrections order by 1")
    assert listed[0] == ("C2025-001", "active", "0-2025-S1-00001")
    assert listed[3] == ("C2025-004", "proposed", None)


def test_a_trace_names_the_correction(both: tuple[Marts, Marts]) -> None:
    recipe = recipe_of(both[1].connection, Figure("victims", "VN", "2025-S1"))
    assert recipe.corrected["0-2025-S1-00001"].value_to == 900


def test_a_correction_builds_the_period_that_it_is_about(
    build: Build, both: tuple[Marts, Marts], tmp_path: Path
) -> None:
    release, before = tmp_path / "release.duckdb", both[0].outcome.build_file
    release.write_bytes(before.read_bytes())
    sent = submissions_of([SAID])
    built = build({"b": sent}, as_of=AS_OF, corrections=CORRECTIONS, periods=["2025-A1", "2025-S1"], published=before)
    take_over(release, built.outcome, ["2025-A1", "2025-S1"])
    with duckdb.connect(str(release), read_only=True) as marts:
        figures = "select * from {} order by all"
        assert marts.execute(figures.format("marts.fct_indicator_values")).fetchall() == both[1].rows(
            figures.format("marts.fct_indicator_values")
        )
