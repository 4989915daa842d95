"""Maintenances as a calendar to subscribe to (RFC 5545, RFC 7986): an entry keeps its UID for ever, `SEQUENCE` counts
what was moved, and what does not take place is CANCELLED rather than gone."""

import datetime as dt
from collections.abc import Collection

from icalendar import Calendar, Event

from statuspage.rules.api_v2 import incident_url, revised_at
from statuspage.rules.derive import IncidentView, View
from statuspage.rules.feeds import root
from statuspage.rules.ways import in_words, usable

GLOBAL = "maintenance.ics"
REFRESH = dt.timedelta(hours=1)
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
    out = Calendar.new(
        uid=f"{path}@{view.facts.page.id}",
        prodid="-//Lantern//Status page//EN",
        method="PUBLISH",
        name=_plain(name),
        refresh_interval=REFRESH,
        source=f"{root(view)}/{path}",
        url=view.facts.page.url,
    )
    # What calendars read that are older than RFC 7986.
    out.add("x-wr-calname", _plain(name))
    out.add("x-published-ttl", "PT1H")
    for row in view.maintenances:
        if _belongs(row, only, whole) and event_id in ("", row.facts.id):
            out.add_component(_entry(row, view))
    return bytes(out.to_ical())


def _belongs(row: IncidentView, only: Collection[str] | None, whole: bool) -> bool:
    touched = row.facts.component_ids
    return only is None or bool(set(touched) & set(only)) or (whole and not touched)


def _entry(row: IncidentView, view: View) -> Event:
    facts = row.facts
    entry = Event()
    entry.add("uid", f"{facts.id}@{view.facts.page.id}")
    entry.add("sequence", facts.sequence)
    entry.add("status", "CANCELLED" if facts.cancelled_at else "CONFIRMED")
    entry.add("dtstamp", revised_at(facts).astimezone(dt.UTC))
    entry.add("created", facts.created_at.astimezone(dt.UTC))
    entry.add("last-modified", revised_at(facts).astimezone(dt.UTC))
    entry.add("dtstart", (facts.scheduled_for or facts.started_at).astimezone(dt.UTC))
    entry.add("dtend", (facts.scheduled_until or facts.started_at).astimezone(dt.UTC))
    entry.add("summary", _plain(facts.name))
    entry.add("description", _plain(_description(row)))
    entry.add("url", incident_url(view, facts.id))
    entry.add("categories", ["Maintenance"])
    entry.add("transp", "TRANSPARENT")
    return entry


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
