"""Mails to requesters: each exactly once, without a word of what was written."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from django.conf import settings
from django.urls import reverse

from helpdesk.actions import inbound_mail, tickets
from helpdesk.actions.letters import tell_patient_of_files, tell_received, tell_requester
from helpdesk.actions.tickets import desk_group, ticket_group
from helpdesk.actions.tickets.telling import messages_group
from helpdesk.contracts import (
    FileScanned,
    MailReceived,
    TicketLoopClosing,
    TicketNudged,
    TicketOpened,
    TicketReplied,
    TicketsJoined,
    TicketSolved,
    TicketWaitsForIncident,
)
from helpdesk.enums import Channel, FileSender, FileState, Resolution
from helpdesk.models import Attachment, Ticket
from helpdesk.queries import readers, waiting_with
from portal_core.kernel import idempotency, outbox, realtime
from portal_core.kernel.contracts import SYSTEM


@outbox.handles(TicketOpened)
def confirm_receipt(event: TicketOpened) -> None:
    ticket = _ticket(event.ticket_id)
    if ticket.channel == Channel.WEB:
        tell_received(ticket)


@outbox.handles(MailReceived)
def read_mail(event: MailReceived) -> None:
    inbound_mail.read(mail_id=event.mail_id)


@outbox.handles(TicketReplied)
def announce_reply(event: TicketReplied) -> None:
    """To whoever asked, here or in a ticket joined into this one."""
    if event.silent:
        return
    for ticket in readers(_ticket(event.ticket_id)):
        files = waiting_with(event.message_id, ticket=ticket)
        more = {"files": files, "files_link": f"{settings.PUBLIC_URL}{reverse('helpdesk:files')}"} if files else None
        by_file = more is not None and not ticket.requester_email  # files wait in the portal, so the link leads there
        if by_file and tell_patient_of_files(ticket, cause=f"ticket-files:{event.message_id}", more=more or {}):
            continue
        _mail(ticket, "reply", cause=f"ticket-reply:{event.message_id}", more=more)


@outbox.handles(TicketReplied)
def show_reply(event: TicketReplied) -> None:
    """The ten seconds are over: open pages of the requester fetch it."""
    for ticket in readers(_ticket(event.ticket_id)):
        realtime.push(ticket_group(ticket.public_id), {"type": "ticket.changed", "id": ticket.public_id})
        if ticket.channel == Channel.MESSAGE and ticket.patient is not None:
            realtime.push(messages_group(ticket.patient.public_id), {"type": "message.changed", "id": ticket.public_id})


@outbox.handles(TicketNudged)
def repeat_question(event: TicketNudged) -> None:
    _mail(_ticket(event.ticket_id), "nudge", cause=f"ticket-nudge:{event.ticket_id}:{event.at.isoformat()}")


@outbox.handles(TicketsJoined)
def announce_joining(event: TicketsJoined) -> None:
    _mail(_ticket(event.ticket_id), "joined", cause=f"ticket-joined:{event.ticket_id}:{event.into_id}")


@outbox.handles(TicketWaitsForIncident)
def announce_incident(event: TicketWaitsForIncident) -> None:
    _mail(
        _ticket(event.ticket_id),
        "incident",
        cause=f"ticket-incident:{event.ticket_id}:{event.incident_id}",
        more={"incident_link": f"{settings.PUBLIC_URL}/status/incidents/{event.incident_id}/"},
    )


@outbox.handles(TicketLoopClosing)
def ask_whether_fixed(event: TicketLoopClosing) -> None:
    _mail(_ticket(event.ticket_id), "close_loop", cause=f"close-loop:{event.ticket_id}:{event.round}")


@outbox.handles(TicketSolved)
def announce_solution(event: TicketSolved) -> None:
    """With the question whether it really is. After an incident they were asked, and said so themselves or kept
    silent."""
    if event.resolution == Resolution.INCIDENT:
        return
    name = "no_answer" if event.resolution == Resolution.NO_ANSWER else "solved"
    for ticket in readers(_ticket(event.ticket_id)):
        _mail(ticket, name, cause=f"ticket-solved:{event.ticket_id}:{event.at.isoformat()}")


@outbox.handles(FileScanned)
def show_scanned(event: FileScanned) -> None:
    """Open pages say at once that a file can be opened, or that it cannot; of a harmful one that we sent ourselves the
    desk reads in a note, for nobody would look for it."""
    rows = Attachment.objects.defer("data").select_related("ticket__office", "ticket__practice")
    file = rows.filter(public_id=event.file_id).first()
    if file is None:  # its message was taken back meanwhile
        return
    for group in (desk_group(file.ticket), ticket_group(file.ticket.public_id)):
        realtime.push(group, {"type": "ticket.changed", "id": file.ticket.public_id})
    if file.state == FileState.INFECTED and file.sender == FileSender.OFFICE:
        idempotency.once("helpdesk:harmful", file.public_id, partial(_note_harmful, file))


def _note_harmful(file: Attachment) -> str:
    body = (
        f"The virus scanner found {file.finding} in “{file.name}”, which we sent. The patient cannot open it. "
        "Look at where it came from, and send another one."
    )
    return str(tickets.add_note(ticket=file.ticket, body=body, by=SYSTEM).public_id)


def _ticket(public_id: str) -> Ticket:
    return Ticket.objects.select_related("office", "practice", "patient").get(public_id=public_id)


def _mail(ticket: Ticket, name: str, *, cause: str, more: Mapping[str, Any] | None = None) -> int:
    return tell_requester(ticket, name, cause=cause, more=more)


def tell_desk_undelivered(*, keys: frozenset[str], channel: str, code: str, permanent: bool) -> None:
    """Our letter came back: the desk reads it on the ticket, once a kind, and calls instead (HD-09)."""
    ids = [key.removeprefix("ticket:") for key in keys if key.startswith("ticket:")]
    for ticket in Ticket.objects.filter(public_id__in=ids):
        scope, key = f"helpdesk:undelivered:{channel}", f"{ticket.public_id}:{code}"
        idempotency.once(scope[:40], key[:64], partial(_note_undelivered, ticket, channel, code, permanent))


def _note_undelivered(ticket: Ticket, channel: str, code: str, permanent: bool) -> str:
    what = "text message" if channel == "sms" else "e-mail"
    why = "The address does not work." if permanent else "We gave up after several tries."
    body = f"Our {what} to the requester did not arrive ({code}). {why} Call them, or ask for another address."
    return str(tickets.add_note(ticket=ticket, body=body, by=SYSTEM).public_id)
