"""The one page of the office desk: the list, and beside it one ticket with everything that may be done to it."""

import datetime as dt
import functools
import zoneinfo
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec

from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from helpdesk import queries as helpdesk
from helpdesk.enums import Category, Resolution, TicketState
from portal_core.access.enums import PortalState
from portal_core.access.queries import last_attempts, portal_status
from portal_core.directory.enums import PatientSupportMode, Permission
from portal_core.kernel import audit, clock
from portal_core.kernel.errors import AppError
from triage import forms, queries
from triage.enums import EscalationState, Level, Method, OfficeStep, Purpose, RedFlag, RefusalCode
from triage.rules import verification as rules
from triage.rules.routing import Decision, Fault, Packet, RequestFacts, decide, packet_faults
from triage.rules.table import route

if TYPE_CHECKING:
    from helpdesk.models import Ticket
    from portal_core.directory.guards import StaffRequest
    from portal_core.directory.models import Staff

P = ParamSpec("P")
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
ASKED_METHODS = (Method.E3, Method.E4, Method.E1, Method.E2, Method.E5, Method.E7, Method.E8, Method.E6)
METHOD_HINTS = {
    Method.K: "Name, date of birth, and one of: street, ZIP, last visit, clinician. Finds the chart, proves nothing.",
    Method.E1: "The photo matches and it has not expired. Do not note the number.",
    Method.E2: "You know them and see them.",
    Method.E3: "Hang up, dial the number on file, they answer.",
    Method.E4: "Six digits, read back to you within ten minutes.",
    Method.E5: "They are signed in right now and confirm.",
    Method.E6: "Weak: does not carry an account change.",
    Method.E7: "They hold the ID up, and you know them.",
    Method.E8: "The slow way, for those without phone or e-mail.",
}


