"""Maintenances as a calendar to subscribe to (RFC 5545, RFC 7986): an entry keeps its UID for ever, `SEQUENCE` counts
what was moved, and what does not take place is CANCELLED rather than gone."""

import datetime as dt
from collections.abc import Collection
from functools import lru_cache

from icalendar import Calendar, Event

from statuspage.rules.api_v2 import incident_url, revised_at
from statuspage.rules.derive import IncidentView, View
from statuspage.rules.feeds import root
from statuspage.rules.ways import in_words, usable

GLOBAL = "maintenance.ics"
REFRESH = dt.timedelta(hours=1)
_END = b"END:VCALENDAR\r\n"
# What neither a calendar nor a reader can show; line breaks and tabs stay.
_INVISIBLE = dict.fromkeys([*range(9), 11, 12, *range(14, 32), 127])


def of_component(component_id: str) -> str:
    """The path of one component's calendar."""
    return f"status/components/{component_id}/maintenance.ics"


def files(view: View) -> dict[str, bytes]:
    """Path → calendar: of everything, and of each component."""
    name = f"{view.facts.page.name} maintenance"
    return {
        GLOBAL: calendar(view, name=name, path=GLOBAL),
        **{
            of_component(row.id): calendar(
                view, name=f"{name}: {row.name}", path=of_component(row.id), only=(row.id,), whole=False
            )
            for row in view.facts.components
        },
    }


def members(view: View, *, component_ids: Collection[str], group_ids: Collection[str]) -> frozenset[str] | None:
    """The components somebody chose, by themselves or with their group; None when nothing was chosen: all."""
    if not component_ids and not group_ids:
        return None
    return frozenset(row.id for row in view.facts.components if row.id in component_ids or row.group_id in group_ids)


def calendar(
    view: View, *, name: str, path: str, only: Collection[str] | None = None, whole: bool = True, event_id: str = ""
) -> bytes:
    """One calendar: with `only`, of maintenances that touch one of these components and, if `whole`, of those that
    name no component; with `event_id`, of that maintenance."""
    entries = [
        _entry_of(row, view)
        for row in view.maintenances
        if _belongs(row, only, whole) and event_id in ("", row.facts.id)
    ]
    head = _head(_plain(name), f"{root(view)}/{path}", view.facts.page.url)
    return head + b"".join(entries) + _END


@lru_cache(maxsize=256)
def _head(name: str, source: str, url: str) -> bytes:
    """A calendar without entries, up to where they stand."""
    out = Calendar.new(
        prodid="-//Lantern//Status page//EN",
        method="PUBLISH",
        name=name,
        refresh_interval=REFRESH,
        source=source,
        url=url,
    )
    # What calendars read that are older than RFC 7986.
    out.add("x-wr-calname", name)
    out.add("x-published-ttl", "PT1H")
    return bytes(out.to_ical()).removesuffix(_END)


def _belongs(row: IncidentView, only: Collection[str] | None, whole: bool) -> bool:
    touched = row.facts.component_ids
    return only is None or bool(set(touched) & set(only)) or (whole and not touched)


def _entry_of(row: IncidentView, view: View) -> bytes:
    facts = row.facts
    return _entry(
        uid=f"{facts.id}@{view.facts.page.id}",
        sequence=facts.sequence,
        status="CANCELLED" if facts.cancelled_at else "CONFIRMED",
        created=facts.created_at,
        revised=revised_at(facts),
        start=facts.scheduled_for or facts.started_at,
        end=facts.scheduled_until or facts.started_at,
        summary=_plain(facts.name),
        description=_plain(_description(row)),
        url=incident_url(view, facts.id),
    )


@lru_cache(maxsize=1024)  # a publication changes one entry; writing one takes the library a millisecond
def _entry(
    *,
    uid: str,
    sequence: int,
    status: str,
    created: dt.datetime,
    revised: dt.datetime,
    start: dt.datetime,
    end: dt.datetime,
    summary: str,
    description: str,
    url: str,
) -> bytes:
    entry = Event()
    entry.add("uid", uid)
    entry.add("sequence", sequence)
    entry.add("status", status)
    entry.add("dtstamp", revised.astimezone(dt.UTC))
    entry.add("created", created.astimezone(dt.UTC))
    entry.add("last-modified", revised.astimezone(dt.UTC))
    entry.add("dtstart", start.astimezone(dt.UTC))
    entry.add("dtend", end.astimezone(dt.UTC))
    entry.add("summary", summary)
    entry.add("description", description)
    entry.add("url", url)
    entry.add("categories", ["Maintenance"])
    entry.add("transp", "TRANSPARENT")
    return bytes(entry.to_ical())


def _description(row: IncidentView) -> str:
    """The newest words, what is touched, and what to do meanwhile."""
    parts = [row.updates[0].facts.body] if row.updates else []
    if row.components:
        parts.append("Affects: " + ", ".join(component.name for component in row.components))
    ways = [in_words(way) for component in row.components for way in usable(component)]
    if ways:
        parts.append("Meanwhile:\n" + "\n".join(f"- {way}" for way in dict.fromkeys(ways)))
    return "\n\n".join(parts)


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").translate(_INVISIBLE)
