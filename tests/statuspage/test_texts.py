"""SP-06: what a text, a voice and a mail say."""

import datetime as dt

import pytest

from portal_core.kernel import clock, outbox
from portal_core.notify.models import Delivery, Message
from statuspage.actions import maintenances
from statuspage.contracts import Announcement
from statuspage.models import EntryPoint, Incident
from statuspage.rules.texts import gsm, sms, voice
from tests.statuspage.conftest import OMAR
from tests.statuspage.factories import component, declare, subscriber

SAID = Announcement(
    incident_id="abc", page_name="Larkfield Psychotherapy", page_url="https://status.example.test/status/",
    name="Video visits fail", kind="created", status="investigating", label="Investigating", body="We look.",
    impact="major", url="https://status.example.test/status/incidents/0123456789ab/",
    when=dt.datetime(2026, 11, 22, 14, 0, tzinfo=dt.UTC), time_zone="America/New_York",
)  # fmt: skip


def said(**fields) -> Announcement:
    return Announcement(**{**{name: getattr(SAID, name) for name in SAID.__slots__}, **fields})


def test_a_text_is_short_and_neutral():
    assert sms(SAID) == (
        "Service notice: Video visits fail: Investigating. https://status.example.test/status/incidents/0123456789ab/"
    )
    assert "Larkfield" not in sms(SAID)


@pytest.mark.parametrize("name", ["x" * 255, "Ünïcödé – „quoted“ " * 12, "Störung 电话 " * 20, "é", "Kurz"])
@pytest.mark.parametrize("next_update", [None, dt.datetime(2026, 11, 22, 15, 0, tzinfo=dt.UTC)])
@pytest.mark.parametrize("language", ["en", "es"])
def test_a_text_never_exceeds_one_text(name, next_update, language):
    words = sms(said(name=name, next_update=next_update, language=language))

    assert len(words) <= 160
    assert words == gsm(words)
    assert words.endswith("/0123456789ab/")


def test_a_text_says_when_there_is_news():
    words = sms(said(next_update=dt.datetime(2026, 11, 22, 19, 30, tzinfo=dt.UTC)))
    assert "Next update 14:30." in words


def test_a_planned_maintenance_says_when_it_begins():
    start = dt.datetime(2026, 11, 25, 3, 0, tzinfo=dt.UTC)
    assert "Begins Nov 24, 22:00." in sms(said(kind="scheduled", status="scheduled", label="Scheduled", starts=start))


def test_letters_that_a_text_cannot_hold():
    assert gsm("naïve – “São Paulo” 电") == 'naive - "Sao Paulo" ?'


def test_a_voice_reads_no_addresses():
    words = voice(said(next_update=dt.datetime(2026, 11, 22, 19, 30, tzinfo=dt.UTC)))

    assert words == (
        "This is a service notice. Video visits fail. Investigating. The next update comes by 14:30. "
        "You can read more on the status page. Goodbye."
    )


def test_a_mail_says_what_works_instead_and_when_there_is_more(page):
    """SP-05, TH-31: the ways that are seen to work, none that fail."""
    video = component("telehealth")
    EntryPoint.objects.create(
        component=video, kind="phone", title="Dial in", target="+1 555 0100", health="working", checked_at=clock.now()
    )
    EntryPoint.objects.create(
        component=video, kind="link", title="Old room", target="https://x.test/", health="failing"
    )
    subscriber()
    declare(telehealth="major_outage")
    Incident.objects.update(next_update_at=dt.datetime(2026, 11, 22, 19, 30, tzinfo=dt.UTC))
    outbox.drain()

    text = Message.objects.get().text
    assert "What you can do instead:\n- Dial in: +1 555 0100" in text
    assert "Old room" not in text
    assert "We will tell you more by Nov 22, 14:30 EST." in text


def test_one_wording_per_language_and_zone(page):
    subscriber("a@example.test")
    subscriber("b@example.test")
    subscriber("c@example.test", time_zone="Europe/Berlin")
    subscriber("d@example.test", language="es")
    subscriber("e@example.test", language="xx")  # not one of ours: the default
    declare()
    outbox.drain()

    assert sorted(Message.objects.values_list("language", "zone")) == [
        ("en", "America/New_York"), ("en", "Europe/Berlin"), ("es", "America/New_York"),
    ]  # fmt: skip
    assert Delivery.objects.count() == 5


def test_every_way_has_its_body(page):
    for way in ("sms", "voice", "webhook", "slack", "teams", "push"):
        subscriber(f"x-{way}@example.test", way=way)
    summary = declare(telehealth="major_outage")
    outbox.drain()

    message = Message.objects.get(template="statuspage/incident_created")
    assert sorted(message.payloads) == ["push", "slack", "teams", "voice", "webhook"]
    assert message.payloads["webhook"]["incident"]["id"] == summary.id
    assert message.payloads["webhook"]["incident"]["incident_updates"][0]["body"] == "We are looking into it."
    assert message.sms.startswith("Service notice: Reset e-mails arrive late")
    assert sorted(Delivery.objects.values_list("channel", flat=True)) == [
        "push", "slack", "sms", "teams", "voice", "webhook",
    ]  # fmt: skip


def test_a_webhook_that_wants_them_gets_component_events(page):
    subscriber("https://a.example.test/", way="webhook", wants_component_changes=True)
    subscriber("https://b.example.test/", way="webhook")
    subscriber("c@example.test", wants_component_changes=True)
    declare(telehealth="major_outage")
    outbox.drain()
    outbox.drain()

    row = Delivery.objects.select_related("message").get(message__template="statuspage/component_changed")
    event = row.message.payloads["webhook"]["component_update"]
    assert (event["old_status"], event["new_status"]) == ("operational", "major_outage")
    assert row.channel == "webhook"


def test_every_kind_of_maintenance_news_has_words(page, drain):
    subscriber()
    start = clock.now() + dt.timedelta(hours=3)
    planned = maintenances.schedule(
        name="New servers", body="We move.", component_ids=[component("ehr").public_id], scheduled_for=start,
        scheduled_until=start + dt.timedelta(hours=1), by=OMAR, key="m",
    )  # fmt: skip
    drain()
    maintenances.reschedule(
        incident_id=planned.id, scheduled_for=start + dt.timedelta(hours=1),
        scheduled_until=start + dt.timedelta(hours=2), body="Later.", by=OMAR, key="r",
    )  # fmt: skip
    drain()
    maintenances.post_update(incident_id=planned.id, status="in_progress", body="Begun.", by=OMAR)
    drain()
    maintenances.post_update(incident_id=planned.id, status="in_progress", body="Half way.", by=OMAR)
    drain()
    maintenances.post_update(incident_id=planned.id, status="completed", body="Done.", by=OMAR)
    drain()

    told = Delivery.objects.order_by("pk").values_list("message__template", "message__subject")
    assert [(template.removeprefix("statuspage/"), subject.partition(" - ")[0]) for template, subject in told] == [
        ("maintenance_scheduled", "Planned: New servers"),
        ("maintenance_rescheduled", "Moved: New servers"),
        ("maintenance_started", "Begun: New servers"),
        ("maintenance_updated", "Update: New servers"),
        ("maintenance_completed", "Completed: New servers"),
    ]
    assert set(Delivery.objects.values_list("state", flat=True)) == {"sent"}
