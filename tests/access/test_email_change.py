"""Changing the address an account hangs on (PC-42, C12): noted, told to both, held, and stoppable from the old one."""

import datetime as dt
import re

import pytest
import time_machine

from helpdesk.models import Ticket
from portal_core.access import errors
from portal_core.access.actions import email, portal
from portal_core.access.contracts import EmailChangeStopped
from portal_core.access.enums import PortalState
from portal_core.access.models import AccessToken, EmailChange, HelpAttempt, PortalAccess
from portal_core.access.queries import portal_status
from portal_core.directory.actions import patients
from portal_core.kernel.contracts import SYSTEM
from portal_core.kernel.models import AuditEvent
from portal_core.notify.models import Delivery
from tests.access.factories import AccessTokenFactory, refresh, set_access
from tests.cast import PASSWORD, make_patient, signed_in
from triage.handlers import ask_the_office_to_call

pytestmark = pytest.mark.usefixtures("in_person")

NOON = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)
NEW = "pat.new@patients.example"


@pytest.fixture
def clock():
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


def change(cast, **more):
    return email.change(patient=cast.pat, new_email=NEW, attestation_id="att-1", by=cast.olivia.actor, **more)


def post(cast, **more):
    fields = {"email": NEW, "my_password": PASSWORD, **more}
    return signed_in(cast.olivia).post(f"/desk/patients/{cast.pat.public_id}/email/", fields)


NAME = {"last_name": "Patient"}


def stop_link() -> str:
    text = Delivery.objects.get(message__template="access/email_changed_old").message.text
    found = re.search(r"(/portal/email-change/[^/\s]+/)", text)
    assert found
    return found.group(1)


def test_the_whole_protocol(cast, clock, patient_client):
    """PC-42: own password again, the method noted, notices to old and new, all that is open dies, held for a day."""
    inside, token = patient_client(cast.pat), AccessTokenFactory(patient=cast.pat)

    answer = post(cast)

    assert (answer.status_code, answer.url) == (302, f"/desk/patients/{cast.pat.public_id}/")
    row = EmailChange.objects.get()
    assert (row.old_email, row.new_email, row.method) == ("pat@patients.example", NEW, "in_person")
    assert (row.changed_by, row.hold_until) == ("Olivia Staff", NOON + dt.timedelta(hours=24))
    assert refresh(cast.pat).email == NEW
    assert inside.get("/portal/").status_code == 302
    assert refresh(token).superseded_at == NOON
    told = {each.address: each.message for each in Delivery.objects.all()}
    assert set(told) == {"pat@patients.example", NEW}
    assert "Pat " not in "".join(each.text.replace("Patient Portal", "") for each in told.values())
    assert NEW not in told["pat@patients.example"].text
    assert "/portal/email-change/" not in told[NEW].text
    line = AuditEvent.objects.get(action="access:change_email")
    assert line.facts == {"method": "in_person", "held": True}


def test_the_new_address_opens_nothing_by_itself_for_a_day(cast, clock, client, drain):
    """PC-42: the answer on screen stays the one answer; the mailbox hears why."""
    change(cast)
    drain()
    four = {"email": NEW, "last_name": "Patient", "birth_date": "1980-05-17", "zip_code": "62701"}

    clock.shift(24 * 3600 - 1)
    assert client.post("/portal/forgot-password/", four).url == "/portal/forgot-password/?sent"
    drain()
    assert Delivery.objects.latest("id").message.subject == "Your new e-mail address is on hold"
    clock.shift(1)
    client.post("/portal/forgot-password/", four)
    drain()
    assert Delivery.objects.latest("id").message.subject == "Set a new Patient Portal password"
    assert client.post("/portal/sign-in/", {"username": "pat", "password": PASSWORD}).status_code == 302


def test_an_invitation_waits_out_the_hold_too(cast, clock):
    set_access(cast.paula)
    email.change(patient=cast.paula, new_email="p@patients.example", attestation_id="att-1", by=cast.olivia.actor)

    with pytest.raises(errors.AddressOnHold):
        portal.resend_invitation(patient=cast.paula, by=cast.olivia.actor)
    clock.shift(24 * 3600)
    portal.resend_invitation(patient=cast.paula, by=cast.olivia.actor)

    assert Delivery.objects.latest("id").address == "p@patients.example"


def test_the_hold_is_skipped_in_person_with_a_reason_only(cast, clock, check):
    """PC-42. A refusal leaves the check unused."""
    assert post(cast, skip="on").status_code == 422
    check.in_person = False
    refused = post(cast, skip="on", skip_reason="travels today")
    assert "verified in the office" in " ".join(refused.context["form"].errors["skip"])
    with pytest.raises(errors.HoldStays):
        change(cast, skip_reason="wants it")
    assert EmailChange.objects.count() == 0
    check.in_person = True

    assert post(cast, skip="on", skip_reason="travels today").status_code == 302

    row = EmailChange.objects.get()
    assert (row.hold_until, row.skip_reason) == (None, "travels today")


