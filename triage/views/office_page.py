"""The one page of the office desk: the list, and beside it one ticket with everything that may be done to it."""

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from helpdesk import queries as helpdesk
from helpdesk.enums import OURS, Category, Resolution, TicketState
from portal_core.access.enums import PortalState
from portal_core.access.queries import last_attempts, portal_status
from portal_core.directory.enums import PatientSupportMode, Permission
from portal_core.kernel import audit, clock
from portal_core.kernel.errors import AppError
from statuspage.contracts import IncidentSummary
from triage import forms, queries
from triage.enums import EscalationState, OfficeStep, RefusalCode
from triage.identity import HOLD_REASONS, begin_context, check_context, identity_of, pattern_of, words_of
from triage.rules.edits import Table
from triage.rules.routing import Fault, Packet, RequestFacts, decide, packet_faults
from triage.rules.table import Route
from triage.views.desk_list import address, list_context, wanted_of
from triage.views.desk_writing import writing_context
from triage.views.practice_time import in_practice_time as in_practice_time

if TYPE_CHECKING:
    from helpdesk.models import Ticket
    from portal_core.directory.guards import StaffRequest
    from portal_core.directory.models import Staff

STATE_TONES = {
    TicketState.NEW: "warning",
    TicketState.OPEN: "info",
    TicketState.WAIT_PATIENT: "neutral",
    TicketState.WAIT_INCIDENT: "warning",
    TicketState.CLOSE_LOOP: "ok",
    TicketState.SOLVED: "ok",
    TicketState.CLOSED: "neutral",
    TicketState.MERGED: "neutral",
}


def desk_page(
    request: "StaffRequest",
    ticket: "Ticket | None" = None,
    *,
    error: AppError | None = None,
    bound: dict[str, Form] | None = None,
    **more: Any,
) -> HttpResponse:
    """List and ticket. `error` becomes a notice and the status; `bound` forms keep what was typed."""
    now = clock.now()
    narrowed = wanted_of(request)
    page = queries.office_list(request.staff, narrowed, after=request.GET.get("after", ""))
    here = (
        address("office-ticket", ticket.public_id, narrowed=narrowed)
        if ticket
        else address("office", narrowed=narrowed)
    )
    flags = queries.latest_flags(page.tickets)
    context: dict[str, Any] = {"ticket": ticket, "error": error, **more}
    context |= list_context(request, narrowed, page, here=here, ticket=ticket)
    context["rows"] = [
        {
            "ticket": row,
            "flag": flags.get(row.pk),
            "tone": STATE_TONES[TicketState(row.state)],
            "people": context["people_at"].get(row.public_id, []),
        }
        for row in page.tickets
    ]
    if not _is_htmx(request):
        # The list names patients. Its live refreshes show the same people again; the first reading stands for them.
        audit.record(
            "ticket:list",
            by=request.staff.actor,
            practice_id=request.staff.practice_id,
            at=now,
            shown=len(page.tickets),
        )
    if ticket is not None:
        # A ticket shows its patient's portal status and contact data: opening it is a read like any other.
        audit.record("ticket:read", by=request.staff.actor, target=ticket, practice_id=ticket.practice_id, at=now)
        context |= writing_context(request, ticket) | ticket_context(
            request.staff, ticket, now, bound or {}, context["incidents_now"]
        )
        context["people_here"] = context["people_at"].get(ticket.public_id, [])
        context |= _neighbours([row.public_id for row in page.tickets], ticket.public_id)
    status = 200
    if error is not None:
        # htmx swaps a 422 and nothing else; the notice says what happened either way.
        status = 422 if _is_htmx(request) else error.status
    elif any(form.is_bound and not form.is_valid() for form in (bound or {}).values()):
        status = 422
    return render(request, "triage/office.html", context, status=status)


