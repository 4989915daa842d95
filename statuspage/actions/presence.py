"""Who is looking at what in the console, and who is typing: a soft lease that runs out by itself, never a lock.

Kept in the cache: it is worth nothing a minute later, and losing it costs nobody a word.
"""

import json
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass

from django.core.cache import cache

from portal_core.kernel.realtime.push import send_now
from statuspage.actions.pages import CONSOLE_GROUP

LEASE = 40  # seconds without a sign until somebody counts as gone; pages give one every 15
TYPING = 8  # seconds after the last stroke during which somebody counts as typing
PLACE = re.compile(r"[a-z]{2,12}(-[0-9A-Za-z]{4,20})?")


@dataclass(frozen=True, slots=True)
class Present:
    id: str
    name: str
    typing: bool


def here(*, place: str, person_id: str, name: str, typing: bool) -> None:
    """Renew somebody's lease on `place` ("now", "new", "plan", "event-<id>"); others hear of what they see."""
    now = time.time()
    people = _load(place)
    before = _shown(people, now)
    people[person_id] = (name[:120], now + LEASE, now + TYPING if typing else 0.0)
    _keep(place, people, now, before)


def gone(*, place: str, person_id: str) -> None:
    now = time.time()
    people = _load(place)
    before = _shown(people, now)
    people.pop(person_id, None)
    _keep(place, people, now, before)


def who(places: Sequence[str], *, but: str = "") -> dict[str, list[Present]]:
    """Who is at each of these places, by name, without the person who asks."""
    now = time.time()
    found = cache.get_many([_key(place) for place in places])
    return {
        place: sorted(
            (
                Present(key, name, typing > now)
                for key, (name, until, typing) in found.get(_key(place), {}).items()
                if until > now and key != but
            ),
            key=lambda person: person.name,
        )
        for place in places
    }


def usable(place: object) -> bool:
    return isinstance(place, str) and PLACE.fullmatch(place) is not None


def _key(place: str) -> str:
    return f"statuspage:present:{place}"


def _load(place: str) -> dict[str, tuple[str, float, float]]:
    return dict(cache.get(_key(place)) or {})


def _shown(people: dict[str, tuple[str, float, float]], now: float) -> set[tuple[str, bool]]:
    return {(key, typing > now) for key, (_name, until, typing) in people.items() if until > now}


def _keep(place: str, people: dict[str, tuple[str, float, float]], now: float, before: set[tuple[str, bool]]) -> None:
    # Two signs at the same moment may overwrite each other; the next ones, seconds later, put it right.
    people = {key: row for key, row in people.items() if row[1] > now}
    cache.set(_key(place), people, LEASE)
    if _shown(people, now) != before:
        # Not `push`: that waits for a transaction, and there is none here.
        send_now(CONSOLE_GROUP, json.dumps({"type": "presence.changed", "place": place}, separators=(",", ":")))
