"""Whatever the areas report, every figure of every level is the sum of what the lowest areas in it filled."""

from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from small_country import Build, Submission, X

LOWEST = {"00001": ("001", "01"), "00002": ("001", "01"), "00003": ("002", "01"), "003": ("02",)}
CELLS = [("victims", "T"), ("victims", "M"), ("victims", "F"), ("children", "T")]
SEXES = {"T": "_T", "M": "M", "F": "F"}

value = st.one_of(st.none(), st.just(X), st.integers(0, 10**12))
figures = st.fixed_dictionaries(dict.fromkeys(CELLS, value))
report = st.one_of(
    st.none(), st.lists(st.tuples(figures, st.sampled_from(["accepted", "returned"])), min_size=1, max_size=3)
)


@settings(
    max_examples=3,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@example(lowest=dict.fromkeys(LOWEST), parent=dict.fromkeys(CELLS, 1))  # a parent of whose children nobody sent
@given(lowest=st.fixed_dictionaries(dict.fromkeys(LOWEST, report)), parent=figures)
def test_every_level_is_the_sum_of_the_lowest_areas_that_filled_the_cell(build: Build, lowest, parent) -> None:
    submissions = [
        Submission(f"{area}-{at}", area, "2025-S1", f"2025-06-1{5 + at}T09:00:00+07:00", said, verdict)
        for area, sent in lowest.items()
        for at, (said, verdict) in enumerate(sent or [])
    ]
    submissions += [Submission("parent", "01", "2025-S1", "2025-06-20T09:00:00+07:00", parent)]
    marts = build({"b1": submissions})

    standing = {
        area: next(said for said, verdict in reversed(sent) if verdict == "accepted")
        for area, sent in lowest.items()
        if sent and any(verdict == "accepted" for _, verdict in sent)
    }
    for holder in ("VN", "01", "02", "001", "002", *LOWEST):
        within = [area for area, holders in LOWEST.items() if holder in ("VN", area, *holders)]
        for indicator, column in CELLS:
            said = [standing[area][indicator, column] for area in within if area in standing]
            filled = [number for number in said if isinstance(number, int)]
            crossed = said.count(X) == len(within)
            status = "A" if len(filled) == len(within) else "P" if filled else "Z" if crossed else "M"
            expected = (sum(filled) if filled else None, status, len(within), len(said), len(filled))
            assert marts.figure(holder, indicator, SEXES[column]) == expected, (holder, indicator, column)
