"""A country small enough to add up by hand, and what judging writes about its reports."""

import csv
import hashlib
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from tally.adapters.dbt import BuildOutcome
from tally.compile.seeds import area_tables
from tally.contracts.areas import Area, Flow, Register
from tally.contracts.model import Frame, Text

ROOT = Path(__file__).parents[2]

# Until mid-2025: province 01 with district 001 (communes 00001, 00002) and 002 (commune 00003), and province 02 whose
# only district, 003, is an island without communes. Commune 00003 was renamed on the day of the map of 2025-S1.
# Since then: province 01 with communes 00001 and 00003; a quarter of the children of 00002 went to 00001, the others
# to 00003, and so did the island: new commune 00003 crosses the border of the two old provinces.
REFORM = date(2025, 7, 1)
UNITS = """
    01,province,,2025-07-01,Tỉnh Một,Một,Tỉnh,,
    02,province,,2025-07-01,Tỉnh Hai,Hai,Tỉnh,,
    001,district,,2025-07-01,Huyện Một,Một,Huyện,01,
    002,district,,2025-07-01,Huyện Hai,Hai,Huyện,01,
    003,district,,2025-07-01,Huyện đảo Ba,đảo Ba,Huyện,02,
    00001,commune,,2025-07-01,Xã Một,Một,Xã,001,
    00002,commune,,2025-07-01,Xã Hai,Hai,Xã,001,
    00003,commune,,2025-06-15,Xã Ba cũ,Ba cũ,Xã,002,
    00003,commune,2025-06-15,2025-07-01,Xã Ba,Ba,Xã,002,
    01,province,2025-07-01,,Tỉnh Một,Một,Tỉnh,,202/2025
    00001,commune,2025-07-01,,Xã Một,Một,Xã,01,202/2025
    00003,commune,2025-07-01,,Xã Ba,Ba,Xã,01,202/2025
"""
FLOWS = """
    province,2025-07-01,01,01,merged,1,whole,G01
    province,2025-07-01,02,01,merged,1,whole,G01
    commune,2025-07-01,00001,00001,merged,1,whole,G1
    commune,2025-07-01,00002,00001,split,0.25,census,G1
    commune,2025-07-01,00002,00003,split,0.75,census,G1
    commune,2025-07-01,00003,00003,merged,1,whole,G1
    district,2025-07-01,003,00003,merged,1,whole,G1
"""
FRAMES = [
    Frame(code="as_reported", title=Text(vi="kỳ", en="period")),
    Frame(code="provinces_34", title=Text(vi="34", en="34"), level="province", on=REFORM),
    Frame(code="provinces_63", title=Text(vi="63", en="63"), level="province", on=REFORM - timedelta(1)),
    Frame(code="stable_groups", title=Text(vi="nhóm", en="groups"), groups=True),
    Frame(code="communes_3321", title=Text(vi="xã", en="communes"), level="commune", on=REFORM, estimates=True),
]


def _lines(text: str) -> list[list[str]]:
    return [line.strip().split(",") for line in text.strip().splitlines()]


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def small_register() -> Register:
    areas = [
        Area(code, level, _day(since), _day(until), name, short, kind, parent or None, basis)
        for code, level, since, until, name, short, kind, parent, basis in _lines(UNITS)
    ]
    flows = [
        Flow(level, date.fromisoformat(on), old, new, relation, Decimal(weight), basis, group)
        for level, on, old, new, relation, weight, basis, group in _lines(FLOWS)
    ]
    return Register(areas, flows)


def area_seeds(register: Register) -> dict[str, str]:
    """The seeds about areas, as they are compiled."""
    seeds = {}
    for name, rows in area_tables(register, FRAMES).items():
        text = StringIO()
        csv.writer(text, lineterminator="\n").writerows(rows)
        seeds[name] = text.getvalue()
    return seeds


