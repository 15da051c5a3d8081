"""How a broken claim reads to the person who has to mend it: cells, earlier reports and figures, nothing else."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from tally.contracts.grammar import Among, Call, Chain, Expression, Number, Plus, Ratio, Ref, Within, earlier_figures
from tally.contracts.model import Claim, Text
from tally.judgement.claims import evaluate
from tally.judgement.earlier import EarlierReport, Limit

_AREAS_NAMED = 4
LARGEST_TOLD = 99_999_999  # nine digits may be somebody's identity or telephone number, typed into a figure cell


@dataclass(frozen=True)
class Figure:
    """One figure where it stands, or of an earlier report. `value` is None where it is not known."""

    sheet_name: str
    cell_address: str
    value: float | None
    report: EarlierReport | Limit | None = None


@dataclass(frozen=True)
class _Language:
    largest: str
    of: str
    another: str
    others: str
    limit: str
    thousands: str
    point: str


_VI = _Language(
    largest="lớn nhất trong",
    of="của",
    another="và 1 đơn vị khác",
    others="và {} đơn vị khác",
    limit="giới hạn trên (dự kiến {expected}: {history}; đơn vị cùng loại {rate} trên 100.000 trẻ em mỗi năm)",
    thousands=".",
    point=",",
)
_EN = _Language(
    largest="largest of",
    of="of",
    another="and 1 other",
    others="and {} others",
    limit="upper limit ({expected} expected: {history}; areas of its class {rate} per 100,000 children a year)",
    thousands=",",
    point=".",
)


def explanation(claim: Claim, place: str, look_up: Callable[[str, str], Figure]) -> Text:
    """Both sides of a broken claim: `E9 = 5; E10 + E11 + E12 = 4`, `E9 = 3; 2025-S1 of 00004 Phường Ba Đình = 5`.

    `look_up(indicator, column)` finds a figure of the submission, or of the report that it is compared with.
    """

    def figure(name: str) -> Figure:
        return look_up(place, name) if claim.rule.over == "rows" else look_up(name, place)

    home = figure(claim.statement.anchor).sheet_name

    def values(name: str) -> np.ndarray:
        value = figure(name).value
        return np.asarray(np.nan if value is None else value)

    sides: list[Expression] = []
    for relation in (claim.statement.given, claim.statement.relation):
        match relation:
            case Chain():
                sides += [side for side in relation.sides if not isinstance(side, Number)]
            case Within(what=Ratio(part, whole) as ratio) if any(earlier_figures(ratio)):
                sides += [part, whole]
            case Within() | Among():
                sides.append(relation.what)
    known = [(side, value) for side in sides if not np.isnan(value := float(evaluate(side, values)))]

    def said(language: _Language) -> str:
        def name(of: str) -> str:
            at = figure(of)
            match at.report:
                case EarlierReport():
                    return _report(at.report, language)
                case Limit():
                    return _limit(at.report, language)
            return at.cell_address if at.sheet_name == home else f"{at.sheet_name}!{at.cell_address}"

        return "; ".join(f"{_side(side, name, language)} = {_number(side, value, language)}" for side, value in known)

    return Text(vi=said(_VI), en=said(_EN))


def _side(side: Expression, name: Callable[[str], str], language: _Language) -> str:
    match side:
        case Ref():
            return name(side.name)
        case Call("sum", args):
            return _some([name(ref.name) for ref in args], " + ")
        case Call("max", args):
            return f"{language.largest} {_some([name(ref.name) for ref in args], ', ')}"
        case Call():
            return name(side.name)
        case Plus(left, right, sign):
            return f"{_side(left, name, language)} {'+' if sign > 0 else '−'} {_side(right, name, language)}"
        case Ratio(part, whole):
            return f"{_side(part, name, language)} / {_side(whole, name, language)}"
        case _:
            return ""


def _report(report: EarlierReport, language: _Language) -> str:
    """An earlier report by its period and areas: `2025-S1 of 00004 Phường Ba Đình, … and 2 others`."""
    return f"{report.period} {language.of} {_areas(report, language)}"


def _limit(limit: Limit, language: _Language) -> str:
    """What a limit is made of, each area named once: `… (2.1 expected: 2025-A1 = 2, 2026-S1 = 1 of 00004 …)`."""
    said = []
    for areas, some in groupby(limit.history, lambda one: _areas(one[0], language)):
        figures = ", ".join(f"{report.period} = {_written(count, 0, language)}" for report, count in some)
        said.append(f"{figures} {language.of} {areas}")
    expected, rate = (_written(value, 1, language) for value in (limit.expected, limit.rate * 100_000))
    return language.limit.format(expected=expected, history=", ".join(said), rate=rate)


def _areas(report: EarlierReport, language: _Language) -> str:
    areas = ", ".join(f"{area.code} {area.name}" for area in report.areas[:_AREAS_NAMED])
    more = len(report.areas) - _AREAS_NAMED
    if more > 0:
        areas += f" {language.another if more == 1 else language.others.format(more)}"
    return areas


def _some(cells: Sequence[str], joint: str) -> str:
    return joint.join(cells) if len(cells) <= 4 else f"{cells[0]}{joint}{cells[1]}{joint}…{joint}{cells[-1]}"


def _number(side: Expression, value: float, language: _Language) -> str:
    return _written(value, 4 if isinstance(side, Ratio) else 0, language)


def _written(value: float, places: int, language: _Language) -> str:
    sign, told = "", value
    if abs(value) > LARGEST_TOLD:
        sign, told, places = "> ", LARGEST_TOLD, 0
    elif 0 < value < 10**-places and places:
        sign, told = "< ", 10**-places
    text = f"{told:,.{places}f}"
    return sign + text.replace(",", "\0").replace(".", language.point).replace("\0", language.thousands)
