"""The list of unusual counts in a release: its figures, each held against the limit that earlier ones set."""

from collections.abc import Iterator, Sequence
from importlib.resources import files
from pathlib import Path

import duckdb
import pandas as pd

from tally.adapters.dbt import memory_limit
from tally.areas.territory import Territory
from tally.contracts.areas import Area, Register
from tally.contracts.limits import Count
from tally.contracts.model import Contracts
from tally.judgement.earlier import earlier_reports
from tally.judgement.limits import Asked, Rates, limits_of, probability
from tally.periods import Period
from tally.pipeline.limits import fitting, in_window
from tally.vocabulary import AS_REPORTED, NATION

_ALWAYS_LISTED = ("nation", "province")
_NATION = Area(NATION, "nation", None, None, NATION, NATION, "", None, "")
_COLUMNS = {
    **dict.fromkeys(("area_code", "area_level", "period_code", "indicator_code"), "str"),
    **dict.fromkeys(("obs_value", "upper_limit"), "int64"),
    **dict.fromkeys(("obs_status", "history"), "str"),
    **dict.fromkeys(("expected_value", "probability"), "float64"),
    "is_unusual": "bool",
}
_FIGURES = """
    select
        area_code, period_code, any_value(area_level) as level,
        max(obs_value) filter (indicator_code = $count)::double as count,
        max(obs_status) filter (indicator_code = $count) as status,
        max(obs_value) filter (indicator_code = $exposure)::double as children,
    from marts.fct_indicator_values
    where
        frame = $frame and sex = '_T' and age_band = '_T' and subset = '_T'
        and indicator_code in ($count, $exposure) and not ends_with(period_code, '-S2')
    group by all
    order by all
"""


def write_unusual_counts(file: Path, contracts: Contracts) -> None:
    """Put rpt_unusual_counts into a release.

    Shape   one row an area and period: the nation and the provinces that have earlier figures to compare with, and of
            the lowest areas those whose count is above its limit. It holds what the release says of a period against
            what it says of earlier ones; the finding R0210 knew only what was known when the report came.
    Source  docs/decisions/0020-unusual-counts.md
    """
    with duckdb.connect(str(file)) as connection:
        connection.execute(f"set memory_limit = '{memory_limit()}'")
        rows = [row for count in contracts.limits.counts for row in _rows(connection, count, contracts)]
        connection.register("unusual", pd.DataFrame(rows, columns=list(_COLUMNS)).astype(_COLUMNS))
        connection.execute(files(__package__).joinpath("unusual_counts.sql").read_text(encoding="utf-8"))


def _rows(connection: duckdb.DuckDBPyConnection, count: Count, contracts: Contracts) -> Iterator[dict[str, object]]:
    model, territory = contracts.limits, Territory(contracts.register)
    asked_for = {"frame": AS_REPORTED, "count": count.indicator, "exposure": model.exposure}
    figures = connection.execute(_FIGURES, asked_for).df().dropna(subset="count")
    periods = sorted(Period.parse(code) for code in figures.period_code.unique())
    areas = _areas(periods, contracts.register)
    figures = figures.assign(key=figures.area_code + " " + figures.period_code).query("key in @areas")
    figures = figures.assign(
        type=[areas[key].type for key in figures.key],
        year=figures.period_code.str[:4].astype(int),
        part=figures.period_code.str[5:],
    )
    pairs = zip(figures["count"].tolist(), figures.children.tolist(), strict=True)
    said = dict(zip(figures.key, pairs, strict=True))
    status = dict(zip(figures.key, figures.status, strict=True))

    def stands(code: str, period: Period) -> str | None:
        return key if (key := f"{code} {period}") in said else None

    for period in periods:
        earlier = [one for one in periods if in_window(period, one, model)]
        if not earlier:
            continue
        rates = Rates(fitting(figures[figures.period_code.isin([one.code for one in earlier])]), count, model.certainty)
        asked = {
            key: Asked(areas[key], period, said[key][1], history)
            for key in figures.key[figures.period_code == period.code]
            if (said[key][0] > 0 or areas[key].level in _ALWAYS_LISTED)
            and (history := earlier_reports(areas[key], period, model.years, earlier, stands, territory))
        }
        for key, limit in limits_of(asked, said, rates, model).items():
            area, value = areas[key], int(said[key][0])
            if value > limit.value or area.level in _ALWAYS_LISTED:
                yield {
                    "area_code": area.code,
                    "area_level": area.level,
                    "period_code": period.code,
                    "indicator_code": count.indicator,
                    "obs_value": value,
                    "obs_status": status[key],
                    "expected_value": limit.expected,
                    "upper_limit": limit.value,
                    "probability": probability(limit, value),
                    "is_unusual": value > limit.value,
                    "history": "; ".join(f"{report.period} = {number}" for report, number in limit.history),
                }


def _areas(periods: Sequence[Period], register: Register) -> dict[str, Area]:
    """The nation, the provinces and the lowest areas on the map of each period, by code and period."""
    return {
        f"{area.code} {period}": area
        for period in periods
        for area in (_NATION, *register.on(period.map_date))
        if area.level in _ALWAYS_LISTED or register.is_lowest(area)
    }