SEEDS = {
    **area_seeds(small_register()),
    "periods": """
        period_code,year,part,start_date,end_date,map_date,label_vi,label_en
        2024-A1,2024,A1,2023-12-15,2024-12-14,2024-12-15,Năm 2024,Year 2024
        2025-S1,2025,S1,2024-12-15,2025-06-14,2025-06-15,6 tháng đầu năm 2025,First six months of 2025
        2025-A1,2025,A1,2024-12-15,2025-12-14,2025-12-15,Năm 2025,Year 2025
        2026-S1,2026,S1,2025-12-15,2026-06-14,2026-06-15,6 tháng đầu năm 2026,First six months of 2026
        2026-A1,2026,A1,2025-12-15,2026-12-14,2026-12-15,Năm 2026,Year 2026
    """,
    "second_halves": """
        period_code,year,first_half_code,whole_year_code,start_date,end_date,map_date,label_vi,label_en
        2025-S2,2025,2025-S1,2025-A1,2025-06-15,2025-12-14,2025-12-15,6 tháng cuối năm 2025,Last six months of 2025
        2026-S2,2026,2026-S1,2026-A1,2026-06-15,2026-12-14,2026-12-15,6 tháng cuối năm 2026,Last six months of 2026
    """,
    "due_days": """
        period_code,area_level,province_code,due_date
        2025-S1,commune,,2025-06-17
        2025-S1,district,,2025-06-20
        2025-S1,province,,2025-06-25
        2025-A1,commune,,2025-12-17
        2025-A1,district,,2025-12-20
        2025-A1,province,,2025-12-25
        2026-S1,commune,,2026-06-17
        2026-S1,district,,2026-06-20
        2026-S1,province,,2026-06-25
        2026-A1,commune,,2026-12-17
        2026-A1,district,,2026-12-20
        2026-A1,province,,2026-12-25
    """,
    "indicators": """
        indicator_code,form_code,row_code,position,label_vi,label_en,unit,unit_vi,unit_en,adds_up,reporting_level,since,until
        victims,bvte_02,0201,1,Nạn nhân,Victims,children,Trẻ em,Children,flow,lowest,,
        children,bvte_02,0202,2,Trẻ em,Children,children,Trẻ em,Children,stock_at_end,lowest,,
        old_row,bvte_02,0203,3,Dòng cũ,Old row,children,Trẻ em,Children,flow,lowest,,2024-A1
        new_row,bvte_02,0204,4,Dòng mới,New row,children,Trẻ em,Children,flow,lowest,2025-A1,
        has_unit,bvte_06,0612,1,Có đơn vị,Has a unit,services,Đơn vị,Units,stock_at_end,province,,
        grade,bvte_06,0613,2,Xếp loại,Grade,grade,Loại,Grade,never,lowest,,
    """,
    "indicator_cells": """
        indicator_code,column_code,sex,age_band,subset,since,until
        victims,T,_T,_T,_T,,
        victims,M,M,_T,_T,,
        victims,F,F,_T,_T,,
        children,T,_T,_T,_T,,
        old_row,T,_T,_T,_T,,
        new_row,T,_T,_T,_T,,
        has_unit,T,_T,_T,_T,,
        grade,T,_T,_T,_T,,
    """,
    "form_periods": """
        form_code,part
        bvte_02,S1
        bvte_02,A1
        bvte_06,A1
    """,
    "rules": """
        rule_code,form_code,severity,sentence_vi,sentence_en,source
        S12,,critical,Ô đọc được,The cell is readable,mẫu mô phỏng
    """,
    "ratios": """
        ratio_code,position,label_vi,label_en,kind,per,formula_vi,formula_en,denominator_vi,denominator_en,denominator_place,population_column,source,since,until
        girls_share,1,Nữ,Girls,share,1,nữ,girls,Nạn nhân,Victims,BVTE-02: 0201,,mẫu mô phỏng,,
        sexes_share,2,Rõ giới,Sex known,share,1,nam + nữ,both,Nạn nhân,Victims,BVTE-02: 0201,,mẫu mô phỏng,,
        victims_rate,3,Tỷ suất,Rate,rate,1000,a,a,Trẻ em,Children,BVTE-02: 0202,children_under_16,mẫu mô phỏng,,
        per_head,4,Trên dân,Per head,rate,1000,a,a,Dân số,Population,,population,mẫu mô phỏng,,
        new_share,5,Mới,New,share,1,a,a,Trẻ em,Children,BVTE-02: 0202,,mẫu mô phỏng,,
        late_share,6,Sau,Later,share,1,a,a,Trẻ em,Children,BVTE-02: 0202,,mẫu mô phỏng,2026-S1,
    """,
    "ratio_cells": """
        ratio_code,is_numerator,indicator_code,sex,age_band,subset
        girls_share,true,victims,F,_T,_T
        girls_share,false,victims,_T,_T,_T
        sexes_share,true,victims,M,_T,_T
        sexes_share,true,victims,F,_T,_T
        sexes_share,false,victims,_T,_T,_T
        victims_rate,true,victims,_T,_T,_T
        victims_rate,false,children,_T,_T,_T
        per_head,true,victims,_T,_T,_T
        new_share,true,new_row,_T,_T,_T
        new_share,false,children,_T,_T,_T
        late_share,true,victims,F,_T,_T
        late_share,false,children,_T,_T,_T
    """,
    # of the nation the last of the year counts; that of province 01 was made on the old map
    "populations": """
        frame,area_code,valid_from,count_date,children_under_16,population,source
        as_reported,VN,,2024-12-31,7,7,năm trước
        as_reported,VN,,2025-02-01,8,8,cũ
        as_reported,VN,,2025-04-01,1000,9000,điều tra
        as_reported,02,,2025-03-01,,500,điều tra
        as_reported,01,,2025-05-01,300,,bản đồ cũ
        provinces_34,01,2025-07-01,2025-07-02,,4000,điều tra
    """,
    "report_lines": """
        report_code,position,line_code,label_vi,label_en,source_code,indicator_code,ratio_code,unit,unit_vi,unit_en,empty_because_vi,empty_because_en,source
        child_abuse,1,victims,Nạn nhân,Victims,,victims,,children,Trẻ em,Children,,,BVTE-02: 0201
        child_abuse,2,girls_share,Nữ,Girls,,,girls_share,share,Tỷ lệ,Share,,,mẫu mô phỏng
        child_abuse,3,sdg_16_2_1,SDG 16.2.1,SDG 16.2.1,,,,,,,phải điều tra,a survey,SDG
        hotline,1,victims,Nạn nhân,Victims,,victims,,children,Trẻ em,Children,,,BVTE-02: 0201
    """,
}

