"""Maintenances that are written down when they are over: on the page, and in nobody's mail."""

import datetime as dt

import pytest

from portal_core.kernel import clock
from statuspage.actions import backfill, maintenances
from statuspage.errors import TextMissing, VariableOpen, WindowInvalid
from statuspage.models import ComponentStateChange, Incident
from tests.statuspage.conftest import OMAR
from tests.statuspage.factories import audit_actions, component, events, intervals, published

HOUR = dt.timedelta(hours=1)
NOON = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)


def test_work_of_the_past_is_written_down_and_told_to_nobody(page):
    begun = clock.now() - 6 * HOUR
    telehealth = component("telehealth")
    ComponentStateChange.objects.filter(component=telehealth).update(started_at=begun - 48 * HOUR)

    summary = backfill.past_maintenance(
        name="New disks", body="Short drops.", component_ids=[telehealth.public_id], started_at=begun,
        ended_at=begun + HOUR, by=OMAR,
    )  # fmt: skip

    assert (summary.status, summary.resolved_at, summary.impact) == ("completed", begun + HOUR, "maintenance")
    assert published() == [("started", "in_progress", False), ("completed", "completed", False)]
    assert intervals("telehealth") == [
        ("operational", "manual"),
        ("under_maintenance", "maintenance"),
        ("operational", "maintenance"),
    ]
    assert (events(), maintenances.run_due(), audit_actions()) == (0, 0, ["maintenance:backfill"])


def past(**more):
    begun = clock.now() - 6 * HOUR
    ComponentStateChange.objects.update(started_at=begun - 48 * HOUR)
    values = {
        "name": "Mail was late", "components": {component("ehr").public_id: "partial_outage"},
        "updates": [(begun, "investigating", "We looked."), (begun + HOUR, "resolved", "It was over.")], **more,
    }  # fmt: skip
    return backfill.past_incident(**values, by=OMAR)


def test_an_incident_of_the_past_is_kept_as_any_other(page):
    """SP-02: what stands in feeds and subjects has one line and nothing invisible."""
    summary = past(name="  Mail\nwas\u200b late ")

    assert summary.name == "Mail was late"


@pytest.mark.parametrize(
    ("more", "refusal"),
    [
        ({"name": "Mail of {{ component }}"}, VariableOpen),
        ({"name": "\u200b"}, TextMissing),
        ({"updates": [(NOON, "resolved", "Over at {{ time }}.")]}, VariableOpen),
        ({"updates": [(NOON, "resolved", " \0 ")]}, TextMissing),
        ({"updates": []}, TextMissing),
    ],
)
def test_an_incident_of_the_past_with_open_or_missing_words_is_refused(page, more, refusal):
    with pytest.raises(refusal):
        past(**more)

    assert Incident.objects.count() == 0


@pytest.mark.parametrize("hours", [(-2, 1), (-1, -2), (1, 2)])
def test_work_that_is_not_over_is_scheduled_instead(page, hours):
    with pytest.raises(WindowInvalid):
        backfill.past_maintenance(
            name="x", body="y", component_ids=[], started_at=clock.now() + hours[0] * HOUR,
            ended_at=clock.now() + hours[1] * HOUR, by=OMAR,
        )  # fmt: skip

    assert Incident.objects.count() == 0
