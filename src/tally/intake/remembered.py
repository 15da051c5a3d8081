"""What was found in a part is remembered: thousands of workbooks share their book, strings and properties."""

from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar, TypeVarTuple

LARGEST_PART = 32_000
MOST_REMEMBERED = 128
"""Of each function: what senders can make us hold is 4 MB of parts, and what was found in them."""

Rest = TypeVarTuple("Rest")
Found = TypeVar("Found")


def remembered(find: Callable[[bytes, *Rest], Found]) -> Callable[[bytes, *Rest], Found]:
    """A function of a part that looks at the same bytes once.

    Shape   for one that depends on its arguments alone; what it returns is shared, so nobody may change it.
    """
    remember = lru_cache(maxsize=MOST_REMEMBERED)(find)

    def found(part: bytes, *rest: *Rest) -> Found:
        look = remember if len(part) <= LARGEST_PART else find
        return look(part, *rest)

    return found
