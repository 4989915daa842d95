"""SP-02: subscribers hear of an incident when it is created, updated, resolved; each of them exactly once."""

import pytest
import time_machine

from portal_core.kernel import outbox
from portal_core.kernel.models import OutboxMessage
from statuspage import access
from statuspage.actions import incidents, subscribers
from statuspage.models import IncidentUpdate, Subscriber
from tests.statuspage.conftest import OMAR
from tests.statuspage.factories import component, declare, mails, subscriber


def test_sp_02_each_subscriber_gets_one_mail_per_event(page, drain):
    """An incident declared by hand does mail (the peers' commonest silence)."""
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
    from portal_core.notify.models import Delivery

    ann = subscriber("ann@example.test")
    declare("Pat's <b>mail</b> & more", telehealth="major_outage")
    drain()

    row = Delivery.objects.select_related("message").get()
    assert row.message.subject == "Pat's <b>mail</b> & more - Investigating"
    assert "For patients - Telehealth: Major outage" in row.message.text
    assert "We are looking into it." in row.message.text
    assert "<b>mail</b>" not in row.message.html
    assert row.unsubscribe_url.endswith(f"/status/unsubscribe/{access.manage_token(ann)}/")
    assert "example.test" not in row.message.text + row.message.html


def test_news_older_than_two_hours_is_not_mailed(page, drain):
    """An upgrade or a long outage of the worker re-sends nothing (oneuptime #1983)."""
    subscriber("ann@example.test")
    with time_machine.travel("2026-11-22 10:00:00Z", tick=False) as clock:
        declare()
        clock.move_to("2026-11-22 12:30:00Z")
        drain()

    assert mails() == [("ann@example.test", "incident_created", "expired")]


def test_an_address_that_cannot_be_read_any_more_stops_nobody_else(page, drain, caplog):
    broken = subscriber("ann@example.test")
    Subscriber.objects.filter(pk=broken.pk).update(address_cipher="gAAAAnonsense")
    subscriber("ben@example.test")

    declare()
    drain()

    assert [address for address, _template, _state in mails()] == ["ben@example.test"]
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


@pytest.mark.parametrize("rows", [1, 3])
def test_promising_costs_the_same_for_one_and_three(page, rows, django_assert_num_queries):
    for _ in range(rows):
        subscriber()
    declare(telehealth="major_outage")
    from statuspage.contracts import IncidentPublished
    from statuspage.handlers import tell_subscribers

    update = IncidentUpdate.objects.get()
    event = IncidentPublished(
        incident_id=update.incident.public_id, update_id=update.public_id, kind="created", at=update.created_at
    )
    # update, savepoint, components, subscribers, message (look, savepoint, insert, release), promises and two releases
    with django_assert_num_queries(11):
        tell_subscribers(event)
    assert component("telehealth").status == "major_outage"
    assert len(mails()) == rows
