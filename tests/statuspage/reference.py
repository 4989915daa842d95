"""What every public view has to say, written a second time and as simply as can be: straight from the rows.

Shares no code with the product but the models. `test_views_agree` holds each view against it.
"""

from collections.abc import Iterable
from typing import Any

from statuspage.models import Component, ComponentGroup, Incident

BAD = ["operational", "under_maintenance", "degraded_performance", "partial_outage", "major_outage"]
OPEN = ["investigating", "identified", "monitoring"]
BEGUN = ["in_progress", "verifying"]

# (all components alike, some of them): indicator and sentence, research/statuspage.md §2.4.
SENTENCES = {
    "under_maintenance": (("maintenance", "Service Under Maintenance"), ("maintenance", "Service Under Maintenance")),
    "degraded_performance": (("minor", "Degraded System Service"), ("minor", "Partially Degraded Service")),
    "partial_outage": (("major", "Partial System Outage"), ("minor", "Minor Service Outage")),
    "major_outage": (("critical", "Major System Outage"), ("major", "Partial System Outage")),
}
BY_INCIDENT = {
    "critical": ("critical", "Major System Outage"),
    "major": ("major", "Partial System Outage"),
    "minor": ("minor", "Minor Service Outage"),
    "maintenance": ("maintenance", "Service Under Maintenance"),
}
WORDS = {
    "investigating": "Investigating", "identified": "Identified", "monitoring": "Monitoring", "resolved": "Resolved",
    "postmortem": "Postmortem", "scheduled": "Scheduled", "in_progress": "In progress", "verifying": "Verifying",
    "completed": "Completed",
}  # fmt: skip


def worst(statuses: Iterable[str]) -> str:
    return max(statuses, key=BAD.index, default="operational")


def whole() -> tuple[str, str]:
    """(indicator, sentence) of the page."""
    statuses = list(Component.objects.filter(retired_at=None).values_list("status", flat=True))
    said = [("none", "All Systems Operational")]
    if worst(statuses) != "operational":
        said = [SENTENCES[worst(statuses)][0 if len(set(statuses)) == 1 else 1]]
    for row in Incident.objects.filter(status__in=OPEN):
        troubled = row.components.filter(retired_at=None, status__in=BAD[2:]).exists()
        if row.impact_override in BY_INCIDENT or (not row.impact_override and not troubled):
            said.append(BY_INCIDENT.get(row.impact_override or row.impact_computed, said[0]))
    return max(said, key=lambda pair: ["none", "maintenance", "minor", "major", "critical"].index(pair[0]))


def headline() -> str:
    indicator, sentence = whole()
    if indicator != "none":
        return sentence
    return "We are looking into a problem" if ids(kind="incident", status__in=OPEN) else "No ongoing issues"


def components() -> dict[str, str]:
    return dict(Component.objects.filter(retired_at=None).values_list("public_id", "status"))


def groups() -> dict[str, tuple[str, set[str]]]:
    """Group → (its state, its members), of those that have any."""
    found = {}
    for group in ComponentGroup.objects.all():
        members = dict(group.components.filter(retired_at=None).values_list("public_id", "status"))
        if members:
            found[group.public_id] = (worst(members.values()), set(members))
    return found


def ids(**which: Any) -> set[str]:
    return set(Incident.objects.filter(**which).values_list("public_id", flat=True))


def entries() -> list[tuple[str, str]]:
    """(name, state in words) of every feed entry, in order."""
    return [(row.name, label(row)) for row in Incident.objects.order_by("-created_at", "-pk")][:25]


def label(row: Incident) -> str:
    states = list(row.updates.exclude(kind="reminder").order_by("-display_at", "-pk").values_list("status", flat=True))
    return "Update" if len(states) > 1 and states[0] == states[1] else WORDS[states[0]]


def calendar() -> dict[str, tuple[int, str, Any, Any]]:
    """Maintenance → (sequence, status, start, end)."""
    return {
        row.public_id: (
            row.sequence,
            "CANCELLED" if row.cancelled_at else "CONFIRMED",
            row.scheduled_for.replace(microsecond=0),
            row.scheduled_until.replace(microsecond=0),
        )
        for row in Incident.objects.filter(kind="maintenance")
    }


def impacts() -> dict[str, str]:
    return {row.public_id: row.impact_override or row.impact_computed for row in Incident.objects.all()}
