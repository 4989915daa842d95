"""Who is at which ticket or flag, and who is typing: a lease that runs out by itself, never a lock (§4.1, 8).

Kept in the cache, one entry per desk: it is worth nothing a minute later, and losing it costs nobody a word. Two signs
at the same moment may overwrite each other; the next ones, seconds later, put it right.
"""

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass

from django.core.cache import cache

from portal_core.kernel.realtime.push import send_now

LEASE = 15  # seconds without a sign until somebody counts as gone; pages give one every 5
TYPING = 6  # seconds after the last sign of typing

Row = tuple[str, str, str, float, float]  # person, name, place, until, typing until


@dataclass(frozen=True, slots=True)
class Present:
    id: str
    name: str
    typing: bool


def here(*, room: str, socket: str, person_id: str, name: str, place: str, typing: bool) -> None:
    """Renew a page's lease on `place` (a public id) at the desk `room` (a realtime group). The desk hears of it."""
    now = time.time()
    rows = _load(room)
    before = _shown(rows, now)
    rows[socket] = (person_id, name[:120], place, now + LEASE, now + TYPING if typing else 0.0)
    _keep(room, rows, now, before)


def gone(*, room: str, socket: str) -> None:
    """The page closed or moved on."""
    now = time.time()
    rows = _load(room)
    before = _shown(rows, now)
    rows.pop(socket, None)
    _keep(room, rows, now, before)


def who(rooms: Iterable[str], *, but: str = "") -> dict[str, list[Present]]:
    """Place → the people there, by name, without the one who asks. One look into the cache."""
    now = time.time()
    places: dict[str, dict[str, Present]] = {}
    for rows in cache.get_many([_key(room) for room in rooms]).values():
        for person, name, place, until, typing in rows.values():
            if until <= now or person == but:
                continue
            at = places.setdefault(place, {})
            # Somebody with two pages open is there once; typing in either counts.
            at[person] = Present(person, name, typing > now or (person in at and at[person].typing))
    return {place: sorted(at.values(), key=lambda one: one.name) for place, at in places.items()}


def _key(room: str) -> str:
    return f"triage:present:{room}"


def _load(room: str) -> dict[str, Row]:
    return dict(cache.get(_key(room)) or {})


def _shown(rows: dict[str, Row], now: float) -> set[tuple[str, str, bool]]:
    return {(person, place, typing > now) for person, _n, place, until, typing in rows.values() if until > now}


def _keep(room: str, rows: dict[str, Row], now: float, before: set[tuple[str, str, bool]]) -> None:
    rows = {socket: row for socket, row in rows.items() if row[3] > now}
    cache.set(_key(room), rows, LEASE)
    if _shown(rows, now) != before:
        # Not `push`: that waits for a transaction, and there is none here.
        send_now(room, json.dumps({"type": "presence.changed"}, separators=(",", ":")))
