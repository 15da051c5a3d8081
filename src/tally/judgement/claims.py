"""Whether figures keep the claims of the rules: whole batches at a time, as residuals.

A residual is 0 where a claim holds, another number where it does not, and empty (NaN) where it is not judged.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from tally.contracts.grammar import (
    Among,
    Call,
    Chain,
    Expression,
    Number,
    Plus,
    Ratio,
    Ref,
    Relation,
    Statement,
    Within,
)
from tally.contracts.model import Claim

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Cube:
    """The figures of many submissions of one edition.

    Shape   values[submission, indicator, column]; what an earlier report says is one more indicator, `previous(x)`.
    Blanks  NaN: empty, not applicable, unreadable or not printed; a rule does not judge what it does not know.
    """

    values: Floats
    indicators: dict[str, int]
    columns: dict[str, int]


def residuals(claim: Claim, cube: Cube) -> Floats:
    """How far each submission is from keeping a claim.

    Shape   [submission, place], places in the order of claim.places.
    Blanks  NaN where an operand is empty; the largest of several is judged by those that are known.
    Source  the rule's `says`.
    """
    places = list(claim.places)
    if claim.rule.over == "rows":
        rows = [cube.indicators[code] for code in places]

        def figures(name: str) -> Floats:
            return cube.values[:, rows, cube.columns[name]]
    else:
        columns = [cube.columns[code] for code in places]

        def figures(name: str) -> Floats:
            return cube.values[:, cube.indicators[name], :][:, columns]

    return statement_residual(claim.statement, figures)


def anchor(claim: Claim, place: str) -> tuple[str, str]:
    """The (indicator, column) whose cell a finding names."""
    return (place, claim.statement.anchor) if claim.rule.over == "rows" else (claim.statement.anchor, place)


def statement_residual(statement: Statement, figures: Callable[[str], Floats]) -> Floats:
    residual = _relation(statement.relation, figures)
    if statement.given is not None:
        given = _relation(statement.given, figures)
        residual = np.where(np.isnan(given), np.nan, np.where(given == 0, residual, 0.0))
    if statement.where is not None:
        residual = np.where(_relation(statement.where, figures) == 0, residual, np.nan)
    return residual


def _relation(relation: Relation, figures: Callable[[str], Floats]) -> Floats:
    match relation:
        case Chain(sides, compares):
            values = [evaluate(side, figures) for side in sides]
            return _together([_compared(values[at], compare, values[at + 1]) for at, compare in enumerate(compares)])
        case Within(what, low, high):
            part, whole = _scaled(what, figures)
            return _together([_at_least(part, whole, low), -_at_least(-part, whole, -high)])
        case Among(what, values):
            value = evaluate(what, figures)
            distance = np.min(np.abs(np.stack([value - float(one) for one in values])), axis=0)
            return np.asarray(distance)


def evaluate(expression: Expression, figures: Callable[[str], Floats]) -> Floats:
    """The value of one side; NaN where something that it needs is not known."""
    match expression:
        case Number(value):
            return np.asarray(float(value))
        case Ref(name):
            return figures(name)
        case Call("sum", args):
            return np.asarray(np.sum(np.stack([figures(ref.name) for ref in args]), axis=0))
        case Call("max", args):
            return np.asarray(np.fmax.reduce(np.stack([figures(ref.name) for ref in args])))
        case Plus(left, right, sign):
            return evaluate(left, figures) + sign * evaluate(right, figures)
        case Ratio():
            part, whole = _scaled(expression, figures)
            return part / whole
        case Call():
            return figures(expression.name)


def _compared(left: Floats, compare: str, right: Floats) -> Floats:
    gap = left - right
    match compare:
        case "=":
            return gap
        case "<=":
            return np.maximum(gap, 0)
        case ">=":
            return np.maximum(-gap, 0)
        case "<":
            return np.where(np.isnan(gap), np.nan, np.where(gap < 0, 0, 1))
        case _:
            return np.where(np.isnan(gap), np.nan, np.where(gap > 0, 0, 1))


def _scaled(what: Expression, figures: Callable[[str], Floats]) -> tuple[Floats, Floats]:
    """A ratio as its part and its whole, so that bounds are compared in whole numbers; undefined over nothing."""
    if not isinstance(what, Ratio):
        value = evaluate(what, figures)
        return value, np.ones_like(value)
    part, whole = evaluate(what.part, figures), evaluate(what.whole, figures)
    return part, np.where(whole == 0, np.nan, whole)


def _at_least(part: Floats, whole: Floats, bound: Fraction) -> Floats:
    """Negative by how much part / whole falls short of the bound; exact for whole numbers."""
    return np.minimum(part * bound.denominator - whole * bound.numerator, 0)


def _together(parts: Sequence[Floats]) -> Floats:
    """One residual of several comparisons: what is known of them, NaN where nothing is."""
    stacked = np.stack(np.broadcast_arrays(*parts))
    return np.where(np.isnan(stacked).all(axis=0), np.nan, np.nansum(stacked, axis=0))