X = "x"
Figures = dict[tuple[str, str], int | str | None]


@dataclass(frozen=True)
class Submission:
    """`figures` by indicator and column: a number, None for a blank, X where the area wrote x.

    Blanks  no sender: the area itself.
    """

    submission_id: str
    area_code: str | None
    period_code: str | None
    received_at: str
    figures: Figures
    verdict: str = "accepted"
    is_late: bool = False
    findings: tuple[str, ...] = ()
    sender: str | None = None


OLD_MAP = ("00001", "00002", "00003", "003", "001", "01")
NEW_MAP = ("00001", "00003", "01")
PERIODS = {"2025-S1": OLD_MAP, "2025-A1": NEW_MAP, "2026-S1": NEW_MAP, "2026-A1": NEW_MAP}
REPORTS = [(period, area) for period, areas in PERIODS.items() for area in areas]


def submissions_of(steps: Sequence[dict[tuple[str, str], Figures]]) -> list[Submission]:
    """Each step is a day later than the one before; what it says of an area and a period supersedes."""
    return [
        Submission(f"{number}-{period}-{area}", area, period, f"2027-01-{number + 1:02}T08:00:00+07:00", said)
        for number, step in enumerate(steps)
        for (period, area), said in step.items()
    ]


def reported(count: int) -> dict[tuple[str, str], Figures]:
    """Every report there is, each with figures of its own."""
    return {
        report: {("victims", "T"): count + at * (1 + report[0].endswith("A1")), ("children", "T"): 100 + at}
        for at, report in enumerate(REPORTS)
    }