def test_a_hold_is_ended_when_the_patient_comes_in(cast, clock, check):
    change(cast)
    olivia = signed_in(cast.olivia)
    path = f"/desk/patients/{cast.pat.public_id}/portal/"
    assert "The new e-mail address is on hold" in olivia.get(path).content.decode()
    assert olivia.post(f"{path}end-hold/", {"reason": " "}).status_code == 422
    check.passed = False
    unverified = olivia.post(f"{path}end-hold/", {"reason": "says it is urgent"})
    assert "First verify who is asking" in unverified.content.decode()
    check.passed, check.in_person = True, False
    assert olivia.post(f"{path}end-hold/", {"reason": "on the phone"}).status_code == 422
    assert EmailChange.objects.get().hold_until is not None
    check.in_person = True

    olivia.post(f"{path}end-hold/", {"reason": "came in with passport"})

    row = EmailChange.objects.get()
    assert (row.hold_until, row.skip_reason, row.method) == (None, "came in with passport", "in_person")
    assert "is on hold" not in olivia.get(path).content.decode()


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"my_password": "somebody else's"}, "my_password"),
        ({"email": "pat@patients.example"}, "email"),
        ({"email": "PAT@Patients.example "}, "email"),
        ({"email": "no address"}, "email"),
        ({"email": ""}, "email"),
    ],
)
def test_what_is_missing_changes_nothing(cast, more, field):
    answer = post(cast, **more)

    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    assert (EmailChange.objects.count(), Delivery.objects.count()) == (0, 0)
    assert refresh(cast.pat).email == "pat@patients.example"


def test_nothing_changes_without_an_identity_check(cast, check):
    """TR-01: not even with the patient at the desk; the check there takes half a minute and leaves a trace."""
    check.passed = False

    answer = post(cast)

    assert answer.status_code == 422
    assert "First verify who is asking" in answer.content.decode()
    assert (EmailChange.objects.count(), refresh(cast.pat).email) == (0, "pat@patients.example")


def test_over_the_phone_an_identity_check_is_used_up(cast, check, open_gate):
    check.in_person = False
    email.change(patient=cast.pat, new_email=NEW, attestation_id="att-1", by=cast.olivia.actor)

    assert open_gate == [("att-1", "change_email")]
    assert EmailChange.objects.get().method == "checked"


def test_a_shared_mailbox_is_confirmed_first(cast):
    """PC-39."""
    make_patient("Twin", cast.north, "MRN-T", email=NEW)

    warned = post(cast)
    assert warned.status_code == 422
    assert "Patient, Twin" in warned.content.decode()
    assert EmailChange.objects.count() == 0

    assert post(cast, shared="1").status_code == 302


def test_the_ordinary_form_sends_somebody_with_access_the_long_way(cast):
    """PC-42: no way around it; who has no access yet gets an address in passing."""
    for patient, allowed in ((cast.pat, False), (cast.piet, True)):
        values = {"preferred_name": "", "birth_date": "1980-05-17", "email": NEW, "zip": "62701", "language": "en"}
        path = f"/desk/patients/{patient.public_id}/edit/"
        answer = signed_in(cast.olivia).post(path, values)
        assert answer.status_code == (302 if allowed else 422)
        assert ("page &quot;Change e-mail address&quot;" in answer.content.decode()) is not allowed
    with pytest.raises(errors.EmailChangeAsksMore):
        patients.update_contact(patient=cast.pat, values={"email": NEW}, by=cast.olivia.actor)
    assert refresh(cast.pat).email == "pat@patients.example"


def test_taking_the_address_off_and_putting_another_on_is_told_to_the_first(cast, clock):
    """C12: the old value stays in the history, and its owner is told."""
    patients.update_contact(patient=cast.pat, values={"email": ""}, by=cast.olivia.actor)
    assert portal_status(refresh(cast.pat)).state == PortalState.INACTIVE
    assert EmailChange.objects.get().old_email == "pat@patients.example"

    change(cast)

    told = {each.address for each in Delivery.objects.all()}
    assert told == {"pat@patients.example", NEW}


