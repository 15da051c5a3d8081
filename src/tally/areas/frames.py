"""On which area of each frame the figures of a reporting area stand."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from tally.areas.territory import WHOLE, Share, Territory, key, plus
from tally.contracts.areas import Area
from tally.contracts.model import Frame

STABLE_GROUP = "stable_group"


@dataclass(frozen=True, slots=True)
class Placement:
    """One area of a frame that holds a reporting area, or a part of it.

    Units   `share` of the area's children, 0–1; 1 where it is held whole.
    Blanks  no `share`: a part, and nobody knows how large.
    """

    frame: str
    area: Area
    frame_area_code: str
    frame_area_level: str
    is_whole: bool
    share: Share


def placements(territory: Territory, frames: Sequence[Frame]) -> Iterator[Placement]:
    """Where every version of an area that reports stands in every frame but the map of its own report.

    Shape   the lowest areas, and the areas of a frame's own level, which carry the rows that only they fill. An area
            has one placement, whole, or one for each part of it.
    """
    register = territory.register
    lowest = [area for area in register.areas if register.is_lowest(area)]
    for frame in frames:
        if frame.groups:
            for area in lowest:
                group = territory.groups()[key(area)]
                yield Placement(frame.code, area, group, STABLE_GROUP, True, WHOLE)
        elif frame.on and frame.level:
            own = [area for area in register.areas if area.level == frame.level and not register.is_lowest(area)]
            for area in [*lowest, *own]:
                yield from _placed(territory, frame.code, frame.level, frame.on, area)


def _placed(territory: Territory, frame: str, level: str, on: date, area: Area) -> Iterator[Placement]:
    found: dict[str, Share] = {}
    for one, share in _held_on(territory, area, on):
        holder = next((above for above in territory.register.lineage(one.code, on) if above.level == level), None)
        if holder:
            found[holder.code] = plus(found[holder.code], share) if holder.code in found else share
    for code in sorted(found):
        is_whole = len(found) == 1
        yield Placement(frame, area, code, level, is_whole, WHOLE if is_whole else found[code])


def _held_on(territory: Territory, area: Area, on: date) -> Iterator[tuple[Area, Share]]:
    """The areas of a day that hold a part of an area; in what shares it was made from earlier ones nobody knows."""
    if area.valid_from is not None and on < area.valid_from:
        yield from ((one, None) for one in territory.earlier(area, on))
    else:
        yield from territory.later(area, on).items()
