"""The demo's status page: six parts, a quarter of a year of history, one subscriber. Nothing is sent."""

import datetime as dt

from portal_core.kernel import clock
from portal_core.kernel.contracts import SYSTEM
from statuspage import queries
from statuspage.actions import backfill, pages, subscribers

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
    subscribers.import_confirmed(email=SUBSCRIBER, consent="demo data", by=SYSTEM)
