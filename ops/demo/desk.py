"""The demo's support desks: a morning's tickets in several offices, two flags at IT, and no incident yet.

The story continues from here: olivia (Larkfield Main Street) and oscar (Ashgrove) each hold tickets about reset and
message e-mails that do not arrive; relayed as flags, the fifth within a quarter of an hour proposes an incident.
"""

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction

from helpdesk.actions import tickets
from helpdesk.contracts import Intake, Placed
from helpdesk.enums import Category, Channel, RequesterKind, Side
from helpdesk.queries import it_queue, office_queue
from ops.demo import people
from portal_core.directory.models import Staff
from portal_core.directory.queries import offices
from portal_core.kernel import clock
from portal_core.kernel.contracts import Actor
from portal_core.kernel.enums import ActorKind
from triage.actions import canned, escalations, playbook, verification
from triage.contracts import FlagDraft
from triage.enums import CallChannel, Impact, Method, OfficeStep, Purpose, RelayReason

if TYPE_CHECKING:
    from portal_core.directory.models import Office, Patient, Practice

PHONE = "+12175550142"

ANSWERS = (
    (
        Side.OFFICE,
        "We look into it",
        "Thank you for telling us. I am looking into {{ reference }} now and write again today. If it is urgent, "
        "call {{ office }}: {{ office_phone }}.\n\n{{ my_name }}",
    ),
    (
        Side.OFFICE,
        "Open an attachment",
        "Open the message on a computer if you can, then press the name of the file. If an empty page comes up, "
        "tell us which browser you use.\n\n{{ my_name }}, {{ office }}",
    ),
    (
        Side.IT,
        "Ask them to sign in again",
        "Please ask the patient to close the browser, open it again and sign in. If the same words come up, "
        "send them to me as they stand, with the time.\n\n{{ my_name }}",
    ),
)


@dataclass(frozen=True, slots=True)
class Told:
    """One request: office by its place in the list, minutes ago, what it is about, who, in their words."""

    office: int
    minutes: int
    category: Category
    name: str
    words: str
    device: tuple[str, str] = ("", "")
    error: str = ""
    patient: str = ""  # a demo patient by name: matched already


MAIN, WEST, ASHGROVE, BIRCH, FAIRHAVEN = 0, 1, 2, 3, 7
PC, PHONE_SAFARI, TABLET = ("Chrome 140", "Windows 11"), ("Safari 18", "iPhone"), ("Safari 18", "iPad")
MAIL_LOST, PASSWORD = Category.MSG_NOT_RECEIVED, Category.LOGIN_PWD
TOLD = (
    Told(MAIN, 52, Category.ATTACH_OPEN, "Greta Holm", "The lab letter opens as an empty page.", PC),
    Told(MAIN, 38, MAIL_LOST, "Tomas Reyes", "My doctor wrote to me yesterday but no e-mail came.", PC),
    Told(MAIN, 24, PASSWORD, "Paula Okafor", "I never got a password.", PHONE_SAFARI, patient="paula"),
    Told(MAIN, 11, MAIL_LOST, "Ines Calloway", "No mail about my referral letter.", PHONE_SAFARI),
    Told(WEST, 47, Category.NAV_HELP, "Walter Pike", "Where do I see my next appointment?"),
    Told(WEST, 15, Category.LOCKED, "Nadia Brandt", "Tried too often, it says.", PC, error="Account locked."),
    Told(ASHGROVE, 41, MAIL_LOST, "Harold Stone", "I should have a message, there is no e-mail.", PC),
    Told(ASHGROVE, 29, Category.LOGIN_UID, "Mina Farrow", "I forgot my user name."),
    Told(ASHGROVE, 18, MAIL_LOST, "Louis Adair", "My wife gets the e-mails, I do not.", TABLET),
    Told(ASHGROVE, 6, MAIL_LOST, "Rosa Winter", "The portal said it sent an e-mail. Nothing here.", PC),
    Told(BIRCH, 33, Category.TH_AV, "Edna Crowe", "They hear me but I see nothing.", PC),
)
FLAGS = (
    (BIRCH, 190, Category.ERROR_MSG, "Error 500 after pressing Save on the address form", "My details"),
    (FAIRHAVEN, 95, Category.SITE_DOWN, "This site can't be reached", "portal sign-in page"),
)


