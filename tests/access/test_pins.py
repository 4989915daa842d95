"""The registration PIN: issued behind the gate, used once, by the right person, within seven days (PC-56)."""

import datetime as dt
import re

import pytest
import time_machine

from portal_core.access import gate
from portal_core.access.actions import email, manual, pins, portal
from portal_core.access.enums import AccessLevel, TokenPurpose
from portal_core.access.errors import AttestationRequired, LinkUnusable, PinUnusable, PortalNotEnabled
from portal_core.access.models import AccessToken, RegistrationPin
from portal_core.kernel.contracts import SYSTEM
from portal_core.kernel.models import AuditEvent
from portal_core.notify.models import Delivery
from tests.access.factories import AccessTokenFactory, RegistrationPinFactory, refresh, set_access
from tests.cast import PASSWORD

NOON = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)
BORN = dt.date(1980, 5, 17)


@pytest.fixture
def clock():
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


@pytest.fixture
def open_gate(monkeypatch):
    """The support desk says yes; what it asks for is its own tests' business."""
    used = []
    monkeypatch.setattr(gate, "_consumer", lambda attestation_id, **facts: used.append((attestation_id, facts)))
    return used


@pytest.fixture
def pin(cast, clock, open_gate) -> str:
    set_access(cast.piet, level=AccessLevel.CAN_ACCESS)
    return pins.issue(patient=cast.piet, attestation_id="att", by=cast.olivia.actor)


def exchange(pin: str, last_name: str = "Patient", born: dt.date = BORN) -> str:
    return pins.exchange(code=pin, last_name=last_name, birth_date=born, by=SYSTEM)


def test_a_patient_without_e_mail_gets_in_by_pin(cast, pin, client):
    """PC-56, C3: Piet has no e-mail; the slip and two details are enough to choose a user name and a password."""
    page = client.post(
        "/portal/activate/pin/", {"pin": pin.lower(), "last_name": "patient", "birth_date": "1980-05-17"}
    )
    assert page.status_code == 302
    done = client.post(
        page["Location"], {"username": "piet", "password": "blue horses sing", "again": "blue horses sing"}
    )

    assert done["Location"] == "/portal/sign-in/"
    row = RegistrationPin.objects.get()
    assert row.used_at == NOON
    assert client.post("/portal/sign-in/", {"username": "piet", "password": "blue horses sing"}).status_code == 302


def test_the_pin_is_kept_nowhere(cast, pin, open_gate):
    assert re.fullmatch(r"[2-9A-Z]{4}-[2-9A-Z]{4}", pin)
    row = RegistrationPin.objects.get()
    assert pin.replace("-", "") not in f"{row.hash}{AuditEvent.objects.values_list('facts', flat=True)}"
    assert open_gate == [("att", {"patient_id": cast.piet.public_id, "action": "issue_pin", "by": cast.olivia.actor})]


def test_without_an_attestation_there_is_no_pin(cast, clock):
    set_access(cast.piet, level=AccessLevel.CAN_ACCESS)
    with pytest.raises(AttestationRequired):
        pins.issue(patient=cast.piet, attestation_id="", by=cast.olivia.actor)
    assert RegistrationPin.objects.count() == 0


def test_without_access_the_attestation_is_not_touched(cast, clock, open_gate):
    with pytest.raises(PortalNotEnabled):
        pins.issue(patient=cast.piet, attestation_id="att", by=cast.olivia.actor)
    assert open_gate == []


def test_a_used_pin_is_used(cast, pin):
    portal.set_password(token=exchange(pin), username="piet", password="blue horses sing", by=SYSTEM)

    with pytest.raises(PinUnusable):
        exchange(pin)


def test_a_pin_that_was_exchanged_but_not_used_works_again_and_the_first_link_dies(cast, pin):
    first, second = exchange(pin), exchange(pin)

    with pytest.raises(LinkUnusable):
        portal.usable_token(first)
    assert portal.usable_token(second).patient == cast.piet


def test_a_reprint_voids_the_earlier_slip(cast, pin):
    again = pins.issue(patient=cast.piet, attestation_id="att", by=cast.olivia.actor)

    with pytest.raises(PinUnusable):
        exchange(pin)
    assert exchange(again)


def test_a_reprint_ends_what_the_earlier_slip_had_opened(cast, pin):
    """Somebody else may have found the slip and exchanged it half an hour before the patient asks for another."""
    token = exchange(pin)
    pins.issue(patient=cast.piet, attestation_id="att", by=cast.olivia.actor)

    with pytest.raises(LinkUnusable):
        portal.usable_token(token)


