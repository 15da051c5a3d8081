"""Ways in which real workbooks go wrong, each with the verdict and the rules that have to come of it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import numpy as np

from tally.contracts.model import Contracts, Edition
from tally.names import plain, same_name
from tally.simulation.figures import FORMS, GROUPS, SERVICES, Cell
from tally.simulation.reports import SimulatedReport
from tally.vocabulary import Verdict

Figures = dict[Cell, int]
# changes lawful figures so that one rule fails and no other; False where these figures cannot break it so
BreaksFigures = Callable[[Figures], bool]
# what becomes of a lawful report: one file or two; none where it cannot go wrong in this way
Spoils = Callable[[SimulatedReport, "Scene"], list[SimulatedReport]]

TRUNCATED, WRONG_SHEET_NAME, LABEL_RETYPED, MISSING = "truncated", "wrong sheet name", "label retyped", "missing"


@dataclass(frozen=True)
class Scene:
    contracts: Contracts
    edition: Edition
    rng: np.random.Generator


@dataclass(frozen=True)
class Fault:
    """Units  `weight`: how often it comes, against the others."""

    name: str
    weight: float
    verdict: Verdict | None
    rules: tuple[str, ...]
    spoils: Spoils


def with_fault(report: SimulatedReport, contracts: Contracts, rng: np.random.Generator) -> list[SimulatedReport]:
    """The report gone wrong in one way that is possible for it, as the files that come in."""
    scene = Scene(contracts, contracts.edition(report.period), rng)
    weights = np.array([fault.weight for fault in FAULTS])
    for at in rng.choice(len(FAULTS), len(FAULTS), replace=False, p=weights / weights.sum()):
        fault = FAULTS[at]
        try:
            sent = fault.spoils(report, scene)
        except KeyError:  # an edition without that row
            continue
        if sent:
            last = replace(sent[-1], fault=fault.name, verdict=fault.verdict, rules=fault.rules)
            return [*sent[:-1], last]
    return [report]


# figures


def _add(figures: Figures, name: str, columns: Iterable[str], by: int = 1) -> bool:
    for column in columns:
        figures[name, column] += by
    return True


def _raise_above(figures: Figures, part: str, whole: str, sex: str) -> bool:
    """More in a part than in its whole, for one sex; the part's own row still adds up."""
    return _add(figures, part, ("T", sex), figures[whole, sex] + 1 - figures[part, sex])


def _rarest_group(figures: Figures) -> str:
    return min(GROUPS, key=lambda group: figures[group, "T"])


def _r0101(figures: Figures) -> bool:
    group = _rarest_group(figures)
    return figures[group, "T"] < figures["children_special_circumstances", "T"] and _add(figures, group, "T")


def _r0102(figures: Figures) -> bool:
    of_boys = sum(figures[group, "M"] for group in GROUPS)
    _add(figures, "children_special_circumstances", "TM", of_boys + 1 - figures["children_special_circumstances", "M"])
    special, children = (figures[name, "T"] for name in ("children_special_circumstances", "children_under_16"))
    return of_boys < figures["children_under_16", "M"] and special < 0.29 * children


def _r0103(figures: Figures) -> bool:
    figures["children_under_16", "ETH"] = figures["children_special_circumstances", "ETH"] - 1
    return figures["children_under_16", "ETH"] >= 0


def _r0104(figures: Figures) -> bool:
    group = _rarest_group(figures)
    figures[group, "SUP"] = figures[group, "T"] + 1
    return figures[group, "SUP"] <= figures["children_special_circumstances", "SUP"]


def _r0105(figures: Figures) -> bool:
    for name in ("children_special_circumstances", *GROUPS):
        figures.update({(name, column): 0 for column in ("T", "M", "F", "ETH", "SUP")})
    return figures["children_under_16", "T"] >= 500


def _r0201(figures: Figures) -> bool:
    return _add(figures, "abuse_offenders", "M")


def _r0202(figures: Figures) -> bool:
    rows = ("abuse_victims", "abuse_victims_exploitation", "abuse_setting_other")
    return all(_add(figures, name, ["AGE_U"]) for name in rows)


def _r0203(figures: Figures) -> bool:
    return _add(figures, "abuse_victims_neglect", ("T", "M", "Y11T15"))


def _r0204(figures: Figures) -> bool:
    return _add(figures, "sexual_abuse_molestation", ("T", "F", "Y11T15"))


def _r0205(figures: Figures) -> bool:
    return _add(figures, "abuse_setting_other", ("T", "F", "Y6T10"))


def _r0206(figures: Figures) -> bool:
    return _raise_above(figures, "abuse_offenders_family", "abuse_offenders", "M")