def in_practice_time(
    view: "Callable[Concatenate[StaffRequest, P], HttpResponse]",
) -> "Callable[Concatenate[StaffRequest, P], HttpResponse]":
    """Show and read times on the practice's clock."""

    @functools.wraps(view)
    def shifted(request: "StaffRequest", /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        with timezone.override(zoneinfo.ZoneInfo(request.staff.practice.time_zone)):
            return view(request, *args, **kwargs)

    return shifted


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
    page = helpdesk.office_queue(request.staff, after=request.GET.get("after", ""))
    flags = queries.latest_flags(page.tickets)
    rows = [
        {"ticket": row, "flag": flags.get(row.pk), "tone": STATE_TONES[TicketState(row.state)]} for row in page.tickets
    ]
    context: dict[str, Any] = {"rows": rows, "after": page.after, "ticket": ticket, "error": error, **more}
    if not _is_htmx(request):
        # The list names patients. Its live refreshes show the same people again; the first reading stands for them.
        audit.record(
            "ticket:list", by=request.staff.actor, practice_id=request.staff.practice_id, at=now, shown=len(rows)
        )
    if ticket is not None:
        # A ticket shows its patient's portal status and contact data: opening it is a read like any other.
        audit.record("ticket:read", by=request.staff.actor, target=ticket, practice_id=ticket.practice_id, at=now)
        context |= ticket_context(request.staff, ticket, now, bound or {})
        context |= _neighbours([row.public_id for row in page.tickets], ticket.public_id)
    status = 200
    if error is not None:
        # htmx swaps a 422 and nothing else; the notice says what happened either way.
        status = 422 if _is_htmx(request) else error.status
    elif any(form.is_bound and not form.is_valid() for form in (bound or {}).values()):
        status = 422
    return render(request, "triage/office.html", context, status=status)


def ticket_context(staff: "Staff", ticket: "Ticket", now: dt.datetime, bound: dict[str, Form]) -> dict[str, Any]:
    patient = ticket.patient
    identity = queries.identity_of(ticket, now)
    incident = queries.matching_incident(ticket.category)
    done = queries.steps_done(ticket)
    flags = queries.flags_of(ticket)
    decision = _decide(staff, ticket, on_hold=identity.hold is not None, incident=incident.name if incident else "")
    open_flag = next((flag for flag in flags if flag.is_open), None)
    status = portal_status(patient) if patient is not None else None
    context = {
        "now": now,
        "state_tone": STATE_TONES[TicketState(ticket.state)],
        "thread": helpdesk.thread(ticket),
        "decision": decision,
        "route": route(ticket.category),
        "portal": status,
        "tries": last_attempts(patient) if patient is not None else [],
        "mine": ticket.owner_id == staff.pk,
        "playbook": playbook_rows(ticket.category, done),
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
        "reply_form": bound.get("reply") or forms.ReplyForm(),
        "note_form": bound.get("note") or forms.NoteForm(),
        "search_form": bound.get("search") or forms.SearchForm(initial={"q": ticket.requester_name}),
        "category_form": forms.CategoryForm(initial={"category": ticket.category}),
        "solve_form": bound.get("solve") or forms.SolveForm(initial={"resolution": _likely_end(flags)}),
        "to_it_form": bound.get("to_it") or forms.ToITForm(),
        "flag_form": bound.get("flag") or forms.FlagForm(initial=_flag_initial(ticket)),
        "still_missing": _still_missing(ticket, identity.attestation, done),
        "flag_open": "flag" in bound,
        "solve_open": "solve" in bound,
        "note_open": "note" in bound,
    }
    default = Purpose.RESET if route(ticket.category).level == Level.R2 else Purpose.IDENTITY
    context |= {"purposes": Purpose.choices, "default_purpose": default}
    if identity.attempt is not None:
        context |= attempt_context(identity.attempt, staff)
    return context


def attempt_context(attempt: Any, staff: "Staff") -> dict[str, Any]:
    """The check under way: what was noted, what is asked for, what is missing."""
    noted = {row["method"]: row for row in attempt.methods}
    level = Level(attempt.level)
    verdict = rules.judge(level, attempt.evidence)
    patient = attempt.patient
    contacts = {
        "phone": (patient.phone, f"ends in {patient.phone[-2:]}" if patient.phone else "", patient.phone_since),
        "email": (patient.email, "", patient.email_since),
        "address": (patient.street, "", None),
    }
    methods = []
    for method in ASKED_METHODS:
        kind = rules.ON_CONTACT.get(method)
        contact, hint, since = contacts[kind] if kind else ("-", "", None)
        age = (clock.now() - since).days if since is not None else None
        methods.append(
            {
                "method": method,
                "on": method in noted,
                "hint": METHOD_HINTS[method],
                "contact": hint,
                "age": age,
                "young": method in rules.AGED and rules.is_young(age),
                "absent": not contact,
                "weak": method not in rules.ACCEPTED[level],
            }
        )
    return {
        "attempt": attempt,
        "attempt_mine": attempt.attester_id == staff.pk,
        "methods": methods,
        "resolution": {"method": Method.K, "on": Method.K in noted, "hint": METHOD_HINTS[Method.K]},
        "red_flags": [{"flag": flag, "on": flag in attempt.red_flags} for flag in RedFlag],
        "verdict": verdict,
        "level": level,
        "raised": attempt.level != attempt.base_level,
        "neutral_sentence": rules.NEUTRAL_SENTENCE,
    }


def playbook_rows(category: str, done: set[str]) -> list[dict[str, Any]]:
    """All six of TR-04 in their order; those this kind of request needs are marked."""
    needed = route(category).steps
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


def _still_missing(ticket: "Ticket", attestation: Any, done: set[str]) -> list[Fault]:
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
        )
    )
    return [fault for fault in faults if fault.code != RefusalCode.MISSING_FIELD]


def _decide(staff: "Staff", ticket: "Ticket", *, on_hold: bool, incident: str) -> Decision:
    return decide(
        RequestFacts(
            category=ticket.category,
            text=ticket.error_text,
            requester=ticket.requester_kind,
            home_office=ticket.office.name if ticket.patient_id else "",
            picked_office=ticket.office.name,
            incident=incident,
            on_hold=on_hold,
            patients_may_write_to_it=staff.practice.patient_support_mode == PatientSupportMode.PATIENT_LINE,
        )
    )


def _flag_initial(ticket: "Ticket") -> dict[str, Any]:
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