# --- stopping it ----------------------------------------------------------------------------------------------------
def test_the_old_address_stops_it(cast, clock, client, patient_client):
    """The old address stands again, and nobody gets in until the office has spoken to the patient."""
    change(cast)
    link, inside = stop_link(), patient_client(refresh(cast.pat))
    for _ in range(2):
        assert "Was it not you?" in client.get(link).content.decode()  # mail scanners change nothing
    for guess in ({}, {"last_name": "test"}):
        assert client.post(link, guess).status_code == 422  # nor do those that submit what they find
    assert refresh(cast.pat).email == NEW

    answer = client.post(link, NAME)

    assert "The change is stopped" in answer.content.decode()
    assert refresh(cast.pat).email == "pat@patients.example"
    assert PortalAccess.objects.get(patient=cast.pat).level == "none"
    assert inside.get("/portal/").status_code == 302
    shown = signed_in(cast.olivia).get(f"/desk/patients/{cast.pat.public_id}/portal/").content.decode()
    assert "An e-mail change was stopped from the old address" in shown
    assert client.post(link, NAME).status_code == client.get(link).status_code == 404
    assert AuditEvent.objects.filter(action="access:stop_email_change").count() == 1


def test_the_office_gets_one_ticket_about_it(cast, client, drain):
    """Found by the office without looking for it, also when the event is handed out twice."""
    change(cast)
    client.post(stop_link(), NAME)
    drain()
    row = EmailChange.objects.get()
    for _ in range(2):
        ask_the_office_to_call(
            EmailChangeStopped(patient_id=cast.pat.public_id, office_id=cast.north.public_id, at=row.stopped_at)
        )

    ticket = Ticket.objects.get()
    assert (ticket.office, ticket.side, ticket.patient) == (cast.north, "office", cast.pat)
    assert ticket.category == "CONTACT_CHANGE"


def test_a_later_address_is_not_overwritten(cast, clock, client):
    change(cast)
    link = stop_link()
    email.change(patient=cast.pat, new_email="third@patients.example", attestation_id="att-1", by=cast.olivia.actor)

    client.post(link, NAME)

    assert refresh(cast.pat).email == "third@patients.example"
    assert PortalAccess.objects.get(patient=cast.pat).level == "none"


@pytest.mark.parametrize(("days", "status"), [(6.99, 200), (7, 404)])
def test_the_way_out_is_open_for_a_week(cast, clock, client, days, status):
    change(cast)
    link = stop_link()
    clock.shift(days * 86400)

    assert client.get(link).status_code == client.post(link, NAME).status_code == status


@pytest.mark.parametrize("secret", ["nonsense", "x" * 200])
def test_a_link_nobody_sent_stops_nothing(cast, client, secret):
    change(cast)

    assert client.post(f"/portal/email-change/{secret}/").status_code == 404
    assert EmailChange.objects.get().stopped_at is None


def test_a_change_without_an_old_address_has_no_way_out(cast):
    set_access(cast.piet)

    email.change(patient=cast.piet, new_email="piet@patients.example", attestation_id="att-1", by=cast.olivia.actor)

    assert EmailChange.objects.get().stop_hash == ""
    with pytest.raises(errors.StopLinkUnusable):
        email.stop(secret="", by=SYSTEM)


# --- the user name that was forgotten -------------------------------------------------------------------------------
@pytest.mark.parametrize(("name", "subject"), [
    ("Patient", "Your Patient Portal user name"),
    ("Wrong", "Your Patient Portal account could not be verified"),
])  # fmt: skip
def test_a_forgotten_user_name_goes_to_the_address_on_file(cast, client, drain, name, subject):
    """PC-43, PC-44: the same four fields, the same one answer."""
    four = {"email": "Pat@patients.example", "last_name": name, "birth_date": "1980-05-17", "zip_code": "62701-1234"}

    answer = client.post("/portal/forgot-username/", four)

    assert answer.url == "/portal/forgot-username/?sent"
    page = client.get(answer.url)
    assert "If those details match our records" in page.content.decode()
    with_words = drain_and_read(drain)
    assert with_words.subject == subject
    assert ("\npat\n" in with_words.text) is (name == "Patient")
    assert HelpAttempt.objects.get().flow == "username"


def drain_and_read(drain):
    """The words, before they are blanked."""
    from portal_core.kernel import outbox

    outbox.drain()
    return Delivery.objects.get().message


def test_a_reset_link_waits_out_the_hold_too(cast, clock):
    """PC-42: the page promises it, and an identity check on the phone is not used up for nothing."""
    set_access(cast.pat)
    email.change(patient=cast.pat, new_email="p@patients.example", attestation_id="att-1", by=cast.olivia.actor)

    with pytest.raises(errors.AddressOnHold):
        portal.send_reset_link(patient=cast.pat, attestation_id="att-1", by=cast.olivia.actor)
    assert not AccessToken.objects.filter(superseded_at=None).exists()
    clock.shift(24 * 3600)
    portal.send_reset_link(patient=cast.pat, attestation_id="att-1", by=cast.olivia.actor)

    assert Delivery.objects.latest("id").address == "p@patients.example"
