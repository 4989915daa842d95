"""The demo's planned work and prepared words. Nothing is sent; a second call adds nothing."""

import datetime as dt
from zoneinfo import ZoneInfo

from portal_core.kernel import clock
from portal_core.kernel.contracts import SYSTEM
from statuspage import queries
from statuspage.actions import backfill, series, templates

# (title, name, body, state, {component slug: status})
TEMPLATES: tuple[tuple[str, str, str, str, dict[str, str]], ...] = (
    (
        "Video visits do not work",
        "Video visits do not start",
        "Video visits do not start since {{ start }}. {{ workaround }} We write again by {{ next_update }}.",
        "investigating",
        {"telehealth": "major_outage"},
    ),
    (
        "E-mails arrive late",
        "E-mails from the portal arrive late",
        "E-mails of the portal, also those to reset a password, arrive late since {{ start }}. Nothing is lost; there"
        " is no need to ask for another one. We write again by {{ next_update }}.",
        "identified",
        {"secure-message-e-mail": "degraded_performance"},
    ),
    (
        "It works again",
        "",
        "{{ components }} works as usual again since {{ end }}. The reason was {{ cause }}.",
        "resolved",
        {},
    ),
)


def create(*, zone: str) -> None:
    ids = {row.slug: row.id for row in queries.components()}
    if not queries.maintenances(limit=1):
        _plan(ids, zone)
    if not queries.authoring.templates():
        for title, name, body, status, components in TEMPLATES:
            chosen = {ids[slug]: state for slug, state in components.items()}
            templates.save(title=title, name=name, body=body, status=status, components=chosen, by=SYSTEM)


def _plan(ids: dict[str, str], zone: str) -> None:
    """One piece of work that took place, and one that comes back every second Sunday of a month."""
    today = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    begun = today - dt.timedelta(days=20) + dt.timedelta(hours=3)
    backfill.past_maintenance(
        name="New disks for the charts",
        body="Charts can be read but not changed. Notes written meanwhile are kept and entered afterwards.",
        component_ids=[ids["ehr"]],
        started_at=begun,
        ended_at=begun + dt.timedelta(minutes=95),
        by=SYSTEM,
    )
    tomorrow = (today + dt.timedelta(days=1)).astimezone(ZoneInfo(zone))
    series.create(
        name="Upkeep of the video servers",
        body="Video visits may drop for a minute while servers change places. Nothing else is touched.",
        rule="FREQ=MONTHLY;BYDAY=2SU",
        first_at=tomorrow.replace(hour=22, minute=0),
        minutes=120,
        component_ids=[ids["telehealth"]],
        deliver=False,
        by=SYSTEM,
        key="demo-upkeep",
    )