def ticket_context(
    staff: "Staff", ticket: "Ticket", now: dt.datetime, bound: dict[str, Form], incidents: list[IncidentSummary]
) -> dict[str, Any]:
    patient = ticket.patient
    identity = identity_of(ticket, now)
    incident = queries.matching_incident(ticket.category, incidents)
    done = queries.steps_done(ticket)
    flags = queries.flags_of(ticket)
    table = queries.table_of(ticket.practice_id)
    facts = facts_of(staff, ticket, on_hold=identity.hold is not None, incident=incident.name if incident else "")
    open_flag = next((flag for flag in flags if flag.is_open), None)
    status = portal_status(patient) if patient is not None else None
    context = {
        "now": now,
        "state_tone": STATE_TONES[TicketState(ticket.state)],
        "thread": helpdesk.thread(ticket),
        "decision": decide(facts, table),
        "route": table[Category(ticket.category)],
        "portal": status,
        "tries": last_attempts(patient) if patient is not None else [],
        "mine": ticket.owner_id == staff.pk,
        "playbook": playbook_rows(table[Category(ticket.category)], done),
        "identity": identity,
        "incident": incident,
        "flags": flags,
        "open_flag": open_flag,
        "may_flag": ticket.is_live and open_flag is None and ticket.state != TicketState.WAIT_INCIDENT,
        "needs_office": open_flag is not None and open_flag.state == EscalationState.NEED_OFFICE,
        "answered": open_flag is not None and open_flag.state == EscalationState.ANSWERED,
        "link_is_invitation": status is not None and status.state == PortalState.UNACTIVATED,
        "may_verify": patient is not None and staff.may(Permission.VERIFY_PATIENT, office_id=patient.home_office_id),
        "may_approve": identity.attestation is not None
        and patient is not None
        and staff.may(Permission.APPROVE_RISKY, office_id=patient.home_office_id)
        and identity.attestation.may_be_approved_by(staff),
        "may_release": patient is not None and staff.may(Permission.APPROVE_RISKY, office_id=patient.home_office_id),
        "search_form": bound.get("search") or forms.SearchForm(initial={"q": ticket.requester_name}),
        "category_form": forms.CategoryForm(initial={"category": ticket.category}),
        "solve_form": bound.get("solve") or forms.SolveForm(initial={"resolution": _likely_end(flags)}),
        "snooze_form": bound.get("snooze") or forms.SnoozeForm(),
        "snooze_open": "snooze" in bound,
        "may_snooze": ticket.state in OURS and ticket.relayed_at is None and ticket.snoozed_until is None,
        "to_it_form": bound.get("to_it") or forms.ToITForm(),
        "flag_form": bound.get("flag") or forms.FlagForm(initial=_flag_initial(ticket, flags)),
        "still_missing": _still_missing(ticket, identity.attestation, done, table),
        "flag_open": "flag" in bound,
        "solve_open": "solve" in bound,
    }
    context |= {f"{name}_form": bound[name] for name in ("reply", "note") if name in bound}
    if "note" in bound:
        context["note_open"] = True
    context |= begin_context(ticket) | {"call_words": words_of(ticket)}
    context["pattern"] = pattern_of(ticket.practice_id, now) if context["may_verify"] else None
    context["hold_reason"] = HOLD_REASONS.get(identity.hold.rule, "") if identity.hold is not None else ""
    if identity.attempt is not None:
        context |= check_context(identity.attempt, staff, now)
    return context


def playbook_rows(row: Route, done: set[str]) -> list[dict[str, Any]]:
    """All six of TR-04 in their order; those this kind of request needs are marked."""
    needed = row.steps
    return [
        {
            "step": step,
            "needed": step in needed,
            "done": step in done,
            # Ticked by doing it, not by hand.
            "by_hand": step not in (OfficeStep.VERIFY_IDENTITY, OfficeStep.RELAY),
        }
        for step in OfficeStep
        if step in needed or step in done
    ]


def _still_missing(ticket: "Ticket", attestation: Any, done: set[str], table: Table) -> list[Fault]:
    """What has to come before a flag of the ticket's own kind, apart from the form itself."""
    faults = packet_faults(
        Packet(
            category=ticket.category,
            reason="",
            error_text="",
            page="",
            happened=False,
            device="",
            steps_done=frozenset(done),
            attested_level=attestation.level if attestation is not None and attestation.revoked_at is None else "",
            patient_matched=ticket.patient_id is not None,
            ok_to_contact=False,
            contact_number="",
            impact="",
        ),
        table,
    )
    return [fault for fault in faults if fault.code != RefusalCode.MISSING_FIELD]


def facts_of(staff: "Staff", ticket: "Ticket", *, on_hold: bool, incident: str) -> RequestFacts:
    """What the engine knows of a ticket."""
    return RequestFacts(
        category=ticket.category,
        text=ticket.error_text,
        requester=ticket.requester_kind,
        home_office=ticket.office.name if ticket.patient_id else "",
        picked_office=ticket.office.name,
        incident=incident,
        on_hold=on_hold,
        patients_may_write_to_it=staff.practice.patient_support_mode == PatientSupportMode.PATIENT_LINE,
    )


def _flag_initial(ticket: "Ticket", flags: list[Any]) -> dict[str, Any]:
    """What is known already. After a refusal: the flag that came back, so that only what was wrong is typed again."""
    if flags and flags[0].state == EscalationState.RETURNED:
        back = flags[0]
        names = ("category", "reason", "error_text", "page", "happened_at", "impact", "ok_to_contact", "note")
        return {name: getattr(back, name) for name in names} | {
            "device": back.device.get("text", ""),
            "contact_number": back.contact_number or ticket.requester_phone,
            "contact_window": back.contact_window,
        }
    device = ", ".join(str(value) for key, value in ticket.device.items() if key in ("browser", "os") and value)
    return {
        "category": ticket.category if ticket.category in dict(forms.PATIENT_CATEGORIES) else Category.OTHER,
        "error_text": ticket.error_text,
        "happened_at": timezone.localtime(ticket.created_at),
        "device": device,
        "impact": "one",
        "contact_number": ticket.requester_phone,
    }


def _likely_end(flags: list[Any]) -> str:
    return Resolution.IT if flags and flags[0].state in (EscalationState.ANSWERED, "done") else Resolution.OFFICE


def _neighbours(ids: list[str], here: str) -> dict[str, str]:
    if here not in ids:
        return {"next_id": ids[0] if ids else "", "previous_id": ""}
    place = ids.index(here)
    return {
        "next_id": ids[place + 1] if place + 1 < len(ids) else "",
        "previous_id": ids[place - 1] if place else "",
    }


def _is_htmx(request: HttpRequest) -> bool:
    return request.headers.get("HX-Request") == "true"
