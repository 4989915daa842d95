"""The left side of the IT console: what it is narrowed to, what is due next, and the views people keep of it."""

import datetime as dt
from typing import TYPE_CHECKING, Any, Final

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from helpdesk import queries as helpdesk
from helpdesk.actions.tickets import it_group
from helpdesk.enums import Category, Turn
from portal_core.directory.enums import Permission
from portal_core.directory.guards import StaffRequest, staff_page
from portal_core.directory.queries import offices
from portal_core.kernel import clock
from statuspage.contracts import IncidentSummary
from triage import console, forms, queries
from triage.actions import presence
from triage.rules.surge import Proposal
from triage.rules.views import IT_DESK, MENTIONS, RESTING, Wanted, wanted
from triage.views.narrowed import address, asked_with, drop, keep

if TYPE_CHECKING:
    from triage.beside import Kept
    from triage.models import Escalation

it_staff = staff_page(Permission.IT_DESK)
DESK: Final = "/triage/it/"
TICKETS: Final = 20  # of providers and staff, at once


def wanted_of(request: StaffRequest) -> Wanted:
    """The filter of this page; for a button pressed on one, that page's."""
    return _of_it(asked_with(request, DESK))


def _of_it(values: dict[str, str]) -> Wanted:
    """Nobody is named in a flag, and one that sleeps stands below the list."""
    found = wanted(values)
    return wanted(found.as_dict() | {"who": ""}) if found.who in (MENTIONS, RESTING) else found


def rows_context(
    request: StaffRequest, narrowed: Wanted, incidents: list[IncidentSummary], now: dt.datetime
) -> dict[str, Any]:
    """What changes by itself: flags, what they propose, incidents, what providers wrote, and who is where."""
    staff = request.staff
    page = console.it_flags(staff, narrowed, after=request.GET.get("after", ""))
    aside = request.GET.get("aside") == "1"
    written = helpdesk.it_queue(staff, resting=aside, after=request.GET.get("tickets", ""), limit=TICKETS)
    people = presence.who([it_group(staff.practice.public_id)], but=staff.public_id)
    # A list that is neither narrowed nor cut off holds all that could be a surge.
    whole = narrowed == Wanted() and not page.after and not request.GET.get("after")
    fresh = page.flags if whole else console.fresh_flags(staff, now)
    return {
        "now": now,
        "wanted": narrowed,
        "query": f"?{narrowed.query}" if narrowed.query else "",
        "flags": [row_of(row, people) for row in page.flags if not row.sleeps(now)],
        "after": page.after,
        "sleeping": [row for row in page.flags if row.sleeps(now)],
        "linked": console.linked_flags(staff),
        "proposals": [_card(one, incidents) for one in queries.proposals(staff, fresh, now)],
        "incidents": incidents,
        "dissents": console.dissents_of(staff, now),
        "provider_tickets": written.tickets,
        "tickets_after": written.after,
        "aside": aside,
        "people": people,
    }


def list_context(
    request: StaffRequest, narrowed: Wanted, kept: "Kept", incidents: list[IncidentSummary]
) -> dict[str, Any]:
    """Tabs, filter, saved views, what can be done to many."""
    views = [(row, _of_it(row.wanted)) for row in kept.views if row.wanted.get("desk") == IT_DESK]
    tabs = [
        (_("All"), Wanted()),
        (_("Our move"), Wanted(turn=Turn.IT)),
        (_("Mine"), Wanted(who="mine")),
        (_("Nobody's"), Wanted(who="nobody")),
        (_("At the office"), Wanted(turn=Turn.OFFICE)),
    ]
    return {
        "tabs": [{"title": title, "query": one.query, "current": one == narrowed} for title, one in tabs],
        "views": [{"view": row, "query": one.query, "current": one == narrowed != Wanted()} for row, one in views],
        "filter_form": forms.FlagFilterForm(list(offices(request.staff.practice_id)), initial=narrowed.as_dict()),
        "bulk_form": forms.BulkFlagForm(incidents),
        "may_manage_replies": request.staff.may(Permission.STATUS_PUBLISH),
    }


def row_of(flag: "Escalation", people: dict[str, list[presence.Present]]) -> dict[str, Any]:
    """One flag, how its office verified the patient, and who is at it."""
    verified = None
    if flag.attestation is not None:
        attempt = flag.attestation.attempt
        verified = {
            "how": queries.method_class(attempt),
            "at": attempt.ended_at,
            "for": flag.attestation.get_action_class_display(),
            "office": flag.office.name,
        }
    return {"flag": flag, "verified": verified, "people": people.get(flag.public_id, [])}


def _card(proposal: Proposal, incidents: list[IncidentSummary]) -> dict[str, Any]:
    minutes = max(1, round((proposal.last_at - proposal.first_at).total_seconds() / 60))
    return {
        "proposal": proposal,
        "category": Category(proposal.category).label,
        "incident": queries.matching_incident(proposal.category, incidents),
        "minutes": minutes,
        "usually": f"{proposal.usual.median:g}" if proposal.usual is not None else "",
    }


# --- the next one -----------------------------------------------------------------------------------------------------
@require_GET
@it_staff
def serve_next(request: StaffRequest) -> HttpResponse:
    """Open the flag that is due first, is IT's move, and at which nobody is; `?from=` is the one just left."""
    return redirect(onwards(request, leaving=request.GET.get("from", "")))


def onwards(request: StaffRequest, *, leaving: str) -> str:
    """Where "next" leads within the filter of the page: after the flag we leave if there is one, else from the top;
    else to the list."""
    staff, narrowed, now = request.staff, wanted_of(request), clock.now()
    rows = console.it_flags(staff, narrowed).flags
    ids = [row.public_id for row in rows]
    place = ids.index(leaving) + 1 if leaving in ids else 0
    taken = presence.who([it_group(staff.practice.public_id)], but=staff.public_id)
    for row in rows[place:] + rows[:place]:
        ours = row.turn == Turn.IT and row.assignee_id in (None, staff.pk) and not row.sleeps(now)
        if ours and row.public_id != leaving and row.public_id not in taken:
            return address("it-flag", row.public_id, narrowed=narrowed)
    return address("it", narrowed=narrowed)


# --- views that people keep -------------------------------------------------------------------------------------------
@require_POST
@it_staff
def save_view(request: StaffRequest) -> HttpResponse:
    return keep(request, _of_it(request.POST.dict()), page="it", desk=IT_DESK)


@require_POST
@it_staff
def remove_view(request: StaffRequest) -> HttpResponse:
    return drop(request, page="it")
