"""More of everything a list may show, so that a page can be asked twice: with few rows and with many."""

import datetime as dt
import itertools

from helpdesk.actions import articles
from helpdesk.contracts import ArticleDraft
from helpdesk.enums import Audience
from helpdesk.models import Holiday, PhoneCall, ServicePromise
from portal_core.directory.enums import Role
from portal_core.kernel import clock
from portal_core.kernel.contracts import SYSTEM
from statuspage.actions import incidents, pages
from statuspage.models import Component, Page, Subscriber, vault
from tests.access.factories import RegistrationFactory
from tests.cast import Cast, make_patient, make_staff
from tests.helpdesk.factories import AttachmentFactory, HeldMailFactory, TicketFactory, TicketMessageFactory
from tests.scheduling.factories import AppointmentFactory
from tests.triage.factories import (
    CannedReplyFactory,
    DraftFactory,
    FlagFactory,
    MentionFactory,
    SavedViewFactory,
    WebhookFactory,
)
from triage.models import RoutingVersion

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
    Holiday.objects.create(practice=cast.practice, date=now.date() + dt.timedelta(days=number), name="Training")
    PhoneCall.objects.create(
        practice=cast.practice, office=cast.north, side="office", direction="in", state="ended", outcome="talked",
        phone="+12175550177", started_at=now, ended_at=now, seconds=60,
    )  # fmt: skip


def _help(cast: Cast, number: int) -> None:
    for audience in Audience:
        draft = ArticleDraft(
            slug=f"{audience}-{number}", audience=audience, title=f"Help {number}", summary="Short.", body="Long.",
            categories=("LOGIN_PWD",),
        )  # fmt: skip
        articles.create(draft=draft, staff=cast.ana, publish=number % 2 == 0, by=cast.ana.actor)
    edits = {"LOGIN_UID": {"level": "r2" if number % 2 else "r3"}}
    WebhookFactory(practice=cast.practice, name=f"System {number}", state="active" if number % 2 else "stopped")
    ServicePromise.objects.create(
        practice=cast.practice, number=number, urgent_first=60, urgent_resolve=240, normal_first=240,
        normal_resolve=960, by_label="Ana", at=clock.now(),
    )  # fmt: skip
    RoutingVersion.objects.create(practice=cast.practice, number=number, edits=edits, by_label="Ana", at=clock.now())


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
    now = clock.now()
    email = f"reader{number}@example.test"
    Subscriber.objects.create(
        page=Page.objects.get(), address_cipher=vault().seal(email), address_index=vault().index(email),
        created_at=now, confirmed_at=now,
    )  # fmt: skip
