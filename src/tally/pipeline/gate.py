"""The gate before a release: what must hold in the marts, judged by Great Expectations."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa

from tally.adapters.dbt import memory_limit
from tally.adapters.gx import Validation, run_checkpoint
from tally.adapters.tables import give_texts
from tally.contracts.model import RELEASE
from tally.errors import GateError
from tally.periods import Period
from tally.pipeline.changes import FIGURES as CHANGED_FIGURES
from tally.pipeline.corrections import DECLARED, declared
from tally.pipeline.home import Home

_PLACES_NAMED = 5


def judge_marts(
    home: Home,
    warehouse: Path,
    periods: Sequence[str],
    judged_file: Path,
    batches: Sequence[str],
    release_id: str,
    now: datetime,
) -> Validation:
    """The gate: every check's rows, judged by Great Expectations.

    Shape   warehouse: the marts as they were built, with the figures of these periods.
    Raises  GateError that names the checks that failed, where, and what to do.
    """
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        connection.execute(f"set memory_limit = '{memory_limit()}'")
        connection.execute(f"create temp view judged as select * from read_csv('{judged_file}', all_varchar = true)")
        connection.register("declared", pa.Table.from_pylist(declared(home.contracts), DECLARED))
        changes = home.building / f"{CHANGED_FIGURES}.parquet"
        connection.execute(f"create temp view changes as from read_parquet('{changes}')")
        _accepted_lowest(home, connection, batches, periods)
        frames = []
        for check in home.contracts.gate.checks:
            rows = connection.execute(check.select).df()
            frames.append(
                pd.DataFrame({"place": rows["place"].astype(str), check.code: rows["residual"].astype(float)})
            )
        some_accepted = connection.execute("select count(*) from accepted_lowest").fetchone()
    frame = pd.concat(frames, ignore_index=True)
    suite = home.project / "expectations" / f"{RELEASE}.json"
    validation = run_checkpoint(f"{RELEASE}-{release_id}", suite, frame, ["place"], now)
    failed = []
    for judgement in validation.judgements:
        check = next(one for one in home.contracts.gate.checks if one.code == judgement.rule_code)
        if judgement.outcome == "not_judged" and some_accepted and some_accepted[0]:
            failed.append(f"{check.code} judged nothing")
        if judgement.outcome == "failed":
            places = ", ".join(str(row.index[0]) for row in judgement.unexpected[:_PLACES_NAMED])
            count = len(judgement.unexpected)
            failed.append(f"{check.code} does not hold ({check.tell.en}) at {count} places: {places}; {check.mend.en}")
    if failed:
        raise GateError(f"release {release_id} is not published: " + "; ".join(failed))
    return validation


def _accepted_lowest(
    home: Home, connection: duckdb.DuckDBPyConnection, batches: Sequence[str], periods: Sequence[str]
) -> None:
    """The accepted figures of the lowest level, straight from the judged batches and the contracts: not through dbt."""
    register, contracts = home.contracts.register, home.contracts
    folders = [str(home.judgement(batch_id)) for batch_id in batches]
    connection.execute(
        """
        create temp table standing as
        select submission_id, batch_id, area_code, area_level, period_code, sha256
        from read_parquet(?) inner join judged using (submission_id, batch_id)
        where verdict in ('accepted', 'accepted_with_warnings') and period_code in (select unnest(?))
        qualify row_number() over (
            partition by area_code, period_code
            order by received_at desc, file_path desc, received_number desc
        ) = 1
        """,
        [[f"{folder}/submissions.parquet" for folder in folders], list(periods)],
    )
    reports = connection.execute("select distinct area_code, period_code from standing").fetchall()
    lowest = [
        (code, period)
        for code, period in reports
        if (area := register.at(code, Period.parse(period).map_date)) and register.is_lowest(area)
    ]
    cells = [
        (period, row.code, code, column.sex, column.age_band, column.subset, row.indicator.reporting_level)
        for period in periods
        for row in contracts.edition(Period.parse(period)).rows
        if row.indicator.adds_up != "never"
        for code in row.columns
        for column in [contracts.columns[code]]
    ]
    give_texts(connection, "lowest_reports", ("area_code", "period_code"), lowest)
    names = ("period_code", "indicator_code", "column_code", "sex", "age_band", "subset", "reporting_level")
    give_texts(connection, "named_cells", names, cells)
    files = ", ".join(f"'{folder}/observations.parquet'" for folder in folders)
    of_periods = ", ".join(f"'{period}'" for period in periods) or "null"
    accepted = f"""
        select standing.*, indicator_code, column_code, obs_value
        from (
            from read_parquet([{files}], filename = true) where period_code in ({of_periods})
        ) as observations
        inner join standing
            on
                observations.submission_id = standing.submission_id
                and regexp_extract(observations.filename, '([^/]+)/[^/]+$', 1) = standing.batch_id
    """
    connection.execute(
        f"""
        create temp table corrections_found as
        select correction_code, count(accepted.submission_id) as found
        from declared
        left join ({accepted}) as accepted
            on
                accepted.area_code = declared.area_code and accepted.period_code = declared.period_code
                and accepted.indicator_code = declared.indicator_code
                and accepted.column_code = declared.column_code
                and accepted.obs_value is not distinct from value_from
                and (workbook is null or workbook = accepted.sha256)
        where status = 'active' and declared.period_code in ({of_periods})
        group by correction_code
        """
    )
    connection.execute(
        f"""
        create temp table accepted_lowest as
        select
            accepted.period_code, accepted.indicator_code, named_cells.sex, named_cells.age_band, named_cells.subset,
            if(declared.correction_code is null, obs_value, value_to) as obs_value
        from ({accepted}) as accepted
        inner join named_cells using (period_code, indicator_code, column_code)
        left join lowest_reports
            on accepted.area_code = lowest_reports.area_code and accepted.period_code = lowest_reports.period_code
        left join declared
            on
                status = 'active' and accepted.area_code = declared.area_code
                and accepted.period_code = declared.period_code
                and accepted.indicator_code = declared.indicator_code
                and accepted.column_code = declared.column_code
                and accepted.obs_value is not distinct from value_from
                and (workbook is null or workbook = accepted.sha256)
        where if(reporting_level = 'lowest', lowest_reports.area_code is not null, area_level = reporting_level)
        """
    )
