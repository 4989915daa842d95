"""`{% load ticket_parts %}`: deadlines, joins and links of a ticket, the same on both desks."""

from typing import TYPE_CHECKING, Any

from django import template
from django.template import Context
from django.utils import timezone

from helpdesk import queries as helpdesk
from helpdesk.enums import OURS, Alert, Category, Side
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
    """The deadline in force, explained, and who had the move until now."""
    now = timezone.now()
    kept = helpdesk.timekeeping(ticket, now=now)
    rows = [
        {"row": row, "minutes": int(((row.ended_at or now) - row.began_at).total_seconds() // 60)}
        for row in kept.segments
    ]
    return {"ticket": ticket, "kept": kept, "rows": rows, "late": ticket.due_at is not None and ticket.due_at <= now}


@register.inclusion_tag("triage/parts/more_keys.html")
def ticket_more_keys(ticket: "Ticket") -> dict[str, Any]:
    """The buttons that unfold the forms of `ticket_more`."""
    return {"ticket": ticket}


@register.inclusion_tag("triage/parts/more.html", takes_context=True)
def ticket_more(context: Context, ticket: "Ticket") -> dict[str, Any]:
    """Join, split, link: the forms."""
    _page, deeds = DESKS[Side(ticket.side)]
    return {
        "ticket": ticket,
        "urls": {name.replace("-", "_"): f"{deeds}{name}" for name in ("merge", "split", "link-ticket")},
        "alike": helpdesk.look_alikes(context["request"].staff, ticket) if ticket.is_live else [],
        "splittable": [row for row in context["thread"] if row.author_kind == "requester"],
        "categories": Category.choices,
        "csrf_token": context.get("csrf_token"),
    }


@register.inclusion_tag("triage/parts/relations.html", takes_context=True)
def ticket_relations(context: Context, ticket: "Ticket") -> dict[str, Any]:
    """What it was joined with, what belongs to it, and what the requester said in the end."""
    page, deeds = DESKS[Side(ticket.side)]
    return {
        "ticket": ticket,
        "related": helpdesk.relations(ticket),
        "rating": helpdesk.last_rating(ticket),
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
