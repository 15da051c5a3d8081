"""The language of `says`: what a rule claims, in indicator codes or in columns.

abuse_victims = sum(abuse_victims_*)                     an identity
max(special_*) <= children_special <= sum(special_*)     a chain
a / b in [0.5 %, 30 %] where b >= 500                    a ratio within bounds, judged only where …
a > 0 => b > 0                                           an implication
unit in {0, 1}                                           one of
a >= first_half(a)                                       against an earlier report
a = given(a_*)                                           in feeds: the parts that were published
a <= upper_limit(a)                                      against what earlier reports lead one to expect
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from fnmatch import fnmatchcase
from fractions import Fraction
from functools import cache
from itertools import pairwise
from typing import Any

from lark import Lark, Transformer, UnexpectedInput, UnexpectedToken, v_args

MOST_TERMS = 100
PUBLISHED = {"given": None, "shorter": 1, "year_before": 1, "growth": 1, "share": 2}
"""Functions of rules about other sources, and how many names each takes; None any.

They read figures as published: the parts that were, the largest of a shorter window with the same start, that of the
year before, the growth on it and a share in per cent.
"""
UPPER_LIMIT = "upper_limit"
LOOKS_BACK = ("previous", "first_half", "end_of_last_year", UPPER_LIMIT)

_GRAMMAR = r"""
statement: [relation "=>"] relation ["where" relation]
?relation: expression (COMPARES expression)+          -> chain
         | expression "in" "[" number "," number "]"  -> within
         | expression "in" "{" number ("," number)* "}" -> among
?expression: term
           | expression "+" term -> plus
           | expression "-" term -> minus
?term: atom | atom "/" atom -> ratio
?atom: NAME "(" reference ("," reference)* ")" -> call
     | reference
     | number
