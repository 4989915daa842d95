"""What follows at the support desk when something happened below. Each may run twice."""

from typing import TYPE_CHECKING

from django.conf import settings
from django.urls import reverse

from helpdesk.actions.tickets import it_group
from helpdesk.contracts import TicketOverdue, TicketSolved, TicketStillBroken, TicketWaitsForIncident
from helpdesk.enums import Alert, Side, Turn
from helpdesk.queries import dissents, ticket_by_id, tickets_of_incident
from portal_core import notify
from portal_core.access.contracts import EmailChangeStopped, HelpAmbiguous
from portal_core.directory.enums import Permission
from portal_core.directory.queries import staff_with
from portal_core.kernel import realtime
from portal_core.kernel.contracts import SYSTEM
from portal_core.kernel.outbox import handles
from statuspage.contracts import IncidentPublished
from triage import access
from triage.actions import accounts, incidents, playbook, webhook_news
from triage.contracts import FlagBounced, PracticeNews, WebhookStopped
from triage.enums import EndpointState
from triage.queries import open_flag_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from portal_core.directory.models import Staff


@handles(IncidentPublished)
def close_the_loop(event: IncidentPublished) -> None:
    """An incident is over: whoever waited for it is asked whether it works again."""
    if event.kind == "resolved":
        incidents.close_loop(incident_id=event.incident_id, by=SYSTEM)
        _count_again(event.incident_id)


@handles(TicketWaitsForIncident)
def close_late(event: TicketWaitsForIncident) -> None:
    """Linked while the incident was being resolved: nobody would ask them any more."""
    incidents.close_late(incident_id=event.incident_id, by=SYSTEM)


@handles(EmailChangeStopped)
def ask_the_office_to_call(event: EmailChangeStopped) -> None:
    """Which of two mailboxes is the patient's, only their office can find out."""
    key = f"{event.patient_id}:{event.at.timestamp():.0f}"
    accounts.report_stopped_change(patient_id=event.patient_id, key=key)


@handles(HelpAmbiguous)
def ask_the_office_to_tell_apart(event: HelpAmbiguous) -> None:
    """The sign-in page cannot help somebody whose four details are somebody else's too."""
    accounts.report_ambiguous(patient_ids=event.patient_ids, at=event.at)


@handles(TicketStillBroken)
def show_dissent(event: TicketStillBroken) -> None:
    """Somebody says it is not over: the consoles count again, and IT's lead hears of the first one, and once more when
    it is a fifth of at least five who were asked."""
    _count_again(event.incident_id)
    ticket = ticket_by_id(event.ticket_id)
    found = next((row for row in dissents(ticket.practice_id) if row.incident_id == event.incident_id), None)
    if found is None:
        return
    cause = f"dissent:{event.incident_id}:{ticket.practice_id}"
    many = found.asked >= 5 and found.broken * 5 >= found.asked
    for part in ("first", "many") if many else ("first",):
        notify.send_many(
            "triage/dissent",
            cause=f"{cause}:{part}",
            context={
                "broken": found.broken, "asked": found.asked,
                "link": settings.PUBLIC_URL + reverse("triage:it-incident", args=[event.incident_id]),
            },
            recipients=_people(_leads(ticket.practice_id)),
        )  # fmt: skip


@handles(TicketSolved)
def finish_flags(event: TicketSolved) -> None:
    """Solved implies no open flag, whoever solved it (the patient's own "yes", or silence)."""
    playbook.finish_flags_of(ticket_id=event.ticket_id, by=SYSTEM)
    if event.incident_id:
        _count_again(event.incident_id)


