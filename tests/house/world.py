"""More of everything a list may show, so that a page can be asked twice: with few rows and with many."""

import datetime as dt
import itertools

from helpdesk.actions import articles
from helpdesk.contracts import ArticleDraft
from helpdesk.enums import Audience
from portal_core.directory.enums import Role
from portal_core.kernel import clock
from portal_core.kernel.contracts import SYSTEM
from statuspage.actions import incidents, pages
from statuspage.models import Component
from tests.access.factories import RegistrationFactory
from tests.cast import Cast, make_patient, make_staff
from tests.helpdesk.factories import (
    AttachmentFactory,
    HeldMailFactory,
    HolidayFactory,
    PhoneCallFactory,
    ServicePromiseFactory,
    TicketFactory,
    TicketMessageFactory,
)
from tests.scheduling.factories import AppointmentFactory
from tests.statuspage.factories import SubscriberFactory
from tests.triage.factories import (
    CannedReplyFactory,
    DraftFactory,
    FlagFactory,
    MentionFactory,
    RoutingVersionFactory,
    SavedViewFactory,
    WebhookFactory,
)

_number = itertools.count(1)


def more(cast: Cast) -> None:
    """One more of each thing that some list shows."""
    number = next(_number)
    _people(cast, number)
    _desk(cast, number)
    _help(cast, number)
    _status(number)


def _people(cast: Cast, number: int) -> None:
    patient = make_patient(f"Person{number}", cast.north, f"MRN-{number}", primary_clinician=cast.carla)
    make_staff(f"Colleague{number}", cast.practice, (Role.OFFICE_STAFF, cast.north))
    RegistrationFactory(office=cast.north, patient=patient, resembles=cast.pat)
    start = clock.now() + dt.timedelta(hours=number)
    for who in (patient, cast.pat):
        AppointmentFactory(clinician=cast.carla, patient=who, start=start, telehealth=True)


def _desk(cast: Cast, number: int) -> None:
    ticket = TicketFactory(office=cast.north, patient=cast.pat)
    AttachmentFactory(ticket=ticket)
    answer = TicketMessageFactory(ticket=ticket, author_kind="office")
    AttachmentFactory(ticket=ticket, message=answer, sender="office", patient=cast.pat)
    HeldMailFactory(office=cast.north)
    for person in (cast.olivia, cast.ines):
        SavedViewFactory(staff=person, name=f"View {number}")
        DraftFactory(staff=person, about=ticket.public_id)
        MentionFactory(staff=person, ticket=ticket)
    CannedReplyFactory(practice=cast.practice, title=f"Answer {number}")
    CannedReplyFactory(practice=cast.practice, side="it", title=f"Answer {number}")
    TicketFactory(office=cast.north, side="it", requester_kind="provider")
    FlagFactory(office=cast.north, sent_by=cast.olivia)
    now = clock.now()
    HolidayFactory(practice=cast.practice, date=now.date() + dt.timedelta(days=number))
    PhoneCallFactory(office=cast.north, phone="+12175550177", seconds=60)


def _help(cast: Cast, number: int) -> None:
    for audience in Audience:
        draft = ArticleDraft(
            slug=f"{audience}-{number}", audience=audience, title=f"Help {number}", summary="Short.", body="Long.",
            categories=("LOGIN_PWD",),
        )  # fmt: skip
        articles.create(draft=draft, staff=cast.ana, publish=number % 2 == 0, by=cast.ana.actor)
    edits = {"LOGIN_UID": {"level": "r2" if number % 2 else "r3"}}
    WebhookFactory(practice=cast.practice, name=f"System {number}", state="active" if number % 2 else "stopped")
    ServicePromiseFactory(practice=cast.practice, number=number)
    RoutingVersionFactory(practice=cast.practice, number=number, edits=edits)


def _status(number: int) -> None:
    pages.set_up(name="Larkfield", by=SYSTEM)
    part = Component.objects.order_by("pk").first()
    assert part is not None
    for end in (False, True):
        incident = incidents.declare(
            name=f"Trouble {number}", body="We are looking.", components={part.public_id: "partial_outage"},
            by=SYSTEM, key=f"world-{number}-{end}",
        )  # fmt: skip
        if end:
            incidents.resolve(incident_id=incident.id, body="It works again.", by=SYSTEM)
    email = f"reader{number}@example.test"
    SubscriberFactory(address=email)