def test_seven_days_to_the_second(cast, pin, clock):
    clock.shift(dt.timedelta(days=7) - dt.timedelta(seconds=1))
    assert exchange(pin)
    clock.shift(1)
    with pytest.raises(PinUnusable):
        exchange(pin)


def test_the_link_behind_a_pin_lives_for_half_an_hour(cast, pin, clock):
    token = exchange(pin)
    clock.shift(30 * 60)
    with pytest.raises(LinkUnusable):
        portal.usable_token(token)


@pytest.mark.parametrize(
    ("last_name", "born"), [("Other", BORN), ("Patient", dt.date(1980, 5, 18)), ("", BORN), ("Pat", BORN)]
)
def test_a_found_slip_is_nothing_without_the_two_details(cast, pin, last_name, born):
    with pytest.raises(PinUnusable):
        exchange(pin, last_name, born)
    assert RegistrationPin.objects.get().failures == 1
    assert AccessToken.objects.count() == 0


def test_five_wrong_tries_void_it(cast, pin):
    for _ in range(5):
        with pytest.raises(PinUnusable):
            exchange(pin, "Other")
    with pytest.raises(PinUnusable):
        exchange(pin)
    assert RegistrationPin.objects.get().voided_at == NOON


def test_every_failure_reads_the_same(cast, pin, client):
    answers = {
        client.post("/portal/activate/pin/", {"pin": code, "last_name": name, "birth_date": "1980-05-17"})
        .context["form"]
        .non_field_errors()[0]
        for code, name in ((pin, "Other"), ("AAAA-2222", "Patient"))
    }
    assert len(answers) == 1


def test_access_switched_off_meanwhile_closes_the_link(cast, pin):
    token = exchange(pin)
    portal.set_level(patient=cast.piet, level=AccessLevel.NONE, by=cast.olivia.actor)

    with pytest.raises(LinkUnusable):
        portal.usable_token(token)


# --- nothing outlives what came after it ----------------------------------------------------------------------------
def by_link(patient):
    secret = portal.open_link(patient, TokenPurpose.INVITE, at=NOON, by=SYSTEM)
    portal.set_password(token=secret, username="piet", password="blue horses sing", by=patient.actor)


def off_and_on(patient):
    portal.set_level(patient=patient, level=AccessLevel.NONE, by=SYSTEM)
    portal.set_level(patient=patient, level=AccessLevel.CAN_ACCESS, manual=True, by=SYSTEM)


def by_hand(patient):
    manual.set_credentials(
        patient=patient, username="piet", password="blue horses sing", attestation_id="att", by=SYSTEM
    )


def other_address(patient):
    email.change(patient=patient, new_email="piet@patients.example", attestation_id="att", by=SYSTEM)


def signed_in_meanwhile(patient):
    portal.note_sign_in(patient=patient, at=NOON)


@pytest.mark.parametrize("what", [by_link, off_and_on, by_hand, other_address, signed_in_meanwhile])
def test_a_slip_of_paper_ends_with_what_comes_after_it(cast, pin, what):
    """PC-56: found a week later in a coat, it opens nothing."""
    type(cast.piet).objects.filter(pk=cast.piet.pk).update(email="old@patients.example")
    cast.piet.refresh_from_db()

    what(cast.piet)

    assert RegistrationPin.objects.get().voided_at == NOON
    with pytest.raises(PinUnusable):
        exchange(pin)


def test_an_own_new_password_ends_links_and_pins_and_the_mailbox_hears_of_it(cast, patient_client):
    """PC-46: a stranger at an open screen is noticed; what lay about opens nothing."""
    inside, token = patient_client(cast.pat), AccessTokenFactory(patient=cast.pat)
    RegistrationPinFactory(patient=cast.pat)
    own = "seven calm rivers 31"

    answer = inside.post("/portal/password/", {"current": PASSWORD, "password": own, "again": own})

    assert (answer.url, inside.get("/portal/").status_code) == ("/portal/", 200)
    assert refresh(token).superseded_at is not None
    assert RegistrationPin.objects.get().voided_at is not None
    (notice,) = Delivery.objects.all()
    assert (notice.address, notice.message.template) == ("pat@patients.example", "access/password_set")
    assert own not in notice.message.text
