"""Pages for auditors inside every release: what changed, its batches, its rules."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from tally.adapters.dbt import memory_limit
from tally.adapters.tables import rows_of
from tally.compile.suites import suite_titles
from tally.contracts.model import RELEASE, Text
from tally.exports.pages import (
    CELLS_SHOWN,
    ROWS_SHOWN,
    BatchOf,
    Broken,
    Changes,
    Count,
    Outcome,
    Province,
    RuleOf,
    batch_page,
    changes_page,
    index_page,
    rule_page,
    rules_of,
    sources_page,
    targets_page,
)
from tally.periods import LOCAL_TIME
from tally.pipeline.home import Home
from tally.pipeline.releases import ON_MAP

PAGES, DATA_DOCS, DBT_DOCS = "pages", "data_docs", "dbt_docs"
INDEX_OF_PAGES, PAGE_OF_MARTS = f"../{PAGES}/index.html", f"../{DBT_DOCS}/index.html"
"""From the index of Data Docs."""
CHANGES_SHOWN = 500

_PLACES = f"""
    create temp table places as
    with recursive

    days as (
        select
            submission_id, coalesce(area_code, sender) as code,
            coalesce(map_date, cast(received_at at time zone '{LOCAL_TIME.key}' as date)) as day,
        from marts.fct_submissions
        left join marts.dim_periods using (period_code)
    ),

    lineages as (
        select code, day, code as holder from (select distinct code, day from days)
        union all
        select lineages.code, lineages.day, areas.parent_code
        from lineages
        inner join marts.dim_areas as areas
            on
                lineages.holder = areas.area_code
                and lineages.day >= coalesce(areas.valid_from, date '0001-01-01')
                and lineages.day < coalesce(areas.valid_to, date '9999-12-31')
        where areas.parent_code is not null
    ),

    named as (
        select
            lineages.code, lineages.day, areas.area_code, areas.area_level, areas.label_vi,
        from lineages
        inner join marts.dim_areas as areas
            on
                lineages.holder = areas.area_code
                and lineages.day >= coalesce(areas.valid_from, date '0001-01-01')
                and lineages.day < coalesce(areas.valid_to, date '9999-12-31')
    )

    select
        days.submission_id,
        coalesce(any_value(named.label_vi) filter (named.area_code = named.code), any_value(gone.label_vi)) as area_vi,
        any_value(named.area_code) filter (named.area_level = 'province') as province_code,
        any_value(named.label_vi) filter (named.area_level = 'province') as province_vi,
        coalesce(list(named.area_code), []) as lineage,
    from days
    left join named using (code, day)
    -- a sender whose area is on no map of that day is still called by its last name
    left join (
        select area_code as code, max_by(label_vi, coalesce(valid_from, date '0001-01-01')) as label_vi
        from marts.dim_areas group by all
    ) as gone using (code)
    group by all
"""
_FIGURES_SHOWN = 200
_SOURCE_FINDINGS = """
    from marts.fct_source_findings inner join marts.fct_feeds using (feed_id, source_code)
    order by severity <> 'critical', file_path, line_number, rule_code
"""
_SOURCE_FIGURES = """
    select
        figures.*, indicators.label_vi, indicators.label_en, indicators.unit_vi,
        concat_ws(', ', nullif(sex, '_T'), nullif(age_band, '_T')) as cell, statuses.label_vi as status_vi
    from marts.fct_source_values as figures
    inner join marts.dim_source_indicators as indicators using (source_code, indicator_code)
    left join marts.dim_codes as statuses
        on codelist = 'feed_status' and code = feed_status and feed_status not in ('sourced', 'A')
    order by
        source_code, indicators.source_position, area_code <> 'VN', area_code, window_start, window_end, line_number
"""
_TARGETS = """
    select
        targets.*, programme_vi, programme_en, codes.label_vi as status_vi, codes.label_en as status_en
    from marts.rpt_programme_targets as targets
    inner join marts.dim_programme_targets as dim using (programme_code, target_code)
    left join marts.dim_codes as codes on codelist = 'target_status' and code = target_status
    where area_code = 'VN' and frame = 'as_reported'
    qualify row_number() over (partition by target_code order by period_code desc nulls last) = 1
    order by dim.programme_code, dim.target_position