@transaction.atomic
def create(practice: "Practice") -> None:
    """Make the morning; with anything on the desks already, nothing."""
    lead = people.staff("olivia")
    if office_queue(lead, limit=1).tickets or it_queue(people.staff("ian"), limit=1).tickets:
        return
    places = list(offices(practice.pk).order_by("pk"))
    now = clock.now()
    for told in TOLD:
        _open(told, places[told.office], now)
    for place, minutes, category, error, page in FLAGS:
        _flag(places[place], minutes, category, error, page, now)
    _provider(places[WEST], now)
    for side, title, body in ANSWERS:
        writer = people.staff("ines" if side == Side.IT else "ana")
        canned.write(staff=writer, side=side, office=None, title=title, body=body, by=writer.actor)


def _open(told: Told, office: "Office", now: dt.datetime) -> None:
    browser, system = told.device
    intake = Intake(
        requester_kind=RequesterKind.PATIENT,
        category=told.category,
        channel=Channel.WEB,
        body=told.words,
        name=told.name,
        phone=PHONE,
        error_text=told.error,
        device={"browser": browser, "os": system} if browser else {},
    )
    with clock.at(now - dt.timedelta(minutes=told.minutes)):  # a morning and not a minute
        row = tickets.open_from_contact(intake=intake, office=office, placed=Placed.CHOSEN, by=_visitor(office))
        if told.patient:
            patient = people.patient(told.patient)
            tickets.match_patient(ticket=row, patient=patient, by=people.staff("olivia").actor)


def _flag(office: "Office", minutes: int, category: Category, error: str, page: str, now: dt.datetime) -> None:
    """A flag that another office sent earlier; IT has not looked at it yet."""
    clerk = _clerk(office)
    intake = Intake(
        requester_kind=RequesterKind.PATIENT,
        category=category,
        channel=Channel.PHONE,
        body="Called us.",
        error_text=error,
    )
    at = now - dt.timedelta(minutes=minutes)
    draft = FlagDraft(
        category=category,
        reason=RelayReason.ERROR_MESSAGE if category == Category.ERROR_MSG else RelayReason.CANNOT_CONNECT,
        error_text=error,
        page=page,
        happened_at=at,
        device="Chrome 140, Windows 11",
        ok_to_contact=False,
        contact_number="",
        contact_window="",
        impact=Impact.ONE,
        note="",
    )
    with clock.at(at):
        row = tickets.log_call(intake=intake, office=office, staff=clerk, call_seconds=240, by=clerk.actor)
        escalations.relay(ticket=row, draft=draft, staff=clerk, by=clerk.actor)


def relay_example(*, staff: Staff, ticket: Any, patient: "Patient") -> Any:
    """Work one of the morning's e-mail tickets up to the flag, the way a person at the desk does."""
    by = staff.actor
    tickets.match_patient(ticket=ticket, patient=patient, by=by)
    ticket = type(ticket).objects.select_related("office", "practice", "patient").get(pk=ticket.pk)
    attempt = verification.begin(ticket=ticket, staff=staff, channel=CallChannel.PHONE, purpose=Purpose.IDENTITY, by=by)
    verification.record_method(attempt=attempt, staff=staff, method=Method.K, by=by)
    verification.complete(attempt=attempt, staff=staff, by=by)
    for step in (OfficeStep.CHECK_SETUP, OfficeStep.TRACK_DELIVERY):
        playbook.tick(ticket=ticket, staff=staff, step=step, by=by)
    draft = FlagDraft(
        category=Category.MSG_NOT_RECEIVED,
        reason=RelayReason.MESSAGE_NOT_RECEIVED,
        error_text="none",
        page="secure message e-mail",
        happened_at=clock.now(),
        device="unknown",
        ok_to_contact=False,
        contact_number="",
        contact_window="",
        impact=Impact.ONE,
        note="Not in the spam folder; sent once more, still nothing.",
    )
    return escalations.relay(ticket=ticket, draft=draft, staff=staff, by=by)


def _provider(office: "Office", now: dt.datetime) -> None:
    intake = Intake(
        requester_kind=RequesterKind.PROVIDER,
        category=Category.STAFF_HOWTO,
        channel=Channel.WEB,
        body="How do I show a patient where their visit summary is?",
        name="Dr. Lena Hart",
        phone=PHONE,
    )
    with clock.at(now - dt.timedelta(minutes=70)):
        tickets.open_from_contact(intake=intake, office=office, placed=Placed.CHOSEN, by=_visitor(office))


def _clerk(office: "Office") -> Staff:
    """The office's own desk clerk of the demo."""
    number = office.fhir_id.removeprefix("demo-office-")
    return Staff.objects.select_related("practice").get(practice=office.practice, fhir_id=f"demo-desk-{number}")


def _visitor(office: "Office") -> Actor:
    return Actor(kind=ActorKind.REQUESTER, id="visitor", label="Visitor", practice_id=office.practice_id)
