"""Rule S11: whether a text holds an identity number, a Vietnamese telephone number or an e-mail address.

Source  FORMS.md, S11: identity numbers have 9 or 12 digits, spaced or dotted too; an amount of money is none.
"""

import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise

# led by one set of signs, so that the search passes over all others quickly
_SUSPECT = re.compile(r"[\d@＠﹫\[(](?:(?<=[@＠﹫])|(?<=[\[(])[aA][tT][\])]|(?<=\d)(?:[^\w\n]{0,4}\d){8})")


def may_hold_personal_data(text: str) -> bool:
    """Whether it is worth a closer look: cheap, and never False where `holds_personal_data` is True."""
    return _SUSPECT.search(text) is not None


def holds_personal_data(text: str, codes: Collection[str] = ()) -> bool:
    """Whether a text holds personal data. `codes` are Mã số and area codes: a list of them is nobody's number."""
    if not may_hold_personal_data(text):
        return False
    text = _normal(text)
    if _EMAIL.search(text):
        return True
    for harmless in (_MACHINE_MADE, _DATES, _MONEY):
        text = harmless.sub(" | ", text)
    text = _IN_BRACKETS.sub(r"\1 ", text)
    return any(_run_holds(run, text, codes) for run in _RUN.finditer(text))


def number_is_personal(value: float) -> bool:
    """Whether a number outside the figures is an identity or telephone number that lost its zeros.

    An amount of money is rounded to thousands; such a number is none.
    """
    return 1e8 <= value < 1e12 and value.is_integer() and value % 1000 != 0


_EMAIL = re.compile(
    r"[\w.+%-]{1,64} ?(?:@|\(at\)|\[at\]) ?[\w-]{1,63}(?:\.[\w-]{1,63}){0,5}\.[^\W\d_]{2,24}", re.IGNORECASE
)
# GUIDs, hashes and content type ids, as programs leave them in a file's properties
_MACHINE_MADE = re.compile(
    r"(?<![0-9A-Za-z])(?:[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
    r"|(?:0x)?(?=[0-9A-Fa-f-]{0,40}\d[A-Fa-f]{1,20}\d)[0-9A-Fa-f-]{20,})(?![0-9A-Za-z])"
)

_DAY, _MONTH, _YEAR = r"(?:0?[1-9]|[12]\d|3[01])", r"(?:0?[1-9]|1[0-2])", r"(?:19|20)\d{2}"
_DATE = (
    rf"(?:{_DAY}(?:/{_MONTH}/|\.{_MONTH}\.|-{_MONTH}-){_YEAR}|{_YEAR}(?:/{_MONTH}/|\.{_MONTH}\.|-{_MONTH}-){_DAY}"
    rf"|{_MONTH}[./-]{_YEAR})"
)
_DATES = re.compile(rf"(?<!\d)(?<!\d[.-]){_DATE}(?: ?- ?{_DATE})*(?![.-]?\d)")

_AMOUNT = r"[1-9]\d{0,2}(?:(?:\.\d{3})+|(?: \d{3})+|(?:,\d{3})+)(?:[.,]\d{1,2})?|[1-9]\d*"
_NOT_MONEY = "bào|chí|thời|ý|đội|nghiệp|hương|phạm|tình|hành|tâm|lòng|loạt|bọn|môn|hồ"
_CURRENCY = (
    rf"(?:(?:nghìn|ngàn|triệu|tỷ|tỉ) ?)?(?:(?i:đồng)(?! ?(?i:{_NOT_MONEY})\b)|(?i:vn[đd])\b|(?i:usd|eur)\b"
    r"|[đĐ](?!\w|/ ?c\b)|[₫$€])|(?:triệu|tỷ|tỉ|tr\.?đ?)\b"
)
_MONEY = re.compile(
    rf"(?<!\d)(?<!\d[ .,-])(?:(?:{_AMOUNT}) ?(?:-|đến|tới) ?)?(?:{_AMOUNT}) ?(?:{_CURRENCY})"
    rf"|(?:\b(?i:vn[đd]|usd|eur)|[₫$€]):? ?(?:{_AMOUNT})(?![\d.]?\d)"
)
_IN_BRACKETS = re.compile(r"\((\+?84|0\d{0,3})\) ?")
_RUN = re.compile(r"(?:(?<!\w)\+ ?)?\d+(?:(?: ?[.·-] ?| {1,2})\d+)*")


