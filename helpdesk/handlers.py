"""Mails to requesters: each exactly once, without a word of what was written."""

from collections.abc import Mapping

from django.conf import settings
from django.urls import reverse

from helpdesk.access import ticket_token
from helpdesk.contracts import (
    TicketLoopClosing,
    TicketOpened,
    TicketReplied,
    TicketSolved,
    TicketWaitsForIncident,
)
from helpdesk.enums import Channel, Resolution
from helpdesk.models import Ticket
from portal_core import notify
from portal_core.kernel import outbox


@outbox.handles(TicketOpened)
def confirm_receipt(event: TicketOpened) -> None:
    ticket = _ticket(event.ticket_id)
    if ticket.channel == Channel.WEB:
        _mail(ticket, "received", cause=f"ticket-received:{ticket.public_id}")


@outbox.handles(TicketReplied)
def announce_reply(event: TicketReplied) -> None:
    _mail(_ticket(event.ticket_id), "reply", cause=f"ticket-reply:{event.message_id}")


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
    if event.resolution != Resolution.INCIDENT:  # those were asked, and have said so themselves or kept silent
        _mail(_ticket(event.ticket_id), "solved", cause=f"ticket-solved:{event.ticket_id}:{event.at.isoformat()}")


def _ticket(public_id: str) -> Ticket:
    return Ticket.objects.select_related("office", "practice").get(public_id=public_id)


def _mail(ticket: Ticket, name: str, *, cause: str, more: Mapping[str, str] | None = None) -> None:
    if not ticket.requester_email:
        return
    notify.send(
        f"helpdesk/{name}",
        to=notify.Recipient(key=f"ticket:{ticket.public_id}", email=ticket.requester_email),
        cause=cause,
        context={
            "practice_name": ticket.practice.name,
            "reference": ticket.reference,
            "link": settings.PUBLIC_URL + reverse("helpdesk:ticket", args=[ticket_token(ticket)]),
            "office_phone": ticket.office.phone,
            **(more or {}),
        },
    )
