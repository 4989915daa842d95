"""`{% load triage %}`"""

import datetime as dt
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django import template
from django.template import Context
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from helpdesk import queries as helpdesk
from helpdesk.enums import Channel, Hanging, Side
from triage.enums import RedFlag
from triage.forms import CallBackForm
from triage.identity import words_of

if TYPE_CHECKING:
    from helpdesk.models import Ticket
    from triage.models import Escalation

register = template.Library()


@register.filter
def age(since: dt.datetime) -> str:
    """How long ago, in one word of a list: "now", "12 min", "3 h", "2 d"."""
    minutes = int((timezone.now() - since).total_seconds() // 60)
    if minutes < 1:
        return _("now")
    if minutes < 60:
        return _("%(n)d min") % {"n": minutes}
    if minutes < 48 * 60:
        return _("%(n)d h") % {"n": minutes // 60}
    return _("%(n)d d") % {"n": minutes // (24 * 60)}


@register.filter
def spoken(seconds: int) -> str:
    """How long a call was: "45 s", "12 min"."""
    return _("%(n)d s") % {"n": seconds} if seconds < 60 else _("%(n)d min") % {"n": round(seconds / 60)}


@register.filter
def percentage(value: int | None) -> str:
    """ "87 %", or a dash where there is nothing to divide by."""
    return f"{value}\N{NO-BREAK SPACE}%" if value is not None else "\N{EN DASH}"


@register.filter
def minutes(seconds: int) -> int:
    """Whole minutes, rounded."""
    return round(seconds / 60)


@register.filter
def hours_and_minutes(minutes: int | None) -> str:
    """ "45 min", "3 h 20 min", "41 h", or a dash."""
    if minutes is None:
        return "\N{EN DASH}"
    hours, rest = divmod(minutes, 60)
    words = {"h": hours, "min": rest}
    if not hours:
        return _("%(min)d min") % words
    return _("%(h)d h %(min)d min") % words if rest and hours < 10 else _("%(h)d h") % words


@register.filter
def lasting(time: dt.timedelta) -> str:
    """ "45 min", "3 h 20 min", "5 days"."""
    if time >= dt.timedelta(days=2):
        return _("%(n)d days") % {"n": time.days}
    return hours_and_minutes(round(time.total_seconds() / 60))


@register.filter
def red_flag_labels(codes: Iterable[str]) -> list[str]:
    return [str(RedFlag(code).label) for code in codes if code in RedFlag.values]


@register.inclusion_tag("triage/parts/calls.html", takes_context=True)
def ticket_calls(context: Context, ticket: "Ticket") -> dict[str, Any]:
    """The calls of a ticket, and the form that notes another one, at the desk that has it (HD-07, HD-08, HD-13)."""
    usual, at_office, may_call = None, ticket.side == Side.OFFICE, ticket.is_live
    if ticket.patient_id is not None and at_office and ticket.may_have(Hanging.TALKS):
        usual = helpdesk.usual_caller(ticket.patient_id, side=Side.OFFICE, now=timezone.now())
    return {
        "calls": helpdesk.calls_of(ticket),
        "usual_caller": usual,
        "say_first": words_of(ticket) if may_call and at_office else "",
        "call_form": (context.get("call_form") or CallBackForm()) if may_call else None,
        "call_open": "call_form" in context,
        "call_action": reverse(f"triage:{'' if at_office else 'it-'}ticket-call", args=[ticket.public_id]),
        "csrf_token": context.get("csrf_token"),
    }


@register.inclusion_tag("triage/parts/calls.html", takes_context=True)
def flag_calls(context: Context, flag: "Escalation") -> dict[str, Any]:
    """IT's own calls about a flag, and who of IT usually calls in this matter (HD-08). What the office and the patient
    talked about stays with the office. What was typed into the form and refused is in it again."""
    ticket, typed = flag.ticket, context.get("call_form")
    usual = None
    if ticket.patient_id is not None and flag.ok_to_contact:
        usual = helpdesk.usual_caller(ticket.patient_id, side=Side.IT, now=timezone.now())
    return {
        "calls": [call for call in helpdesk.calls_of(ticket) if call.side == Side.IT],
        "usual_caller": usual,
        "call_form": typed or (CallBackForm() if flag.ok_to_contact and flag.is_open else None),
        "call_open": typed is not None,
        "call_action": reverse("triage:flag-call", args=[flag.public_id]),
        "csrf_token": context.get("csrf_token"),
    }


@register.filter
def call_words(ticket: "Ticket") -> str:
    """What we say first when we call about this ticket (HD-08)."""
    return words_of(ticket)


@register.filter
def marked(pieces: Iterable[tuple[str, bool]]) -> SafeString:
    """A text cut up by a search, with the words that were asked for marked."""
    return format_html_join(
        "", "{}", ((format_html("<mark>{}</mark>", text) if hit else text,) for text, hit in pieces)
    )


@register.inclusion_tag("triage/parts/reach.html")
def reach_line(ticket: "Ticket") -> dict[str, Any]:
    """Above the reply: whether the requester hears of it at all, and what to do where they do not. Nothing where they
    hear of it the way they wrote. One query at most, for texts."""
    reach = helpdesk.reachable(ticket)
    portal_alone = ticket.channel == Channel.MESSAGE
    return {
        "ticket": ticket,
        "reach": reach,
        "silent": not reach.told,
        "elsewhere": reach.told and reach.on_file and not portal_alone,
        "stopped": not reach.told and ticket.channel == Channel.SMS and ticket.requester_phone != "",
    }