def _r0207(figures: Figures) -> bool:
    figures["abuse_incidents", "T"] = 0
    return figures["abuse_victims", "T"] > 0


def _r0208(figures: Figures) -> bool:
    figures["abuse_incidents", "T"] = figures["abuse_victims", "T"] + 10
    return True


def _r0301(figures: Figures) -> bool:
    return _add(figures, "reports_from_other", "T")


def _r0302(figures: Figures) -> bool:
    return _add(figures, "cases_opened", "U") and _add(figures, "cases_open_at_end", "U")


def _r0303(figures: Figures) -> bool:
    return _add(figures, "cases_open_at_end", "TM")


def _r0305(figures: Figures) -> bool:
    return _raise_above(figures, "cases_risk_assessed", "cases_opened", "M")


def _r0306(figures: Figures) -> bool:
    of_girls = sum(figures[service, "F"] for service in SERVICES)
    return _add(figures, "children_served", "TF", of_girls + 1 - figures["children_served", "F"])


def _r0401(figures: Figures) -> bool:
    return _add(figures, "children_online_safety_reached", "U")


def _r0402(figures: Figures) -> bool:
    return all(_add(figures, name, ["AGE_U"]) for name in ("bullying_victims", "bullying_victims_school"))


def _r0403(figures: Figures) -> bool:
    boys = figures["bullying_victims_school", "M"] + figures["bullying_victims_online", "M"]
    return _add(figures, "bullying_victims", ("T", "M", "Y11T15"), boys + 1 - figures["bullying_victims", "M"])


def _r0404(figures: Figures) -> bool:
    figures["content_removal_done", "T"] = figures["content_removal_requested", "T"] + 1
    return True


def _r0405(figures: Figures) -> bool:
    _raise_above(figures, "children_online_safety_reached", "children_under_16", "M")
    return figures["children_online_safety_reached", "T"] <= figures["children_under_16", "T"]


def _r0406(figures: Figures) -> bool:
    for cell in figures:
        if cell[0] in ("online_abuse_victims", "online_sexual_exploitation_victims"):
            figures[cell] = 0
    return figures["abuse_setting_online", "T"] > 0


def _r0501(figures: Figures) -> bool:
    return _add(figures, "children_in_conflict_with_law", "M")


def _r0502(figures: Figures) -> bool:
    return _raise_above(figures, "justice_child_friendly_interviews", "justice_child_victims_witnesses", "F")


def _r0503(figures: Figures) -> bool:
    for cell in figures:
        if cell[0] in ("trafficking_child_victims", "trafficking_child_victims_supported"):
            figures[cell] = 0
    return figures[FORMS[3], "T"] > 0


def _r0601(figures: Figures) -> bool:
    figures["families_informed", "T"] = figures["families_with_children", "T"] + 1
    return True


def _r0602(figures: Figures) -> bool:
    cell = ("child_friendly_investigation_unit", "T")
    if cell in figures:
        figures[cell] = 2
    return cell in figures


def _r0603(figures: Figures) -> bool:
    figures["protection_workers", "T"] = figures["protection_workers_trained", "T"] = 0
    return True


def _figures_broken(break_figures: BreaksFigures) -> Spoils:
    def spoil(report: SimulatedReport, scene: Scene) -> list[SimulatedReport]:
        figures = _numbers(report)
        is_broken = break_figures(figures) and figures.keys() <= report.figures.keys()
        return [replace(report, figures=figures)] if is_broken else []

    return spoil


def _numbers(report: SimulatedReport) -> Figures:
    return {cell: figure for cell, figure in report.figures.items() if isinstance(figure, int)}


# cells


def _cells(change: Callable[[Figures, Scene], dict[Cell, int | str | None]]) -> Spoils:
    def spoil(report: SimulatedReport, scene: Scene) -> list[SimulatedReport]:
        return [replace(report, figures={**report.figures, **change(_numbers(report), scene)})]

    return spoil


def _unreadable(figures: Figures, scene: Scene) -> dict[Cell, int | str | None]:
    cells = list(figures)
    return {cells[scene.rng.integers(len(cells))]: ("1,5", "3/1", "nhiều", "?", -1)[scene.rng.integers(5)]}


def _text_numbers(figures: Figures, scene: Scene) -> dict[Cell, int | str | None]:
    return {cell: f"{figure:,}".replace(",", ".") for cell, figure in figures.items()}


def _words_for_zero(figures: Figures, scene: Scene) -> dict[Cell, int | str | None]:
    word = ("không", "-", "Không")[scene.rng.integers(3)]
    return {cell: word for cell, figure in figures.items() if figure == 0}


