"""How a broken claim reads to the person who has to mend it: cells, earlier reports and figures, nothing else."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from tally.contracts.grammar import Among, Call, Chain, Expression, Number, Plus, Ratio, Ref, Within, earlier_figures
from tally.contracts.model import Claim, Text
from tally.judgement.claims import evaluate
from tally.judgement.earlier import EarlierReport

_LEAST_SHARE = 0.0001
_AREAS_NAMED = 4
LARGEST_TOLD = 99_999_999  # nine digits may be somebody's identity or telephone number, typed into a figure cell


@dataclass(frozen=True)
class Figure:
    """One figure where it stands, or of an earlier report. `value` is None where it is not known."""

    sheet_name: str
    cell_address: str
    value: float | None
    report: EarlierReport | None = None


@dataclass(frozen=True)
class _Language:
    largest: str
    of: str
    another: str
    others: str
    thousands: str
    point: str


_VI = _Language("lớn nhất trong", "của", "và 1 đơn vị khác", "và {} đơn vị khác", ".", ",")
_EN = _Language("largest of", "of", "and 1 other", "and {} others", ",", ".")


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
            if at.report:
                return _report(at.report, language)
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
    areas = ", ".join(f"{area.code} {area.name}" for area in report.areas[:_AREAS_NAMED])
    more = len(report.areas) - _AREAS_NAMED
    if more > 0:
        areas += f" {language.another if more == 1 else language.others.format(more)}"
    return f"{report.period} {language.of} {areas}"


def _some(cells: Sequence[str], joint: str) -> str:
    return joint.join(cells) if len(cells) <= 4 else f"{cells[0]}{joint}{cells[1]}{joint}…{joint}{cells[-1]}"


def _number(side: Expression, value: float, language: _Language) -> str:
    sign, told, places = "", value, 4 if isinstance(side, Ratio) else 0
    if abs(value) > LARGEST_TOLD:
        sign, told, places = "> ", LARGEST_TOLD, 0
    elif places and 0 < value < _LEAST_SHARE:
        sign, told = "< ", _LEAST_SHARE
    text = f"{told:,.{places}f}"
    return sign + text.replace(",", "\0").replace(".", language.point).replace("\0", language.thousands)
