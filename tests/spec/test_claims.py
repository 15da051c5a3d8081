"""Claims are judged by what is known: residuals against arithmetic done one figure at a time."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tally.contracts.grammar import parse
from tally.judgement.claims import statement_residual

figure = st.one_of(st.none(), st.integers(0, 40))


def residual(says: str, **figures: int | None) -> float:
    known = {name: np.asarray(np.nan if value is None else float(value)) for name, value in figures.items()}
    return float(statement_residual(parse(says), known.__getitem__))


@given(total=figure, parts=st.lists(figure, min_size=3, max_size=3))
def test_an_identity_is_off_by_what_is_missing_and_rests_where_a_part_is_blank(total, parts):
    a, b, c = parts
    found = residual("t = sum(a, b, c)", t=total, a=a, b=b, c=c)
    if total is None or None in parts:
        assert math.isnan(found)
    else:
        assert found == total - sum(parts)


@given(whole=figure, parts=st.lists(figure, min_size=3, max_size=3))
def test_several_groups_hold_a_total_between_the_largest_and_the_sum(whole, parts):
    a, b, c = parts
    found = residual("max(a, b, c) <= t <= sum(a, b, c)", t=whole, a=a, b=b, c=c)
    known = [part for part in parts if part is not None]
    if whole is None or not known:
        assert math.isnan(found)
    elif len(known) < 3:
        assert found == max(max(known) - whole, 0)
    else:
        assert found == max(max(known) - whole, 0) + max(whole - sum(known), 0)


@given(part=figure, whole=figure)
def test_a_share_is_judged_in_whole_numbers(part, whole):
    found = residual("a / b in [0.5 %, 30 %] where b >= 10", a=part, b=whole)
    if part is None or whole is None or whole < 10:
        assert math.isnan(found)
    else:
        assert (found == 0) == (Fraction(1, 200) <= Fraction(part, whole) <= Fraction(3, 10))


@given(start=figure, opened=figure, closed=figure, end=figure)
def test_open_cases_balance(start, opened, closed, end):
    found = residual("e = s + o - c", e=end, s=start, o=opened, c=closed)
    if None in (start, opened, closed, end):
        assert math.isnan(found)
    else:
        assert found == end - (start + opened - closed)


@pytest.mark.parametrize(
    ("victims", "incidents", "expected"),
    [
        pytest.param(1, 0, 1, id="victims without an incident"),
        pytest.param(1, 1, 0, id="an incident"),
        pytest.param(0, 0, 0, id="no victims, nothing claimed"),
        pytest.param(0, None, 0, id="no victims, incidents blank"),
        pytest.param(1, None, math.nan, id="incidents blank"),
        pytest.param(None, 0, math.nan, id="victims blank"),
    ],
)
def test_victims_need_an_incident(victims, incidents, expected):
    assert residual("v > 0 => i > 0", v=victims, i=incidents) == pytest.approx(expected, nan_ok=True)


@given(year=figure, half=figure)
def test_the_figure_of_a_year_is_no_less_than_that_of_its_first_half(year, half):
    found = residual("a >= first_half(a)", **{"a": year, "first_half(a)": half})
    if year is None or half is None:
        assert math.isnan(found)
    else:
        assert found == max(half - year, 0)


@given(now=figure, before=figure)
def test_a_change_is_a_share_of_the_earlier_figure_in_whole_numbers(now, before):
    found = residual("a / previous(a) in [80 %, 120 %]", **{"a": now, "previous(a)": before})
    if now is None or not before:
        assert math.isnan(found)
    else:
        assert (found == 0) == (Fraction(4, 5) <= Fraction(now, before) <= Fraction(6, 5))


@pytest.mark.parametrize(("value", "expected"), [(0, 0), (1, 0), (2, 1), (None, math.nan)])
def test_only_yes_or_no(value, expected):
    assert residual("u in {0, 1}", u=value) == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize("says", ["a = ", "a == b", "mean(a) = b", "a = b where", "a in [1]", ""])
def test_a_sentence_that_makes_no_sense_is_refused(says):
    with pytest.raises(ValueError, match=r"cannot be read|no function"):
        parse(says)
