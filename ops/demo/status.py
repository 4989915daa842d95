"""The demo's status page: six parts, a quarter of a year of history, one subscriber. Nothing is sent."""

import datetime as dt

from ops.demo import plans
from portal_core.kernel import clock
from portal_core.kernel.contracts import SYSTEM
from statuspage import queries
from statuspage.actions import backfill, entry_points, pages, subscribers
from statuspage.queries import inside

ZONE = "America/New_York"
SUBSCRIBER = "sam@example.test"

# (days ago, first hour UTC, minutes until each message, name, {component slug: status}, messages)
PAST: tuple[tuple[int, int, tuple[int, ...], str, dict[str, str], tuple[tuple[str, str], ...]], ...] = (
    (
        61,
        14,
        (0, 25, 70),
        "Calendar sync is behind",
        {"calendar-sync": "degraded_performance"},
        (
            ("investigating", "New appointments reach outside calendars up to an hour late. Lantern itself is right."),
            ("identified", "A provider of calendars limits how often we may write. We are spreading the load."),
            ("resolved", "Calendars are up to date again. Nothing needs to be entered a second time."),
        ),
    ),
    (
        33,
        18,
        (0, 12, 40, 95),
        "Video visits do not start",
        {"telehealth": "major_outage"},
        (
            ("investigating", "Video visits do not start. Please hold today's visits by phone for now."),
            ("identified", "A certificate of the relay servers ran out. We are replacing it."),
            ("monitoring", "Visits start again. We keep watching."),
            ("resolved", "All video visits have been working for half an hour."),
        ),
    ),
    (
        6,
        15,
        (0, 30, 55),
        "Signing in to the patient portal is slow",
        {"patient-portal": "partial_outage", "ehr": "degraded_performance"},
        (
            ("investigating", "Some patients wait long or see an error when they sign in."),
            ("monitoring", "Signing in works again since we restarted a database server."),
            ("resolved", "Everything is back to normal speed."),
        ),
    ),
)


def create() -> None:
    """Make the page, its past and its subscriber; a second call adds nothing."""
    now = clock.now()
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    pages.set_up(name="Larkfield Health Group", time_zone=ZONE, watched_since=today - dt.timedelta(days=120), by=SYSTEM)
    if not queries.recent_incidents(limit=1):
        ids = {row.slug: row.id for row in queries.components()}
        for days, hour, minutes, name, components, messages in PAST:
            start = today - dt.timedelta(days=days) + dt.timedelta(hours=hour)
            backfill.past_incident(
                name=name,
                components={ids[slug]: status for slug, status in components.items()},
                updates=[
                    (start + dt.timedelta(minutes=after), status, body)
                    for after, (status, body) in zip(minutes, messages, strict=True)
                ],
                by=SYSTEM,
            )
    add_ways(ids={row.slug: row.id for row in queries.components()})
    plans.create(zone=ZONE)
    subscribers.import_confirmed(email=SUBSCRIBER, consent="demo data", by=SYSTEM)


# Component → (kind, title, target, more words, address to ask). SP-05, TH-31 to TH-34.
WAYS: dict[str, tuple[tuple[str, str, str, str, str], ...]] = {
    "telehealth": (
        (
            "link", "Open your waiting room directly", "/telehealth/me/",
            "Sign in when asked. It works when the portal's own pages are slow.", "/portal/sign-in/",
        ),
        (
            "text", "Use the link in your calendar entry", "",
            "The entry for your visit has a link of its own; no sign-in is needed.", "",
        ),
        (
            "phone", "Hold the visit by phone", "+1 555 010 0100",
            "Ask for your clinician, or wait: they call the number we have for you.", "",
        ),
        (
            "text", "Clinicians: take out the downtime kit", "",
            "Today's schedule and phone numbers, printed or saved this morning.", "",
        ),
    ),
    "patient-portal": (
        ("phone", "Call your office", "+1 555 010 0100", "They tell you times, change visits and take messages.", ""),
    ),
    "secure-message-e-mail": (
        ("text", "Look into the portal", "", "Messages are there even when the e-mail about them is late.", ""),
        ("phone", "Call your office", "+1 555 010 0100", "For anything that cannot wait.", ""),
    ),
}  # fmt: skip


def add_ways(*, ids: dict[str, str]) -> None:
    """Give parts their other ways, unless they have some."""
    for slug, rows in WAYS.items():
        if inside.has_entry_points(ids[slug]):
            continue
        for kind, title, target, text, check_url in rows:
            entry_points.save(
                component_id=ids[slug], kind=kind, title=title, target=target, text=text, check_url=check_url, by=SYSTEM
            )
