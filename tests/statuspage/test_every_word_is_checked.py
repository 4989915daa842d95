"""SP-05: whatever way words reach the public page, what must not go out stops until somebody says why."""

import datetime as dt

import pytest

from portal_core.kernel import clock
from portal_core.kernel.models import AuditEvent
from statuspage.actions import incidents, postmortems, series
from statuspage.models import ComponentStateChange, IncidentUpdate, UpdateRevision
from tests.statuspage.conftest import OMAR
from tests.statuspage.factories import audit_actions, component, declare, maintenance

DESK = "/desk/status/"
NAMED = "The visit of Mrs. Miller did not begin this morning at nine, call the office instead."


def _correction():
    event = declare()
    return f"incidents/{event.id}/messages/{event.update_id}/", {"body": NAMED}


def _over():
    event = declare(ehr="partial_outage")
    incidents.resolve(incident_id=event.id, body="Everything works as usual again.", by=OMAR)
    return event


def _postmortem():
    return f"incidents/{_over().id}/postmortem/", {"body": NAMED, "do": "publish", "idempotency_key": "p"}


def _published_postmortem():
    event = _over()
    postmortems.save(incident_id=event.id, body="A disk was full, and we now watch it.", by=OMAR)
    postmortems.publish(incident_id=event.id, deliver=False, by=OMAR, key="k")
    return f"incidents/{event.id}/postmortem/", {"body": NAMED, "do": "save"}


def _past():
    return "incidents/past/", {
        "name": "Records did not open", "body": NAMED, "ending": "It was over at noon.",
        "started_at": "2026-11-02T10:00", "resolved_at": "2026-11-02T11:00",
        f"component_{component('ehr').public_id}": "major_outage",
    }  # fmt: skip


def _past_ending():
    path, values = _past()
    return path, {**values, "body": "Records did not open for an hour.", "ending": NAMED}


def _moved():
    begins = clock.now() + dt.timedelta(days=5)
    values = {"scheduled_for": f"{begins:%Y-%m-%dT%H:%M}", "length": "60", "body": NAMED}
    return f"maintenances/{maintenance().id}/time/", values


def _called_off():
    return f"maintenances/{maintenance().id}/cancel/", {"body": NAMED}


def _ended_series():
    series_id = series.create(
        name="Weekly upkeep", body="Short drops.", rule="FREQ=WEEKLY;BYDAY=SU", minutes=60, component_ids=[],
        first_at=clock.now() + dt.timedelta(days=1), by=OMAR, key="s",
    )  # fmt: skip
    return f"maintenances/series/{series_id}/end/", {"body": NAMED}


def words_out() -> set[str]:
    rows = (IncidentUpdate.objects, UpdateRevision.objects)
    return {words for kind in rows for words in kind.values_list("body", flat=True)}


EVERY_WAY = [
    _correction, _postmortem, _published_postmortem, _past, _past_ending, _moved, _called_off, _ended_series,
]  # fmt: skip


@pytest.mark.parametrize("scene", EVERY_WAY)
def test_what_must_not_go_out_stops_until_somebody_says_why(page, omar, scene):
    ComponentStateChange.objects.update(started_at=dt.datetime(2026, 10, 1, tzinfo=dt.UTC))
    path, typed = scene()
    before = words_out()

    stopped = omar.post(DESK + path, typed)
    shown = stopped.content.decode()

    assert (stopped.status_code, words_out()) == (422, before)
    assert "<mark>Mrs. Miller</mark>" in shown
    assert 'name="lint_reason"' in shown
    assert NAMED in shown  # nothing typed is lost
    assert "incident:check_overridden" not in audit_actions()

    assert omar.post(DESK + path, {**typed, "lint_reason": "false_alarm"}).status_code == 302
    assert NAMED in words_out()
    line = AuditEvent.objects.get(action="incident:check_overridden")
    assert (line.facts, line.actor_label) == ({"codes": ["name"], "reason": "false_alarm"}, "Omar Staff")


def test_a_draft_of_a_postmortem_may_hold_anything(page, omar):
    path, typed = _postmortem()

    assert omar.post(DESK + path, {**typed, "do": "save"}).status_code == 302
    assert audit_actions()[-1] == "postmortem:save"


def test_a_story_of_the_past_may_say_what_was_going_on_and_that_it_is_over(page, omar):
    """No state contradicts a postmortem: it tells both."""
    path, typed = _postmortem()
    story = "At nine we were still investigating, and people kept calling. Since noon everything is fixed."

    assert omar.post(DESK + path, {**typed, "body": story}).status_code == 302
    assert story in words_out()


def test_a_correction_may_not_say_that_it_is_over_while_it_is_not(page, omar):
    path, _typed = _correction()

    assert omar.post(DESK + path, {"body": "The problem is resolved, and everybody can sign in."}).status_code == 422
    assert UpdateRevision.objects.count() == 0
