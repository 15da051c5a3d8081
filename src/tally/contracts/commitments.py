"""What the database has to serve, and by what, as data."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Self

from pydantic import model_validator

from tally.contracts.lines import read_as
from tally.contracts.model import Code, Some, Strict, Text, Words


class Commitment(Strict):
    """A system or commitment, and what serves it; `cannot`: what data cannot say of it, and why."""

    code: Code
    title: Text
    source: Words
    marts: tuple[Code, ...] = ()
    indicators: tuple[Code, ...] = ()
    feed: Code | None = None
    report: Code | None = None
    programme: Code | None = None
    cannot: Text | None = None

    @model_validator(mode="after")
    def _is_served(self) -> Self:
        if not (self.marts or self.report or self.programme):
            raise ValueError("names no mart, report or programme that serves it")
        return self


class Commitments(Strict):
    commitments: Some[Commitment]


def load_commitments(folder: Path, known: Mapping[str, Iterable[str]]) -> tuple[Commitment, ...]:
    """Shape   known: the codes that may stand under indicators, feed, report and programme.

    Raises  ContractError where one is not known, or a code stands twice.
    """
    document, commitments = read_as(folder, "commitments.yml", Commitments)
    document.check_once(("commitments",), [one.code for one in commitments.commitments], "code")
    for at, one in enumerate(commitments.commitments):
        named = {
            "indicators": one.indicators,
            "feed": (one.feed,),
            "report": (one.report,),
            "programme": (one.programme,),
        }
        for key, codes in named.items():
            for code in filter(None, codes):
                if code not in known[key]:
                    raise document.error(("commitments", at, key), f"{code} is not known")
    return tuple(commitments.commitments)
