"""Tickets in every state, as the actions leave them."""

import datetime as dt
import hashlib

import factory

from helpdesk.enums import (
    Category,
    Channel,
    FileState,
    HoldReason,
    MailState,
    RequesterKind,
    Resolution,
    Side,
    TicketState,
)
from helpdesk.models import Attachment, InboundMail, Ticket, TicketMessage
from helpdesk.rules.turn import WAITS
from portal_core.kernel import clock


class TicketFactory(factory.django.DjangoModelFactory):
    """A patient's ticket at an office; `office` must be given."""

    class Meta:
        model = Ticket

    practice = factory.SelfAttribute("office.practice")
    side = Side.OFFICE
    category = Category.LOGIN_PWD
    channel = Channel.WEB
    requester_kind = RequesterKind.PATIENT
    requester_name = "Pat Patient"
    requester_email = "pat@patients.example"
    requester_phone = "+12175550100"
    subject = factory.LazyAttribute(lambda row: str(Category(row.category).label))
    state = TicketState.NEW
    created_at = factory.LazyFunction(clock.now)
    updated_at = factory.SelfAttribute("created_at")
    turn_since = factory.SelfAttribute("created_at")

    @factory.lazy_attribute
    def wait_reason(self) -> str:
        return WAITS[self.state][0] if self.state in WAITS else ""

    @factory.lazy_attribute
    def wake_at(self) -> dt.datetime | None:
        return self.created_at + WAITS[self.state][1] if self.state in WAITS else None

    @factory.lazy_attribute
    def incident_id(self) -> str:
        return "incident0001" if self.state in (TicketState.WAIT_INCIDENT, TicketState.CLOSE_LOOP) else ""

    @factory.lazy_attribute
    def loop_rounds(self) -> int:
        return int(self.state == TicketState.CLOSE_LOOP)

    @factory.lazy_attribute
    def solved_at(self) -> dt.datetime | None:
        return self.created_at if self.state in (TicketState.SOLVED, TicketState.CLOSED) else None

    @factory.lazy_attribute
    def resolution(self) -> str:
        return Resolution.OFFICE if self.state in (TicketState.SOLVED, TicketState.CLOSED) else ""

    @factory.lazy_attribute
    def closed_at(self) -> dt.datetime | None:
        return self.created_at if self.state == TicketState.CLOSED else None

    @factory.lazy_attribute
    def merged_at(self) -> dt.datetime | None:
        return self.created_at if self.state == TicketState.MERGED else None

    @factory.lazy_attribute
    def merged_into(self) -> Ticket | None:
        return TicketFactory(office=self.office) if self.state == TicketState.MERGED else None


class TicketMessageFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = TicketMessage

    ticket = factory.SubFactory(TicketFactory)
    author_kind = "requester"
    author_label = "Pat Patient"
    visibility = "patient"
    body = "I cannot sign in."
    at = factory.LazyFunction(clock.now)


def refresh(row):
    """The row as it stands in the database."""
    return type(row).objects.get(pk=row.pk)


class HeldMailFactory(factory.django.DjangoModelFactory):
    """An e-mail of a machine that waits for a look at `office`."""

    class Meta:
        model = InboundMail

    practice = factory.SelfAttribute("office.practice")
    state = MailState.HELD
    hold_reason = HoldReason.MACHINE
    digest = factory.Sequence(lambda number: f"{number:064x}")
    sender = "fax@service.example"
    subject = "Fax received"
    raw = b"From: fax@service.example\r\nSubject: Fax received\r\nAuto-Submitted: auto-generated\r\n\r\nThree pages."
    size = factory.LazyAttribute(lambda row: len(row.raw))
    received_at = factory.LazyFunction(clock.now)


class AttachmentFactory(factory.django.DjangoModelFactory):
    """A PDF on a ticket that no scanner has seen."""

    class Meta:
        model = Attachment

    ticket = factory.SubFactory(TicketFactory)
    name = factory.Sequence(lambda number: f"letter-{number}.pdf")
    kind = "application/pdf"
    data = b"%PDF-1.7\n"
    size = factory.LazyAttribute(lambda row: len(row.data))
    sha256 = factory.LazyAttribute(lambda row: hashlib.sha256(row.data).hexdigest())
    state = FileState.UNCHECKED
    created_at = factory.LazyFunction(clock.now)
