"""What judging leaves of a batch: the tables that marts are built from. Deleted ones are made again by judging."""

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

SUBMISSIONS = pa.schema(
    [(name, pa.string()) for name in ("submission_id", "file_path", "sha256", "sender", "area_code", "area_level")]
    + [(name, pa.string()) for name in ("period_code", "template_version", "report_kind")]
    + [("received_at", pa.timestamp("us", tz="UTC")), ("due_date", pa.date32())]
    + [("verdict", pa.string()), ("is_late", pa.bool_()), ("batch_id", pa.string()), ("received_number", pa.int64())]
    + [("rules_judged", pa.list_(pa.string()))]  # not judged is not passed
)
FINDINGS = pa.schema(
    [
        (name, pa.string())
        for name in ("submission_id", "rule_code", "severity", "form_code", "sheet_name", "cell_address")
    ]
    + [(name, pa.string()) for name in ("indicator_code", "column_code", "message_vi", "message_en", "explained_in")]
    + [("explained_at", pa.timestamp("us", tz="UTC"))]
)
OBSERVATIONS = pa.schema(
    [
        (name, pa.string())
        for name in ("submission_id", "period_code", "form_code", "indicator_code", "column_code", "sheet_name")
    ]
    + [("cell_address", pa.string()), ("raw_text", pa.string()), ("obs_value", pa.int64()), ("cell_state", pa.string())]
)
OUTCOMES = pa.schema(
    [(name, pa.string()) for name in ("suite", "rule_code", "severity")]
    + [("judged", pa.int64()), ("failed", pa.int64()), ("outcome", pa.string())]
)
_TABLES = {"submissions": SUBMISSIONS, "findings": FINDINGS, "observations": OBSERVATIONS, "outcomes": OUTCOMES}


def is_whole(folder: Path) -> bool:
    """Whether every table of a batch is there, with the columns that the present code writes."""
    return has_tables(folder, _TABLES)


def has_tables(folder: Path, tables: Mapping[str, pa.Schema]) -> bool:
    """Whether a folder has these tables, with just these columns."""
    return all(
        (folder / f"{name}.parquet").exists() and pq.read_schema(folder / f"{name}.parquet").remove_metadata() == schema
        for name, schema in tables.items()
    )


def write_nothing(folder: Path) -> None:
    """The tables of a batch without a submission: a release of nothing but other sources is built from them."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, schema in _TABLES.items():
        pq.write_table(schema.empty_table(), folder / f"{name}.parquet")
