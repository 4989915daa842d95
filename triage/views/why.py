"""Why did this land here? The rules as they were asked, the row of the table, and who moved it since."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from helpdesk import queries as helpdesk
from helpdesk.enums import Category, Channel, Side
from portal_core.directory import queries as directory
from portal_core.directory.enums import Permission
from portal_core.directory.guards import StaffRequest, staff_page
from portal_core.kernel import audit
from triage import access, queries
from triage.rules.routing import checks, decide
from triage.rules.table import ROUTES
from triage.views.office_page import facts_of
from triage.views.practice_time import in_practice_time

if TYPE_CHECKING:
    from helpdesk.models import Ticket
    from portal_core.kernel.models import AuditEvent

STEPS = 100
SENTENCES = {
    "ticket:take": gettext_lazy("Taken"),
    "ticket:relay": gettext_lazy("Flagged to IT; the office keeps the patient"),
    "ticket:return": gettext_lazy("Back from IT"),
    "ticket:wait_for_incident": gettext_lazy("Linked to an incident"),
    "ticket:still_broken": gettext_lazy("Still broken for the requester: back to the desk"),
    "ticket:wake": gettext_lazy("Woken: back to the desk"),
    "ticket:merge": gettext_lazy("Merged"),
    "ticket:split": gettext_lazy("Split"),
    "ticket:solve": gettext_lazy("Solved"),
}


@require_GET
@staff_page(Permission.OFFICE_DESK)
@in_practice_time
def office(request: StaffRequest, public_id: str) -> HttpResponse:
    return _page(request, access.office_ticket(request.staff, public_id))


@require_GET
@staff_page(Permission.IT_DESK)
@in_practice_time
def it(request: StaffRequest, public_id: str) -> HttpResponse:
    return _page(request, access.it_ticket(request.staff, public_id))


def _page(request: StaffRequest, ticket: "Ticket") -> HttpResponse:
    version = queries.routing_version(ticket.practice_id)
    table = queries.table_of(ticket.practice_id)
    incident = queries.matching_incident(ticket.category)
    hold = ticket.side == Side.OFFICE and ticket.patient is not None and queries.on_hold(ticket.patient)
    facts = facts_of(
        request.staff, ticket, helpdesk.thread(ticket), on_hold=hold,
        incident=incident.name if incident is not None else "",
    )  # fmt: skip
    facts = replace(facts, opened=_opened(ticket))
    code = Category(ticket.category)
    context = {
        "ticket": ticket,
        "checks": checks(facts, table),
        "why": decide(facts, table).why[1:],
        "row": table[code],
        "base": ROUTES[code] if table[code] != ROUTES[code] else None,
        "version": version,
        "moves": _moves(ticket),
        "back": "triage:it-ticket" if ticket.side == Side.IT else "triage:office-ticket",
    }
    return render(request, "triage/why.html", context)


def _opened(ticket: "Ticket") -> str:
    """ "" when its desk was open as it came in; else from when on it was, on the clock of the practice."""
    then = helpdesk.standing(ticket, at=ticket.created_at)
    if then.is_open:
        return ""
    return f"{localtime(then.changes_at):%a, %b %-d, %H:%M}" if then.changes_at is not None else _("further notice")


def _moves(ticket: "Ticket") -> list[dict[str, Any]]:
    """What the ledger knows of its way, oldest first; two queries."""
    lines = list(audit.lines(["helpdesk.ticket"], target_id=ticket.public_id)[:STEPS])
    offices = {row.public_id: row.name for row in directory.offices(ticket.practice_id)}
    told = ((line, _sentence(line, offices)) for line in reversed(lines))
    return [{"at": line.at, "by": line.actor_label, "text": text} for line, text in told if text]


def _sentence(line: "AuditEvent", offices: dict[str, str]) -> str:
    facts = line.facts
    if line.action in ("ticket:open", "ticket:log_call"):
        words = {
            "channel": _label(Channel, facts.get("channel")),
            "category": _label(Category, facts.get("chosen") or facts.get("category")),
            "office": offices.get(facts.get("office", ""), "?"),
        }
        if facts.get("side") == Side.IT:
            return _("Came in (%(channel)s) as “%(category)s” from %(office)s, for IT") % words
        said = _("Came in (%(channel)s) as “%(category)s” for %(office)s") % words
        if "chosen" in facts:
            said += _("; its words made it “%(kind)s”") % {"kind": _label(Category, facts.get("category"))}
        return said
    if line.action == "ticket:match_patient":
        return _("The patient was found; it stands at the patient's home office")
    if line.action == "ticket:hand_over":
        here, there = (offices.get(facts.get(name, ""), "?") for name in ("from_office", "to_office"))
        return _("Handed over from %(from)s to %(to)s") % {"from": here, "to": there}
    if line.action == "ticket:change_desk":
        if facts.get("side") == Side.IT:
            return _("Given to IT: it is from a provider or a colleague")
        return _("Given to %(office)s: it is from a patient") % {"office": offices.get(facts.get("office", ""), "?")}
    if line.action == "ticket:categorise":
        kinds = {"before": _label(Category, facts.get("before")), "after": _label(Category, facts.get("after"))}
        return _("Kind changed from “%(before)s” to “%(after)s”") % kinds
    return str(SENTENCES.get(line.action, ""))


def _label(words: Any, value: object) -> str:
    return str(words(value).label) if value in words.values else "?"
