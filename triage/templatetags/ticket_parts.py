"""`{% load ticket_parts %}`: deadlines, joins and links of a ticket, the same on both desks."""

from typing import TYPE_CHECKING, Any

from django import template
from django.template import Context
from django.utils import timezone

from helpdesk import queries as helpdesk
from helpdesk.enums import ENDED, IN_PORTAL, OURS, Alert, Side
from triage.forms import SnoozeForm

if TYPE_CHECKING:
    from helpdesk.models import Ticket

register = template.Library()
DESKS = {Side.OFFICE: ("triage:office-ticket", "triage:"), Side.IT: ("triage:it-ticket", "triage:it-")}


@register.inclusion_tag("triage/parts/due.html")
def due(ticket: "Ticket") -> dict[str, Any]:
    """When it is due, in a list: quiet in time, louder as time runs out."""
    late = ticket.due_at is not None and ticket.due_at <= timezone.now()
    return {"ticket": ticket, "late": late, "soon": ticket.alert == Alert.WARNED and not late}


@register.inclusion_tag("triage/parts/clock.html")
def ticket_clock(ticket: "Ticket") -> dict[str, Any]:
    """The deadline in force, with the way to its explanation."""
    _page, deeds = DESKS[Side(ticket.side)]
    late = ticket.due_at is not None and ticket.due_at <= timezone.now()
    return {"ticket": ticket, "late": late, "stands_still": ticket.state not in OURS, "why": f"{deeds}clock"}


@register.inclusion_tag("triage/parts/more_keys.html", takes_context=True)
def ticket_more_keys(context: Context, ticket: "Ticket") -> dict[str, Any]:
    """The way to the forms that join, split and link, and to the other desk where it may be given there."""
    _page, deeds = DESKS[Side(ticket.side)]
    about_a_patient = ticket.patient_id is not None or ticket.channel in IN_PORTAL
    flagged = ticket.relayed_at is not None or context.get("needs_office") or context.get("answered")
    stays = flagged or (ticket.side == Side.OFFICE and about_a_patient)
    return {
        "ticket": ticket,
        "more": f"{deeds}more",
        "may_change_desk": ticket.is_live and not stays,
        "change_desk": f"{deeds}change-desk",
    }


@register.inclusion_tag("triage/parts/relations.html", takes_context=True)
def ticket_relations(context: Context, ticket: "Ticket") -> dict[str, Any]:
    """What it was joined with, what belongs to it, and what the requester said in the end."""
    page, deeds = DESKS[Side(ticket.side)]
    return {
        "ticket": ticket,
        "related": helpdesk.relations(ticket),
        "rating": helpdesk.last_rating(ticket) if ticket.state in ENDED or ticket.reopened_count else None,
        "page": page,
        "unlink": f"{deeds}unlink-ticket",
        "csrf_token": context.get("csrf_token"),
    }


@register.inclusion_tag("triage/parts/rest.html", takes_context=True)
def ticket_rest(context: Context, ticket: "Ticket") -> dict[str, Any]:
    """Putting a ticket of IT's own aside, and bringing it back."""
    may = ticket.state in OURS and ticket.snoozed_until is None
    return {"ticket": ticket, "form": SnoozeForm() if may else None, "csrf_token": context.get("csrf_token")}


@register.inclusion_tag("triage/parts/undo.html", takes_context=True)
def it_undo_bar(context: Context) -> dict[str, Any]:
    """What this person did in the last ten seconds, to be taken back."""
    found = helpdesk.undoable(context["request"].staff.public_id, now=timezone.now())
    return {"undoable": found, "undo_url": "triage:it-undo", "csrf_token": context.get("csrf_token")}
