"""The free times between a day's appointments (PC-61: click a time to book it). Pure."""

import datetime as dt
from collections.abc import Iterable

Span = tuple[dt.datetime, dt.datetime]

SHORTEST = dt.timedelta(minutes=15)


def gaps(
    taken: Iterable[Span], *, begin: dt.datetime, end: dt.datetime, shortest: dt.timedelta = SHORTEST
) -> list[Span]:
    """Stretches of [begin, end) of at least `shortest` that nothing in `taken` touches, in order.

    `taken` may overlap and come in any order; all moments are aware.
    """
    free: list[Span] = []
    cursor = begin
    for start, stop in sorted(taken):
        if start - cursor >= shortest and cursor < end:
            free.append((cursor, min(start, end)))
        cursor = max(cursor, stop)
    if end - cursor >= shortest:
        free.append((cursor, end))
    return [span for span in free if span[1] - span[0] >= shortest]
