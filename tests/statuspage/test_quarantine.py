"""SP-02: addresses that refuse are set aside, told about, brought back, and forgotten in time."""

import datetime as dt

import pytest
import time_machine

from portal_core import notify
from portal_core.kernel import clock
from portal_core.kernel.models import AuditEvent
from portal_core.notify.models import Delivery
from portal_core.notify.rules.quarantine import Verdict, judge
from statuspage import access
from statuspage.actions import subscribers
from statuspage.models import Subscriber, vault
from tests.statuspage.conftest import OMAR
from tests.statuspage.factories import declare, subscriber

NOON = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


@pytest.mark.parametrize(
    ("channel", "code", "permanent", "failures", "since", "verdict"),
    [
        ("email", "smtp_550", True, 0, None, Verdict.QUARANTINE),
        ("email", "smtp_552", True, 0, None, Verdict.COUNT),  # a full mailbox
        ("email", "smtp_554", True, 0, None, Verdict.COUNT),  # perhaps about the letter
        ("email", "complaint", True, 0, None, Verdict.QUARANTINE),
        ("sms", "twilio_21610", True, 0, None, Verdict.QUARANTINE),  # answered STOP
        ("webhook", "http_410", True, 0, None, Verdict.QUARANTINE),
        ("webhook", "http_404", True, 0, None, Verdict.COUNT),
        ("push", "http_404", True, 0, None, Verdict.QUARANTINE),
        ("slack", "http_404", True, 0, None, Verdict.QUARANTINE),
        ("webhook", "timeout", False, 3, NOON - 3 * DAY, Verdict.COUNT),
        ("webhook", "timeout", False, 4, NOON - DAY + dt.timedelta(seconds=1), Verdict.COUNT),
        ("webhook", "timeout", False, 4, NOON - DAY, Verdict.QUARANTINE),
        ("webhook", "timeout", False, 400, NOON - DAY / 2, Verdict.COUNT),  # many, but of one afternoon
    ],
)
def test_what_counts_as_gone(channel, code, permanent, failures, since, verdict):
    found = judge(channel=channel, code=code, permanent=permanent, failures=failures, failing_since=since, now=NOON)
    assert found is verdict


def test_an_address_that_does_not_exist_is_set_aside_at_once_and_not_written_to(page, drain):
    row, other = subscriber("gone@example.test"), subscriber("here@example.test")

    for _ in range(2):
        subscribers.note_failure(keys=frozenset({row.key}), channel="email", code="smtp_550", permanent=True)
    declare(ehr="major_outage")
    drain()

    row.refresh_from_db()
    assert (row.state, row.quarantine_reason) == ("quarantined", "smtp_550")
    assert row.purge_at - row.quarantined_at == 30 * DAY
    assert list(Delivery.objects.filter(state="sent").values_list("recipient_key", flat=True)) == [other.key]
    assert AuditEvent.objects.filter(action="subscriber:quarantine").count() == 1


def test_five_failures_in_a_row_over_a_day(page):
    row = subscriber("https://h.example.org/x", way="webhook", contact_cipher=vault().seal("dev@example.test"))
    with time_machine.travel(NOON, tick=False) as moving:
        for number in range(5):
            row.refresh_from_db()
            assert row.is_active, number
            subscribers.note_failure(keys=frozenset({row.key}), channel="webhook", code="timeout", permanent=False)
            moving.shift(dt.timedelta(hours=6))
        row.refresh_from_db()
        assert row.state == "quarantined"


def test_one_success_begins_the_count_anew(page, django_assert_num_queries):
    row, calm = subscriber(), subscriber()
    subscribers.note_failure(keys=frozenset({row.key}), channel="email", code="smtp_452", permanent=False)
    row.refresh_from_db()
    assert (row.failures, row.failing_since is not None) == (1, True)

    subscribers.note_success(keys=frozenset({row.key, calm.key}), channel="email")

    row.refresh_from_db()
    assert (row.failures, row.failing_since) == (0, None)


