"""The one page of the office desk: the list, and beside it one ticket with everything that may be done to it."""

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from helpdesk import queries as helpdesk
from helpdesk.contracts import Placed
from helpdesk.enums import OURS, TONES, Category, Resolution, TicketState
from portal_core.access.enums import PortalState
from portal_core.access.queries import last_attempts
from portal_core.directory.enums import PatientSupportMode, Permission
from portal_core.kernel import audit, clock
from portal_core.kernel.errors import AppError
from statuspage.queries import active_incidents
from triage import access, beside, forms, queries
from triage.beside import Kept
from triage.enums import EscalationState, OfficeStep, RefusalCode
from triage.identity import HOLD_REASONS, begin_context, check_context, identity_of, pattern_of, words_of
from triage.rules.edits import Table
from triage.rules.routing import Fault, Packet, RequestFacts, decide, packet_faults
from triage.rules.table import Route
from triage.rules.verification import LETTER_DAYS
from triage.rules.views import MENTIONS, Wanted
from triage.views.desk_list import list_context, rows_context, wanted_of
from triage.views.desk_writing import writing_context
from triage.views.narrowed import address
from triage.views.practice_time import in_practice_time as in_practice_time

if TYPE_CHECKING:
    from helpdesk.models import Ticket, TicketMessage
    from portal_core.directory.guards import StaffRequest
    from portal_core.directory.models import Staff
    from triage.models import Escalation

LIVE_PART = "tickets"  # what the list's live refresh swaps; the parts of the ticket come with it
OPENED = {"assign", "help"}  # sections that are filled when somebody opens them


def desk_page(
    request: "StaffRequest",
    ticket: "Ticket | None" = None,
    *,
    error: AppError | None = None,
    bound: dict[str, Form] | None = None,
    **more: Any,
) -> HttpResponse:
    """List and ticket. `error` becomes a notice and the status; `bound` forms keep what was typed."""
    now, staff, bound = clock.now(), request.staff, bound or {}
    if ticket is not None and ticket.hanging is None:
        ticket = access.open_ticket(staff, ticket.public_id)
    narrowed = wanted_of(request)
    fetches = request.headers.get("HX-Target", "") if _is_htmx(request) and request.method == "GET" else ""
    opened = request.GET.get("open", "") if request.method == "GET" else ""
    if ticket is not None and opened in OPENED and fetches == f"{opened}-body":
        return _section(request, ticket, opened)
    live = fetches == LIVE_PART
    kept = Kept() if live and narrowed.who != MENTIONS else beside.kept(staff, ticket=ticket)
    page = queries.office_list(staff, narrowed, mentioned=kept.mentioned, after=request.GET.get("after", ""))
    context = {"error": error, "opened": opened, **more}
    context |= rows_context(request, narrowed, page, here=_here(ticket, narrowed), ticket=ticket)
    _note_reading(request, ticket, now, shown=len(page.tickets))
    if ticket is not None:
        context |= _live_context(staff, ticket, now, context["flags"])
    if live:
        return render(request, "triage/office_live.html", context)
    context |= list_context(request, narrowed, kept, context["offices"], ticket=ticket)
    if ticket is not None:
        context |= writing_context(request, ticket, kept)
        context |= _ticket_context(staff, ticket, kept.steps, bound, context)
        context |= neighbours([row.public_id for row in page.tickets], ticket.public_id)
    status = 200
    if error is not None:
        # htmx swaps a 422 and nothing else; the notice says what happened either way.
        status = 422 if _is_htmx(request) else error.status
    elif any(form.is_bound and not form.is_valid() for form in bound.values()):
        status = 422
    return render(request, "triage/office.html", context, status=status)


def _here(ticket: "Ticket | None", narrowed: Wanted) -> str:
    if ticket is None:
        return address("office", narrowed=narrowed)
    return address("office-ticket", ticket.public_id, narrowed=narrowed)


def _section(request: "StaffRequest", ticket: "Ticket", opened: str) -> HttpResponse:
    """One section of a ticket's page, when it is opened; it names nobody but colleagues."""
    return render(request, "triage/office_section.html", {"ticket": ticket, "opened": opened})


def _note_reading(request: "StaffRequest", ticket: "Ticket | None", now: dt.datetime, *, shown: int) -> None:
    """The list names patients. Its live refreshes show the same people again; the first reading stands for them. A
    ticket shows its patient's portal status and contact data: opening it is a read like any other."""
    by, lines = request.staff.actor, []
    if not _is_htmx(request):
        practice = request.staff.practice_id
        lines.append(audit.line("ticket:list", by=by, practice_id=practice, at=now, shown=shown))
    if ticket is not None:
        lines.append(audit.line("ticket:read", by=by, target=ticket, practice_id=ticket.practice_id, at=now))
    if lines:
        audit.record_all(lines)


