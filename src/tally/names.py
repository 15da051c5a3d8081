"""Vietnamese text as people write it: when two spellings are the same words, and a name in English letters.

Source  forms/FORMS.md, rule S07 and the lines on how labels are compared.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import Literal

TONES = "\u0300\u0301\u0303\u0309\u0323"  # grave, acute, tilde, hook above, dot below: they belong to a syllable
QUALITIES = "\u0302\u0306\u031b"  # circumflex, breve, horn: they make another letter of a, e, o and u
APOSTROPHES = "'`´ʹʻʼʽˈˊˋ‘’‛′‵＇ꞌ"
DASHES = "−⁃"  # beside what Unicode itself calls a dash

PREFIXES = (
    "phường", "xã", "thị trấn", "đặc khu", "quận", "huyện", "thị xã", "thành phố", "tỉnh",
)  # fmt: skip
ABBREVIATIONS = r"(?:t\.?t|đ\.?k|t\.?x|t\.?p|[pxqht])(?:\s*\.\s*|\s+|(?=\d))"

TYPES_IN_ENGLISH = {
    "Phường": "Ward",
    "Xã": "Commune",
    "Thị trấn": "Township",
    "Đặc khu": "Special Zone",
    "Quận": "District",
    "Huyện": "District",
    "Thị xã": "Town",
    "Thành phố": "City",
    "Tỉnh": "Province",
}


def plain(text: str) -> str:
    """Text without what labels, headers and set phrases are compared without.

    Shape   "  Tổng\\u00a0 SỐ" → "tong so": no accents, no case, single spaces, composed; đ is d.
            Only Vietnamese accents go: the ø, å, © and µ of a legacy font stay, and so never match.
    """
    return unicodedata.normalize("NFC", _without_accents(" ".join(_decomposed(text).split())))


def same_name(written: str, official: str) -> Literal["same", "accents", "other"]:
    """Whether a name on a cover is the official one, as rule S07 asks.

    Shape   same: equal but for Unicode form, case, tone placement, spaces, apostrophes, dashes and the usual prefix;
            accents: equal only without accents; other: another name, or one in letters that cannot be read.
    """
    ours, theirs = _canonical(written), _canonical(official)
    if any(_equal(one, other) for one in _readings(ours) for other in _readings(theirs)):
        return "same"
    ours_plain = {_joined(_without_accents(one)) for one in _readings(ours, unaccented=True)}
    theirs_plain = {_joined(_without_accents(other)) for other in _readings(theirs, unaccented=True)}
    return "accents" if ours_plain & theirs_plain else "other"


def english_name(name: str, area_type: str) -> str:
    """An area's name for English labels: `Phường Bến Nghé` → `Ben Nghe Ward`, `Phường 8` → `Ward 8`.

    Raises  KeyError for a type that the codes of areas do not know.
    """
    kind = TYPES_IN_ENGLISH[area_type]
    written, prefix = unicodedata.normalize("NFC", name), area_type + " "
    rest = written[len(prefix) :] if written.casefold().startswith(prefix.casefold()) else written
    letters = unicodedata.normalize("NFC", _without_accents(unicodedata.normalize("NFD", rest)))
    return f"{kind} {letters}" if letters.isdigit() else f"{letters} {kind}"


def _decomposed(text: str) -> str:
    letters = unicodedata.normalize("NFD", text.casefold()).replace("ð", "đ")
    return "".join(letter for letter in letters if unicodedata.category(letter) != "Cf")


def _without_accents(decomposed: str) -> str:
    bare = "".join(letter for letter in decomposed if letter not in TONES and letter not in QUALITIES)
    return bare.replace("đ", "d").replace("Đ", "D").replace("Ð", "D")


def _canonical(text: str) -> str:
    """Words in one spelling: apostrophes gone, dashes as spaces, every tone at the end of its syllable's vowels."""
    for apostrophe in APOSTROPHES:
        text = text.replace(apostrophe, "")
    letters = "".join(
        " " if letter in DASHES or unicodedata.category(letter) == "Pd" else letter for letter in _decomposed(text)
    )
    return " ".join(_with_tones_placed(word) for word in letters.split())


def _with_tones_placed(word: str) -> str:
    """`hoà` and `hòa` alike become h, oa, grave: the letters with their quality, then the tone."""
    clusters = re.split(r"((?:[aeiouy][\u0300-\u036f]*)+)", word)
    placed: list[str] = []
    early = ""
    for position, cluster in enumerate(clusters):
        bare = "".join(letter for letter in cluster if letter not in TONES)
        tones = "".join(letter for letter in cluster if letter in TONES)
        if position % 2:
            placed.append(bare + early + tones)
            early = ""
        elif position:
            # a tone typed on the consonants that close a syllable is still that syllable's
            placed.extend([tones, bare])
        else:
            placed.append(bare)
            early = tones
    return "".join(placed) + early


_FULL = {" ".join(_with_tones_placed(word) for word in _decomposed(prefix).split()) for prefix in PREFIXES}
_WRITTEN_OUT = "|".join(sorted(_FULL, key=len, reverse=True))
_UNACCENTED = _without_accents(_WRITTEN_OUT)
_PREFIX = re.compile(rf"(?:(?:{_WRITTEN_OUT})\s+|{ABBREVIATIONS})(?=\S)")
_PREFIX_UNACCENTED = re.compile(rf"(?:(?:{_WRITTEN_OUT}|{_UNACCENTED})\s+|{ABBREVIATIONS})(?=\S)")


def _readings(canonical: str, unaccented: bool = False) -> Iterator[str]:
    """The words as they stand and, where something remains, without their prefix: `Phường Đúc` may be a whole name."""
    yield canonical
    prefix = (_PREFIX_UNACCENTED if unaccented else _PREFIX).match(canonical)
    if prefix:
        yield canonical[prefix.end() :]


def _equal(one: str, other: str) -> bool:
    if _without_tones(one) == _without_tones(other):
        return one == other
    return _with_tones_placed(_joined(one)) == _with_tones_placed(_joined(other))


def _without_tones(canonical: str) -> str:
    return "".join(letter for letter in canonical if letter not in TONES)


def _joined(words: str) -> str:
    """Without the spaces, save between two numbers: 1 1 is not 11."""
    return re.sub(r"(?<!\d) | (?!\d)", "", words)