def _blank_row(figures: Figures, scene: Scene) -> dict[Cell, int | str | None]:
    row = ("special_exploited", "special_trafficked", "service_compensation")[scene.rng.integers(3)]
    return {cell: None for cell in figures if cell[0] == row}


def _empty_sheet(figures: Figures, scene: Scene) -> dict[Cell, int | str | None]:
    sheet = scene.edition.row_of["trafficking_victims"].form
    return {cell: None for cell in figures if scene.edition.row_of[cell[0]].form is sheet}


def _too_large(report: SimulatedReport, scene: Scene) -> list[SimulatedReport]:
    limit = scene.contracts.levels[report.area.level].largest_figure
    return [replace(report, figures={**report.figures, ("bullying_incidents", "T"): limit + 1})]


def _in_an_x(report: SimulatedReport, scene: Scene) -> list[SimulatedReport]:
    cell = ("children_under_16", "SUP")
    return [] if cell in report.figures else [replace(report, figures={**report.figures, cell: 5})]


# the cover, and how the workbook comes


def _cover(report: SimulatedReport, **fields: int | str | date | None) -> list[SimulatedReport]:
    return [replace(report, cover={**report.cover, **fields})]


def _late(report: SimulatedReport, scene: Scene) -> list[SimulatedReport]:
    received_at = _received(report)
    due = scene.contracts.due_date(report.area, report.period)
    days = (due - received_at.date()).days + int(scene.rng.integers(1, 11))
    return [replace(report, received_at=received_at + timedelta(days))]


def _missing(report: SimulatedReport, scene: Scene) -> list[SimulatedReport]:
    return [replace(report, received_at=None)]


def _as_it_is(report: SimulatedReport, scene: Scene) -> list[SimulatedReport]:
    return [report]


def _unknown_template(report: SimulatedReport, scene: Scene) -> list[SimulatedReport]:
    return _cover(report, template_version="BVTE-2019.3")


def _old_code(report: SimulatedReport, scene: Scene) -> list[SimulatedReport]:
    """The sender goes on under the code of an area that was merged into it."""
    register, day = scene.contracts.register, report.period.map_date
    gone = sorted(
        flow.old_code
        for flow in register.flows
        if flow.new_code == report.area.code
        and flow.relation == "merged"
        and flow.date <= day
        and flow.level == report.area.level
        and not register.at(flow.old_code, day)
    )
    if not gone:
        return []
    name = f"BVTE_{gone[0]}_{report.period}.xlsx"
    return [replace(_cover(report, area_code=gone[0])[0], folder=gone[0], file_name=name)]


def _wrong_folder(report: SimulatedReport, scene: Scene) -> list[SimulatedReport]:
    below = scene.contracts.register.children(report.area.code, report.period.map_date)
    return [replace(report, folder=report.area.parent_code or below[0].code)]


def _calendar_dates(report: SimulatedReport, scene: Scene) -> list[SimulatedReport]:
    year = report.period.year
    end = date(year, 6, 30) if report.period.part == "S1" else date(year, 12, 31)
    return _cover(report, start_date=date(year, 1, 1), end_date=end)


def _name_without_accents(report: SimulatedReport, scene: Scene) -> list[SimulatedReport]:
    bare = plain(report.area.name).title()
    return _cover(report, area_name=bare) if same_name(bare, report.area.name) == "accents" else []


def _another_name(report: SimulatedReport, scene: Scene) -> list[SimulatedReport]:
    parent, day = report.area.parent_code, report.period.map_date
    siblings = scene.contracts.register.children(parent, day) if parent else []
    names = [area.name for area in siblings if same_name(area.name, report.area.name) == "other"]
    return _cover(report, area_name=names[scene.rng.integers(len(names))]) if names else []


def _unsigned(report: SimulatedReport, scene: Scene) -> list[SimulatedReport]:
    return _cover(report, signed_by=None)


def _signed_too_early(report: SimulatedReport, scene: Scene) -> list[SimulatedReport]:
    return _cover(report, signed_date=report.period.end_date - timedelta(3))


def _wrong_counter(report: SimulatedReport, scene: Scene) -> list[SimulatedReport]:
    expected = report.cover["reports_expected"]
    return _cover(report, reports_expected=expected + 1) if isinstance(expected, int) else []


def _sent_again(report: SimulatedReport, scene: Scene) -> list[SimulatedReport]:
    name = report.file_name.replace(".xlsx", " (1).xlsx")
    return [report, replace(report, file_name=name, received_at=_received(report) + timedelta(minutes=20))]


def _second_first(report: SimulatedReport, scene: Scene) -> list[SimulatedReport]:
    again = _sent_again(report, scene)[1]
    return [report, replace(again, note=f"{report.note}. Bản hoàn chỉnh")]


