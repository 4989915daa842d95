"""Everybody else's ids, at every address of the URL map that has one: another office, another practice and another
patient find nothing behind them, and change nothing. An address of a new kind fails here until it is written down."""

import base64
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from django.test import Client

from helpdesk.actions.phone_line import SEALED_FOR
from helpdesk.models import Attachment, Ticket, TicketMessage
from portal_core.accounts.models import ApiToken, Authenticator
from portal_core.directory.enums import Role
from portal_core.kernel import sealing
from portal_core.kernel.enums import Realm
from portal_core.scheduling.models import Appointment
from telehealth.models import Visit
from tests.access.factories import OnboardingRunFactory, ProxyGrantFactory, RegistrationFactory
from tests.accounts.factories import ApiTokenFactory, AuthenticatorFactory
from tests.cast import Cast, make_staff, make_user, signed_in
from tests.helpdesk.factories import (
    AttachmentFactory,
    HeldMailFactory,
    TicketFactory,
    TicketMessageFactory,
    VoicemailAudioFactory,
)
from tests.house.urls import STRANGE_ID, addresses
from tests.notify.factories import DeliveryFactory
from tests.telehealth.factories import VisitFactory
from tests.triage.factories import (
    AttemptFactory,
    AttestationFactory,
    FlagFactory,
    HoldFactory,
    StaffCheckFactory,
    WebhookFactory,
)
from triage.models import Attestation, Escalation, WebhookEndpoint

# No row of one practice stands behind these; each kind has tests of its own.
NOT_A_ROW = {
    r"(status|incidents|maintenance|api/v2|desk/status|triage/it/incidents)/": "the status page is the whole house's",
    r"hooks/": "signed by whoever calls",
    r"mailbox/": "for developers, not served elsewhere",
    r"(help/tickets|not-me|telehealth/join|portal/set-password)/<str:token>": "a secret that nobody else has",
    r"who-does-what/<str:token>": "a secret that nobody else has",
    r"(portal/(proxy|register|email-change)|desk/welcome)/<str:secret>": "a secret that nobody else has",
    r"(portal/)?telehealth/room/<str:slug>": "a clinician's waiting room is for everybody who knows its name",
    r"(desk/help|help|desk/settings/articles)/": "a name of an article, looked for within one's practice",
    r"triage/routing/": "a word or a number of one's own practice",
}
METHODS = ("get", "post", "put", "delete")


@dataclass(frozen=True)
class Kind:
    """What stands at addresses that begin like this: who has business there, who has none, and the ids."""

    start: str
    owner: str
    strangers: tuple[str, ...]
    ids: dict[str, str]


@dataclass(frozen=True)
class World:
    kinds: list[Kind]
    people: dict[str, Client]


@pytest.fixture
def world(cast: Cast) -> World:
    """One of each kind, of Pat, of the office North or of the practice."""
    cora = make_staff("Cora", cast.elsewhere, (Role.IT_LEAD, None))
    owen = make_staff("Owen", cast.elsewhere, (Role.OWNER, None), (Role.ADMINISTRATOR, None))
    cast.paula.user = make_user("paula", Realm.PATIENT)
    cast.paula.save(update_fields=["user"])
    people = {
        name: signed_in(getattr(cast, name)) for name in ("olivia", "oscar", "charlie", "ines", "ana", "carla", "pat")
    }
    people |= {"cora": signed_in(cora), "owen": signed_in(owen), "paula": signed_in(cast.paula)}
    people["stranger"] = signed_in(cast.charlie_patient)
    return World(kinds=list(_kinds(cast)), people=people)


