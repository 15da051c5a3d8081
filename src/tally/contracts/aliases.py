"""Names in use for an area that cannot be derived from its official one: `HCM`, `Thừa Thiên Huế`."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tally.contracts.area_files import csv_rows, file_name
from tally.contracts.areas import WIDTHS, Register
from tally.errors import ContractError
from tally.names import canonical, compared, without_prefix

ALIAS_COLUMNS = ["level", "alias", "name", "source"]


@dataclass(frozen=True, slots=True)
class Alias:
    """What else an area with this name and level is called, without prefix; dots, spaces and case do not count."""

    level: str
    alias: str
    name: str
    source: str


def load_aliases(folder: Path, register: Register) -> tuple[Alias, ...]:
    """Read `aliases.csv`, and refuse a name that is no area's or could be another's.

    Raises  ContractError with file, line and key, at the first thing that is wrong.
    Source  contracts/areas/aliases.csv
    """
    path = folder / "aliases.csv"
    file, aliases, seen = file_name(path), [], set()
    codes: dict[tuple[str, str], set[str]] = {}
    for area in register.areas:
        codes.setdefault((area.level, area.name), set()).add(area.code)

    @cache
    def official(level: str) -> set[str]:
        return {compared(without_prefix(canonical(name))[0]) for of, name in codes if of == level}

    for line, (level, alias, name, source) in csv_rows(path, ALIAS_COLUMNS):
        if level not in WIDTHS:
            raise ContractError(file, line, "level", f"{level!r} is none of {', '.join(WIDTHS)}")
        written = (level, compared(canonical(alias)))
        if not written[1] or written[1] in official(level):
            raise ContractError(
                file, line, "alias", f"{alias!r} is already the name of a {level}" if alias else "is blank"
            )
        if written in seen:
            raise ContractError(file, line, "alias", f"{alias!r} stands twice")
        if len(codes.get((level, name), ())) != 1:
            message = f"{len(codes.get((level, name), ()))} codes of a {level} were ever called {name!r}; one must be"
            raise ContractError(file, line, "name", message)
        if not source:
            raise ContractError(file, line, "source", f"{alias!r} has none")
        seen.add(written)
        aliases.append(Alias(level, alias, name, source))
    return tuple(aliases)
