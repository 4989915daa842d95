"""Drafts: kept as typed, published by a press or at their time exactly once, refused with a reason."""

import datetime as dt

import pytest
import time_machine

from portal_core.kernel import clock
from statuspage import queries
from statuspage.actions import drafts, incidents, maintenances
from statuspage.enums import DraftState
from statuspage.errors import (
    DraftClosed,
    DraftIncomplete,
    DraftNotFound,
    IncidentAlreadyResolved,
    IncidentNotFound,
    PublishTimePast,
    StatusUnknown,
    TextMissing,
    VariableOpen,
)
from statuspage.models import AudienceText, Draft, Incident, IncidentUpdate
from tests.statuspage.conftest import INES, OMAR
from tests.statuspage.factories import audit_actions, component, declare, events

NOW = dt.datetime(2026, 11, 22, 9, 0, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def morning(page):
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def incident_draft(**content) -> str:
    typed = {"name": "Late mail", "body": "Reset e-mails arrive late.", "components": {}, **content}
    return drafts.save(content=typed, by=OMAR)


def test_a_draft_is_kept_as_typed_and_published_as_meant(morning):
    ehr = component("ehr").public_id
    draft_id = incident_draft()
    typed = {
        "name": "Charts are slow", "body": "Opening a chart takes a minute.", "status": "identified",
        "components": {ehr: "degraded_performance", component("telehealth").public_id: ""}, "impact_override": "major",
        "next_update_at": "2026-11-22T10:30:00+00:00", "deliver": False, "who_asked": "the desk",
        "texts": [{"audience": "it", "body": "See runbook 3."}, {"audience": "staff", "body": " "}],
    }  # fmt: skip
    assert drafts.save(content=typed, draft_id=draft_id, by=INES) == draft_id
    assert queries.authoring.draft(draft_id).content == typed
    assert events() == 0

    summary = drafts.publish(draft_id=draft_id, by=INES)

    assert (summary.name, summary.status, summary.impact) == ("Charts are slow", "identified", "major")
    assert summary.next_update_at == NOW + 90 * MINUTE
    assert component("ehr").status == "degraded_performance"
    assert (IncidentUpdate.objects.get().deliver_notifications, AudienceText.objects.get().body) == (
        False,
        "See runbook 3.",
    )
    draft = Draft.objects.get()
    assert (draft.state, draft.incident_id) == ("published", summary.id)
    assert audit_actions() == ["draft:begin", "incident:declare", "draft:publish"]
    assert queries.authoring.drafts() == []


def test_a_second_press_lands_on_what_the_first_published(morning):
    draft_id = incident_draft()

    assert drafts.publish(draft_id=draft_id, by=OMAR) == drafts.publish(draft_id=draft_id, by=INES)
    assert (Incident.objects.count(), events()) == (1, 1)
    with pytest.raises(DraftClosed):
        drafts.save(content={}, draft_id=draft_id, by=OMAR)
    with pytest.raises(DraftClosed):
        drafts.discard(draft_id=draft_id, by=OMAR)


def test_it_publishes_itself_at_its_time_once(morning):
    """SP-02"""
    draft_id = incident_draft()
    drafts.schedule(draft_id=draft_id, publish_at=NOW + 30 * MINUTE, by=INES)

    morning.shift(29 * MINUTE)
    assert drafts.publish_due() == 0
    morning.shift(MINUTE)
    assert drafts.publish_due() == 1
    assert drafts.publish_due() == 0

    update = IncidentUpdate.objects.get()
    assert (update.by_label, update.created_at) == ("Ines Staff", NOW + 30 * MINUTE)
    assert queries.authoring.draft(draft_id).state == DraftState.PUBLISHED
    assert events() == 1


def test_what_waits_for_its_time_is_not_changed_under_way(morning):
    """Half a sentence must not be published."""
    draft_id = incident_draft()
    drafts.schedule(draft_id=draft_id, publish_at=NOW + MINUTE, by=OMAR)

    with pytest.raises(DraftClosed) as refusal:
        drafts.save(content={"body": "Half a"}, draft_id=draft_id, by=OMAR)
    assert "Take it back" in str(refusal.value)

    drafts.unschedule(draft_id=draft_id, by=OMAR)
    morning.shift(2 * MINUTE)
    assert drafts.publish_due() == 0
    drafts.save(content={"body": "Half a"}, draft_id=draft_id, by=OMAR)
    with pytest.raises(DraftClosed):
        drafts.unschedule(draft_id=draft_id, by=OMAR)


def test_what_cannot_be_published_at_its_time_says_why(morning):
    """The incident ended in between."""
    summary = declare()
    draft_id = drafts.save(
        content={"status": "identified", "body": "We found it.", "components": {}}, incident_id=summary.id, by=OMAR
    )
    drafts.schedule(draft_id=draft_id, publish_at=NOW + MINUTE, by=OMAR)
    incidents.resolve(incident_id=summary.id, body="Over.", by=INES)
    before = events()

    morning.shift(MINUTE)
    assert drafts.publish_due() == 0
    assert drafts.publish_due() == 0

    draft = queries.authoring.draft(draft_id)
    assert (draft.state, draft.refusal) == ("draft", str(IncidentAlreadyResolved.message))
    assert (events(), audit_actions()[-1]) == (before, "draft:refused")
    drafts.save(content=draft.content, draft_id=draft_id, by=OMAR)
    assert queries.authoring.draft(draft_id).refusal == ""


def test_a_message_written_for_what_was_then_is_not_published_over_what_is_now(morning):
    summary = declare()
    draft_id = drafts.save(
        content={"status": "monitoring", "body": "A fix is in.", "components": {}, "seen": ""},
        incident_id=summary.id, by=OMAR,
    )  # fmt: skip
    drafts.schedule(draft_id=draft_id, publish_at=NOW + 5 * MINUTE, by=OMAR)
    incidents.post_update(incident_id=summary.id, status="identified", body="Worse.", components={}, by=INES)

    morning.shift(5 * MINUTE)

    assert drafts.publish_due() == 0
    assert "in the meantime" in queries.authoring.draft(draft_id).refusal
    assert queries.incident(summary.id).status == "identified"


def test_news_of_an_hour_ago_waits_for_a_person(morning):
    draft_id = incident_draft()
    drafts.schedule(draft_id=draft_id, publish_at=NOW + MINUTE, by=OMAR)

    morning.shift(90 * MINUTE)

    assert (drafts.publish_due(), events()) == (0, 0)
    assert queries.authoring.draft(draft_id).refusal.startswith("We were not running")


def test_a_maintenance_can_be_drafted_and_so_can_its_messages(morning):
    draft_id = drafts.save(
        kind="maintenance",
        content={
            "name": "New servers", "body": "Short drops.", "component_ids": [component("ehr").public_id],
            "scheduled_for": "2026-11-23T22:00:00-05:00", "scheduled_until": "2026-11-23T23:00:00-05:00",
            "reminders": [60], "silent": True, "component_status": "", "auto_complete": False,
        },
        by=OMAR,
    )  # fmt: skip
    summary = drafts.publish(draft_id=draft_id, by=OMAR)
    row = Incident.objects.get()
    assert (row.kind, row.reminders, row.silent, row.component_status) == ("maintenance", [60], True, "")
    assert (row.auto_start, row.auto_complete) == (True, False)
    assert summary.scheduled_for == dt.datetime(2026, 11, 24, 3, 0, tzinfo=dt.UTC)

    message = drafts.save(content={"status": "in_progress", "body": "We begin."}, incident_id=summary.id, by=OMAR)
    assert drafts.publish(draft_id=message, by=OMAR).status == "in_progress"


@pytest.mark.parametrize(
    ("content", "error"),
    [
        ({}, TextMissing),
        ({"name": "x"}, TextMissing),
        ({"name": "x", "body": "See {{ workaround }}."}, VariableOpen),
        ({"name": "x", "body": "y", "components": ["a"]}, DraftIncomplete),
        ({"name": 3, "body": "y"}, DraftIncomplete),
        ({"name": "x", "body": "y", "next_update_at": "soon"}, DraftIncomplete),
        ({"name": "x", "body": "y", "next_update_at": "2026-11-22T10:00:00"}, DraftIncomplete),
        ({"name": "x", "body": "y", "deliver": "yes"}, DraftIncomplete),
        ({"name": "x", "body": "y", "texts": ["it"]}, DraftIncomplete),
    ],
)
def test_what_is_not_ready_is_refused_now_and_stays_as_it_was(morning, content, error):
    draft_id = drafts.save(content=content, by=OMAR)

    with pytest.raises(error):
        drafts.publish(draft_id=draft_id, by=OMAR)
    with pytest.raises(error):
        drafts.schedule(draft_id=draft_id, publish_at=NOW + MINUTE, by=OMAR)

    assert (queries.authoring.draft(draft_id).state, events()) == ("draft", 0)
    assert queries.authoring.draft(draft_id).content == content


def test_doors_of_drafts(morning):
    draft_id = incident_draft()

    with pytest.raises(PublishTimePast):
        drafts.schedule(draft_id=draft_id, publish_at=NOW, by=OMAR)
    with pytest.raises(DraftNotFound):
        drafts.publish(draft_id="nobody", by=OMAR)
    with pytest.raises(IncidentNotFound):
        drafts.save(content={}, incident_id="nobody", by=OMAR)
    with pytest.raises(StatusUnknown):
        drafts.save(content={}, kind="party", by=OMAR)
    with pytest.raises(DraftIncomplete):
        drafts.save(content={"body": "x" * 300_000}, by=OMAR)
    drafts.discard(draft_id=draft_id, by=OMAR)
    for deed in (drafts.publish, drafts.discard, drafts.unschedule):
        with pytest.raises(DraftClosed):
            deed(draft_id=draft_id, by=OMAR)
    assert events() == 0


def test_a_crash_while_publishing_publishes_nothing_and_then_once(morning, monkeypatch):
    draft_id = incident_draft()
    drafts.schedule(draft_id=draft_id, publish_at=NOW + MINUTE, by=OMAR)
    morning.shift(MINUTE)
    with monkeypatch.context() as patch:
        patch.setattr("statuspage.actions.drafts.audit.record", lambda *args, **facts: 1 / 0)
        assert drafts.publish_due() == 0
    assert (Incident.objects.count(), queries.authoring.draft(draft_id).state) == (0, "scheduled")

    assert drafts.publish_due() == 1
    assert (Incident.objects.count(), events()) == (1, 1)


def test_the_list_shows_what_goes_out_next_first(morning):
    plain, later, soon = incident_draft(), incident_draft(), incident_draft()
    drafts.schedule(draft_id=later, publish_at=clock.now() + 9 * MINUTE, by=OMAR)
    drafts.schedule(draft_id=soon, publish_at=clock.now() + 3 * MINUTE, by=OMAR)

    assert [row.public_id for row in queries.authoring.drafts()] == [soon, later, plain]


def test_a_draft_of_a_maintenance_says_more_about_it_once(morning):
    summary = maintenances.schedule(
        name="Work", body="Short.", component_ids=[], scheduled_for=NOW + 60 * MINUTE,
        scheduled_until=NOW + 90 * MINUTE, by=OMAR, key="w",
    )  # fmt: skip
    draft_id = drafts.save(content={"status": "scheduled", "body": "Bring tea."}, incident_id=summary.id, by=OMAR)
    for _press in range(2):
        drafts.publish(draft_id=draft_id, by=OMAR)

    assert events() == 2


def test_drafts_stay_in_their_practice(page, cast):
    """The words for staff in it are for that practice, also when the clock publishes it."""
    typed = {
        "name": "Late mail",
        "body": "Late.",
        "components": {},
        "texts": [{"audience": "staff", "body": "Call us"}],
    }
    with time_machine.travel(NOW, tick=False) as clock:
        draft_id = drafts.save(content=typed, by=cast.omar.actor)
        with pytest.raises(DraftNotFound):
            drafts.discard(draft_id=draft_id, by=cast.charlie.actor)
        assert queries.authoring.drafts(cast.charlie.practice_id) == []
        drafts.schedule(draft_id=draft_id, publish_at=NOW + 5 * MINUTE, by=cast.omar.actor)
        clock.move_to(NOW + 6 * MINUTE)
        assert drafts.publish_due() == 1

    assert AudienceText.objects.get().practice == cast.practice
