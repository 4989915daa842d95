"""SP-02: subscribers hear of an incident when it is created, updated, resolved; each of them exactly once."""

import datetime as dt
from urllib.parse import urlsplit

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal_core.kernel import outbox
from portal_core.kernel.clock import now as clock_now
from portal_core.kernel.ids import ALPHABET, LENGTH
from portal_core.kernel.models import OutboxMessage
from portal_core.notify.models import Delivery
from statuspage import access
from statuspage.actions import digests, fan_out, incidents, reaching, subscribers
from statuspage.models import FanOut, IncidentUpdate, Subscriber
from tests.fakes.smtp import smtp_sink
from tests.statuspage.conftest import OMAR
from tests.statuspage.factories import declare, mails, subscriber


def test_sp_02_each_subscriber_gets_one_mail_per_event(page, drain):
    """SP-02: an incident declared by hand does mail, and so do its updates (kener #774)."""
    subscriber("ann@example.test")
    subscriber("ben@example.test")

    summary = declare()
    drain()
    incidents.post_update(incident_id=summary.id, status="identified", body="Found.", components={}, by=OMAR)
    drain()
    incidents.resolve(incident_id=summary.id, body="Done.", by=OMAR)
    drain()

    assert mails() == [
        ("ann@example.test", "incident_created", "sent"),
        ("ben@example.test", "incident_created", "sent"),
        ("ann@example.test", "incident_updated", "sent"),
        ("ben@example.test", "incident_updated", "sent"),
        ("ann@example.test", "incident_resolved", "sent"),
        ("ben@example.test", "incident_resolved", "sent"),
    ]


def test_a_handler_that_runs_again_mails_nobody_twice(page, drain):
    subscriber("ann@example.test")
    declare()
    drain()

    OutboxMessage.objects.update(done_at=None)
    assert drain() > 0

    assert mails() == [("ann@example.test", "incident_created", "sent")]


def test_a_crash_between_publishing_and_sending_loses_nothing(page, drain):
    subscriber("ann@example.test")
    declare()
    outbox.drain()
    assert mails() == [("ann@example.test", "incident_created", "waiting")]

    drain()

    assert mails() == [("ann@example.test", "incident_created", "sent")]


@pytest.mark.parametrize("fields", [{"confirmed_at": None}, {"unsubscribed_at": "now"}, {"quarantined_at": "now"}])
def test_nobody_else_gets_mail(page, drain, fields):
    from portal_core.kernel import clock

    subscriber(**{name: clock.now() if value else None for name, value in fields.items()})
    declare()
    drain()

    assert mails() == []


def test_unsubscribing_counts_until_the_moment_of_sending(page, drain):
    """A mail that was promised before is not sent after (cachet #2317)."""
    ann = subscriber("ann@example.test")
    subscriber("ben@example.test")
    declare()
    outbox.drain()

    subscribers.unsubscribe(token=access.manage_token(ann), by=OMAR)
    drain()

    assert mails() == [
        ("ann@example.test", "incident_created", "cancelled"),
        ("ben@example.test", "incident_created", "sent"),
    ]


def test_component_subscribers_hear_only_of_their_components(page, drain):
    subscriber("all@example.test")
    subscriber("video@example.test", only=("telehealth", "ehr"))
    subscriber("calendar@example.test", only=("calendar-sync",))

    declare(telehealth="major_outage", ehr="partial_outage")
    drain()

    assert [address for address, _template, _state in mails()] == ["all@example.test", "video@example.test"]


def test_an_incident_without_components_goes_to_everybody(page, drain):
    subscriber("video@example.test", only=("telehealth",))

    incidents.declare(name="Phones are down", body="Write instead.", components={}, by=OMAR, key="k")
    drain()

    assert [address for address, _template, _state in mails()] == ["video@example.test"]