def test_a_server_that_refuses_everybody_costs_nobody_their_place(page):
    """A blocked sender answers 550 to all: that is about us."""
    rows = [subscriber() for _ in range(25)]
    subscribers.note_failure(keys=frozenset(row.key for row in rows), channel="email", code="smtp_550", permanent=True)

    assert Subscriber.objects.reachable().count() == 25
    assert set(Subscriber.objects.values_list("failures", flat=True)) == {1}
    assert AuditEvent.objects.get(action="subscriber:quarantine_held").facts == {"code": "smtp_550", "rows": 25}


def test_the_contact_of_a_webhook_is_told_and_starts_it_again(page, client, drain, settings, monkeypatch):
    from portal_core.notify.transports import webhook

    settings.OUTBOUND_POSTS = True
    monkeypatch.setattr(webhook, "challenge", lambda url, *, secret, value: "")
    row = subscriber(
        "https://h.example.org/x", way="webhook", contact_cipher=vault().seal("dev@example.test"),
        contact_confirmed_at=clock.now(), secret_cipher=vault().seal("whsec_abc"),
    )  # fmt: skip
    subscribers.quarantine(subscriber_ids=[row.public_id], reason="http_410", by=OMAR)
    drain()

    delivery = Delivery.objects.select_related("message").get()
    assert (delivery.recipient_key, delivery.message.template) == (
        f"contact:{row.public_id}",
        "statuspage/subscription_stopped",
    )
    link = f"/status/manage/{access.manage_token(row)}/"
    assert link in delivery.message.text
    assert "h.example.org" in delivery.message.text

    assert b"Start again" in client.get(link).content
    client.post(f"{link}again/")
    drain()
    client.post(f"/status/confirm/{access.confirm_token(row)}/")
    subscribers.challenge_due()
    row.refresh_from_db()
    assert (row.is_active, row.purge_at, row.quarantine_reason, row.secret) == (True, None, "", "whsec_abc")


def test_a_reader_who_was_set_aside_starts_again_by_confirming_and_keeps_the_choices(page, client, drain):
    row = subscriber("ann@example.test", minimum_impact="major", only=("ehr",))
    subscribers.quarantine(subscriber_ids=[row.public_id], reason="smtp_550", by=OMAR)
    client.post(f"/status/manage/{access.manage_token(row)}/again/")
    drain()
    row.refresh_from_db()
    assert not row.is_active  # pressing is not enough, the mailbox has to answer

    client.post(f"/status/confirm/{access.confirm_token(row)}/")

    row.refresh_from_db()
    assert (row.is_active, row.minimum_impact, row.purge_at, row.failures) == (True, "major", None, 0)
    assert [member.slug for member in row.components.all()] == ["ehr"]


def test_staff_bring_back_what_had_confirmed_and_nothing_else(page):
    now = clock.now()
    back = subscriber(quarantined_at=now, quarantine_reason="smtp_550", purge_at=now, failures=7)
    never = subscriber(confirmed_at=None, quarantined_at=now)
    left = subscriber(quarantined_at=now, unsubscribed_at=now)
    ids = [row.public_id for row in (back, never, left)]

    assert subscribers.reactivate(subscriber_ids=ids, by=OMAR) == 1
    assert subscribers.reactivate(subscriber_ids=ids, by=OMAR) == 0

    back.refresh_from_db()
    assert (back.is_active, back.failures, back.purge_at) == (True, 0, None)
    assert list(Subscriber.objects.reachable()) == [back]