reference: NAME
number: NUMBER [PERCENT]
COMPARES: /<=|>=|=(?!>)|<|>/
PERCENT: "%"
NAME: /[A-Za-z][A-Za-z0-9_]*\*?/
NUMBER: /\d+(\.\d+)?/
%ignore " "
"""


@dataclass(frozen=True, slots=True)
class Number:
    value: Fraction


@dataclass(frozen=True, slots=True)
class Ref:
    """One indicator, or one column; `name*` stands for several until it is expanded."""

    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """`sum` and `max` of references, or a figure of an earlier report."""

    function: str
    args: tuple[Ref, ...]

    @property
    def name(self) -> str:
        """How it is written; a figure of an earlier report goes by this name."""
        return f"{self.function}({', '.join(ref.name for ref in self.args)})"


@dataclass(frozen=True, slots=True)
class Plus:
    left: "Expression"
    right: "Expression"
    sign: int


@dataclass(frozen=True, slots=True)
class Ratio:
    part: "Expression"
    whole: "Expression"


Expression = Number | Ref | Call | Plus | Ratio


@dataclass(frozen=True, slots=True)
class Chain:
    sides: tuple[Expression, ...]
    compares: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Within:
    what: Expression
    low: Fraction
    high: Fraction


@dataclass(frozen=True, slots=True)
class Among:
    what: Expression
    values: tuple[Fraction, ...]


Relation = Chain | Within | Among


@dataclass(frozen=True, slots=True)
class Statement:
    """`relation`, judged only `where` that holds, and only if `given` holds is it a claim."""

    given: Relation | None
    relation: Relation
    where: Relation | None

    @property
    def anchor(self) -> str:
        """The name whose cell a finding shows: the total of an identity, the a of `a <= b` and of `max <= a <= sum`."""
        first = self.given or self.relation
        side = first.sides[1 if len(first.sides) == 3 else 0] if isinstance(first, Chain) else first.what
        return next(_references((side, self))).name

    @property
    def names(self) -> tuple[str, ...]:
        """Every name, in order of appearance, once."""
        return tuple(dict.fromkeys(ref.name for ref in _references(self)))

    @property
    def earlier(self) -> tuple[Call, ...]:
        """The figures of earlier reports that it needs, once."""
        return tuple(dict.fromkeys(earlier_figures(self)))


@cache
def parse(text: str, published: bool = False) -> Statement:
    """Read one `says`; `published`: of a rule about another source than the reports.

    Raises  ValueError that shows where the sentence stops making sense.
    """
    if text.count("+") + text.count("-") >= MOST_TERMS:
        raise ValueError(f"adds more than {MOST_TERMS} terms: write sum(…)")
    try:
        statement: Statement = _AsStatement().transform(_lark().parse(text))
    except UnexpectedInput as error:
        at_end = isinstance(error, UnexpectedToken) and error.token.type == "$END"
        rest = "" if at_end else text[error.column - 1 :]
        raise ValueError(f"cannot be read at `{rest or 'its end'}`") from None
    for call in _calls(statement):
        looked_up = PUBLISHED if published else dict.fromkeys(LOOKS_BACK, 1)
        if call.function not in ("sum", "max", *looked_up):
            raise ValueError(f"there is no function `{call.function}`: sum, max, {', '.join(looked_up)}")
        takes = looked_up.get(call.function)
        if takes and (len(call.args) != takes or any(arg.name.endswith("*") for arg in call.args)):
            raise ValueError(f"`{call.function}` takes {'one name' if takes == 1 else f'{takes} names'}")
    if not statement.names:
        raise ValueError("names no figure")
    for relation in (statement.given, statement.relation, statement.where):
        if isinstance(relation, Chain) and _compares_with_itself(relation):
            raise ValueError("compares a figure with itself")
    return statement


def earlier_figures(part: Any) -> Iterator[Call]:
    """The figures that a part of a statement needs and looks up elsewhere: in earlier reports, in other windows."""
    return (call for call in _calls(part) if call.function in LOOKS_BACK or call.function in PUBLISHED)


def spelt_out(statement: Statement, codes: Sequence[str]) -> Statement:
    """The same statement with every `name*` replaced by the codes that it stands for; where there are none it stays."""
    names = {name: [code for code in codes if fnmatchcase(code, name)] or [name] for name in statement.names}
    full: Statement = renamed(statement, {name: found for name, found in names.items() if name.endswith("*")})
    return full


def renamed(node: Any, names: Mapping[str, Sequence[str]]) -> Any:
    """The same statement with some names replaced: one by one, or one by several inside a function."""
    match node:
        case Statement():
            return Statement(renamed(node.given, names), renamed(node.relation, names), renamed(node.where, names))
        case Chain():
            return replace(node, sides=tuple(renamed(side, names) for side in node.sides))
        case Call():
            return replace(node, args=tuple(Ref(new) for ref in node.args for new in names.get(ref.name, [ref.name])))
        case Plus():
            return replace(node, left=renamed(node.left, names), right=renamed(node.right, names))
        case Ratio():
            return replace(node, part=renamed(node.part, names), whole=renamed(node.whole, names))
        case Ref():
            return Ref(names.get(node.name, [node.name])[0])
        case Within() | Among():
            return replace(node, what=renamed(node.what, names))
        case _:
            return node


def _compares_with_itself(chain: Chain) -> bool:
    """Whether two neighbours are the same, or one name stands alone: no other, no number, no earlier report."""
    names = {ref.name for ref in _references(chain)}
    against = any(earlier_figures(chain)) or any(isinstance(part, Number) for part in _walk(chain))
    alone = len(names) == 1 and not against
    return alone or any(one == other for one, other in pairwise(chain.sides))


@cache
def _lark() -> Lark:
    return Lark(_GRAMMAR, start="statement", parser="lalr")


@v_args(inline=True)
class _AsStatement(Transformer):  # type: ignore[type-arg]
    def statement(self, given: Any, relation: Any, where: Any) -> Statement:
        return Statement(given, relation, where)

    def chain(self, *parts: Any) -> Chain:
        return Chain(tuple(parts[::2]), tuple(str(part) for part in parts[1::2]))

    def within(self, what: Any, low: Number, high: Number) -> Within:
        return Within(what, low.value, high.value)

    def among(self, what: Any, *values: Number) -> Among:
        return Among(what, tuple(number.value for number in values))

    def plus(self, left: Any, right: Any) -> Plus:
        return Plus(left, right, 1)

    def minus(self, left: Any, right: Any) -> Plus:
        return Plus(left, right, -1)

    def ratio(self, part: Any, whole: Any) -> Ratio:
        return Ratio(part, whole)

    def call(self, function: Any, *args: Ref) -> Call:
        return Call(str(function), args)

    def reference(self, name: Any) -> Ref:
        return Ref(str(name))

    def number(self, digits: Any, percent: Any) -> Number:
        return Number(Fraction(str(digits)) / (100 if percent else 1))


def _walk(node: Any) -> Iterator[Any]:
    yield node
    if isinstance(node, tuple):
        for item in node:
            yield from _walk(item)
    elif is_dataclass(node) and not isinstance(node, type):
        for field in fields(node):
            yield from _walk(getattr(node, field.name))


def _references(node: Any) -> Iterator[Ref]:
    return (part for part in _walk(node) if isinstance(part, Ref))


def _calls(node: Any) -> Iterator[Call]:
    return (part for part in _walk(node) if isinstance(part, Call))
