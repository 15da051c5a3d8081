"""Whatever the areas report on two maps, the cells that a trace finds behind a figure add up to it."""

import hashlib
from datetime import datetime
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from small_country import REPORTS, Build, Figures, Marts, X, reported, submissions_of

from tally.pipeline.recipe import Cell, Figure, Recipe, Sum, add_up, recipe_of
from tally.vocabulary import Total

AS_OF = datetime.fromisoformat("2027-01-10T09:00:00+07:00")
CELLS = [(name, "T") for name in ("victims", "children", "new_row", "has_unit", "grade")] + [("victims", "F")]
SEXES = {"T": "_T", "F": "F"}
FIGURES = """
    select frame, area_code, period_code, indicator_code, sex, obs_value, areas_filled, 'figure' as total
    from marts.fct_indicator_values
    union all
    select 'as_reported', area_code, period_code, indicator_code, sex, reported_value, if(reported_value is null, 0, 1),
        'reported' from marts.fct_imbalances
    union all
    select 'as_reported', area_code, period_code, indicator_code, sex, children_value, children_filled, 'children'
    from marts.fct_imbalances
"""

value = st.one_of(st.none(), st.just(X), st.integers(0, 40))
Said = dict[tuple[str, str], Figures]


def printed(report: tuple[str, str]) -> list[tuple[str, str]]:
    """The cells of a report: form BVTE-06 is of the year, and one row is new since 2025-A1."""
    left_out = {"has_unit", "grade"} if report[0].endswith("S1") else set()
    return [cell for cell in CELLS if cell[0] not in left_out | ({"new_row"} if report[0] == "2025-S1" else set())]


some_reports = st.lists(st.sampled_from(REPORTS), min_size=10, unique=True).flatmap(
    lambda reports: st.fixed_dictionaries(
        {report: st.fixed_dictionaries(dict.fromkeys(printed(report), value)) for report in reports}
    )
)


def traced(marts: Marts, sent: list[Any]) -> tuple[list[tuple[Figure, Any, Any]], int]:
    """The figures that their cells do not add up to, and how many were traced."""
    found: dict[tuple[str, str], dict[str, Cell]] = {}
    for one in sent:
        for (indicator, column), said in one.figures.items():
            cell = Cell("BVTE-02", "E9", "", said if isinstance(said, int) else None)
            found.setdefault((indicator, SEXES[column]), {})[hashlib.sha256(one.submission_id.encode()).hexdigest()] = (
                cell
            )
    recipes: dict[tuple[str, ...], Recipe] = {}
    wrong, rows = [], marts.rows(FIGURES)
    for frame, area, period, indicator, sex, obs_value, filled, total in rows:
        asked = Figure(indicator, area, period, sex, frame=frame, total=Total(total))
        key = (frame, area, period, indicator, total)
        if key not in recipes:
            recipes[key] = recipe_of(marts.connection, asked)
        added = add_up(recipes[key], found.get((indicator, sex), {}))
        if (added.total, added.filled) != (obs_value, filled):
            wrong.append((asked, (obs_value, filled), (added.total, added.filled)))
    return wrong, len(rows)


def rich(count: int) -> Said:
    """Every report there is, with every cell that it prints."""
    said = reported(count)
    return {report: {cell: said[report].get(cell, count % 4) for cell in printed(report)} for report in REPORTS}


@settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck))
@given(said=some_reports)
@example(said=rich(5))
def test_every_figure_of_every_mart_and_frame_is_what_its_cells_add_up_to(build: Build, said: Said) -> None:
    sent = submissions_of([said])
    wrong, count = traced(build({"b": sent}, as_of=AS_OF), sent)
    assert not wrong, wrong[:10]
    assert count > 200


def test_a_cell_that_was_changed_behind_a_figure_is_found(build: Build) -> None:
    sent = submissions_of([rich(5)])
    marts = build({"b": sent}, as_of=AS_OF)
    at = next(number for number, one in enumerate(sent) if (one.area_code, one.period_code) == ("00002", "2025-S1"))
    sent[at].figures["victims", "T"] = 6 + int(sent[at].figures["victims", "T"] or 0)
    wrong, _ = traced(marts, sent)
    assert {(asked.frame, asked.area_code) for asked, _, _ in wrong if asked.period_code == "2025-S1"} >= {
        ("as_reported", "00002"), ("as_reported", "001"), ("as_reported", "VN"), ("communes_3321", "00001"),
        ("communes_3321", "00003"), ("provinces_34", "01"), ("provinces_63", "01"), ("stable_groups", "G1"),
    }  # fmt: skip


def test_a_figure_that_nobody_can_say_has_no_total() -> None:
    assert add_up(Recipe([], cannot_be_said=True), {}) == Sum(None, 0)
