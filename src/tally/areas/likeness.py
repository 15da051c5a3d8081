"""How like the official name of an area a writing is, from the same spelling to one typing error."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from rapidfuzz import process
from rapidfuzz.distance import OSA

from tally.contracts.aliases import Alias
from tally.contracts.areas import Area
from tally.names import ABBREVIATIONS, canonical, compared, without_accents, without_prefix

# from strict to loose; an order, not a probability
SCORES = {
    "name": 1.0,
    "alias": 0.99,
    "prefix": 0.98,  # the same spelling, another prefix or none
    "accents": 0.95,  # the same where accents were left out
    "spelling": 0.9,  # the same but for y and i, c and k: Mĩ, Đắc Lắc
    "typing_error": 0.8,  # one letter wrong, missing, too many, or two the wrong way round
    "unlike": 0.5,  # nearly so, but too short to tell or with other accents
}
RANKS = {method: rank for rank, method in enumerate(SCORES)}
SHORTEST = 4  # letters of a name in which a typing error can be told


class Like(NamedTuple):
    """How an area is like a writing: the smaller the rank, then the errors, the more."""

    rank: int
    errors: int
    method: str
    area: Area

    @property
    def candidate(self) -> tuple[Area, float]:
        return self.area, SCORES[self.method]

    @property
    def is_same(self) -> bool:
        return self.rank <= RANKS["prefix"]

    @property
    def is_sure(self) -> bool:
        return self.rank <= RANKS["spelling"]

    @property
    def is_near(self) -> bool:
        return self.rank <= RANKS["typing_error"]


class Spelling:
    """A written name as it is compared: without its prefix and as it stands."""

    def __init__(self, text: str) -> None:
        words = canonical(text)
        rest, self.kind = without_prefix(words, unaccented=True)
        self.keys = tuple(dict.fromkeys((compared(rest), compared(words))))
        self.has_accents = words != without_accents(words)


class _Form(NamedTuple):
    """One way to write an area, and the part of it that is the name."""

    key: str
    name: str
    area: Area
    is_alias: bool


class Pool:
    """The areas that a writing may mean, by every way to write them."""

    def __init__(self, areas: Iterable[Area], aliases: Sequence[Alias] = ()) -> None:
        self._forms: dict[str, list[_Form]] = defaultdict(list)
        self._spelt: dict[str, list[_Form]] = defaultdict(list)
        for area in areas:
            official = canonical(area.name)
            name = compared(without_prefix(official)[0])
            for key in dict.fromkeys((name, compared(official), _shortened(area.type, name))):
                form = _Form(key, name, area, False)
                self._forms[_loose(key)].append(form)
                self._spelt[_plain(key)].append(form)
            for alias in aliases:
                if (alias.level, alias.name) == (area.level, area.name):
                    key = compared(canonical(alias.alias))
                    self._forms[_loose(key)].append(_Form(key, key, area, True))

    def like(
        self, spelling: Spelling, inside: Callable[[Area], bool] | None = None, forgiving: bool = True
    ) -> list[Like]:
        """The areas that are written so or, if forgiving and none is, nearly so; each once, likeliest first."""
        found = [_likeness(spelling, key, form) for key in spelling.keys for form in self._forms.get(_loose(key), ())]
        found = [like for like in found if not inside or inside(like.area)]
        if forgiving and not any(like.is_sure for like in found):
            for key in spelling.keys:
                near = process.extract(_plain(key), self._spelt.keys(), scorer=OSA.distance, score_cutoff=1, limit=None)
                forms = [
                    form for text, _, _ in near for form in self._spelt[text] if _numbers(form.key) == _numbers(key)
                ]
                found += [_likeness(spelling, key, form) for form in forms]
            found = [like for like in found if not inside or inside(like.area)]
        likeliest: dict[int, Like] = {}
        for like in sorted(found, key=lambda like: (like.rank, like.errors, RANKS[like.method])):
            likeliest.setdefault(id(like.area), like)
        return list(likeliest.values())

    def has_once(self, spelling: Spelling, area: Area) -> bool:
        """Whether the area, and no other, is written exactly so, type and all."""
        exact = [like.area for like in self.like(spelling, forgiving=False) if like.method == "name"]
        return exact == [area]


def _likeness(spelling: Spelling, key: str, form: _Form) -> Like:
    errors = 0 if key == form.key else _errors(key, form.key)
    is_loose = _loose(key) == _loose(form.key)
    if key == form.key:
        with_type = key != form.name or spelling.kind == form.area.type
        method = "alias" if form.is_alias else "name" if with_type else "prefix"
    elif is_loose and not errors:
        method = "accents" if _unaccented(key) == _unaccented(form.key) else "spelling"
    # letters that an accent moved along with count twice
    elif errors <= (1 if is_loose else 2) and _can_be_told(key, form):
        method = "typing_error"
    else:
        method = "unlike"
    # what was written without any accent may be every name that is the same without
    rank = RANKS[method] if spelling.has_accents else max(RANKS[method], RANKS["accents"])
    return Like(rank, errors, method, form.area)


def _can_be_told(key: str, form: _Form) -> bool:
    """Whether the name is long enough for one typing error, or the error is in the prefix and the name whole."""
    letters = [letter for letter in form.name if letter.isalpha()]
    prefix = len(key) - len(form.name)
    return len(letters) >= SHORTEST or (prefix >= SHORTEST - 1 and _loose(key).endswith(_loose(form.name)))


def _errors(written: str, official: str) -> int:
    """Typing errors between two keys: letters wrong, missing, too many, or two the wrong way round.

    An accent that was left out is none; another accent is one.
    """
    while written and official and written[-1] == official[-1]:
        written, official = written[:-1], official[:-1]
    while written and official and written[0] == official[0]:
        written, official = written[1:], official[1:]
    before: list[int] = []
    row = list(range(len(official) + 1))
    for at, letter in enumerate(written, 1):
        earlier, before, row = before, row, [at]
        for to, other in enumerate(official, 1):
            cost = min(before[to - 1] + (not _may_be(letter, other)), before[to] + 1, row[to - 1] + 1)
            if at > 1 and to > 1 and _may_be(letter, official[to - 2]) and _may_be(written[at - 2], other):
                cost = min(cost, earlier[to - 2] + 1)
            row.append(cost)
    return row[-1]


@lru_cache(2**16)
def _may_be(written: str, official: str) -> bool:
    """Whether a letter is another, or another without some of its accents."""
    ours, theirs = _parts(written), _parts(official)
    return ours[0] == theirs[0] and set(ours[1:]) <= set(theirs[1:])


@lru_cache(2**16)
def _parts(letter: str) -> str:
    stroke = "d\u0335" if letter == "đ" else letter
    return unicodedata.normalize("NFD", stroke).replace("y", "i").replace("k", "c")


def _unaccented(key: str) -> str:
    return without_accents(unicodedata.normalize("NFD", key))


def _shortened(kind: str, name: str) -> str:
    """`TT Đông Anh`; one letter more in front is a typing error as it is."""
    short = ABBREVIATIONS[kind]
    return short + name if len(short) > 1 else name


def _plain(key: str) -> str:
    """Without accents, y as i."""
    return _unaccented(key).replace("y", "i")


def _loose(key: str) -> str:
    """As plain, and k as c: Đắc Lắc; kh is another sound than ch."""
    return re.sub(r"k(?!h)", "c", _plain(key))


@lru_cache(2**16)
def _numbers(key: str) -> tuple[str, ...]:
    return tuple(re.findall(r"\d+", key))
