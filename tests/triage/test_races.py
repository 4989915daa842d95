"""Two people, one button, at the same moment: one wins, the other is told, one line on the ledger, one event."""

import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.core import signing
from django.db import connection

from helpdesk.enums import Category
from portal_core.access.models import AccessToken
from portal_core.kernel.errors import AppError
from portal_core.kernel.models import AuditEvent, OutboxMessage
from portal_core.notify.models import Message
from statuspage.models import Incident
from tests.triage.factories import FlagFactory, refresh
from triage.actions import accounts, escalations, incidents, notices, proofs, second_person, verification
from triage.enums import AttemptOutcome, EscalationState, Method
from triage.models import Attestation, VerificationHold

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*deeds):
    """Run the deeds at the same moment; return each result or the refusal's class name."""
    gate = Barrier(len(deeds))

    def run(deed):
        try:
            gate.wait(20)
            return deed()
        except AppError as refusal:
            return type(refusal).__name__
        finally:
            connection.close()

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(run, deeds))


def ledger(action):
    return AuditEvent.objects.filter(action=action).count()


def published():
    return OutboxMessage.objects.filter(event_name__endswith="IncidentPublished").values("event_id").distinct().count()


def test_one_attestation_two_resets(cast, ticket, attest):
    """Concurrent consumption: exactly one link leaves."""
    attestation = attest()

    def send():
        return accounts.send_link(
            ticket=ticket, attestation_id=attestation.public_id, staff=cast.olivia, by=cast.olivia.actor
        )

    assert sorted(at_once(send, send)) == ["AttestationRefused", "reset link"]
    assert AccessToken.objects.count() == ledger("verification:consume") == 1


def test_two_people_attest_at_once(cast, ticket, begin):
    attempt = begin()
    for method in (Method.K, Method.E3):
        verification.record_method(attempt=attempt, staff=cast.olivia, method=method, by=cast.olivia.actor)

    def complete():
        return verification.complete(attempt=attempt, staff=cast.olivia, by=cast.olivia.actor).level

    assert sorted(at_once(complete, complete)) == ["VerificationClosed", "r2"]
    assert Attestation.objects.count() == ledger("verification:complete") == 1
    assert refresh(attempt).outcome == AttemptOutcome.PASSED


def test_two_people_declare_at_once(cast, mail_component):
    """One incident, one event; the other is told."""
    flags = [FlagFactory(office=cast.north, sent_by=cast.olivia, category=Category.MSG_NOT_RECEIVED) for _ in range(5)]

    def declare(staff, key):
        return lambda: incidents.declare_from_flags(
            escalation_ids=[flag.public_id for flag in flags], name="Mail is late", body="We look into it.",
            components={mail_component: "partial_outage"}, staff=staff, by=staff.actor, key=key,
        ).status  # fmt: skip

    assert sorted(at_once(declare(cast.ian, "k1"), declare(cast.ines, "k2"))) == ["EscalationMoved", "investigating"]
    assert Incident.objects.count() == ledger("incident:declare") == ledger("incident:from_flags") == published() == 1
    assert {refresh(flag).state for flag in flags} == {EscalationState.LINKED}


def test_two_people_resolve_at_once(cast, mail_component):
    summary = incidents.declare_from_flags(
        escalation_ids=[], name="Mail is late", body="We look into it.", components={mail_component: "partial_outage"},
        staff=cast.ian, by=cast.ian.actor, key="k1",
    )  # fmt: skip

    def resolve(staff, key):
        return lambda: (
            incidents.resolve(
                incident_id=summary.id, body="Fixed.", seen=summary.update_id, key=key, staff=staff, by=staff.actor
            ).status
        )

    assert sorted(at_once(resolve(cast.ian, "r1"), resolve(cast.ines, "r2"))) == ["IncidentAlreadyResolved", "resolved"]
    assert ledger("incident:resolve") == 1
    assert published() == 2


def test_two_people_accept_one_flag_at_once(cast):
    flag = FlagFactory(office=cast.north, sent_by=cast.olivia)

    def accept(staff):
        return lambda: escalations.accept(flag=flag, staff=staff, by=staff.actor).state

    assert sorted(at_once(accept(cast.ian), accept(cast.ines))) == ["EscalationMoved", "investigating"]
    assert ledger("flag:accept") == 1


def test_two_people_relay_one_ticket_at_once(cast, ticket, draft):
    def relay():
        return escalations.relay(ticket=ticket, draft=draft(), staff=cast.olivia, by=cast.olivia.actor).state

    first, second = sorted(map(str, at_once(relay, relay)))
    assert first in ("AlreadyRelayed", "FlagRefused")
    assert second == "sent"
    assert ledger("flag:relay") == ledger("ticket:relay") == 1


def test_one_code_entered_twice_at_once(cast, ticket, begin):
    """The code works once; the other try is told that there is none left, and costs no try."""
    attempt = begin()
    proofs.send_code(attempt=attempt, staff=cast.olivia, method=Method.E4, by=cast.olivia.actor)
    code = re.search(r"\b\d{6}\b", Message.objects.get().sms)[0]

    def enter():
        return str(proofs.enter_code(attempt=attempt, staff=cast.olivia, typed=code, by=cast.olivia.actor))

    assert sorted(at_once(enter, enter)) == ["CodeTooOld", "e4"]
    assert ledger("verification:code_right") == 1
    assert [row["method"] for row in refresh(attempt).methods] == ["e4"]


def test_the_patients_no_and_the_offices_press_at_once(cast, ticket, attest):
    """Whichever comes first: never a link after the no, and always a hold."""
    attestation = attest()
    token = signing.dumps(attestation.public_id, salt=notices._SALT)

    def send():
        return accounts.send_link(
            ticket=ticket, attestation_id=attestation.public_id, staff=cast.olivia, by=cast.olivia.actor
        )

    def no():
        return "used" if second_person.say_no(token=token).consumed_at is not None else "stopped"

    outcome = sorted(at_once(send, no))

    assert outcome in (["AttestationRefused", "stopped"], ["reset link", "used"])
    assert AccessToken.objects.count() == ledger("verification:consume") == (outcome[1] == "used")
    assert VerificationHold.objects.filter(released_at=None).count() == 1