"""


def write_release_pages(
    home: Home,
    release: Path,
    judged_file: Path,
    batches: Sequence[str],
    shown: int,
    now: datetime,
    release_id: str,
    before: str | None,
) -> None:
    """Write `pages/` of a release that is being made: an index, what changed, a page a rule and one a newest batch.

    Shape   release: its folder, with national.duckdb and data_docs; judged_file: as `build_marts` has it; batches in
            the order of receipt, of which the last `shown` have a page; before: the release that it was compared with.
    """
    rules, titles = rules_of(home.contracts), suite_titles(home.contracts)
    folder = release / PAGES
    (folder / "batches").mkdir(parents=True)
    (folder / "rules").mkdir()
    with duckdb.connect() as connection:
        open_release(connection, release)
        connection.execute(
            f"create temp table judged as from read_csv('{judged_file}', header = true, all_varchar = true)"
        )
        documents = _data_docs(release)
        of_rules: dict[str, list[tuple[BatchOf, Outcome]]] = {code: [] for code in rules}
        heads = []
        for batch_id in batches[-shown:][::-1]:
            pages = documents.get(batch_id, {})
            head, outcomes = _batch(
                connection, home.judgement(batch_id), {suite: pages[suite] for suite in titles if suite in pages}
            )
            write_page(folder / "batches" / f"{batch_id}.html", batch_page(release_id, head, outcomes, rules, titles))
            heads.append(head)
            for one in outcomes:
                of_rules.setdefault(one.rule_code, []).append((head, replace(one, broken=())))
        counts = _counts(connection, [home.judgement(batch_id) for batch_id in batches])
        periods = periods_of(connection)
        totals = []
        for code in dict.fromkeys((*of_rules, *counts)):
            rule, of_rule = rules.get(code, RuleOf(code)), counts.get(code, {})
            page = rule_page(release_id, rule, of_rule, periods, of_rules.get(code, []), titles)
            write_page(folder / "rules" / f"{code}.html", page)
            totals.append((rule, sum(of_rule.values(), Count())))
        write_page(folder / "sources.html", sources_page(release_id, _sources(connection)))
        write_page(folder / "targets.html", targets_page(release_id, rows_of(connection, _TARGETS)))
        write_page(folder / "changes.html", changes_page(release_id, _changes(home, connection, before)))
    write_page(folder / "index.html", index_page(release_id, now, heads, len(batches), totals, titles))


def _sources(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """Each source that sent anything: its files, what is wrong in them, and the first lines that stand."""
    files = rows_of(connection, "from marts.fct_feeds order by received_at desc, file_path")
    findings = rows_of(connection, _SOURCE_FINDINGS)
    figures = rows_of(connection, _SOURCE_FIGURES)
    sources = []
    for source in rows_of(connection, "from marts.dim_sources order by source_code"):
        code = source["source_code"]
        mine = [one for one in figures if one["source_code"] == code]
        source["files"] = [one for one in files if one["source_code"] == code]
        source["findings"] = [one for one in findings if one["source_code"] == code]
        source |= {"figures": mine[:_FIGURES_SHOWN], "more": max(len(mine) - _FIGURES_SHOWN, 0)}
        if source["files"]:
            sources.append(source)
    return sources


def _changes(home: Home, connection: duckdb.DuckDBPyConnection, before: str | None) -> Changes:
    named = f"""
        left join marts.dim_periods using (period_code)
        left join marts.dim_areas as areas on areas.area_code = changed.area_code and {ON_MAP}
    """
    indicators = """
        left join (
            select indicator_code, min(form_code) as form_code, min(row_position) as row_position,
                max_by(label_vi, coalesce(since_period_code, '')) as indicator_vi
            from marts.dim_indicators group by all
        ) as indicators using (indicator_code)
    """
    of_the_largest = f"""
        select changed.*, areas.label_vi as area_vi, indicator_vi
        from marts.fct_changes as changed {named} {indicators}
        where frame = 'as_reported' and changed.area_level in ('nation', 'province')
        order by changed.area_level, period_code, changed.area_code, form_code, row_position, sex, age_band, subset
        limit {CHANGES_SHOWN}
    """
    in_all = connection.execute(
        """
        select
            count(*), count(*) filter (where reasons is null),
            count(*) filter (where frame = 'as_reported' and area_level in ('nation', 'province')),
            (select count(*) from marts.fct_changed_reports)
        from marts.fct_changes
        """
    ).fetchall()[0]

    def with_column(row: dict[str, Any]) -> dict[str, Any]:
        column = home.contracts.codelists.column_at(row["sex"], row["age_band"], row["subset"])
        is_total = (row["sex"], row["age_band"], row["subset"]) == ("_T", "_T", "_T")
        return row | {"column": column.label.vi if column and not is_total else None}

    return Changes(
        before=before,
        figures=in_all[0],
        without_reason=in_all[1],
        counted=rows_of(
            connection,
            """
            from (
                select frame, label_vi as frame_vi, period_code, area_level, reasons, count(*) as figures
                from marts.fct_changes inner join marts.dim_frames using (frame)
                where reasons is not null
                group by all
            )
            order by
                frame <> 'as_reported', frame, period_code desc, list_position(
                    ['nation', 'province', 'district', 'commune', 'stable_group'], area_level
                ), figures, reasons
            """,
        ),
        reports=rows_of(
            connection,
            f"""
            select changed.*, areas.label_vi as area_vi from marts.fct_changed_reports as changed {named}
            order by period_code desc, received_at desc, changed.area_code limit {CHANGES_SHOWN}
            """,
        ),
        reports_in_all=in_all[3],
        largest=[with_column(row) for row in rows_of(connection, of_the_largest)],
        largest_in_all=in_all[2],
        corrections=[
            with_column(row)
            for row in rows_of(
                connection,
                f"""
                select changed.*, indicator_vi from marts.fct_corrections as changed {indicators}
                where status = 'active' order by correction_code
                """,
            )
        ],
    )


def open_release(connection: duckdb.DuckDBPyConnection, release: Path) -> None:
    """Use a release's marts, with `places`: of each submission the area, its province, and all that it lies in."""
    connection.execute(f"set memory_limit = '{memory_limit()}'")
    connection.execute(f"attach '{release / 'national.duckdb'}' as release (read_only)")
    connection.execute("use release")
    connection.execute(_PLACES)


