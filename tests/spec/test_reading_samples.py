"""The field samples: what senders deliver, read as expected.csv says it should be."""

import csv

import pytest
from reading import SAMPLES, read, rules

OURS = ("S01", "S02", "S06", "S11", "S12", "S14", "S16", "S18")
with (SAMPLES / "expected.csv").open(encoding="utf-8-sig", newline="") as _file:
    EXPECTED = list(csv.DictReader(_file))


@pytest.mark.parametrize("sample", [pytest.param(row, id=f"{row['path'][6:]}: {row['note']}") for row in EXPECTED])
def test_a_sample_breaks_the_rules_that_it_was_made_to_break(sample):
    expected = sorted(rule for rule in sample["rules"].split(";") if rule[:3] in OURS)
    assert rules(read(SAMPLES / sample["path"])) == expected


def test_all_samples_are_tried():
    assert len(EXPECTED) == 79


def test_the_saved_copy_of_an_office_program_reads_the_same_as_its_original():
    columns_in_another_order = read(SAMPLES / "inbox/23377/BVTE_23377_2025-A1.xlsx")
    assert set(columns_in_another_order.figures.indicator_code) == {
        *read(SAMPLES / "inbox/13402/BVTE_13402_2025-A1.xlsx").figures.indicator_code
    }


def test_columns_in_another_order_are_read_by_their_header():
    figures = read(SAMPLES / "inbox/23377/BVTE_23377_2025-A1.xlsx").figures
    places = dict(zip(zip(figures.indicator_code, figures.column_code, strict=True), figures.cell_address, strict=True))
    assert places["abuse_victims", "F"] == "F9"
    assert places["abuse_victims", "M"] == "G9"
    assert places["abuse_victims", "Y11T15"] == "I9"


def test_nobodys_name_is_kept():
    reading = read(SAMPLES / "inbox/26740/BVTE_26740_2025-A1.xlsx")
    assert reading.cover is not None
    assert reading.cover.is_signed
    assert "Ngô Ngọc Nam" not in repr(reading)
    assert "Lò Thu An" not in repr(reading)
