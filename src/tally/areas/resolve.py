"""Which area a written name or code means, on the map of a day and within the sender's province.

Nothing is chosen that could be another: it goes to a person, with the candidates.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from typing import Literal

from tally.areas.likeness import SCORES, Like, Pool, Spelling
from tally.areas.territory import Territory
from tally.contracts.aliases import Alias
from tally.contracts.areas import WIDTHS, Area, Register
from tally.names import same_name

Candidate = tuple[Area, float]
Inside = Callable[[Area], bool]


@dataclass(frozen=True, slots=True)
class Written:
    """An area as somebody wrote it. Blanks: what was not written."""

    name: str | None = None
    district: str | None = None
    province: str | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Resolution:
    """What a writing means.

    Shape   settled: one area; review: a person chooses among the candidates, likeliest first; unknown: there are none.
            method is `code` or a key of likeness.SCORES, or why nothing is settled: `successor` (an area of an earlier
            map; the candidates hold it now), `contradiction` (what was written names different areas), `province`
            (the candidates are the provinces that may be meant), `unknown`.
    Units   scores are 0–1.
    """

    status: Literal["settled", "review", "unknown"]
    method: str
    score: float = 0.0
    area: Area | None = None
    candidates: tuple[Candidate, ...] = ()


class Resolver:
    """Answers for any day; the maps and the spellings of each province are made when first asked for, and kept."""

    def __init__(self, register: Register, aliases: Sequence[Alias] = ()) -> None:
        self._register, self._aliases = register, aliases
        self._territory = Territory(register)
        self._changes = sorted({day for area in register.areas for day in (area.valid_from, area.valid_to) if day})
        self._maps: dict[int, _Map] = {}

    def resolve(self, written: Written, day: date, province: str | None = None, level: str | None = None) -> Resolution:
        """The area of a day that was written, or those that may have been meant.

        Shape   `province` is the code of the sender's province on that day; without it the written one must settle
                first, and with neither only a code or a full name that one area of the nation has is settled.
        Blanks  no `level`: any.
        """
        on = self._map(day)
        is_abroad = False
        if text := _text(written.province):
            meant = _named(text, _Scope(on, None, "province"))
            if province is None and meant.area is None:
                return replace(meant, method="province")
            is_abroad = province is not None and meant.area is not None and meant.area.code != province
            province = province or (meant.area.code if meant.area else None)
        found = _found(written, _Scope(on, province, level))
        return _review("contradiction", found.candidates) if is_abroad and found.area else found

    def _map(self, day: date) -> "_Map":
        era = bisect_right(self._changes, day)
        if era not in self._maps:
            self._maps[era] = _Map(self._register, self._territory, day, self._aliases)
        return self._maps[era]


def _found(written: Written, scope: "_Scope") -> Resolution:
    name, district, code = _text(written.name), _text(written.district), _text(written.code)
    inside: Inside | None = None
    weakest = 1.0
    districts = replace(scope, level="district")
    if district and scope.level != "province" and districts.areas():
        meant = _named(district, districts)
        weakest, inside, district = meant.score, scope.on.inside(meant), ""
    by_name = _named(name, scope, inside, former_district=district) if name else None
    if by_name and by_name.area and scope.province is None and not scope.pool().has_once(Spelling(name), by_name.area):
        by_name = _review(by_name.method, by_name.candidates)
    if code:
        return _coded(code, by_name, scope, inside)
    if by_name and by_name.area:
        return replace(by_name, score=min(by_name.score, weakest))
    return by_name or UNKNOWN


def _named(text: str, scope: "_Scope", inside: Inside | None = None, former_district: str = "") -> Resolution:
    """By name, inside a district or, where the map has none, with the district that was written all the same."""
    spelling = Spelling(text)
    likes = scope.pool().like(spelling, inside)
    if not likes and inside:
        return _review("contradiction", [like.candidate for like in scope.pool().like(spelling)])
    answer = _decided(likes, spelling)
    of_the_type = spelling.kind is None or (answer.area and answer.area.type == spelling.kind)
    if answer.area and likes[0].is_same and of_the_type and not former_district:
        return answer
    heirs = _heirs(spelling, scope, likes, former_district)
    if not heirs or answer.area in heirs:
        return answer
    # it is written more like an area of an earlier map
    return _review("successor", [*((heir, 1.0) for heir in heirs), *answer.candidates])


def _heirs(spelling: Spelling, scope: "_Scope", likes: Sequence[Like], district: str) -> list[Area]:
    """What holds the areas of earlier maps that are written more like this or, in the district written, as like."""
    former = [like for like in scope.pool(former=True).like(spelling, forgiving=False) if like.is_sure]
    if district:
        former = [like for like in former if same_name(district, scope.on.former_district(like.area)) != "other"]
    best = former[0].rank if former else 0
    if likes and (best > likes[0].rank or (best == likes[0].rank and not district)):
        return []
    return [heir for like in former if like.rank == best for heir in scope.heirs(like.area)]


def _coded(code: str, by_name: Resolution | None, scope: "_Scope", inside: Inside | None) -> Resolution:
    codes = _padded(code, scope.level)
    areas = [area for area in scope.areas() if area.code in codes]
    exact = [area for area in areas if area.code == code]
    ended = [area for one in codes if one not in scope.on.provinces for area in scope.on.ended(one)]
    heirs = [heir for area in ended for heir in scope.heirs(area)]
    if heirs and not areas:
        return _review("successor", [(heir, 1.0) for heir in heirs])
    if heirs and not exact and by_name is None:
        return _review("code", [(area, 1.0) for area in (*areas, *heirs)])
    agreed = [area for area in exact or areas if _agrees(area, by_name) and (inside is None or inside(area))]
    if len(agreed) == 1:
        return Resolution("settled", "code", 1.0, agreed[0], ((agreed[0], 1.0),))
    coded = [(area, 1.0) for area in agreed or exact or areas]
    return _review("code" if agreed else "contradiction", [*coded, *(by_name.candidates if by_name else ())])


@dataclass(frozen=True, slots=True)
class _Scope:
    """Where an area is looked for: on a map, in a province or the nation, of a level or any."""

    on: "_Map"
    province: str | None
    level: str | None

    def areas(self) -> list[Area]:
        return [area for area in self.on.areas.get(self.province, ()) if self.level in (None, area.level)]

    def pool(self, former: bool = False) -> Pool:
        """The areas, or the former ones whose territory lies here."""
        asked = (self.province, self.level, former)
        if asked not in self.on.pools:
            ended = (area for area in self.on.holders if self.level in (None, area.level) and self.heirs(area))
            self.on.pools[asked] = Pool(ended if former else self.areas(), self.on.aliases)
        return self.on.pools[asked]

    def heirs(self, area: Area) -> list[Area]:
        """The areas here that hold the territory of a former one."""
        return [heir for heir in self.on.holders.get(area, ()) if self.province in (None, self.on.provinces[heir.code])]


class _Map:
    """The areas of one day, and those of earlier days whose territory they hold."""

    def __init__(self, register: Register, territory: Territory, day: date, aliases: Sequence[Alias]) -> None:
        self._register, self._territory, self._day, self.aliases = register, territory, day, aliases
        self.areas: dict[str | None, list[Area]] = {None: register.on(day)}
        self.provinces: dict[str, str | None] = {}
        self._districts: dict[str, str | None] = {}
        self.pools: dict[tuple[str | None, str | None, bool], Pool] = {}
        for area in self.areas[None]:
            province, district = register.province_of(area.code, day), register.district_of(area.code, day)
            self.provinces[area.code] = province.code if province else None
            self._districts[area.code] = district.code if district else None
            if province:
                self.areas.setdefault(province.code, []).append(area)

    def inside(self, district: Resolution) -> Inside:
        """Whether an area lies in the district that was written, or in one of those that may be meant."""
        codes = {area.code for area, _ in district.candidates}
        return lambda area: self._districts.get(area.code) in codes

    def ended(self, code: str) -> Sequence[Area]:
        """What a code last meant before the day."""
        return [area for area in self._register.versions(code) if area in self.holders][-1:]

    def former_district(self, area: Area) -> str:
        assert area.valid_to
        district = self._register.district_of(area.code, area.valid_to - timedelta(days=1))
        return district.name if district else ""

    @cached_property
    def holders(self) -> dict[Area, list[Area]]:
        """What holds the territory of each version that has ended."""
        ended = [area for area in self._register.areas if area.valid_to and area.valid_to <= self._day]
        return {area: list(self._later(area)) for area in ended}

    def _later(self, area: Area) -> Iterable[Area]:
        """Of a district that ended with its level: what holds its communes."""
        assert area.valid_to
        held = self._territory.later(area, self._day)
        if held:
            return held
        below = self._register.children(area.code, area.valid_to - timedelta(days=1))
        return dict.fromkeys(heir for child in below for heir in self._territory.later(child, self._day))


UNKNOWN = Resolution("unknown", "unknown")


def _text(written: str | None) -> str:
    return (written or "").strip()


def _review(method: str, candidates: Iterable[Candidate]) -> Resolution:
    """Each candidate once, likeliest first; unknown where there are none."""
    best: dict[Area, float] = {}
    for area, score in candidates:
        best[area] = max(score, best.get(area, 0.0))
    likeliest = sorted(best.items(), key=lambda one: (-one[1], one[0].code))
    if not likeliest:
        return Resolution("unknown", method)
    return Resolution("review", method, likeliest[0][1], None, tuple(likeliest))


def _decided(likes: list[Like], spelling: Spelling) -> Resolution:
    """The one area that is written so; a review if another is as like, or is of the type that was written."""
    if not likes:
        return UNKNOWN
    best = [like for like in likes if (like.rank, like.errors) == (likes[0].rank, likes[0].errors)]
    best = [like for like in best if like.area.type == spelling.kind] or best
    chosen = best[0]
    of_the_type = [like for like in likes if like.area.type == spelling.kind and like.is_near]
    unlike = [like for like in likes if not like.is_near and not chosen.is_sure]
    if len(best) > 1 or not chosen.is_near or unlike or (of_the_type and chosen not in of_the_type):
        return _review(chosen.method, [like.candidate for like in likes])
    return Resolution("settled", chosen.method, SCORES[chosen.method], chosen.area, (chosen.candidate,))


def _agrees(area: Area, by_name: Resolution | None) -> bool:
    """Whether the name that stands beside a code is, or may be, that of its area; it is if no name stands there."""
    if by_name is None or by_name.area is area:
        return True
    if by_name.area or by_name.method in ("successor", "contradiction"):
        return False
    return any(area is candidate for candidate, _ in by_name.candidates)


def _padded(code: str, level: str | None) -> list[str]:
    """The codes that a written one may be, had a spreadsheet taken its zeros."""
    if not (code.isascii() and code.isdecimal()):
        return []
    widths = [WIDTHS[level]] if level else WIDTHS.values()
    return [code.zfill(width) for width in widths if len(code) <= width]
