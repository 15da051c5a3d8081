"""The smallest parts of the country that no change of the map has cut: figures made for them add up on every map."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache

from tally.contracts.areas import Area, Flow, Register

HOME_DAY = date(2025, 7, 1)


@dataclass(frozen=True)
class Piece:
    """What one lowest area held and handed on whole: `path` is every area that it belonged to, oldest first.

    Units   `share` is the part of the oldest area's children, above 0 and up to 1.
    """

    path: tuple[Area, ...]
    share: float

    def on(self, day: date) -> Area | None:
        """The lowest area that holds the piece on a day."""
        return next((area for area in self.path if area.exists_on(day)), None)

    @property
    def key(self) -> tuple[str, ...]:
        """What the piece is ordered by: the district and the codes it has had."""
        return (self.path[0].parent_code or "", *(area.code for area in self.path))


@cache
def pieces_by_province(register: Register) -> dict[str, list[Piece]]:
    """Every piece, under the province that holds it on `HOME_DAY`, in a fixed order.

    Blanks  where nobody knows in what shares an area was split, its successors have equal shares.
    """
    found: dict[str, list[Piece]] = defaultdict(list)
    departures = dict(register.departures())
    for area in register.areas:
        if area.valid_from is None and register.is_lowest(area):
            for piece in _pieces(register, departures, (area,), 1.0):
                home = piece.on(HOME_DAY)
                province = register.province_of(home.code, HOME_DAY) if home else None
                if province:
                    found[province.code].append(piece)
    return {code: sorted(found[code], key=lambda piece: piece.key) for code in sorted(found)}


def lineage(register: Register, area: Area, day: date) -> Iterator[Area]:
    """The area and everything above it on a day."""
    holder: Area | None = area
    while holder:
        yield holder
        holder = register.at(holder.parent_code, day) if holder.parent_code else None


def _pieces(
    register: Register, departures: Mapping[tuple[str, date], Sequence[Flow]], path: tuple[Area, ...], share: float
) -> Iterator[Piece]:
    area = path[-1]
    if area.valid_to is None:
        yield Piece(path, share)
        return
    flows = departures.get((area.code, area.valid_to), ())
    shares = {flow.new_code: 1 / len(flows) if flow.weight is None else float(flow.weight) for flow in flows}
    for code in register.heirs(area):
        heir, part = register.at(code, area.valid_to), shares.get(code, 1.0)
        if heir and part > 0:
            yield from _pieces(register, departures, (*path, heir), share * part)
