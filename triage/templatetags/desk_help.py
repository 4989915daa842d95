"""`{% load desk_help %}`: who might take a ticket, and which articles fit it."""

from typing import TYPE_CHECKING, Any

from django import template
from django.template import Context
from django.urls import reverse

from helpdesk import articles
from helpdesk import queries as helpdesk
from helpdesk.actions.tickets import desk_group, it_group
from helpdesk.enums import Side
from portal_core.kernel import clock
from triage import queries
from triage.actions import presence
from triage.rules.assign import STICKY, Candidate, ranked, suggestion

if TYPE_CHECKING:
    from helpdesk.models import Ticket
    from triage.models import Escalation

register = template.Library()


@register.inclusion_tag("triage/parts/assign.html", takes_context=True)
def assignee(context: Context, ticket: "Ticket") -> dict[str, Any]:
    """Whom to give a ticket that nobody has: whoever had this person's last one, is here, and has the least to do.
    Everybody else is looked up when somebody asks for them, also to give on what somebody has."""
    if not ticket.is_live:
        return {}
    owned, holder = ticket.owner_id is not None, ticket.owner.public_id if ticket.owner is not None else ""
    asked, at_it = context.get("opened") == "assign", ticket.side == Side.IT
    knows, reader = (
        helpdesk.handler_before(ticket, since=clock.now() - STICKY) if not owned else None,
        context["request"].staff,
    )
    people = queries.colleagues_of(ticket) if asked or knows is not None else []
    load = helpdesk.load_of([one.key for one in people]) if people else {}
    here = _here(desk_group(ticket)) if people else set()
    candidates = ranked(
        Candidate(
            id=one.id,
            name=f"{one.first} {one.last}".strip(),
            open=load.get(one.key, 0),
            here=one.id in here or one.key == reader.pk,
            knows=one.key == knows,
        )
        for one in people
    )
    best = suggestion(candidates) if not owned else None
    return {
        "owner": ticket.owner,
        "action": reverse("triage:it-assign" if at_it else "triage:assign", args=[ticket.public_id]),
        "asked": asked,
        "opens": "" if asked else context.get("opens"),
        "best": best,
        "best_is_me": best is not None and best.id == reader.public_id,
        "others": [one for one in candidates if one.id not in (reader.public_id, holder)],
        "csrf_token": context.get("csrf_token"),
    }


@register.inclusion_tag("triage/parts/flag_before.html", takes_context=True)
def flag_before(context: Context, flag: "Escalation") -> dict[str, Any]:
    """Of a flag that nobody has: who worked on this patient's last one, and whether they are there (HD-08)."""
    nobodys = flag.assignee_id is None and flag.is_open
    person = queries.had_flag_before(flag, since=clock.now() - STICKY) if nobodys else None
    reader = context["request"].staff
    if person is None:
        return {}
    here = person.pk == reader.pk or person.public_id in _here(it_group(flag.practice.public_id))
    return {"person": person, "is_me": person.pk == reader.pk, "here": here}


def _here(room: str) -> set[str]:
    return {one.id for at in presence.who([room]).values() for one in at}


@register.inclusion_tag("triage/parts/help_for.html", takes_context=True)
def help_for(context: Context, category: str, text: str = "", opens: str = "") -> dict[str, Any]:
    """The help articles that fit a request, for the one who works on it. With `opens`, an address that lacks the name
    of a section, they are looked up when somebody opens them."""
    asked = context.get("opened") == "help"
    if opens and not asked:
        return {"found": None, "opens": opens}
    return {"found": articles.fitting(context["request"].staff, category=category, text=text), "asked": asked}


@register.inclusion_tag("triage/parts/device.html")
def device_line(ticket: "Ticket") -> dict[str, Any]:
    """Which browser and system the requester has, and whether we test with it (HD-18)."""
    browser = str(ticket.device.get("browser", ""))
    return {"browser": browser, "system": ticket.device.get("os", ""), "verdict": articles.device_verdict(browser)}
