"""How a broken claim reads to the person who has to mend it: cells and figures, nothing else."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from tally.contracts.grammar import Among, Call, Chain, Expression, Number, Plus, Ratio, Ref, Within
from tally.contracts.model import Claim, Text
from tally.judgement.claims import evaluate

_LEAST_SHARE = 0.0001
LARGEST_TOLD = 99_999_999  # nine digits may be somebody's identity or telephone number, typed into a figure cell


@dataclass(frozen=True)
class Figure:
    """One figure where it stands. `value` is None where it is not known."""

    sheet_name: str
    cell_address: str
    value: float | None


def explanation(claim: Claim, place: str, look_up: Callable[[str, str], Figure]) -> Text:
    """Both sides of a broken claim: `E9 = 5; E10 + E11 + E12 = 4`.

    `look_up(indicator, column)` finds a figure of the submission.
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
            case Within() | Among():
                sides.append(relation.what)
    spelt = []
    for side in sides:
        value = float(evaluate(side, values))
        if not np.isnan(value):
            spelt.append((_side(side, figure, home), value, isinstance(side, Ratio)))
    return Text(
        vi="; ".join(
            f"{_words(side, 'lớn nhất trong')} = {_number(value, '.', ',', share)}" for side, value, share in spelt
        ),
        en="; ".join(
            f"{_words(side, 'largest of')} = {_number(value, ',', '.', share)}" for side, value, share in spelt
        ),
    )


def _words(side: str, largest: str) -> str:
    return side.replace("max", largest)


def _side(side: Expression, figure: Callable[[str], Figure], home: str) -> str:
    def cell(name: str) -> str:
        at = figure(name)
        return at.cell_address if at.sheet_name == home else f"{at.sheet_name}!{at.cell_address}"

    match side:
        case Ref(name):
            return cell(name)
        case Call("sum", args):
            return _some([cell(ref.name) for ref in args], " + ")
        case Call("max", args):
            return f"max {_some([cell(ref.name) for ref in args], ', ')}"
        case Plus(left, right, sign):
            return f"{_side(left, figure, home)} {'+' if sign > 0 else '−'} {_side(right, figure, home)}"
        case Ratio(part, whole):
            return f"{_side(part, figure, home)} / {_side(whole, figure, home)}"
        case _:
            return ""


def _some(cells: Sequence[str], joint: str) -> str:
    return joint.join(cells) if len(cells) <= 4 else f"{cells[0]}{joint}{cells[1]}{joint}…{joint}{cells[-1]}"


def _number(value: float, thousands: str, point: str, share: bool) -> str:
    if abs(value) > LARGEST_TOLD:
        return f"> {_number(LARGEST_TOLD, thousands, point, False)}"
    if share and 0 < value < _LEAST_SHARE:
        return f"< {_number(_LEAST_SHARE, thousands, point, share)}"
    text = f"{value:,.4f}" if share else f"{value:,.0f}"
    return text.replace(",", "\0").replace(".", point).replace("\0", thousands)