def _normal(text: str) -> str:
    """The text in one form of letters, digits, spaces and dashes, without signs that nobody sees."""
    text = unicodedata.normalize("NFKC", text).replace("\t", "\n")
    if text.isascii():
        return text
    return "".join(
        "-" if kind == "Pd" else " " if kind == "Zs" else str(unicodedata.digit(sign)) if kind == "Nd" else sign
        for sign in text
        if (kind := unicodedata.category(sign)) != "Cf"
    )


def _run_holds(run: re.Match[str], text: str, codes: Collection[str]) -> bool:
    """Whether some of these groups of digits, next to each other, are one number of a person."""
    pieces = _BETWEEN.split(run[0].lstrip("+ "))
    groups, gaps = pieces[::2], pieces[1::2]
    has_plus = run[0].startswith("+")
    is_decimal = text[run.end() : run.end() + 2].startswith(",") and text[run.end() + 1 : run.end() + 2].isdigit()
    for start, end in _spans(groups):
        digits = "".join(groups[start:end])
        is_telephone = _is_telephone(digits, has_plus and start == 0)
        if not is_telephone and not _is_identity(digits):
            continue
        if end == start + 1:
            return True
        part, inner = groups[start:end], gaps[start : end - 1]
        is_even = len(set(inner)) == 1
        if _are_codes(part, codes) or len(set(inner)) > 2:
            continue
        if _is_amount(part, inner) and (digits.endswith("000") or is_decimal):
            continue
        if is_telephone and _is_telephone_shape(part, digits, has_plus and start == 0):
            is_certain = digits[0] == "0"
        elif is_even and _is_identity(digits) and _is_identity_shape(part, inner[0]):
            is_certain = len(digits) == 12 and "001" <= digits[:3] <= "096"
        else:
            continue
        outside = (*gaps[max(start - 1, 0) : start], *gaps[end - 1 : end])
        stands_apart = not outside or (is_even and inner[0] not in outside)
        if stands_apart or (is_certain and "." not in "".join(inner)):
            return True
    return False


_BETWEEN = re.compile(r"(\D+)")


def _spans(groups: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Every stretch of groups that has as many digits as somebody's number may have."""
    lengths = list(map(len, groups))
    for start in range(len(groups)):
        length = singles = 0
        for end in range(start + 1, len(groups) + 1):
            length += lengths[end - 1]
            singles += lengths[end - 1] == 1
            # single digits one after another are a list, unless all are single and the first is 0
            if length > 14 or (singles > 1 and (singles < end - start or groups[start] != "0")):
                break
            if length >= 9:
                yield start, end


def _is_identity(digits: str) -> bool:
    return len(digits) in (9, 12)


def _is_telephone(digits: str, has_plus: bool) -> bool:
    """0 and nine or ten digits more, or 84 (0084, +84, +84 (0)) in place of the 0."""
    return (_ABROAD if has_plus or digits[0] != "0" else _AT_HOME).fullmatch(digits) is not None


_ABROAD = re.compile(r"(?:0084|84)0?[1-9]\d{8,9}")
_AT_HOME = re.compile(r"(?:00840?|0)[1-9]\d{8,9}")


def _is_telephone_shape(groups: Sequence[str], digits: str, has_plus: bool) -> bool:
    lengths = list(map(len, groups))
    if has_plus or groups[0] in ("84", "0084"):
        return len(groups) <= 6
    if max(lengths) <= 2:  # in pairs, or digit by digit: only where it begins as today's numbers do
        return re.match(r"0[35789]|02\d{9}", digits) is not None
    return len(groups) <= 5 and lengths.count(1) <= 1


def _is_identity_shape(groups: Sequence[str], gap: str) -> bool:
    lengths = list(map(len, groups))
    if max(lengths) == 1:
        return groups[0] == "0"
    if "-" in gap and not (sum(lengths) == 12 and groups[0][0] == "0"):
        return False
    return len(groups) <= 6 and lengths.count(1) <= 1


def _is_amount(groups: Sequence[str], gaps: Sequence[str]) -> bool:
    return (
        groups[0][0] != "0"
        and len(groups[0]) <= 3
        and all(len(group) == 3 for group in groups[1:])
        and all(one == other for one, other in pairwise(gaps))
        and gaps[0] in (".", " ")
    )


def _are_codes(groups: Sequence[str], codes: Collection[str]) -> bool:
    return all(group in codes or (len(group) == 4 and "1990" <= group <= "2099") for group in groups)
