"""From the bytes of a received workbook to a Reading: its cover, its figures, and what was wrong with them."""

from pathlib import Path

from tally.contracts.model import Contracts
from tally.intake.container import Grid, Refusal, open_workbook
from tally.intake.cover import read_cover
from tally.intake.disclosures import Known, disclosure_fault
from tally.intake.forms import (
    HEADERS,
    Layout,
    SheetPlan,
    find_layouts,
    label_faults,
    no_figure_fault,
    plan_sheets,
    read_figures,
)
from tally.intake.wording import Words, refused
from tally.periods import Period
from tally.readings import Cover, Fault, Figures, Reading

COMMUNE_CODE_WIDTH = 5


def read_workbook(data: bytes | Path, contracts: Contracts) -> Reading:
    """Read one received file.

    Shape   faults of S01, S02, S06, S11, S14 and S16; S12 and S18 are states of the figures they concern.
    Blanks  no cover where the file cannot be opened (S01) or has none (S06); no figures where the submission is
            refused here, or its period or level is unknown.
    Raises  nothing for what stands in the file: data that is wrong is a fault.
    Source  FORMS.md, "Workbook" and "Rules about the submission itself".
    """
    package = open_workbook(data, contracts.submission.limits)
    if isinstance(package, Refusal):
        return Reading((refused("S01", package.vi, package.en),), None, Figures())
    desk = _desk(contracts)
    cover, faults = _cover(package.grids, contracts, desk.words)
    faults += _template_faults(cover, contracts)
    layouts: list[Layout] = []
    if cover and cover.period and not any(fault.rule_code == "S02" for fault in faults):
        plans = desk.plans(cover.period, cover.level or "")
        layouts, missing = find_layouts(package.grids, plans, desk.words)
        faults += missing
    disclosure = disclosure_fault(package, layouts, desk.known)
    if disclosure:
        faults.append(disclosure)
    if faults or not cover or not cover.period or not cover.level:
        return Reading(tuple(faults), cover, Figures())
    figures = Figures()
    for layout in layouts:
        faults += label_faults(layout, desk.words)
        if not read_figures(layout, figures):
            faults.append(no_figure_fault(layout.plan))
    return Reading(tuple(faults), cover, figures)


def _cover(grids: list[Grid], contracts: Contracts, words: Words) -> tuple[Cover | None, list[Fault]]:
    name = contracts.submission.cover.sheet
    match [grid for grid in grids if grid.name == name]:
        case [grid]:
            return read_cover(grid, contracts, words)
        case []:
            return None, [refused("S06", f"thiếu trang bìa {name}", f"the cover sheet {name} is missing")]
        case _:
            return None, [refused("S06", f"trang bìa {name} có hai lần", f"the cover sheet {name} stands twice")]


def _template_faults(cover: Cover | None, contracts: Contracts) -> list[Fault]:
    if cover is None or "template_version" not in cover.cells:
        return []
    version = cover.template_version
    lives = [template for template in contracts.submission.templates if template.version == version]
    if not lives:
        if version is None:
            return [
                refused(
                    "S02",
                    "phiên bản mẫu trên bìa để trống hoặc không đọc được",
                    "the template version on the cover is empty or cannot be read",
                )
            ]
        return [refused("S02", f"không có phiên bản mẫu {version}", f"there is no template version {version}")]
    if cover.period and not any(template.in_force(cover.period) for template in lives):
        return [
            refused(
                "S02",
                f"mẫu {version} không có hiệu lực trong kỳ {cover.period.label_vi}",
                f"template {version} is not in force in {cover.period.code}",
            )
        ]
    return []


class _Desk:
    """What reading needs of the contracts, worked out once."""

    def __init__(self, contracts: Contracts) -> None:
        self._contracts = contracts
        self._plans: dict[tuple[Period, str], list[SheetPlan]] = {}
        self.words = Words()
        self.known = _known(contracts)

    def plans(self, period: Period, level: str) -> list[SheetPlan]:
        if (period, level) not in self._plans:
            self._plans[period, level] = plan_sheets(self._contracts.edition(period), level)
        return self._plans[period, level]


_desks: dict[str, _Desk] = {}


def _desk(contracts: Contracts) -> _Desk:
    if contracts.version not in _desks:
        _desks[contracts.version] = _Desk(contracts)
    return _desks[contracts.version]


def _known(contracts: Contracts) -> Known:
    lists = contracts.codelists
    indicators = [indicator for form in contracts.forms for indicator in form.indicators]
    row_codes = {indicator.row for indicator in indicators}
    form_names = frozenset(form.sheet for form in contracts.forms)
    return Known(
        texts=frozenset(
            {
                *(indicator.label.vi for indicator in indicators),
                *(column.label.vi for column in lists.columns),
                *(unit.label.vi for unit in lists.units),
                *(field.label for field in contracts.submission.cover.fields),
                *row_codes,
                *HEADERS,
                "x",
            }
        ),
        form_names=form_names,
        sheet_names=form_names | {contracts.submission.cover.sheet},
        codes=frozenset(row_codes | {code for code in contracts.register.codes if len(code) == COMMUNE_CODE_WIDTH}),
    )
