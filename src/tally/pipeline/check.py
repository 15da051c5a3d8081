"""What a sender runs before sending: the whole judgement, in a folder that is thrown away."""

import shutil
import tempfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from tally.contracts.model import Contracts
from tally.intake.workbook import read_workbook
from tally.pipeline.home import Home
from tally.pipeline.judge import judge_batch
from tally.pipeline.read import read_submissions
from tally.pipeline.receive import receive_new_files

_OF_THE_RECORD = ("submission_id", "explained_in", "explained_at")


def check_files(files: Sequence[Path], now: datetime) -> list[dict[str, Any]]:
    """Judge workbooks as if they were received now, and keep nothing.

    Shape   one a file: {file, verdict, area_code, period_code, findings: [{rule_code, severity, sheet_name, …}]}.
    Blanks  a file that does not lie in an area's folder counts as sent by the area that its cover names.
    """
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder))
        for number, path in enumerate(files):
            target = home.inbox / _sender(path, home.contracts) / f"{number:05d}" / "workbook.xlsx"
            target.parent.mkdir(parents=True)
            shutil.copyfile(path, target)
        chunks = receive_new_files(now, home=home)
        batch_id = judge_batch([read_submissions(chunk, home) for chunk in chunks], now, home)
        submissions = pq.read_table(home.judgement(batch_id) / "submissions.parquet").to_pylist()
        findings = pq.read_table(home.judgement(batch_id) / "findings.parquet").to_pylist()
    by_number = {int(Path(one["file_path"]).parts[2]): one for one in submissions}
    return [
        {
            "file": str(path),
            "verdict": by_number[number]["verdict"],
            "area_code": by_number[number]["area_code"],
            "period_code": by_number[number]["period_code"],
            "findings": [
                {key: value for key, value in finding.items() if key not in _OF_THE_RECORD}
                for finding in findings
                if finding["submission_id"] == by_number[number]["submission_id"]
            ],
        }
        for number, path in enumerate(files)
    ]


def _sender(path: Path, contracts: Contracts) -> str:
    cover = read_workbook(path, contracts).cover
    for code in (path.resolve().parent.name, cover.area_code if cover else None):
        if code and contracts.register.versions(code):
            return code
    return "unknown"