def _data_docs(release: Path) -> dict[str, dict[str, str]]:
    """Pages of Data Docs by batch and suite; see `Validation.save` and `build_data_docs` for how they are called."""
    pages: dict[str, dict[str, str]] = defaultdict(dict)
    for path in sorted((release / DATA_DOCS / "validations").glob("*/*/*/*.html")):
        suite, run = path.parts[-4:-2]
        if suite != RELEASE:
            pages[run.removeprefix(f"{suite}-")][suite] = path.relative_to(release).as_posix()
    return pages


def _batch(
    connection: duckdb.DuckDBPyConnection, folder: Path, data_docs: Mapping[str, str]
) -> tuple[BatchOf, list[Outcome]]:
    """A batch as it was judged, from its folder."""
    batch_id = folder.name
    # the newest run of a batch is the one whose page is shown
    moment = max((page.split("/")[-2] for page in data_docs.values()), default=None)
    judged_at = datetime.strptime(moment, "%Y%m%dT%H%M%S.%fZ").replace(tzinfo=UTC) if moment else None
    submissions, findings, outcomes = (folder / f"{name}.parquet" for name in ("submissions", "findings", "outcomes"))
    verdicts = connection.execute(
        f"select verdict, count(*) from read_parquet('{submissions}') group by all order by all"
    ).fetchall()
    periods = connection.execute(
        f"select distinct period_code from read_parquet('{submissions}') where period_code is not null order by 1"
    ).fetchall()
    head = connection.execute(
        f"""
        select
            (select count(*) from read_parquet('{findings}')),
            (
                select count(*) from read_parquet('{submissions}') as mine
                inner join judged using (submission_id) where judged.batch_id <> mine.batch_id
            )
        """
    ).fetchall()[0]
    batch = BatchOf(
        batch_id, judged_at, dict(verdicts), head[1], head[0], [period for (period,) in periods], dict(data_docs)
    )
    broken: dict[tuple[str, str, str], list[Broken]] = defaultdict(list)
    counted: dict[tuple[str, str, str], int] = {}
    rows = connection.execute(
        f"""
        with

        -- a rule about cells is judged once a form, every other in one suite
        once as (
            select rule_code, severity, any_value(suite) as suite, count(distinct suite) as suites
            from read_parquet('{outcomes}') group by all
        ),

        broken as (
            select
                if(once.suites > 1, findings.form_code, once.suite) as suite, rule_code, severity, submission_id,
                count(*) as cells,
                list(
                    {{'sheet': sheet_name, 'cell': cell_address}}
                    order by sheet_name, length(cell_address), cell_address
                )[:{CELLS_SHOWN}] as first,
            from read_parquet('{findings}') as findings
            inner join once using (rule_code, severity)
            group by all
        ),

        placed as (
            select
                broken.*, mine.area_code, mine.sender, places.area_vi, places.province_vi, mine.period_code,
                mine.verdict, judged.batch_id as judged_in,
                count(*) over (partition by suite, rule_code, severity) as submissions,
                row_number() over (
                    partition by suite, rule_code, severity order by mine.received_at, mine.file_path, submission_id
                ) as number,
            from broken
            inner join read_parquet('{submissions}') as mine using (submission_id)
            inner join judged using (submission_id)
            left join places using (submission_id)
        )

        select
            suite, rule_code, severity, submissions,
            submission_id, area_code, sender, area_vi, province_vi, period_code, verdict, judged_in, cells, first,
        from placed
        where number <= {ROWS_SHOWN}
        order by suite, rule_code, severity, number
        """
    ).fetchall()
    for suite, rule_code, severity, submissions_failed, *row in rows:
        broken[suite, rule_code, severity].append(Broken(*row))
        counted[suite, rule_code, severity] = submissions_failed
    # a rule with several lives in one batch is judged in several columns
    judged = connection.execute(
        f"""
        select
            suite, rule_code, severity,
            case
                when bool_or(outcome = 'failed') then 'failed' when bool_or(outcome = 'passed') then 'passed'
                else 'not_judged'
            end as outcome,
            sum(judged)::bigint, sum(failed)::bigint,
        from (select *, row_number() over () as number from read_parquet('{outcomes}'))
        group by suite, rule_code, severity
        order by min(number)
        """
    ).fetchall()
    return batch, [
        replace(Outcome(*row), submissions=counted.get(row[:3], 0), broken=broken.get(row[:3], ())) for row in judged
    ]


