"""Small figures as accessible SVG: geometry here, drawing in `templates/ui/parts/`. Pure; no Django."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

TONES = ("ok", "info", "warning", "danger", "neutral")
BAR = 10  # width of one day and its gap, in SVG units
HEIGHTS = {"ok": 34, "info": 28, "warning": 24, "danger": 34, "neutral": 12}
"""Height by tone, in SVG units of 34: a bad day is not told by its colour alone."""


def tone_or_neutral(tone: object) -> str:
    """Unknown tones are drawn neutral: a word from the database must never become a class name."""
    return str(tone) if tone in TONES else "neutral"


@dataclass(frozen=True, slots=True)
class Bar:
    """One day. `notch`: the gap cut into a bar of the worst tone."""

    x: int
    y: int
    height: int
    tone: str
    date: Any
    text: str
    notch: bool


def bars(days: Iterable[Any]) -> list[Bar]:
    """One bar per day, oldest first. A day is a mapping or an object with `date`, `tone`, `text` (what was wrong, in
    words; "" on a good day)."""
    drawn = []
    for number, day in enumerate(days):
        tone = tone_or_neutral(_of(day, "tone"))
        height = HEIGHTS[tone]
        text = str(_of(day, "text") or "")
        drawn.append(Bar(number * BAR, 34 - height, height, tone, _of(day, "date"), text, tone == "danger"))
    return drawn


@dataclass(frozen=True, slots=True)
class Line:
    """A polyline in a box of 100 x 30 units, `area` closed at the bottom."""

    points: str
    area: str
    last_x: float
    last_y: float


def line(values: Sequence[float]) -> Line:
    """Scale `values` into the box; a flat series is drawn in the middle. No values: an empty line."""
    if not values:
        return Line("", "", 0, 0)
    low, high = min(values), max(values)
    span = high - low
    step = 100 / max(len(values) - 1, 1)
    corners = [
        (round(number * step, 2), round(28 - 26 * ((value - low) / span), 2) if span else 15.0)
        for number, value in enumerate(values)
    ]
    points = " ".join(f"{x:g},{y:g}" for x, y in corners)
    return Line(points, f"0,30 {points} {corners[-1][0]:g},30", *corners[-1])


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a box 60 units high; `label` and `value` as given."""

    x: int
    y: float
    height: float
    label: Any
    value: float


def columns(pairs: Iterable[tuple[Any, float]]) -> list[Column]:
    """Upright columns for (label, number) pairs, numbers from 0, the highest as high as the box. A number above nothing
    is seen, however small."""
    rows = list(pairs)
    top = max((value for _label, value in rows), default=0) or 1
    drawn = []
    for number, (label, value) in enumerate(rows):
        height = round(max(60 * value / top, 1.5), 2) if value else 0
        drawn.append(Column(number * BAR, round(60 - height, 2), height, label, value))
    return drawn


def _of(day: Any, name: str) -> Any:
    return day.get(name) if isinstance(day, Mapping) else getattr(day, name, None)