def _kinds(cast: Cast) -> Iterator[Kind]:
    office, it, owners = ("oscar", "charlie"), ("cora", "charlie", "oscar"), ("owen", "oscar")
    patients = ("paula", "stranger")
    pat = cast.pat.public_id
    grant = ProxyGrantFactory(patient=cast.pat).public_id
    registration = RegistrationFactory(office=cast.north, patient=cast.pat).public_id
    run = OnboardingRunFactory(practice=cast.practice, by=cast.olivia).public_id
    ticket = TicketFactory(office=cast.north, patient=cast.pat)
    attempt = AttemptFactory(ticket=ticket)
    attestation = AttestationFactory(attempt__ticket=TicketFactory(office=cast.north, patient=cast.pat)).public_id
    flag = FlagFactory(office=cast.north, sent_by=cast.olivia).public_id
    check = StaffCheckFactory(
        ticket=TicketFactory(office=cast.north, side="it", requester_kind="staff"), agent=cast.ian
    )  # fmt: skip
    answer = TicketMessageFactory(ticket=ticket, author_kind="office")
    file = AttachmentFactory(ticket=ticket, message=answer, sender="office", patient=cast.pat, state="clean").public_id
    hook = WebhookFactory(practice=cast.practice).public_id
    visit = VisitFactory(appointment__clinician=cast.carla, appointment__patient=cast.pat)
    appointment = visit.appointment.public_id
    sound = sealing.seal(base64.b64encode(b"sound").decode(), purpose=SEALED_FOR)
    voicemail = VoicemailAudioFactory(call__office=cast.north, call__ticket=ticket, sealed=sound).call.public_id
    own = {"attempt_id": attempt.public_id, "attestation_id": attestation, "flag_id": flag}
    delivery = DeliveryFactory().public_id

    for start in ("desk/patients/", "api/v1/patients/", "desk/onboarding/<"):
        yield Kind(start, "olivia", office, {"public_id": pat, "grant_id": grant})
    yield Kind("triage/office/patients/", "olivia", office, {"patient_id": pat})
    for start in ("desk/registrations/", "api/v1/registrations/"):
        yield Kind(start, "olivia", office, {"public_id": registration})
    for start in ("desk/onboarding/runs/", "api/v1/invitations/"):
        yield Kind(start, "olivia", office, {"public_id": run})
    for start in ("triage/office/tickets/", "api/v1/tickets/"):
        yield Kind(start, "olivia", office, {"public_id": ticket.public_id, **own})
    yield Kind("triage/office/holds/", "olivia", office, {"hold_id": HoldFactory(patient=cast.pat).public_id})
    for start in ("triage/it/flags/", "api/v1/flags/"):
        yield Kind(start, "ines", it, {"public_id": flag})
    yield Kind("triage/it/tickets/", "ines", it, {"public_id": check.ticket.public_id, "check_id": check.public_id})
    yield Kind("triage/colleagues/", "ines", it, {"check_id": check.public_id})
    for start in ("desk/settings/webhooks/", "api/v1/webhooks/"):
        yield Kind(start, "ana", owners, {"public_id": hook, "delivery_id": delivery})
    staff = {"public_id": cast.olivia.public_id, "role": Role.OFFICE_STAFF.value, "office": cast.north.public_id}
    yield Kind("desk/settings/staff/", "ana", owners, staff)
    yield Kind("desk/settings/offices/", "ana", owners, {"public_id": cast.north.public_id})
    yield Kind("desk/settings/hours/", "ana", owners, {"place": cast.north.public_id})
    yield Kind("desk/schedule/", "carla", office, {"appointment_id": appointment})
    yield Kind("desk/telehealth/", "carla", office, {"visit_id": visit.public_id, "appointment_id": appointment})
    yield Kind("portal/telehealth/", "pat", patients, {"visit_id": visit.public_id, "appointment_id": appointment})
    yield Kind("desk/files/", "olivia", office, {"public_id": file})
    yield Kind("portal/files/", "pat", patients, {"public_id": file})
    yield Kind("desk/mail/", "olivia", office, {"public_id": HeldMailFactory(office=cast.north).public_id})
    yield Kind("desk/voicemail/", "olivia", office, {"public_id": voicemail})
    yield Kind("portal/requests/", "pat", patients, {"public_id": ticket.public_id})
    yield Kind("portal/is-it-me/", "pat", patients, {"attempt_id": attempt.public_id})
    token, device = ApiTokenFactory(user=cast.olivia.user), AuthenticatorFactory(user=cast.olivia.user)
    yield Kind("desk/security/tokens/", "olivia", office, {"public_id": token.public_id})
    yield Kind("desk/security/second-step/", "olivia", office, {"public_id": device.public_id})
    phone = AuthenticatorFactory(user=cast.pat.user)
    yield Kind("portal/security/second-step/", "pat", patients, {"public_id": phone.public_id})


WITH_IDS = [each.pattern for each in addresses() if "<" in each.pattern]
OURS = [each for each in WITH_IDS if not any(re.match(start, each) for start in NOT_A_ROW)]


def _kind_of(pattern: str, kinds: list[Kind]) -> Kind:
    found = [kind for kind in kinds if pattern.startswith(kind.start)]
    assert found, f"{pattern}: whose rows are these? Write the kind down."
    return max(found, key=lambda kind: len(kind.start))


def _path(pattern: str, ids: dict[str, str]) -> str:
    def real(match: "re.Match[str]") -> str:
        name = match[1].rpartition(":")[2]
        assert name in ids, f"{pattern}: what is {name}?"
        return ids[name]

    return "/" + re.sub(r"<([^>]+)>", real, pattern)


def _counts() -> list[object]:
    """What strangers must not have changed."""
    return [
        *(model.objects.count() for model in (ApiToken, Authenticator, Attachment, TicketMessage, Attestation)),
        list(Ticket.objects.order_by("pk").values_list("state", "turn_now", "owner", "patient", "category")),
        list(Escalation.objects.values_list("state", flat=True)),
        list(WebhookEndpoint.objects.values_list("state", "name")),
        list(Appointment.objects.values_list("status", flat=True)),
        list(Visit.objects.values_list("state", flat=True)),
    ]


def test_every_address_with_an_id_is_of_a_known_kind(world):
    """And each exception is still needed."""
    assert len(OURS) > 150
    for pattern in OURS:
        kind = _kind_of(pattern, world.kinds)
        assert _path(pattern, kind.ids)
    for start in NOT_A_ROW:
        assert any(re.match(start, each) for each in WITH_IDS), start


def test_strangers_find_nothing_behind_real_ids_and_change_nothing(world):
    """TR-01."""
    before, found = _counts(), []
    for pattern in OURS:
        kind = _kind_of(pattern, world.kinds)
        path = _path(pattern, kind.ids)
        for name in kind.strangers:
            for method in METHODS if pattern.startswith("api/") else METHODS[:2]:
                send: Callable[..., object] = getattr(world.people[name], method)
                facts = {"data": {}, "content_type": "application/json"} if pattern.startswith("api/") else {}
                status = send(path, **facts).status_code
                good = status in (403, 404, 405)
                if status in (302, 422):  # something else is asked first: the same for an id of nothing
                    nothing = _path(pattern, dict.fromkeys(kind.ids, STRANGE_ID))
                    good = send(nothing, **facts).status_code == status
                if not good:
                    found.append(f"{name} {method} {pattern}: {status}")
    assert found == []
    assert _counts() == before


def test_the_ids_are_real(world):
    """Whose they are finds them: at each kind that has a page to read, at least one answers."""
    opened: dict[str, bool] = {}
    for pattern in OURS:
        kind = _kind_of(pattern, world.kinds)
        if opened.get(kind.start):
            continue
        status = world.people[kind.owner].get(_path(pattern, kind.ids)).status_code
        if status != 405:
            opened[kind.start] = status in (200, 302)
    assert sorted(start for start, good in opened.items() if not good) == []