def _counts(
    connection: duckdb.DuckDBPyConnection, folders: Sequence[Path]
) -> dict[str, dict[tuple[str | None, Province | None], Count]]:
    """By rule, period and province: submissions judged by it, that break it, and findings, as judged now."""
    rows = connection.execute(
        """
        with

        judged_on as (
            select submission_id, unnest(rules_judged) as rule_code
            from read_parquet(?, union_by_name = true)
            inner join judged using (submission_id, batch_id)
        ),

        findings as (
            select
                submission_id, rule_code, count(*) as findings,
                count(*) filter (status = 'open' and repeated_in_submission_id is null) as open,
            from marts.fct_findings
            group by all
        )

        select
            rule_code, period_code, province_code, province_vi,
            count(*) filter (judged_on.submission_id is not null) as judged,
            count(findings) as failed,
            coalesce(sum(findings), 0)::bigint as findings,
            coalesce(sum(open), 0)::bigint as open,
        from judged_on
        full join findings using (submission_id, rule_code)
        inner join marts.fct_submissions using (submission_id)
        inner join places using (submission_id)
        group by all
        order by all
        """,
        [[f"{folder}/submissions.parquet" for folder in folders]],
    ).fetchall()
    counts: dict[str, dict[tuple[str | None, Province | None], Count]] = defaultdict(dict)
    for rule_code, period, code, name, *some in rows:
        counts[rule_code][period, (code, name) if code else None] = Count(*some)
    return counts


def periods_of(connection: duckdb.DuckDBPyConnection) -> dict[str, Text]:
    """What periods are called, in their order."""
    rows = connection.execute(
        "select period_code, label_vi, label_en from marts.dim_periods order by end_date, start_date"
    ).fetchall()
    return {code: Text(vi=vi, en=en) for code, vi, en in rows}


def write_page(path: Path, page: str) -> None:
    """Write one page of many; the folder that they are made in appears whole."""
    path.write_text(page, encoding="utf-8")
