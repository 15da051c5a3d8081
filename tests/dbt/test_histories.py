"""Whatever happened to the map, the real dbt says on every frame what the smallest pieces of territory say."""

from collections import defaultdict
from datetime import UTC, date, datetime

from histories import History, histories
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from small_country import FRAMES, Build, Submission, area_seeds

AS_OF = datetime(2027, 1, 10, tzinfo=UTC)
MAPS = {
    "2025-S1": date(2025, 6, 15), "2025-A1": date(2025, 12, 15),
    "2026-S1": date(2026, 6, 15), "2026-A1": date(2026, 12, 15),
}  # fmt: skip
Atoms = frozenset[int]


def groups_of(history: History) -> list[Atoms]:
    """Atoms that were ever in one lowest area, directly or through others."""
    groups: list[Atoms] = []
    for atoms in [held for day in history.days_to_ask() for held in history.map_on(day).values()]:
        touched = [group for group in groups if group & atoms]
        groups = [group for group in groups if not group & atoms] + [frozenset().union(atoms, *touched)]
    return groups


def expected(history: History, frame_areas: list[Atoms], reported: dict[Atoms, int | None]) -> list[int | str | None]:
    """What the areas of a frame say: a sum, None where nobody filled it, "cut" where the map cuts an area."""
    found: list[int | str | None] = []
    for holder in frame_areas:
        lying = [atoms for atoms in reported if atoms & holder]
        filled = [reported[atoms] for atoms in lying if reported[atoms] is not None]
        found.append("cut" if any(atoms - holder for atoms in lying) else sum(filled) if filled else None)
    return found


@settings(
    max_examples=3,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(history=histories(most_days=3), data=st.data())
def test_every_frame_says_what_its_territory_reported(build: Build, history: History, data: st.DataObject) -> None:
    value = st.one_of(st.none(), st.integers(0, 10**9))
    reported: dict[str, dict[Atoms, int | None]] = defaultdict(dict)
    submissions = []
    for period, day in MAPS.items():
        for area, atoms in history.map_on(day).items():
            said = reported[period][atoms] = data.draw(value)
            submissions.append(
                Submission(
                    f"{area.code}-{period}", area.code, period, f"{MAPS[period]}T09:00:00+07:00",
                    {("victims", "T"): said},
                )
            )  # fmt: skip
    marts = build({"b1": submissions}, seeds=area_seeds(history.register), as_of=AS_OF)

    def said(frame: str, period: str) -> dict[str, int | str | None]:
        rows = marts.rows(
            f"""
            select area_code, obs_value, status_reason from marts.fct_indicator_values
            where frame = '{frame}' and period_code = '{period}' and indicator_code = 'victims' and sex = '_T'
            """
        )
        return {code: "cut" if reason == "area_cut" else value for code, value, reason in rows}

    groups = groups_of(history)
    for period, of_areas in reported.items():
        filled = [value for value in of_areas.values() if value is not None]
        nation = sum(filled) if filled else None
        for frame in FRAMES:
            if not frame.estimates:
                assert said(frame.code, period)["VN"] == nation, (frame.code, period)
        for frame in FRAMES:
            if frame.level == "province":
                provinces = history.map_on(frame.on, "province")
                found = said(frame.code, period)
                told = [found[area.code] for area in provinces]
                assert told == expected(history, list(provinces.values()), of_areas), (frame.code, period)
        found = said("stable_groups", period)
        of_groups = sorted(map(str, expected(history, groups, of_areas)))
        assert sorted(str(value) for code, value in found.items() if code != "VN") == of_groups

    for year in ("2025", "2026"):
        whole, first = reported[f"{year}-A1"], reported[f"{year}-S1"]
        halves = {}
        for group in groups:
            a1 = [value for atoms, value in whole.items() if atoms & group]
            s1 = [value for atoms, value in first.items() if atoms & group]
            if None not in a1 and None not in s1 and sum(a1) >= sum(s1):
                halves[group] = sum(a1) - sum(s1)
        found = said("stable_groups", f"{year}-S2")
        if found:
            assert found["VN"] == (sum(halves.values()) if halves else None)
            assert sorted(value for code, value in found.items() if code != "VN" and value is not None) == sorted(
                halves.values()
            )


def test_the_oracle_can_tell_a_wrong_sum() -> None:
    history = None
    whole, part = frozenset({1, 2}), frozenset({3})
    assert expected(history, [whole, part], {frozenset({1}): 2, frozenset({2}): None, part: 5}) == [2, 5]
    assert expected(history, [whole, part], {frozenset({2, 3}): 4, frozenset({1}): 1}) == ["cut", "cut"]
