"""Uptime bars as a few SVG paths: one per tone, so that ninety days of a component cost about a kilobyte of page."""

from collections.abc import Sequence
from dataclasses import dataclass

from statuspage.enums import ComponentStatus
from statuspage.rules.uptime import Day

STEP, WIDTH, HEIGHT = 5, 3, 34

_TONE: dict[str | None, str] = {
    None: "neutral",
    ComponentStatus.OPERATIONAL: "ok",
    ComponentStatus.MAINTENANCE: "info",
    ComponentStatus.DEGRADED: "warning",
    ComponentStatus.PARTIAL_OUTAGE: "warning",
    ComponentStatus.MAJOR_OUTAGE: "danger",
}
# Height tells the state as well as colour does: a bar that is not green hangs lower or stands shorter.
_HEIGHT: dict[str | None, int] = {
    None: 8,
    ComponentStatus.DEGRADED: 26,
    ComponentStatus.PARTIAL_OUTAGE: 19,
    ComponentStatus.MAJOR_OUTAGE: 12,
}


@dataclass(frozen=True, slots=True)
class Bars:
    """`paths`: (tone, SVG path data) on a canvas of `width` × `height`."""

    width: int
    height: int
    paths: tuple[tuple[str, str], ...]


def bars(days: Sequence[Day]) -> Bars:
    """Draw the days, oldest at the left."""
    parts: dict[str, list[str]] = {}
    for place, day in enumerate(days):
        height = _HEIGHT.get(day.status, HEIGHT)
        parts.setdefault(_TONE[day.status], []).append(f"M{place * STEP} {HEIGHT - height}h{WIDTH}v{height}h-{WIDTH}z")
    return Bars(len(days) * STEP - (STEP - WIDTH), HEIGHT, tuple((tone, "".join(d)) for tone, d in parts.items()))


def line(values: Sequence[int | None]) -> str:
    """SVG path of a small line on the same canvas as ninety bars; where nothing answered it has a gap."""
    known = [value for value in values if value is not None]
    if not known:
        return ""
    width, top = 90 * STEP - (STEP - WIDTH), max(known) or 1
    step = width / max(len(values) - 1, 1)
    parts: list[str] = []
    gap = True
    for place, value in enumerate(values):
        if value is not None:
            parts.append(f"{'M' if gap else 'L'}{place * step:.0f} {HEIGHT - 2 - (HEIGHT - 6) * value / top:.0f}")
        gap = value is None
    return "".join(parts)
