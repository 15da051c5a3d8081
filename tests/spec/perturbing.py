"""Names as people write them on covers: the official one with one to three of the usual deviations."""

import random
import unicodedata
from collections.abc import Callable

ABBREVIATED = {
    "Phường": ("P.", "P. ", "P "), "Xã": ("X.", "X. "), "Thị trấn": ("TT.", "TT. ", "TT "), "Thị xã": ("TX.", "TX "),
    "Thành phố": ("TP.", "TP. ", "TP "), "Quận": ("Q.", "Q. ", "Q "), "Huyện": ("H.", "H. "), "Tỉnh": ("T.", "T. "),
    "Đặc khu": ("ĐK.", "ĐK "),
}  # fmt: skip
TONES = [
    ("òa", "oà"), ("óa", "oá"), ("ỏa", "oả"), ("õa", "oã"), ("ọa", "oạ"), ("òe", "oè"), ("óe", "oé"), ("ỏe", "oẻ"),
    ("ùy", "uỳ"), ("úy", "uý"), ("ủy", "uỷ"), ("ũy", "uỹ"), ("ụy", "uỵ"),
]  # fmt: skip
Y_AND_I = dict(zip("yỳýỷỹỵYÝiìíỉĩịIÍ", "iìíỉĩịIÍyỳýỷỹỵYÝ", strict=True))
LETTERS = "aăâbcdđeêghiklmnoôơpqrstuưvxyáàảãạấầếềộớờúùíìý"
Deviation = Callable[[str, random.Random], str]


def decomposed(text, rng):
    return unicodedata.normalize("NFD", text)


def tone_moved(text, rng):
    for one, other in TONES:
        if one in text or other in text:
            return text.replace(one, other) if one in text else text.replace(other, one)
    return text


def without_accents(text, rng):
    bare = "".join(letter for letter in unicodedata.normalize("NFD", text) if not unicodedata.combining(letter))
    return bare.replace("đ", "d").replace("Đ", "D")


def some_accents_missing(text, rng):
    return "".join(without_accents(letter, rng) if rng.random() < 0.3 else letter for letter in text)


def other_case(text, rng):
    return rng.choice([str.upper, str.lower, str.title, str.swapcase])(text)


def prefix_of(text):
    return next((prefix for prefix in ABBREVIATED if text.casefold().startswith(prefix.casefold() + " ")), None)


def prefix_dropped(text, rng):
    prefix = prefix_of(text)
    return text[len(prefix) + 1 :] if prefix else text


def prefix_abbreviated(text, rng):
    prefix = prefix_of(text)
    if not prefix:
        return text
    rest = text[len(prefix) + 1 :]
    return rng.choice([short for short in ABBREVIATED[prefix] if short[-1] != "X" or rest]) + rest


def zero_padded(text, rng):
    return " ".join("0" + word if word.isdecimal() and len(word) == 1 else word for word in text.split(" "))


def other_signs(text, rng):
    text = text.replace("'", rng.choice("’‘`ʼ´"))
    return text.replace(" - ", rng.choice(["-", "–", " – ", " ", "—"]))


def y_for_i(text, rng):
    places = [at for at, letter in enumerate(text) if letter in Y_AND_I]
    if not places:
        return text
    at = rng.choice(places)
    return text[:at] + Y_AND_I[text[at]] + text[at + 1 :]


def eth(text, rng):
    return text.replace("Đ", "\u00d0").replace("đ", "\u00f0") if rng.random() < 0.5 else text.replace("Đ", "\u00d0")


def double_spaces(text, rng):
    return (
        rng.choice([" ", "", "\u00a0"])
        + text.replace(" ", rng.choice(["  ", "\u00a0 ", "   "]))
        + rng.choice(["", " "])
    )


def typing_error(text, rng, among=None):
    """One letter substituted, deleted, inserted, or two neighbours exchanged; figures are left alone."""
    places = [at for at, letter in enumerate(text) if letter.isalpha() and (among is None or at in among)]
    if not places:
        return text
    at, letter = rng.choice(places), rng.choice(LETTERS)
    match rng.randrange(4):
        case 0:
            return text[:at] + letter + text[at + 1 :]
        case 1:
            return text[:at] + text[at + 1 :]
        case 2:
            return text[:at] + letter + text[at:]
    pair = text[at : at + 2]
    return text[:at] + pair[::-1] + text[at + 2 :] if pair.isalpha() else text


DEVIATIONS: list[Deviation] = [
    typing_error, without_accents, some_accents_missing, tone_moved, prefix_dropped, prefix_abbreviated, zero_padded,
    other_signs, y_for_i, eth, other_case, double_spaces, decomposed,
]  # fmt: skip
ALWAYS_THE_SAME = {decomposed, tone_moved, without_accents, prefix_dropped, zero_padded}


def perturbed(name: str, rng: random.Random, always: Deviation | None = None) -> str:
    """One to three deviations that change the name, the typing error at most once; at least one always does."""
    wanted = rng.randint(1, 3)
    tries = {one: 1 if one in ALWAYS_THE_SAME else 8 for one in DEVIATIONS if one is not always}
    usable = [one for one, count in tries.items() if any(one(name, rng) != name for _ in range(count))]
    chosen = rng.sample(usable, min(wanted, len(usable))) + ([always] if always else [])
    text = name
    for one in sorted(chosen, key=[*DEVIATIONS, always].index):
        text = one(text, rng)
    return text