def test_addresses_are_forgotten_in_time_and_only_counts_stay(page):
    with time_machine.travel(NOON, tick=False) as moving:
        active = subscriber("stays@example.test")
        subscribers.subscribe(address="never@example.test", by=OMAR)
        left = subscriber("left@example.test")
        subscribers.unsubscribe(token=access.manage_token(left), by=OMAR)
        bounced = subscriber("bounced@example.test")
        subscribers.quarantine(subscriber_ids=[bounced.public_id], reason="smtp_550", by=OMAR)

        moving.move_to(NOON + 7 * DAY - dt.timedelta(seconds=1))
        assert subscribers.purge_due() == 0
        moving.move_to(NOON + 7 * DAY)
        assert subscribers.purge_due() == 1
        moving.move_to(NOON + 30 * DAY - dt.timedelta(seconds=1))
        assert subscribers.purge_due() == 0
        moving.move_to(NOON + 30 * DAY)
        assert subscribers.purge_due() == 2

    assert list(Subscriber.objects.all()) == [active]
    facts = list(AuditEvent.objects.filter(action="subscriber:purge").order_by("pk").values_list("facts", flat=True))
    assert facts == [
        {"counts": {"email:pending": 1}},
        {"counts": {"email:quarantined": 1, "email:unsubscribed": 1}},
    ]


def test_typing_an_unconfirmed_address_again_gives_it_another_week(page):
    with time_machine.travel(NOON, tick=False) as moving:
        subscribers.subscribe(address="ann@example.test", by=OMAR)
        moving.shift(6 * DAY)
        subscribers.subscribe(address="ann@example.test", by=OMAR)
        assert Subscriber.objects.get().purge_at == NOON + 13 * DAY


def test_confirming_in_the_last_minute_keeps_the_address(page):
    with time_machine.travel(NOON, tick=False) as moving:
        subscribers.subscribe(address="ann@example.test", by=OMAR)
        token = access.confirm_token(Subscriber.objects.get())
        moving.shift(7 * DAY - dt.timedelta(minutes=1))
        subscribers.confirm(token=token, by=OMAR)
        moving.shift(DAY)
        assert subscribers.purge_due() == 0


def test_a_subscription_to_one_incident_ends_a_month_after_it(page):
    from statuspage.actions import incidents
    from statuspage.models import Incident

    with time_machine.travel(NOON, tick=False) as moving:
        summary = declare(ehr="major_outage")
        row = subscriber("ann@example.test", incident=Incident.objects.get(public_id=summary.id))
        moving.shift(60 * DAY)
        assert subscribers.purge_due() == 0
        incidents.resolve(incident_id=summary.id, body="Done.", by=OMAR, key="end")
        moving.shift(30 * DAY)
        assert subscribers.purge_due() == 1
    assert not Subscriber.objects.filter(pk=row.pk).exists()


def test_notify_tells_us_what_became_of_it(page, drain, monkeypatch):
    """The hook is really connected: a refusal of the transport ends in quarantine, a success in a clean count."""
    row, fine = subscriber("gone@example.test"), subscriber("fine@example.test", failures=2)
    notify.hooks.tell_failure(
        "statuspage/incident_created", keys=[row.key], channel="email", code="smtp_550", permanent=True
    )
    notify.hooks.tell_success("statuspage/incident_created", keys=[fine.key], channel="email")
    row.refresh_from_db()
    fine.refresh_from_db()
    assert (row.state, fine.failures) == ("quarantined", 0)


def test_who_chose_more_than_an_old_incident_stays(page):
    from statuspage.actions import incidents
    from statuspage.models import Incident

    with time_machine.travel(NOON, tick=False) as moving:
        row = Incident.objects.get(public_id=declare(ehr="major_outage").id)
        part = subscriber("part@example.test", only=("telehealth",), incident=row)
        group = subscriber("group@example.test", incident=row)
        group.groups.add(row.components.get().group)
        subscriber("alone@example.test", incident=row)
        incidents.resolve(incident_id=row.public_id, body="Done.", by=OMAR, key="end")
        moving.shift(30 * DAY)
        assert subscribers.purge_due() == 1

    assert list(Subscriber.objects.order_by("pk").values_list("pk", "incident")) == [(part.pk, None), (group.pk, None)]
    assert AuditEvent.objects.get(action="subscriber:outlive_incident").facts == {"count": 2}
