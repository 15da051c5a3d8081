"""What the judgement says and keeps of a cell: a number or birthday of somebody stands nowhere in it."""

from dataclasses import asdict
from datetime import datetime

import numpy as np
import pandas as pd
import pytest
from reading import contracts, read, with_cells

from tally.judgement.figures import Batch
from tally.judgement.submission import Sent, standing
from tally.periods import LOCAL_TIME, Period


def judged(**cells: object) -> Batch:
    figures = pd.DataFrame(asdict(read(with_cells("BVTE-01", **cells)).figures)).astype({"value": "Int64"})
    return Batch(figures.assign(submission_id="one"), {"one": ("commune", Period(2025, "A1"))}, contracts())


def check(batch: Batch, column: str) -> pd.Series:
    """What a rule says of every cell of the suites that ask it, by sheet and cell."""
    frames = [batch.frame(form.form) for form in contracts().forms]
    asked = pd.concat([frame for frame in frames if column in frame])
    return asked.set_index(["sheet_name", "cell_address"])[column]


@pytest.mark.parametrize("cell", [79123456789, "79.123.456.789", 200_001])
def test_how_far_a_figure_is_above_the_limit_is_not_kept(cell):
    checks = check(judged(E9=cell, E10=None), "S17").dropna()
    assert set(checks) == {0, 1}
    assert checks.sum() == 1


def test_a_blank_cell_is_not_judged_by_the_limit():
    assert np.isnan(check(judged(E9=None), "S17")["BVTE-01", "E9"])


@pytest.mark.parametrize(
    ("rule", "address", "cell", "words"),
    [
        ("S17", "E9", 79123456789, "ghi ‹số lớn›, vượt giới hạn 200.000;"),
        ("S17", "E9", 200_001, "ghi 200001, vượt giới hạn 200.000;"),
        ("S12", "E9", "12/03/2015", "không đọc được là số: ‹chữ, 10 ký tự›;"),
        ("S12", "E9", -79123456789, "ghi số âm ‹số lớn›;"),
        ("S18", "I8", 250_000_000, "ghi ‹số lớn›, mẫu in x"),
    ],
)
def test_a_finding_quotes_no_more_than_a_short_figure(rule, address, cell, words):
    batch = judged(**{address: cell})
    assert words in batch.text(rule, rule, batch.row_at("one", "BVTE-01", address)).vi


def test_a_broken_sum_tells_no_number_of_nine_digits():
    batch = judged(E8=912345678, F8=0, G8=0)
    row = batch.row_at("one", "BVTE-01", "E8")
    assert check(batch, "R0101")["BVTE-01", "E8"] == 99_999_999
    assert batch.text("R0101", "R0101", row).vi.startswith("E8 = > 99.999.999; F8 + G8 = 0.")


def test_a_sheet_whose_crossed_out_cells_are_as_printed_is_judged_once():
    assert check(judged(E9=1), "S18").dropna().tolist() == [0] * 6
    assert sorted(check(judged(I8=3), "S18").dropna()) == [0] * 5 + [1]


def test_an_area_code_that_cannot_be_read_is_not_quoted():
    cover = read(with_cells("TT chung", B5="NguyenVanA")).cover
    assert cover is not None
    sent = Sent("26740", datetime(2025, 12, 17, 9, tzinfo=LOCAL_TIME), has_earlier=False)
    (fault,) = standing(cover, sent, contracts()).faults
    official = contracts().register.at("26740", Period(2025, "A1").map_date)
    assert official is not None
    assert fault.rule_code == "S03"
    assert fault.vi == f"không đọc được mã đơn vị hành chính trên bìa; tên trên bìa là của 26740 {official.name}"
    assert fault.en == f"there is no readable area code on the cover; the names are those of 26740 {official.name}"
