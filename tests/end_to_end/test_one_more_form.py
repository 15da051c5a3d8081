"""A seventh form is one file: compiled, it is read, judged, built and published like the other six."""

import shutil
from datetime import date, datetime
from pathlib import Path

import duckdb
import pytest

from tally.periods import LOCAL_TIME, Period
from tally.pipeline.compile import write_compiled
from tally.pipeline.home import Home
from tally.pipeline.run import run
from tally.workbooks import BlankWorkbook

PERIOD = Period(2025, "A1")
NOW = datetime(2025, 12, 17, 9, tzinfo=LOCAL_TIME)
FORM = """
form: bvte_07
title: {vi: "Tai nạn thương tích trẻ em", en: "Child injury"}
sheet: BVTE-07
periods: [A1]
columns: S
indicators:
  - {row: "0700", code: injured_children, label: {vi: "Trẻ em bị tai nạn thương tích", en: "Injured children"},
     unit: children, adds_up: flow}
  - {row: "0701", code: drowned_children, label: {vi: "Trẻ em bị đuối nước", en: "Drowned children"},
     unit: children, adds_up: flow}
rules:
  - code: R0701
    says: drowned_children <= injured_children
    severity: critical
    tell: {vi: "Số bị đuối nước không lớn hơn số bị tai nạn", en: "Drowned children are no more than injured ones"}
    mend: {vi: "kiểm tra hai số", en: "check both figures"}
    source: a test
"""


@pytest.fixture(scope="module")
def home(two_provinces: Path, tmp_path_factory: pytest.TempPathFactory) -> Home:
    project = tmp_path_factory.mktemp("project")
    shutil.copytree(two_provinces, project, symlinks=True, dirs_exist_ok=True)
    (project / "contracts" / "forms" / "bvte_07.yml").write_text(FORM, encoding="utf-8")
    write_compiled(project)
    home = Home(tmp_path_factory.mktemp("home"), project)
    edition = home.contracts.edition(PERIOD)
    blank = BlankWorkbook(home.contracts, edition, "commune")
    for area, drowned in zip(home.contracts.register.children("12", PERIOD.map_date)[:2], (2, 9), strict=True):
        figures = {
            (row.code, column): 0 for row in edition.rows for column in row.columns if row.prints(column, area.level)
        }
        figures |= {("protection_workers", "T"): 1}
        for code, value in (("injured_children", 5), ("drowned_children", drowned)):
            figures |= {(code, "T"): value, (code, "M"): value}
        cover = {
            "area_code": area.code,
            "area_name": area.name,
            "province_name": "Tỉnh Lai Châu",
            "signed_by": "Nguyễn Văn A",
            "signed_date": date(2025, 12, 16),
        }
        path = home.inbox / area.code / "report.xlsx"
        path.parent.mkdir(parents=True)
        path.write_bytes(blank.filled(cover, figures))
    run(NOW, home)
    return home


def test_its_figures_are_published_and_its_rule_returns_what_breaks_it(home: Home) -> None:
    with duckdb.connect(str(home.releases / "current" / "national.duckdb"), read_only=True) as marts:
        verdicts = marts.execute("select verdict from marts.fct_submissions order by 1").fetchall()
        found = marts.execute(
            "select rule_code, sheet_name, cell_address from marts.fct_findings order by all"
        ).fetchall()
        nation = marts.execute(
            """
            select obs_value, obs_status, areas_expected, areas_accepted, areas_filled from marts.fct_indicator_values
            where frame = 'as_reported' and area_code = 'VN' and indicator_code = 'drowned_children' and sex = '_T'
            """
        ).fetchall()
    assert verdicts == [("accepted",), ("returned",)]
    assert found == [("R0701", "BVTE-07", "E9"), ("R0701", "BVTE-07", "F9")]
    assert nation == [(2, "P", 45 + 38, 1, 1)]


def test_its_suite_and_its_blank_workbook_were_compiled(home: Home) -> None:
    assert (home.project / "expectations" / "bvte_07.json").exists()
    assert Path(home.project / "templates" / "BVTE-2025.1-X-A1.xlsx").exists()