def test_the_mail_says_what_happens_and_how_to_stop(page, drain):
    ann = subscriber("ann@example.test")
    declare("Pat's <b>mail</b> & more", telehealth="major_outage")
    drain()

    row = Delivery.objects.select_related("message").get()
    assert row.message.subject == "Pat's <b>mail</b> & more - Investigating"
    assert "For patients - Telehealth: Major outage" in row.message.text
    assert "We are looking into it." in row.message.text
    assert "<b>mail</b>" not in row.message.html
    assert row.address == row.unsubscribe_url == ""  # neither stands in the ledger
    where = reaching.subscribers(frozenset([row.recipient_key]))[row.recipient_key]
    assert where.address == "ann@example.test"
    assert where.unsubscribe_url.endswith(f"/status/unsubscribe/{access.manage_token(ann)}/")
    assert "example.test" not in row.message.text + row.message.html


def test_news_older_than_two_hours_is_not_mailed(page, drain):
    """An upgrade or a long outage of the worker re-sends nothing (oneuptime #1983)."""
    subscriber("ann@example.test")
    with time_machine.travel("2026-11-22 10:00:00Z", tick=False) as clock:
        declare()
        clock.move_to("2026-11-22 12:30:00Z")
        drain()

    assert mails() == []
    row = FanOut.objects.get()
    assert (row.state, row.decided_by, row.people) == ("discarded", "too late", 1)


def test_news_that_waited_too_long_for_their_worker_are_not_mailed(page, drain):
    """A late queue does not catch up on what nobody needs any more (oneuptime #1859)."""
    subscriber("ann@example.test")
    with time_machine.travel("2026-11-22 10:00:00Z", tick=False) as clock:
        declare()
        outbox.drain()
        clock.move_to("2026-11-22 12:00:00Z")
        drain()

    assert mails() == [("ann@example.test", "incident_created", "expired")]


def test_an_upgrade_sends_nothing_again(page, drain):
    """oneuptime #1983: old updates in the database, every event handed out again, every sweep run: no mail."""
    subscriber("ann@example.test")
    with time_machine.travel("2026-11-20 10:00:00Z", tick=False) as clock:
        summary = declare()
        incidents.resolve(incident_id=summary.id, body="Done.", by=OMAR)
        clock.move_to("2026-11-22 10:00:00Z")
        subscriber("ben@example.test")
        Delivery.objects.all().delete()
        FanOut.objects.all().delete()
        OutboxMessage.objects.update(done_at=None, available_at=clock_now())

        drain()
        fan_out.go_on()
        digests.send_due()
        fan_out.settle()
        drain()

    assert mails() == []


def test_an_address_that_cannot_be_read_any_more_stops_nobody_else(page, drain, caplog):
    broken = subscriber("ann@example.test")
    Subscriber.objects.filter(pk=broken.pk).update(address_cipher="gAAAAnonsense")
    subscriber("ben@example.test")

    declare()
    drain()

    assert mails() == [
        ("unreadable", "incident_created", "waiting"),
        ("ben@example.test", "incident_created", "sent"),
    ]
    assert "cannot be read" in caplog.text


def test_a_silent_update_mails_nobody(page, drain):
    subscriber()
    summary = declare()
    drain()
    before = mails()
    update = IncidentUpdate.objects.create(
        incident_id=IncidentUpdate.objects.get().incident_id, status="identified", body="x",
        deliver_notifications=False, created_at=summary.started_at, display_at=summary.started_at,
    )  # fmt: skip
    from statuspage.contracts import IncidentPublished
    from statuspage.handlers import tell_subscribers

    tell_subscribers(
        IncidentPublished(incident_id=summary.id, update_id=update.public_id, kind="updated", at=summary.started_at)
    )

    assert mails() == before


def _asked(number: int) -> int:
    for _ in range(number):
        subscriber()
    declare(telehealth="major_outage")
    update = IncidentUpdate.objects.latest("pk")
    with CaptureQueriesContext(connection) as queries:
        fan_out.begin(update_id=update.public_id, kind="created", at=update.created_at)
    return len(queries)


