"""What came in, what is missing and what the standing release says, read from that release alone."""

from typing import Any

import duckdb
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from tally.adapters.tables import rows_of
from tally.pipeline.home import Home
from tally.pipeline.releases import ON_MAP, manifest_of

HEADLINES = (
    "children_under_16",
    "children_special_circumstances",
    "abuse_incidents",
    "abuse_victims",
    "abuse_victims_sexual",
    "reports_received",
    "cases_open_at_end",
    "children_served",
    "bullying_victims",
    "children_in_conflict_with_law",
)

_VERDICTS = "select verdict, count(*) as submissions from marts.fct_submissions group by all order by 2 desc, 1"
_LATE = "select count(*) as late from marts.fct_submissions where is_late and verdict <> 'duplicate'"
_PERIOD = """
    select period_code, label_vi, label_en
    from marts.fct_reporting_completeness
    inner join marts.dim_periods using (period_code)
    where area_level = 'nation' and reports_received > 0
    order by reports_accepted > 0 desc, end_date desc
    limit 1
"""
_REPORTS = f"""
    select
        area_code, area_level, areas.label_vi, areas.label_en, reports_expected, reports_received, reports_accepted,
        reports_on_time, reports_expected - reports_received as reports_missing
    from marts.fct_reporting_completeness
    inner join marts.dim_periods as periods using (period_code)
    left join marts.dim_areas as areas using (area_code, area_level)
    where
        period_code = $period
        and area_level in ('nation', 'province')
        and reports_received > 0
        and {ON_MAP}
    order by area_level <> 'nation', area_code
"""
_FIGURES = """
    select
        indicator_code, label_vi, label_en, unit_vi, unit_en, obs_value, obs_status,
        areas_expected, areas_accepted, areas_filled
    from marts.fct_indicator_values
    left join marts.dim_indicators as indicators using (indicator_code)
    where
        frame = 'as_reported' and area_code = 'VN' and period_code = $period
        and sex = '_T' and age_band = '_T' and subset = '_T'
        and indicator_code in (select unnest($headlines))
    qualify row_number() over (partition by indicator_code order by since_period_code desc nulls last) = 1
    order by list_position($headlines, indicator_code)
"""


def status_of(home: Home) -> dict[str, Any]:
    """The standing release in short.

    Shape   release (None before the first) with its status, draft or signed; received, verdicts, late; for the latest
            period with an accepted report: reports of the nation and of each province that sent any, and up to ten
            national figures; places.
    Blanks  a figure that nobody filled is None, never 0.
    """
    current = home.releases / "current"
    places = {
        "release": str(current),
        "letters": str(home.outbox),
        "data_docs": str(current / "data_docs" / "index.html"),
    }
    if not (current / "national.duckdb").exists():
        return {"release": None, "places": places}
    manifest = manifest_of(current)
    with duckdb.connect(str(current / "national.duckdb"), read_only=True) as connection:
        verdicts = {row["verdict"]: row["submissions"] for row in rows_of(connection, _VERDICTS)}
        period = next(iter(rows_of(connection, _PERIOD)), None)
        named = {"period": period["period_code"]} if period else {}
        return {
            "release": {
                "release_id": manifest["release_id"],
                "as_of": manifest["as_of"],
                "status": "signed" if home.state().is_signed(manifest["release_id"]) else "draft",
            },
            "received": sum(verdicts.values()),
            "verdicts": verdicts,
            "late": rows_of(connection, _LATE)[0]["late"],
            "period": period,
            "reports": rows_of(connection, _REPORTS, **named) if period else [],
            "figures": rows_of(connection, _FIGURES, **named, headlines=list(HEADLINES)) if period else [],
            "places": places,
        }


def summary(home: Home) -> RenderableType:
    """`status_of` for a terminal."""
    status = status_of(home)
    release = status["release"]
    if release is None:
        return Text(f"No release yet in {home.releases}.")
    verdicts = ", ".join(f"{count} {verdict.replace('_', ' ')}" for verdict, count in status["verdicts"].items())
    parts: list[RenderableType] = [
        Text(f"Received  {status['received']} workbooks, {status['late']} late"),
        Text(f"Verdicts  {verdicts}"),
    ]
    if status["period"]:
        parts += [_reports(status), _figures(status)]
    parts += [
        Text(f"\nRelease   {status['places']['release']}  ({release['release_id']}, {release['status']})"),
        Text(f"Letters   {status['places']['letters']}"),
        Text(f"Data Docs {status['places']['data_docs']}"),
    ]
    return Group(*parts)


def _reports(status: dict[str, Any]) -> Table:
    table = _table(f"Reports for {status['period']['period_code']}")
    for heading in ("expected", "received", "accepted", "on time", "missing"):
        table.add_column(heading, justify="right")
    for row in status["reports"]:
        counts = [row[f"reports_{name}"] for name in ("expected", "received", "accepted", "on_time", "missing")]
        table.add_row(row["label_vi"], *(f"{count:,}" for count in counts))
    return table


def _figures(status: dict[str, Any]) -> Table:
    table = _table(f"The nation in {status['period']['period_code']}; P: provisional, not every area has filled it")
    for heading in ("figure", "status", "filled by"):
        table.add_column(heading, justify="right")
    for row in status["figures"]:
        value = "" if row["obs_value"] is None else f"{row['obs_value']:,}"
        filled = f"{row['areas_filled']:,} of {row['areas_expected']:,}"
        table.add_row(f"{row['label_vi']}\n[dim]{row['label_en']}[/]", value, row["obs_status"], filled)
    return table


def _table(title: str) -> Table:
    table = Table(title=f"\n{title}", title_justify="left", title_style="bold", box=None, pad_edge=False)
    table.add_column("")
    return table
