"""The bulletin of each period of a release, from its marts."""

from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from tally.contracts.model import Text
from tally.exports.bulletin import TOTAL, Figure, Figures, Head, Lines, LineWords, Province, bulletin
from tally.periods import Period
from tally.pipeline.carryover import Base, Touched, link
from tally.pipeline.home import Home
from tally.pipeline.releases import ON_MAP
from tally.vocabulary import AS_REPORTED, NATION

_FIGURE = ", ".join(Figure.__dataclass_fields__)


def write_bulletins(
    home: Home, release: Path, base: Base | None, touched: Touched, now: datetime, release_id: str
) -> None:
    """`exports/bulletin_<period>.xlsx`, for every period that has figures.

    One is that of the release before, and says so, if nothing of its period and the year before was built anew and no
    other source said anything new.
    """
    told = bool(touched.get("marts.fct_source_values"))
    with duckdb.connect(str(release / "national.duckdb"), read_only=True) as connection:
        found = connection.execute(
            """
            select period_code from marts.dim_periods
            where not is_derived and period_code in (select period_code from stored.figures)
            order by 1
            """
        ).fetchall()
        lines = _lines(connection) if found else {}
        for (code,) in found:
            period = Period.parse(code)
            target = release / "exports" / f"bulletin_{code}.xlsx"
            target.parent.mkdir(exist_ok=True)
            stood = base.release / "exports" / target.name if base else target
            if (
                base
                and not told
                and stood.exists()
                and not {code, Period(period.year - 1, period.part).code} & set(base.periods)
            ):
                link(stood, target)
                continue
            head = _head(connection, period, now, release_id)
            figures = _figures(connection, code)
            target.write_bytes(bulletin(home.contracts.reports, home.contracts.codelists, head, lines, figures))


def _head(connection: duckdb.DuckDBPyConnection, period: Period, now: datetime, release_id: str) -> Head:
    rows = connection.execute(
        f"""
        select
            area_code, areas.label_vi, areas.label_en, areas_expected, areas_accepted,
            reports_expected, reports_received, reports_accepted, reports_on_time
        from marts.fct_reporting_completeness
        inner join marts.dim_periods using (period_code)
        inner join marts.dim_areas as areas using (area_code, area_level)
        where period_code = ? and area_level in ('nation', 'province') and {ON_MAP}
        order by area_code
        """,
        [period.code],
    ).fetchall()
    provinces = [Province(code, Text(vi=vi, en=en), *counts[:2]) for code, vi, en, *counts in rows if code != NATION]
    expected, accepted, owed, received, taken, on_time = next(counts for code, _, _, *counts in rows if code == NATION)
    on, lowest = f"{period.map_date:%d/%m/%Y}", f"{expected:,}"
    return Head(
        period=period,
        map=Text(
            vi=f"của kỳ, ngày {on}: {len(provinces)} tỉnh, {lowest.replace(',', '.')} đơn vị cấp thấp nhất",
            en=f"that of the period, on {on}: {len(provinces)} provinces, {lowest} lowest-level areas",
        ),
        reports_expected=owed,
        reports_received=received,
        reports_accepted=taken,
        reports_on_time=on_time,
        areas_expected=expected,
        areas_accepted=accepted,
        as_of=now,
        release_id=release_id,
        provinces=provinces,
    )


def _lines(connection: duckdb.DuckDBPyConnection) -> Lines:
    rows = connection.execute(
        """
        select
            report_code, line_code, lines.label_vi, lines.label_en, unit, unit_vi, unit_en,
            empty_because_vi, empty_because_en, lines.source, denominator_vi, denominator_en
        from marts.dim_report_lines as lines
        left join marts.dim_ratios using (ratio_code)
        """
    ).fetchall()
    return {
        (report, line): LineWords(
            Text(vi=label_vi, en=label_en), unit, _text(unit_vi, unit_en), _text(because_vi, because_en), source,
            _text(whole_vi, whole_en),
        )
        for report, line, label_vi, label_en, unit, unit_vi, unit_en, because_vi, because_en, source, whole_vi, whole_en
        in rows
    }  # fmt: skip


def _text(vi: str | None, en: str | None) -> Text | None:
    return Text(vi=vi, en=en) if vi and en else None


def _figures(connection: duckdb.DuckDBPyConnection, period_code: str) -> Figures:
    """Of the nation every cell, of provinces the totals."""
    rows: list[tuple[Any, ...]] = connection.execute(
        f"""
        select report_code, line_code, area_code, (sex, age_band, subset), {_FIGURE}
        from marts.fct_report_lines
        where
            period_code = ? and frame = ? and empty_because_vi is null
            and (area_code = ? or sex = ? and age_band = ? and subset = ?)
        """,
        [period_code, AS_REPORTED, NATION, *TOTAL],
    ).fetchall()
    return {(report, line, area, cell): Figure(*numbers) for report, line, area, cell, *numbers in rows}
