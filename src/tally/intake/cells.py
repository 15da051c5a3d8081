"""What one cell says: a figure, nothing, `x`, or something that nobody can read."""

import re
import unicodedata
from datetime import date, datetime
from functools import lru_cache
from typing import NamedTuple

from tally.intake.container import Cell
from tally.intake.sheet_xml import FORMULA_WITHOUT_VALUE
from tally.vocabulary import CellState

LARGEST = 10**15
"""Figures from here on are kept as this one: rule S17 returns them whatever they are."""

MOST_DIGITS = 8
"""Digits of a text that is kept as it was written: more of them can be somebody's number."""

_ZERO = ("0", "không", "-")
_GROUPED = re.compile(r"[1-9][0-9]{0,2}(?:(?:\.[0-9]{3})+|(?:([ \u00a0\u2007\u2009\u202f])[0-9]{3})(?:\1[0-9]{3})*)")
_DECIMAL = re.compile(r"[-+]?[0-9]+(?:[.,\s][0-9]+)+")
_FIGURE_LIKE = re.compile(r"[-+0-9.,\s():%;xX×…]{1,24}")
_BIRTHDAY_LIKE = re.compile(r"(?<![0-9])[0-9]{1,4}[^0-9]{1,3}[0-9]{1,2}[^0-9]{1,3}[0-9]{1,4}(?![0-9])")
_ERROR = re.compile(r"#(?:N/A|DIV/0!|GETTING_DATA|[A-Z_]{3,14}[!?])")


class Said(NamedTuple):
    """What a cell says as a figure.

    Blanks  `value` is None unless `state` is reported, `reason` unless it is unreadable; `raw_text` is a placeholder
            in ‹› where the text may be anything but a figure.
    """

    state: CellState
    value: int | None
    raw_text: str
    reason: str | None = None


_BLANK = Said(CellState.BLANK, None, "")


def figure_in(cell: Cell) -> Said:
    """Read a figure cell.

    Shape   a whole number ≥ 0, as number or as text (`1.234`, `1 234`); 0, `không`, `-`; `x`; or unreadable, and why:
            decimal, text, negative, date, formula, boolean, error.
    Blanks  an empty cell is blank, never zero.
    Source  FORMS.md, "What a figure cell may hold".
    """
    if type(cell) is float:
        return _figure_in_number(cell)
    if isinstance(cell, str):
        return _figure_in_text(cell)
    if isinstance(cell, bool):
        return Said(CellState.UNREADABLE, None, str(cell).upper(), "boolean")
    if isinstance(cell, float | int):
        return _figure_in_number(float(cell))
    return Said(CellState.UNREADABLE, None, "‹ngày tháng›", "date")


@lru_cache(maxsize=4096)
def _figure_in_number(number: float) -> Said:
    if number >= 0 and number.is_integer():
        whole = int(number)
        return Said(CellState.REPORTED, min(whole, LARGEST), _short(str(whole)))
    if number.is_integer():
        return Said(CellState.UNREADABLE, None, _short(str(int(number))), "negative")
    return Said(CellState.UNREADABLE, None, _short(f"{number:.{MOST_DIGITS - 1}g}"), "decimal")


def _figure_in_text(cell: str) -> Said:
    text = cell.strip()
    if not text:
        return _BLANK
    if len(text) <= 40:
        word = unicodedata.normalize("NFC", text).casefold()
        if word == "x":
            return Said(CellState.NOT_APPLICABLE, None, text)
        if word in _ZERO:
            return Said(CellState.REPORTED, 0, text)
        if text.isascii() and text.isdigit():
            return Said(CellState.REPORTED, min(int(text), LARGEST), _short(text))
        if _GROUPED.fullmatch(text):
            return Said(CellState.REPORTED, min(int(re.sub(r"\D", "", text)), LARGEST), _short(text))
        if text == FORMULA_WITHOUT_VALUE:
            return Said(CellState.UNREADABLE, None, "‹công thức›", "formula")
        if _ERROR.fullmatch(text):
            return Said(CellState.UNREADABLE, None, text, "error")
    reason = "text"
    if re.fullmatch(r"[-−][0-9. ]+", text):
        reason = "negative"
    elif _DECIMAL.fullmatch(text):
        reason = "decimal"
    return Said(CellState.UNREADABLE, None, _kept(text), reason)


def _kept(text: str) -> str:
    """The text where it can only be a figure; of anything else, which may be about a child, no more than its length."""
    if _FIGURE_LIKE.fullmatch(text) and not _BIRTHDAY_LIKE.search(text):
        return _short(text)
    return f"‹chữ, {len(text)} ký tự›"


def _short(number: str) -> str:
    return number if sum(map(str.isdigit, number)) <= MOST_DIGITS else "‹số lớn›"


def is_figure_other_than_zero(cell: Cell) -> bool:
    """Whether a cell that the form prints as `x` holds a figure after all, readable or not."""
    said = figure_in(cell)
    if said.state is CellState.REPORTED:
        return said.value != 0
    return said.reason in ("decimal", "negative")


def text_in(cell: Cell) -> str:
    """A cell's text, composed and without the spaces around it; a whole number as its digits."""
    if isinstance(cell, str):
        return unicodedata.normalize("NFC", cell).strip()
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < LARGEST else repr(cell)
    return str(cell)


def date_in(cell: Cell) -> date | None:
    """A date cell, or text `dd/mm/yyyy`; None for anything else."""
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    if isinstance(cell, str) and (match := re.fullmatch(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})", cell.strip())):
        try:
            return date(int(match[3]), int(match[2]), int(match[1]))
        except ValueError:
            return None
    return None


def address(row: int, column: int) -> str:
    """`B12` for row 11, column 1, both counted from 0."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row + 1}"
