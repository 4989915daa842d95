"""What to do instead while a component is affected (SP-05, TH-31 to TH-34, OP-02)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from statuspage.enums import EntryPointHealth, EntryPointKind
from statuspage.rules.facts import EntryPointFacts

_ORDER: dict[str, int] = {EntryPointHealth.WORKING: 0, EntryPointHealth.UNKNOWN: 1, EntryPointHealth.FAILING: 2}
_NOT_DIALLED = re.compile(r"[^\d+*#,;]")


@dataclass(frozen=True, slots=True)
class WayView:
    """`href` is safe to put into a page; empty when there is nothing to follow."""

    facts: EntryPointFacts
    href: str

    @property
    def working(self) -> bool:
        return self.facts.health == EntryPointHealth.WORKING

    @property
    def failing(self) -> bool:
        return self.facts.health == EntryPointHealth.FAILING


def ways(points: Sequence[EntryPointFacts]) -> tuple[WayView, ...]:
    """Those that work first, those that fail last, otherwise in the order they were written."""
    return tuple(WayView(row, _href(row)) for row in sorted(points, key=lambda row: _ORDER[row.health]))


def _href(row: EntryPointFacts) -> str:
    """A web address, an address on this site, or a number to call; anything else (`javascript:`) is no link."""
    target = row.target.strip()
    if row.kind == EntryPointKind.PHONE:
        number = _NOT_DIALLED.sub("", target)
        return f"tel:{number}" if number else ""
    if row.kind == EntryPointKind.LINK:
        inside = target.startswith("/") and not target.startswith(("//", "/\\"))
        return target if inside or target.lower().startswith(("https://", "http://")) else ""
    return ""
