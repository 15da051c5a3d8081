"""The feeds of one source together: which line stands for each figure, and whether they keep the source's rules."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tally.contracts.grammar import Call, Chain, Expression, Number, Plus, Ref
from tally.contracts.model import Contracts, Text
from tally.contracts.sources import Source, SourceClaim
from tally.judgement.claims import evaluate, statement_residual
from tally.readings import FeedLine

Floats = NDArray[np.float64]
Place = tuple[str, int]
"""A line by its feed and number."""


@dataclass(frozen=True)
class Figure:
    """A line of an accepted feed."""

    feed_id: str
    line: FeedLine

    @property
    def place(self) -> Place:
        return self.feed_id, self.line.number


@dataclass(frozen=True)
class Broken:
    """What a rule says of one line: 0 where it holds, else by how much it does not and in which words."""

    residual: float
    text: Text


class Published:
    """Every figure that a source published, by what it is of.

    Shape   feeds in the order of their receipt: for the same figure a later file stands, and within one its first line
            whose status may be used.
    """

    def __init__(self, figures: Sequence[Figure], source: Source, contracts: Contracts) -> None:
        self.source, self._figures = source, figures
        used = {one.code for one in contracts.feeds.statuses if one.is_used}
        by_key: dict[object, list[Figure]] = {}
        for one in figures:
            by_key.setdefault(one.line.key, []).append(one)
        self._of_figure: dict[object, list[Figure]] = {}
        self.standing: dict[object, Figure] = {}
        for key, some in by_key.items():
            last = [one for one in some if one.feed_id == some[-1].feed_id]
            self._of_figure[key] = last
            stands = next((one for one in last if one.line.status in used), None)
            if stands:
                self.standing[key] = stands
        self._columns = {(one.sex, one.age_band): one.code for one in contracts.codelists.columns if one.subset == "_T"}
        self._claims = contracts.source_claims[source.source]

    @cached_property
    def current(self) -> frozenset[Place]:
        """The lines that stand for their figures."""
        return frozenset(one.place for one in self.standing.values())

    def judge(self) -> dict[str, dict[Place, Broken]]:
        """What every rule of the source says, by rule, of each line at which it is judged.

        Blanks  a line is missing where the rule is not judged: something that it needs was not published.
        """
        judged: dict[str, dict[Place, Broken]] = {"N12": dict(self._agreement())}
        for claim in self._claims:
            of_rule = judged.setdefault(claim.rule.code, {})
            for place, broken in self._judge(claim):
                if place not in of_rule or of_rule[place].residual == 0:
                    of_rule[place] = broken
        return judged

    def _agreement(self) -> Iterator[tuple[Place, Broken]]:
        for key, some in self._of_figure.items():
            stands = self.standing.get(key, some[0])
            for one in some:
                if one is not stands and one.line.value is not None and stands.line.value is not None:
                    texts = [
                        f"{_number(one.line.value, language)} ≠ {_number(stands.line.value, language)}"
                        for language in "ve"
                    ]
                    where = one.line.number, stands.line.number
                    vi = f"dòng {where[0]} và dòng {where[1]} ({_told(one.line)}): {texts[0]}"
                    en = f"lines {where[0]} and {where[1]} ({_told(one.line)}): {texts[1]}"
                    yield one.place, Broken(one.line.value - stands.line.value, Text(vi=vi, en=en))

    @cached_property
    def _groups(self) -> dict[tuple[str, date, date], dict[tuple[str, str], Figure]]:
        """The figures of each area and window, by indicator and column."""
        groups: dict[tuple[str, date, date], dict[tuple[str, str], Figure]] = {}
        for one in self.standing.values():
            line = one.line
            if line.area_code and line.start and line.end and line.indicator_code:
                column = self._columns[line.sex, line.age_band]
                groups.setdefault((line.area_code, line.start, line.end), {})[line.indicator_code, column] = one
        return groups

    @cached_property
    def _ends(self) -> Mapping[tuple[str, date], list[date]]:
        ends: dict[tuple[str, date], list[date]] = defaultdict(list)
        for area, start, end in self._groups:
            ends[area, start].append(end)
        return ends

    def _judge(self, claim: SourceClaim) -> Iterator[tuple[Place, Broken]]:
        over_rows = claim.rule.over == "rows"
        anchor = claim.statement.anchor
        for group, figures in self._groups.items():
            for place in claim.places:
                home = figures.get((place, anchor) if over_rows else (anchor, place))
                if home is None:
                    continue

                def value(name: str, place: str = place, group: tuple[str, date, date] = group) -> Floats:
                    return np.asarray(self._value(claim, name, place, group))

                residual = float(statement_residual(claim.statement, value))
                if not math.isnan(residual):
                    yield home.place, Broken(residual, self._text(claim, home.line, value))

    def _value(self, claim: SourceClaim, name: str, place: str, group: tuple[str, date, date]) -> float:
        call = next((one for one in claim.statement.earlier if one.name == name), None)
        if call:
            return self._looked_up(call, place, group)
        key = (place, name) if claim.rule.over == "rows" else (name, place)
        return self._at(group, *key)

    def _at(self, group: tuple[str, date, date], indicator: str, column: str) -> float:
        figure = self._groups.get(group, {}).get((indicator, column))
        return math.nan if figure is None or figure.line.value is None else figure.line.value

    def _looked_up(self, call: Call, column: str, group: tuple[str, date, date]) -> float:
        names = [ref.name for ref in call.args]
        area, start, end = group
        match call.function:
            case "given":
                parts = [value for name in names if not math.isnan(value := self._at(group, name, column))]
                return sum(parts) if parts else math.nan
            case "shorter":
                windows = [(area, start, other) for other in self._ends[area, start] if other < end]
                values = [value for one in windows if not math.isnan(value := self._at(one, names[0], column))]
                return max(values, default=math.nan)
            case "share":
                part, whole = (self._at(group, name, column) for name in names)
                return _as_published(100 * part, whole)
        before = self._at((area, _year_before(start), _year_before(end)), names[0], column)
        if call.function == "year_before":
            return before
        return _as_published(100 * (self._at(group, names[0], column) - before), before)

    def _text(self, claim: SourceClaim, line: FeedLine, value: Callable[[str], Floats]) -> Text:
        sides = claim.statement.relation.sides if isinstance(claim.statement.relation, Chain) else ()
        said: dict[str, list[str]] = {"v": [], "e": []}
        for side in sides:
            for language, some in said.items():
                some.append(f"{_side(side, language)} = {_number(float(evaluate(side, value)), language)}")
        where = _told(line, with_indicator=False)
        return Text(
            vi=f"dòng {line.number} ({where}): {'; '.join(said['v'])}",
            en=f"line {line.number} ({where}): {'; '.join(said['e'])}",
        )


_WORDS: Mapping[str, tuple[str, str]] = {
    "given": ("các phần đã công bố cộng lại", "the published parts together"),
    "shorter": ("{} của kỳ ngắn hơn cùng ngày đầu", "{} of a shorter window with the same start"),
    "year_before": ("{} của năm trước", "{} of the year before"),
    "growth": ("mức tăng, giảm của {} tính từ số đã công bố, %", "growth of {} by the published figures, %"),
    "share": ("{} trên {}, %", "{} of {}, %"),
}


def _side(side: Expression, language: str) -> str:
    match side:
        case Ref(name):
            return name
        case Number(value):
            return str(value)
        case Call(function, args) if function in _WORDS:
            return _WORDS[function][language == "e"].format(*(ref.name for ref in args))
        case Call(function, args):
            return f"{function}({', '.join(ref.name for ref in args)})"
        case Plus(left, right, sign):
            return f"{_side(left, language)} {'+' if sign > 0 else '−'} {_side(right, language)}"
        case _:
            return ""


def _told(line: FeedLine, with_indicator: bool = True) -> str:
    parts = [line.indicator_code] if with_indicator else []
    parts += [
        line.area_code,
        f"{line.start} – {line.end}",
        *(code for code in (line.sex, line.age_band) if code != "_T"),
    ]
    return ", ".join(str(part) for part in parts)


def _number(value: float, language: str) -> str:
    if math.isnan(value):
        return "?"
    text = f"{value:,.0f}" if value.is_integer() else f"{value:,.1f}"
    return text.translate(str.maketrans(",.", ".,")) if language == "v" else text


def _as_published(part: float, whole: float) -> float:
    """A share with one decimal, half away from zero, as it is published; NaN of nothing."""
    if math.isnan(part) or math.isnan(whole) or whole == 0:
        return math.nan
    share = part / whole
    return math.copysign(math.floor(abs(share) * 10 + 0.5), share) / 10


def _year_before(day: date) -> date:
    """The same day of the year before; 29 February is the 28th."""
    return day.replace(year=day.year - 1, day=28) if (day.month, day.day) == (2, 29) else day.replace(year=day.year - 1)