def _corrected(report: SimulatedReport, scene: Scene) -> list[SimulatedReport]:
    figures = _numbers(report)
    _r0301(figures)
    first = replace(report, figures=figures, fault="R0301", verdict=Verdict.RETURNED, rules=("R0301",))
    again = _sent_again(report, scene)[1]
    name = report.file_name.replace(".xlsx", "_dinh_chinh.xlsx")
    return [first, replace(again, file_name=name, cover={**report.cover, "report_kind": "Đính chính"})]


def _personal_data(report: SimulatedReport, scene: Scene) -> list[SimulatedReport]:
    made_up = (
        "gọi cháu N. theo số 0900 000 000",
        "số định danh 000000000000",
        "liên hệ nguoi.lap.bieu@example.org",
    )[scene.rng.integers(3)]
    return [replace(report, note=f"{report.note}. {made_up}")]


def _received(report: SimulatedReport) -> datetime:
    assert report.received_at
    return report.received_at


_CRITICAL: tuple[tuple[str, BreaksFigures], ...] = (
    ("R0101", _r0101), ("R0102", _r0102), ("R0103", _r0103), ("R0104", _r0104), ("R0201", _r0201), ("R0202", _r0202),
    ("R0203", _r0203), ("R0204", _r0204), ("R0205", _r0205), ("R0206", _r0206), ("R0207", _r0207), ("R0301", _r0301),
    ("R0302", _r0302), ("R0303", _r0303), ("R0305", _r0305), ("R0306", _r0306), ("R0401", _r0401), ("R0402", _r0402),
    ("R0403", _r0403), ("R0404", _r0404), ("R0405", _r0405), ("R0501", _r0501), ("R0502", _r0502), ("R0601", _r0601),
    ("R0602", _r0602),
)  # fmt: skip
_WARNING: tuple[tuple[str, BreaksFigures], ...] = (
    ("R0105", _r0105), ("R0208", _r0208), ("R0406", _r0406), ("R0503", _r0503), ("R0603", _r0603),
)  # fmt: skip
_OK, _WARNED, _RETURNED = Verdict.ACCEPTED, Verdict.ACCEPTED_WITH_WARNINGS, Verdict.RETURNED
_REFUSED, _DUPLICATE = Verdict.REFUSED, Verdict.DUPLICATE

FAULTS: tuple[Fault, ...] = (
    *(Fault(rule, 1.0, _RETURNED, (rule,), _figures_broken(broken)) for rule, broken in _CRITICAL),
    *(Fault(rule, 1.5, _WARNED, (rule,), _figures_broken(broken)) for rule, broken in _WARNING),
    Fault("late", 16, _OK, ("S13",), _late),
    Fault(MISSING, 10, None, (), _missing),
    Fault("numbers as text", 5, _OK, (), _cells(_text_numbers)),
    Fault("words for zero", 4, _OK, (), _cells(_words_for_zero)),
    Fault("a row left blank", 4, _OK, (), _cells(_blank_row)),
    Fault("corrected", 2, _OK, (), _corrected),
    Fault(TRUNCATED, 1, _REFUSED, ("S01",), _as_it_is),
    Fault("unknown template", 1, _REFUSED, ("S02",), _unknown_template),
    Fault("old area code", 2, _REFUSED, ("S03",), _old_code),
    Fault("wrong folder", 1, _REFUSED, ("S04",), _wrong_folder),
    Fault("calendar dates", 2, _REFUSED, ("S05",), _calendar_dates),
    Fault(WRONG_SHEET_NAME, 2, _REFUSED, ("S06",), _as_it_is),
    Fault("name without accents", 2, _WARNED, ("S07",), _name_without_accents),
    Fault("another area's name", 1, _RETURNED, ("S07",), _another_name),
    Fault("not signed", 5, _RETURNED, ("S08",), _unsigned),
    Fault("signed too early", 1, _RETURNED, ("S08",), _signed_too_early),
    Fault("same file again", 3, _DUPLICATE, ("S09",), _sent_again),
    Fault("second file called first", 2, _WARNED, ("S10",), _second_first),
    Fault("personal data in a note", 2, _REFUSED, ("S11",), _personal_data),
    Fault("unreadable cell", 5, _RETURNED, ("S12",), _cells(_unreadable)),
    Fault(LABEL_RETYPED, 2, _WARNED, ("S14",), _as_it_is),
    Fault("wrong counter", 1, _WARNED, ("S15",), _wrong_counter),
    Fault("empty sheet", 2, _RETURNED, ("S16",), _cells(_empty_sheet)),
    Fault("too large a figure", 1, _RETURNED, ("S17",), _too_large),
    Fault("figure in an x", 2, _WARNED, ("S18",), _in_an_x),
)
