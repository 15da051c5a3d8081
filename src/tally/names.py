"""Vietnamese text as people write it: when two spellings are the same words, the type of area that a prefix says, and
a name in English letters.

Source  forms/FORMS.md, rule S07 and the lines on how labels are compared.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Literal

TONES = "\u0300\u0301\u0303\u0309\u0323"  # grave, acute, tilde, hook above, dot below: they belong to a syllable
QUALITIES = "\u0302\u0306\u031b"  # circumflex, breve, horn: they make another letter of a, e, o and u
APOSTROPHES = "'`´ʹʻʼʽˈˊˋ‘’‛′‵＇ꞌ"
DASHES = "−⁃"  # beside what Unicode itself calls a dash

ABBREVIATIONS = {
    "Phường": "p", "Xã": "x", "Thị trấn": "tt", "Đặc khu": "đk",
    "Quận": "q", "Huyện": "h", "Thị xã": "tx", "Thành phố": "tp", "Tỉnh": "t",
}  # fmt: skip
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
    return unicodedata.normalize("NFC", without_accents(" ".join(_decomposed(text).split())))


def same_name(written: str, official: str) -> Literal["same", "accents", "other"]:
    """Whether a name on a cover is the official one, as rule S07 asks.

    Shape   same: equal but for Unicode form, case, tone placement, spaces, apostrophes, dashes and the usual prefix;
            accents: equal only without accents; other: another name, or one in letters that cannot be read.
    """
    if written == official:
        return "same"
    ours, theirs = canonical(written), canonical(official)
    if any(_equal(one, other) for one in _readings(ours) for other in _readings(theirs)):
        return "same"
    ours_plain = {_joined(without_accents(one)) for one in _readings(ours, unaccented=True)}
    theirs_plain = {_joined(without_accents(other)) for other in _readings(theirs, unaccented=True)}
    return "accents" if ours_plain & theirs_plain else "other"


def one_line(text: str) -> str:
    """What a person typed, in one line and in the spelling that is kept."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def english_name(name: str, area_type: str) -> str:
    """An area's name for English labels: `Phường Bến Nghé` → `Ben Nghe Ward`, `Phường 8` → `Ward 8`.

    Raises  KeyError for a type that the codes of areas do not know.
    """
    kind = TYPES_IN_ENGLISH[area_type]
    written, prefix = unicodedata.normalize("NFC", name), area_type + " "
    rest = written[len(prefix) :] if written.casefold().startswith(prefix.casefold()) else written
    letters = unicodedata.normalize("NFC", without_accents(unicodedata.normalize("NFD", rest)))
    return f"{kind} {letters}" if letters.isdigit() else f"{letters} {kind}"


def _decomposed(text: str) -> str:
    letters = unicodedata.normalize("NFD", text.casefold()).replace("ð", "đ")
    return "".join(letter for letter in letters if unicodedata.category(letter) != "Cf")


def without_accents(decomposed: str) -> str:
    """Canonical or decomposed text without Vietnamese accents; đ is d."""
    bare = "".join(letter for letter in decomposed if letter not in TONES and letter not in QUALITIES)
    return bare.replace("đ", "d").replace("Đ", "D").replace("Ð", "D")


def canonical(text: str) -> str:
    """Words in one spelling, decomposed: no case, no apostrophes, dashes as spaces, tones behind the vowels."""
    for apostrophe in APOSTROPHES:
        text = text.replace(apostrophe, "")
    letters = "".join(
        " " if letter in DASHES or unicodedata.category(letter) == "Pd" else letter for letter in _decomposed(text)
    )
    return " ".join(_with_tones_placed(word) for word in letters.split())


@lru_cache(maxsize=10_000)
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


_WRITTEN_OUT = "|".join(sorted(map(canonical, ABBREVIATIONS), key=len, reverse=True))
_UNACCENTED = without_accents(_WRITTEN_OUT)
_ABBREVIATED = "|".join(r"\.?".join(letters) for letters in sorted(ABBREVIATIONS.values(), key=len, reverse=True))
_ABBREVIATION = rf"(?:{_ABBREVIATED})(?:\s*\.\s*|\s+|(?=\d))"
_PREFIX = re.compile(rf"(?:(?:{_WRITTEN_OUT})\s+|{_ABBREVIATION})(?=\S)")
_PREFIX_UNACCENTED = re.compile(rf"(?:(?:{_WRITTEN_OUT}|{_UNACCENTED})\s+|{_ABBREVIATION})(?=\S)")
_TYPES = {
    without_accents(canonical(prefix)).replace(" ", ""): kind
    for kind, short in ABBREVIATIONS.items()
    for prefix in (kind, short)
}


def without_prefix(words: str, unaccented: bool = False) -> tuple[str, str | None]:
    """Canonical words without their usual prefix, and the type of area that it says.

    Shape   "p. bến nghé" → ("bến nghé", "Phường"); an unaccented prefix only where `unaccented` is asked for.
    Blanks  the words themselves and None where there is no prefix or nothing behind it.
    """
    prefix = (_PREFIX_UNACCENTED if unaccented else _PREFIX).match(words)
    if not prefix:
        return words, None
    return words[prefix.end() :], _TYPES["".join(filter(str.isalpha, without_accents(prefix[0])))]


def _readings(words: str, unaccented: bool = False) -> Iterator[str]:
    """The words as they stand and, where something remains, without their prefix: `Phường Đúc` may be a whole name."""
    yield words
    rest, kind = without_prefix(words, unaccented)
    if kind:
        yield rest


def _equal(one: str, other: str) -> bool:
    if _without_tones(one) == _without_tones(other):
        return one == other
    return _with_tones_placed(_joined(one)) == _with_tones_placed(_joined(other))


def _without_tones(words: str) -> str:
    return "".join(letter for letter in words if letter not in TONES)


def compared(words: str) -> str:
    """Canonical words in the fewest letters: composed, without signs and, save between numbers, spaces; `01` as 1."""
    letters = re.sub(r"[\W_]+", " ", unicodedata.normalize("NFC", words))
    return _joined(re.sub(r"(?<!\d)0+(?=\d)", "", letters).strip())


def _joined(words: str) -> str:
    """Words without the spaces, save between two numbers: 1 1 is not 11."""
    return re.sub(r"(?<!\d) | (?!\d)", "", words)


def capital(text: str) -> str:
    """With its first letter as a sentence begins."""
    return text[:1].upper() + text[1:]