@handles(TicketOverdue)
def tell_who_can_help(event: TicketOverdue) -> None:
    """Overdue: whoever has the ticket. Overdue for long: the lead of the desk whose move it is. No name, no words."""
    ticket = ticket_by_id(event.ticket_id)
    at_it, escalated = event.turn == Turn.IT, event.level == Alert.ESCALATED
    owner = [ticket.owner] if ticket.owner is not None and ticket.owner.is_active else []
    own = reverse("triage:it-ticket" if ticket.side == Side.IT else "triage:office-ticket", args=[ticket.public_id])
    parts: list[tuple[str, list[Staff], str]] = []  # each is told the address that is open to them
    if at_it and ticket.side == Side.OFFICE:
        flag = open_flag_of(ticket)
        has = flag.assignee if flag is not None and flag.assignee is not None and flag.assignee.is_active else None
        there = reverse("triage:it-flag", args=[flag.public_id]) if flag is not None else reverse("triage:it")
        parts.append(("it", [has] if has is not None and not escalated else _leads(ticket.practice_id), there))
        if not escalated:
            parts.append(("office", owner, own))
    elif escalated:
        wanted = Permission.STATUS_PUBLISH if at_it else Permission.APPROVE_RISKY
        rows = staff_with(wanted).filter(practice_id=ticket.practice_id).prefetch_related("role_assignments")
        leads = [one for one in rows if one.may(wanted, office_id=None if at_it else ticket.office_id)]
        parts.append(("", leads, own))
    else:
        parts.append(("", owner, own))
    for part, told, link in parts:
        notify.send_many(
            "triage/overdue",
            cause=":".join(filter(None, (f"ticket-{event.level}:{event.ticket_id}:{event.at.isoformat()}", part))),
            context={
                "reference": ticket.reference, "office": ticket.office.name, "escalated": escalated,
                "at_it": part == "office", "flag": part == "it", "link": settings.PUBLIC_URL + link,
            },
            recipients=_people(told),
        )  # fmt: skip


@handles(FlagBounced)
def tell_lead_of_bounce(event: FlagBounced) -> None:
    """Two answers did not help: IT's lead looks at it."""
    flag = access.flag_by_id(event.flag_id)
    if flag is None:
        return
    notify.send_many(
        "triage/bounced",
        cause=f"flag-bounced:{event.flag_id}:{event.bounces}",
        context={
            "reference": flag.ticket.reference, "office": flag.office.name, "times": event.bounces,
            "link": settings.PUBLIC_URL + reverse("triage:it-flag", args=[flag.public_id]),
        },
        recipients=_people(_leads(flag.practice_id)),
    )  # fmt: skip


@handles(PracticeNews)
def promise_webhooks(event: PracticeNews) -> None:
    """To every address of the practice that wants to hear of it."""
    webhook_news.promise(event)


@handles(WebhookStopped)
def tell_webhook_stopped(event: WebhookStopped) -> None:
    """An address does not answer any more: whoever keeps the practice's settings learns of it."""
    endpoint = access.endpoint_by_id(event.endpoint_id)
    if endpoint is None or endpoint.state != EndpointState.STOPPED:
        return
    keepers = staff_with(Permission.SETTINGS).filter(practice_id=endpoint.practice_id)
    notify.send_many(
        "triage/webhook_stopped",
        cause=f"webhook-stopped:{event.endpoint_id}:{event.at.isoformat()}",
        context={
            "name": endpoint.name, "host": endpoint.host, "code": endpoint.stopped_code,
            "link": settings.PUBLIC_URL + reverse("triage:webhook", args=[endpoint.public_id]),
        },
        recipients=[notify.Recipient(key=f"staff:{one.public_id}", email=one.email) for one in keepers if one.email],
    )  # fmt: skip


def _leads(practice_id: int) -> "list[Staff]":
    rows = staff_with(Permission.STATUS_PUBLISH).filter(practice_id=practice_id).prefetch_related("role_assignments")
    return [one for one in rows if one.may(Permission.STATUS_PUBLISH) and one.may(Permission.IT_DESK)]


def _people(told: "Iterable[Staff]") -> list[notify.Recipient]:
    return [notify.Recipient(key=f"staff:{one.public_id}", email=one.email) for one in told if one.email]


def _count_again(incident_id: str) -> None:
    """The consoles that show this incident fetch its numbers anew."""
    for practice in {row.practice.public_id for row in tickets_of_incident(incident_id)}:
        realtime.push(it_group(practice), {"type": "incident.changed", "id": incident_id})
