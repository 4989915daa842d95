"""What an operator chooses in a composer is done or refused, never dropped: impact, repetition, overridden checks."""

import datetime as dt

import pytest

from portal_core.kernel import clock
from portal_core.kernel.models import AuditEvent
from statuspage.actions import drafts, incidents
from statuspage.errors import DraftIncomplete
from statuspage.models import Draft, Incident, MaintenanceSeries
from tests.statuspage.conftest import OMAR
from tests.statuspage.test_console_care import DESK, NEW, WORDS, planning

NAMED = "Ask jane.doe@example.org about this work, which takes an hour."


@pytest.fixture
def broken(page):
    return incidents.declare(
        name="Mail is late", body=WORDS, components={}, impact_override="critical", by=OMAR, key="one"
    )


# --- impact ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("chosen", "kept"), [("", "critical"), ("leave", "critical"), ("computed", ""), ("minor", "minor")]
)
def test_an_update_leaves_changes_or_withdraws_the_impact(broken, omar, chosen, kept):
    """SP-02"""
    said = {
        "status": "identified", "body": WORDS, "seen": broken.update_id, "impact_override": chosen,
        "idempotency_key": "u1",
    }  # fmt: skip
    assert b"impact_override" in omar.get(f"{DESK}incidents/{broken.id}/").content
    assert omar.post(f"{DESK}incidents/{broken.id}/", said).status_code == 302

    assert Incident.objects.get().impact_override == kept


def test_a_draft_of_an_update_keeps_the_impact(broken):
    said = {"status": "identified", "body": WORDS, "impact_override": "computed"}
    drafts.publish(draft_id=drafts.save(content=said, incident_id=broken.id, by=OMAR), by=OMAR)

    assert Incident.objects.get().impact_override == ""


# --- the honesty check -----------------------------------------------------------------------------------------------
def test_an_overridden_check_is_written_down_when_it_is_published_later(page, omar):
    """SP-02"""
    values = {
        "name": "Mail is late", "body": NAMED, "status": "investigating", "do": "schedule",
        "publish_at": (clock.now() + dt.timedelta(days=1)).strftime("%Y-%m-%dT%H:%M"),
    }  # fmt: skip
    assert omar.post(NEW, values).status_code == 422
    assert omar.post(NEW, {**values, "lint_reason": "checked"}).status_code == 302

    line = AuditEvent.objects.get(action="incident:check_overridden")
    assert (line.target_id, line.facts["reason"]) == (Draft.objects.get(state="scheduled").public_id, "checked")


def weekly(**more):
    soon = (clock.now() + dt.timedelta(days=1)).strftime("%Y-%m-%dT22:00")
    return planning(repeat="weekly", weekdays=["MO"], scheduled_for=soon, **more)


def test_an_overridden_check_is_written_down_for_a_series(page, omar):
    for _ in range(2):
        assert omar.post(f"{DESK}maintenances/new/", weekly(body=NAMED, lint_reason="urgent")).status_code == 302

    lines = AuditEvent.objects.filter(action="incident:check_overridden")
    assert {(line.target_id, line.facts["reason"]) for line in lines} == {
        (MaintenanceSeries.objects.get().public_id, "urgent")
    }


# --- what repeats ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("more", "field"), [({"text_staff": "Write appointments down."}, "text_staff"), ({"auto_start": ""}, "auto_start")]
)
def test_what_a_series_cannot_keep_is_refused_and_stays_typed(page, omar, more, field):
    answer = omar.post(f"{DESK}maintenances/new/", weekly(**more))

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert b"calls may fail for a minute" in answer.content
    assert MaintenanceSeries.objects.count() == Incident.objects.count() == 0


def test_a_draft_that_repeats_never_becomes_a_single_date(page, omar):
    omar.post(f"{DESK}maintenances/new/", weekly(do="draft"))
    draft = Draft.objects.get()
    assert draft.content["repeat"] == "weekly"
    with pytest.raises(DraftIncomplete):
        drafts.publish(draft_id=draft.public_id, by=OMAR)
    assert omar.post(f"{DESK}maintenances/new/", weekly(do="schedule")).status_code == 422
    assert Incident.objects.count() == 0

    assert omar.post(f"{DESK}maintenances/new/", weekly(draft=draft.public_id)).status_code == 302

    assert MaintenanceSeries.objects.count() == 1
    assert Draft.objects.get().state == "discarded"