@dataclass(frozen=True)
class Marts:
    outcome: BuildOutcome
    connection: duckdb.DuckDBPyConnection

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(query).fetchall()

    def figure(
        self,
        area_code: str,
        indicator_code: str,
        sex: str = "_T",
        period_code: str = "2025-S1",
        frame: str = "as_reported",
    ) -> tuple[Any, ...] | None:
        """(obs_value, obs_status, areas_expected, areas_accepted, areas_filled), None where there is no row."""
        return self.connection.execute(
            """
            select obs_value, obs_status, areas_expected, areas_accepted, areas_filled from marts.fct_indicator_values
            where frame = ? and area_code = ? and indicator_code = ? and sex = ? and period_code = ?
            """,
            [frame, area_code, indicator_code, sex, period_code],
        ).fetchone()


Build = Callable[..., Marts]


def project_with(folder: Path, seeds: dict[str, str]) -> Path:
    """The dbt project with other seeds."""
    project = folder / "dbt_project"
    shutil.copytree(ROOT / "dbt_project", project)
    for name, text in seeds.items():
        lines = [line.strip() for line in text.strip().splitlines()]
        (project / "seeds" / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return project


def write_judgements(folder: Path, submissions: list[Submission]) -> None:
    """What judging writes for a batch: three Parquet files."""
    levels = {2: "province", 3: "district", 5: "commune"}
    submission_rows, finding_rows, observation_rows = [], [], []
    for one in submissions:
        submission_rows.append(
            {
                "submission_id": one.submission_id,
                "file_path": f"inbox/{one.area_code}/{one.submission_id}.xlsx",
                "sha256": hashlib.sha256(one.submission_id.encode()).hexdigest(),
                "sender": one.sender or one.area_code,
                "area_code": one.area_code,
                "area_level": levels[len(one.area_code)] if one.area_code else None,
                "period_code": one.period_code,
                "template_version": "BVTE-2025.1",
                "report_kind": "first",
                "received_at": datetime.fromisoformat(one.received_at),
                "due_date": date(2025, 12, 17),
                "verdict": one.verdict,
                "is_late": one.is_late,
                "batch_id": folder.name,
                "received_number": len(submission_rows),
            }
        )
        finding_rows += [
            {
                "submission_id": one.submission_id,
                "rule_code": rule_code,
                "severity": "critical",
                "form_code": "bvte_02",
                "sheet_name": "BVTE-02",
                "cell_address": "E9",
                "indicator_code": "victims",
                "column_code": "T",
                "message_vi": "Ô không đọc được",
                "message_en": "The cell cannot be read",
            }
            for rule_code in one.findings
        ]
        observation_rows += [
            {
                "submission_id": one.submission_id,
                "period_code": one.period_code,
                "form_code": "bvte_02",
                "indicator_code": indicator_code,
                "column_code": column_code,
                "sheet_name": "BVTE-02",
                "cell_address": "E9",
                "raw_text": "chữ của người gửi",
                "obs_value": None if value == X else value,
                "cell_state": "not_applicable" if value == X else "blank" if value is None else "reported",
            }
            for (indicator_code, column_code), value in one.figures.items()
        ]
    texts = {
        "submissions": "submission_id file_path sha256 sender area_code area_level period_code template_version "
        "report_kind received_at due_date verdict is_late batch_id received_number",
        "findings": "submission_id rule_code severity form_code sheet_name cell_address indicator_code column_code "
        "message_vi message_en explained_in explained_at",
        "observations": "submission_id period_code form_code indicator_code column_code sheet_name cell_address "
        "raw_text obs_value cell_state",
    }
    others = {
        "received_at": pa.timestamp("us", "UTC"),
        "explained_at": pa.timestamp("us", "UTC"),
        "due_date": pa.date32(),
        "is_late": pa.bool_(),
        "received_number": pa.int64(),
        "obs_value": pa.int64(),
    }
    folder.mkdir(parents=True)
    for name, rows in (
        ("submissions", submission_rows),
        ("findings", finding_rows),
        ("observations", observation_rows),
    ):
        schema = pa.schema([(column, others.get(column, pa.string())) for column in texts[name].split()])
        pq.write_table(pa.Table.from_pylist(rows, schema=schema), folder / f"{name}.parquet")
