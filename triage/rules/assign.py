"""Who should take a ticket that nobody has: whoever knows the person, is there, and has the least to do."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

STICKY: Final = dt.timedelta(days=14)  # so long after the last word one's story is still in somebody's head
OVERLOADED: Final = 10  # open tickets more than the one with the fewest: then knowing the person no longer decides


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Somebody who could take it. `open` counts their live tickets; `here`: a page of the desk is open with them."""

    id: str
    name: str
    open: int
    here: bool
    knows: bool  # had this person's last ticket


def ranked(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Best first: the one who knows the person, unless far busier than the rest; then who is here; then who has least.
    Whoever is away comes last, but for the one who knows the person when nobody is here at all."""
    rows = list(candidates)
    least = min((row.open for row in rows if row.here), default=min((row.open for row in rows), default=0))
    somebody_here = any(row.here for row in rows)

    def place(row: Candidate) -> tuple[bool, bool, int, str]:
        sticks = row.knows and row.open <= least + OVERLOADED and (row.here or not somebody_here)
        return not sticks, not row.here, row.open, row.name

    return sorted(rows, key=place)


def suggestion(candidates: Iterable[Candidate]) -> Candidate | None:
    """The one to name; nobody while no one is here and no one knows the person."""
    best = next(iter(ranked(candidates)), None)
    return best if best is not None and (best.here or best.knows) else None