def test_promising_costs_the_same_for_few_and_many(page):
    few, many = _asked(1), _asked(30)

    assert few == many
    assert Delivery.objects.count() == 1 + 31


def test_a_part_at_a_time_until_everybody_has_one(page, monkeypatch):
    """SP-02: the worker is woken after the first part; each further part is a transaction of its own, and a larger one
    where nobody waits for its end."""
    monkeypatch.setattr(fan_out, "CHUNK", 2)
    for _ in range(5):
        subscriber()
    declare()
    outbox.drain()
    assert (Delivery.objects.count(), FanOut.objects.get().state) == (2, "running")

    assert fan_out.go_on() == (1 if connection.features.has_select_for_update else 2)

    row = FanOut.objects.get()
    assert (Delivery.objects.count(), row.state, row.people) == (5, "done", 5)
    assert fan_out.go_on() == 0


def test_who_subscribes_while_it_runs_reads_the_page(page, monkeypatch):
    monkeypatch.setattr(fan_out, "CHUNK", 1)
    subscriber("ann@example.test")
    subscriber("ben@example.test")
    declare()
    outbox.drain()
    subscriber("late@example.test")

    fan_out.go_on()

    assert [address for address, _template, _state in mails()] == ["ann@example.test", "ben@example.test"]


def test_public_ids_made_by_the_database_are_like_our_own(page):
    for _ in range(20):
        subscriber()
    declare()
    outbox.drain()

    ids = set(Delivery.objects.values_list("public_id", flat=True))
    assert len(ids) == 20
    assert all(len(one) == LENGTH and set(one) <= set(ALPHABET) for one in ids)


@pytest.mark.parametrize(
    ("silent", "deliver", "told"),
    [(False, True, 1), (True, True, 0), (False, False, 0)],
    ids=["told", "silent", "quiet"],
)
def test_silent_maintenances_and_quiet_updates_tell_nobody(page, silent, deliver, told):
    subscriber()
    summary = declare()
    update = IncidentUpdate.objects.get()
    incident = update.incident
    if silent:
        incident.kind, incident.status, incident.silent = "maintenance", "scheduled", True
        incident.scheduled_for = clock_now()
        incident.scheduled_until = clock_now() + dt.timedelta(hours=1)
        incident.save()
    quiet = IncidentUpdate.objects.create(
        incident=incident, status=incident.status, body="x", deliver_notifications=deliver,
        created_at=summary.started_at, display_at=summary.started_at,
    )  # fmt: skip

    fan_out.begin(update_id=quiet.public_id, kind="updated", at=clock_now())

    assert Delivery.objects.count() == told


def test_what_leaves_holds_together_and_is_never_swallowed(page, drain, settings):
    """Status-Page #534: one of three subscribers got nothing because Message-IDs were the same."""
    settings.EMAIL_URL = ""
    for name in ("ann", "ben", "cat"):
        subscriber(f"{name}@example.test")
    with smtp_sink() as sink:
        settings.EMAIL_URL = sink.url
        summary = declare()
        drain()
        incidents.post_update(incident_id=summary.id, status="identified", body="Found.", components={}, by=OMAR)
        drain()
        sent = [mail.message for mail in sink.mails]

    assert len(sent) == 6
    assert len({mail["Message-ID"] for mail in sent}) == 6
    roots = {mail["References"] for mail in sent}
    assert roots == {f"<incident-{summary.id}@{urlsplit(settings.PUBLIC_URL).hostname}>"}
    assert not roots & {mail["Message-ID"] for mail in sent}
    for mail in sent:
        assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert mail["List-Unsubscribe"].startswith(f"<{settings.PUBLIC_URL}/status/unsubscribe/")
    assert len({mail["List-Unsubscribe"] for mail in sent}) == 3