def _live_context(staff: "Staff", ticket: "Ticket", now: dt.datetime, flags: "list[Escalation]") -> dict[str, Any]:
    """What changes on a ticket's page while somebody looks at it: state, conversation, flags, the identity check."""
    known = beside.of(ticket)
    identity = identity_of(ticket, now, known)
    patient, office = ticket.patient, ticket.patient.home_office_id if ticket.patient is not None else None
    open_flag = next((flag for flag in flags if flag.is_open), None)
    attestation = identity.attestation
    may_release = patient is not None and staff.may(Permission.APPROVE_RISKY, office_id=office)
    may_verify = patient is not None and staff.may(Permission.VERIFY_PATIENT, office_id=office)
    context: dict[str, Any] = {
        "now": now,
        "beside": known,
        "state_tone": TONES[TicketState(ticket.state)],
        "thread": helpdesk.thread(ticket),
        "portal": known.portal,
        "mine": ticket.owner_id == staff.pk,
        "identity": identity,
        "flags": flags,
        "open_flag": open_flag,
        "may_flag": ticket.is_live and open_flag is None and ticket.state != TicketState.WAIT_INCIDENT,
        "linked": _linked(ticket),
        "reach": helpdesk.reachable(ticket) if ticket.state == TicketState.WAIT_INCIDENT else None,
        "needs_office": open_flag is not None and open_flag.state == EscalationState.NEED_OFFICE,
        "answered": open_flag is not None and open_flag.state == EscalationState.ANSWERED,
        "link_is_invitation": known.portal is not None and known.portal.state == PortalState.UNACTIVATED,
        "may_verify": may_verify,
        "letter_sent": known.letter,
        "letter_ends": known.letter + dt.timedelta(days=LETTER_DAYS) if known.letter is not None else None,
        "may_approve": may_release and attestation is not None and attestation.may_be_approved_by(staff),
        "may_release": may_release,
        "may_snooze": ticket.state in OURS and ticket.relayed_at is None and ticket.snoozed_until is None,
        "to_it_form": forms.ToITForm(),
        "call_words": words_of(ticket),
        "pattern": pattern_of(ticket.practice_id, now) if may_verify and known.alarmed else None,
        "hold_reason": HOLD_REASONS.get(identity.hold.rule, "") if identity.hold is not None else "",
        **begin_context(ticket),
    }
    if identity.attempt is not None:
        context |= check_context(identity.attempt, staff, now, beside=known)
    return context


def _linked(ticket: "Ticket") -> bool:
    """Whether it waits for an incident, or is back at the desk while the incident it is linked to goes on."""
    if ticket.state == TicketState.OPEN and ticket.incident_id:
        return any(one.id == ticket.incident_id for one in active_incidents())
    return ticket.state == TicketState.WAIT_INCIDENT


def _ticket_context(
    staff: "Staff", ticket: "Ticket", done: set[str], bound: dict[str, Form], context: dict[str, Any]
) -> dict[str, Any]:
    """The rest of the page: why it is here, the playbook, the patient, and the forms. `context`: what
    `_live_context` and `list_context` found."""
    known, identity, flags = context["beside"], context["identity"], context["flags"]
    incident = queries.matching_incident(ticket.category, context["incidents_now"])
    facts = facts_of(
        staff, ticket, context["thread"], on_hold=identity.hold is not None, incident=incident.name if incident else ""
    )
    route = known.table[Category(ticket.category)]
    found = {
        "decision": decide(facts, known.table),
        "route": route,
        "tries": last_attempts(ticket.patient) if ticket.patient is not None and known.tried else [],
        "playbook": playbook_rows(route, done),
        "incident": incident,
        "search_form": bound.get("search") or forms.SearchForm(initial={"q": ticket.requester_name}),
        "category_form": forms.CategoryForm(initial={"category": ticket.category}),
        "solve_form": bound.get("solve") or forms.SolveForm(initial={"resolution": _likely_end(flags)}),
        "snooze_form": bound.get("snooze") or forms.SnoozeForm(),
        "snooze_open": "snooze" in bound,
        "to_it_form": bound.get("to_it") or context["to_it_form"],
        "flag_form": bound.get("flag") or forms.FlagForm(initial=_flag_initial(ticket, flags)),
        "still_missing": _still_missing(ticket, identity.attestation, done, known.table),
        "flag_open": "flag" in bound,
        "solve_open": "solve" in bound,
    }
    found |= {f"{name}_form": bound[name] for name in ("reply", "note") if name in bound}
    if "note" in bound:
        found["note_open"] = True
    return found


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


def facts_of(
    staff: "Staff", ticket: "Ticket", thread: "list[TicketMessage]", *, on_hold: bool, incident: str
) -> RequestFacts:
    """What the engine knows of a ticket. One query while no patient is matched, one where a message was spoken, one
    where the words say something else than the kind."""
    text = helpdesk.said(ticket, thread)
    return RequestFacts(
        category=ticket.category,
        text=text,
        put_right=helpdesk.alarm(text) not in (None, ticket.category) and queries.put_right(ticket, thread),
        requester=ticket.requester_kind,
        home_office=ticket.office.name if ticket.patient_id else "",
        office=ticket.office.name,
        placed=queries.placed(ticket) if ticket.patient_id is None else Placed.UNTOLD,
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


def neighbours(ids: list[str], here: str) -> dict[str, str]:
    """What stands before and after it in a list."""
    if here not in ids:
        return {"next_id": ids[0] if ids else "", "previous_id": ""}
    place = ids.index(here)
    return {
        "next_id": ids[place + 1] if place + 1 < len(ids) else "",
        "previous_id": ids[place - 1] if place else "",
    }


def _is_htmx(request: HttpRequest) -> bool:
    return request.headers.get("HX-Request") == "true"
