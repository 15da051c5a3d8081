"""A country small enough to add up by hand, and what judging writes about its reports."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from tally.adapters.dbt import BuildOutcome

# Until mid-2025: province 01 with district 001 (communes 00001, 00002) and 002 (commune 00003), and province 02 whose
# only district, 003, is an island without communes. Commune 00003 was renamed on the day of the map of 2025-S1.
# Since then: province 01 with communes 00001 and 00003.
SEEDS = {
    "areas": """
        area_code,area_level,valid_from,valid_to,name_vi,name_en,area_type,parent_code,is_lowest,legal_basis
        01,province,,2025-07-01,Tỉnh Một,One,Tỉnh,,false,
        02,province,,2025-07-01,Tỉnh Hai,Two,Tỉnh,,false,
        001,district,,2025-07-01,Huyện Một,One,Huyện,01,false,
        002,district,,2025-07-01,Huyện Hai,Two,Huyện,01,false,
        003,district,,2025-07-01,Huyện đảo Ba,Three Island,Huyện,02,true,
        00001,commune,,2025-07-01,Xã Một,One,Xã,001,true,
        00002,commune,,2025-07-01,Xã Hai,Two,Xã,001,true,
        00003,commune,,2025-06-15,Xã Ba cũ,Old Three,Xã,002,true,
        00003,commune,2025-06-15,2025-07-01,Xã Ba,Three,Xã,002,true,
        01,province,2025-07-01,,Tỉnh Một,One,Tỉnh,,false,202/2025
        00001,commune,2025-07-01,,Xã Một,One,Xã,01,true,202/2025
        00003,commune,2025-07-01,,Xã Ba,Three,Xã,01,true,202/2025
    """,
    "periods": """
        period_code,year,part,start_date,end_date,map_date,label_vi,label_en
        2024-A1,2024,A1,2023-12-15,2024-12-14,2024-12-15,Năm 2024,Year 2024
        2025-S1,2025,S1,2024-12-15,2025-06-14,2025-06-15,6 tháng đầu năm 2025,First six months of 2025
        2025-A1,2025,A1,2024-12-15,2025-12-14,2025-12-15,Năm 2025,Year 2025
        2026-S1,2026,S1,2025-12-15,2026-06-14,2026-06-15,6 tháng đầu năm 2026,First six months of 2026
    """,
    "due_days": """
        period_code,area_level,province_code,due_date
        2025-S1,commune,,2025-06-17
        2025-S1,district,,2025-06-20
        2025-S1,province,,2025-06-25
        2025-A1,commune,,2025-12-17
        2025-A1,province,,2025-12-25
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
}

X = "x"
Figures = dict[tuple[str, str], int | str | None]


@dataclass(frozen=True)
class Submission:
    """`figures` by indicator and column: a number, None for a blank, X where the area wrote x."""

    submission_id: str
    area_code: str | None
    period_code: str | None
    received_at: str
    figures: Figures
    verdict: str = "accepted"
    is_late: bool = False
    findings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Marts:
    outcome: BuildOutcome
    connection: duckdb.DuckDBPyConnection

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(query).fetchall()

    def figure(
        self, area_code: str, indicator_code: str, sex: str = "_T", period_code: str = "2025-S1"
    ) -> tuple[Any, ...] | None:
        """(obs_value, obs_status, areas_expected, areas_accepted, areas_filled), None where there is no row."""
        return self.connection.execute(
            """
            select obs_value, obs_status, areas_expected, areas_accepted, areas_filled from marts.fct_indicator_values
            where frame = 'as_reported' and area_code = ? and indicator_code = ? and sex = ? and period_code = ?
            """,
            [area_code, indicator_code, sex, period_code],
        ).fetchone()


Build = Callable[..., Marts]


def write_judgements(folder: Path, submissions: list[Submission]) -> None:
    """What judging writes for a batch: three Parquet files."""
    levels = {2: "province", 3: "district", 5: "commune"}
    submission_rows, finding_rows, observation_rows = [], [], []
    for one in submissions:
        submission_rows.append(
            {
                "submission_id": one.submission_id,
                "file_path": f"inbox/{one.area_code}/{one.submission_id}.xlsx",
                "sha256": "0" * 64,
                "sender": one.area_code,
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
        "message_vi message_en",
        "observations": "submission_id form_code indicator_code column_code sheet_name cell_address raw_text obs_value "
        "cell_state",
    }
    others = {
        "received_at": pa.timestamp("us", "UTC"),
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
