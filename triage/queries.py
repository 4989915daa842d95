"""What the two desks show. Constant numbers of queries, whatever the size."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from helpdesk import queries as helpdesk
from helpdesk.enums import Category
from statuspage import queries as statuspage
from statuspage.contracts import ComponentSummary, IncidentSummary
from statuspage.errors import IncidentNotFound
from triage.enums import ESCALATION_OPEN, AttemptOutcome, EscalationState, Method
from triage.models import Attestation, Escalation, PlaybookStep, VerificationAttempt, VerificationHold
from triage.rules.components import COMPONENTS
from triage.rules.surge import MEMORY, Proposal, Report, surges

if TYPE_CHECKING:
    from helpdesk.models import Ticket
    from portal_core.directory.models import Patient, Staff

LIST = 100
UNLINKED = (EscalationState.SENT, EscalationState.INVESTIGATING, EscalationState.NEED_OFFICE)


# --- the office's side ------------------------------------------------------------------------------------------------
def steps_done(ticket: "Ticket") -> set[str]:
    return set(PlaybookStep.objects.filter(ticket=ticket).values_list("step", flat=True))


def latest_flags(tickets: Iterable["Ticket"]) -> dict[int, Escalation]:
    """The newest flag of each ticket, by the ticket's key; one query."""
    rows = Escalation.objects.filter(ticket_id__in=[ticket.pk for ticket in tickets]).order_by("created_at", "id")
    return {row.ticket_id: row for row in rows}


def flags_of(ticket: "Ticket") -> list[Escalation]:
    """Newest first."""
    return list(Escalation.objects.filter(ticket=ticket).select_related("assignee").order_by("-created_at", "-id"))


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityState:
    """Where the identity check of one ticket stands."""

    attempt: VerificationAttempt | None  # under way
    attestation: Attestation | None  # the newest of this patient on this ticket, live or not
    live: bool
    hold: VerificationHold | None
    other_calls_today: int  # checks on this patient on other tickets in the last day: office-shopping shows here


def identity_of(ticket: "Ticket", now: dt.datetime) -> IdentityState:
    """Four queries; none when no patient is matched."""
    if ticket.patient_id is None:
        return IdentityState(attempt=None, attestation=None, live=False, hold=None, other_calls_today=0)
    attempts = VerificationAttempt.objects.filter(ticket=ticket, outcome=AttemptOutcome.OPEN)
    rows = Attestation.objects.filter(ticket=ticket, patient_id=ticket.patient_id).select_related("attempt__attester")
    attestation = rows.order_by("-created_at").first()
    return IdentityState(
        attempt=attempts.select_related("attester", "patient").first(),
        attestation=attestation,
        live=attestation is not None and attestation.is_live(now),
        hold=VerificationHold.objects.filter(patient_id=ticket.patient_id, released_at=None).first(),
        other_calls_today=VerificationAttempt.objects.filter(
            patient_id=ticket.patient_id, started_at__gt=now - dt.timedelta(hours=24)
        )
        .exclude(ticket=ticket)
        .count(),
    )


def on_hold(patient: "Patient") -> bool:
    """Whether too many checks failed for this patient: nothing is verified until a lead releases it."""
    return VerificationHold.objects.filter(patient=patient, released_at=None).exists()


# --- incidents --------------------------------------------------------------------------------------------------------
def unresolved_incident(incident_id: str) -> IncidentSummary:
    """Raises IncidentNotFound, also for one that is over."""
    summary = statuspage.incident(incident_id)
    if summary.resolved_at is not None:
        raise IncidentNotFound
    return summary


def matching_incident(category: str) -> IncidentSummary | None:
    """The newest active incident on a component this kind of request is about."""
    if category not in Category.values:
        return None
    incidents = statuspage.active_incidents()
    if not incidents:
        return None
    wanted = {row.id for row in statuspage.components() if row.slug in COMPONENTS[Category(category)]}
    return next((one for one in incidents if wanted & set(one.component_ids)), None)


def component_for(category: str, components: list[ComponentSummary]) -> str:
    """The id of the component an incident about this kind would name first; empty when none fits."""
    by_slug = {row.slug: row.id for row in components}
    slugs = COMPONENTS[Category(category)] if category in Category.values else ()
    return next((by_slug[slug] for slug in slugs if slug in by_slug), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentTickets:
    """What hangs on an incident, for IT: counts and references, no names."""

    references: tuple[tuple[str, str, str], ...]  # (reference, office, label of the state)
    waiting: int
    asked: int
    solved: int
    dissents: int


def tickets_of_incident(staff: "Staff", incident_id: str) -> IncidentTickets:
    rows = [row for row in helpdesk.tickets_of_incident(incident_id) if row.practice_id == staff.practice_id]
    return IncidentTickets(
        references=tuple((row.reference, row.office.name, row.get_state_display()) for row in rows),
        waiting=sum(row.state == "wait_incident" for row in rows),
        asked=sum(row.state == "close_loop" for row in rows),
        solved=sum(row.state in ("solved", "closed") for row in rows),
        dissents=sum(row.dissent_count for row in rows),
    )


# --- IT's side --------------------------------------------------------------------------------------------------------
def it_flags(staff: "Staff") -> list[Escalation]:
    """Open flags that are IT's move or wait for the office, newest first; one query and no patient."""
    rows = Escalation.objects.seen_by_it(staff).filter(state__in=ESCALATION_OPEN)
    rows = rows.select_related("office", "assignee", "attestation__attempt").defer("note", "answer")
    return list(rows.order_by("-created_at", "-id")[:LIST])


def proposals(staff: "Staff", flags: Iterable[Escalation], now: dt.datetime) -> tuple[Proposal, ...]:
    """Incidents that these flags propose (§3.3)."""
    return surges(
        (
            Report(flag.public_id, flag.category, flag.office.name, flag.created_at)
            for flag in flags
            if flag.state in UNLINKED and flag.created_at >= now - MEMORY
        ),
        now,
    )


METHOD_CLASSES: dict[str, str] = {
    Method.E1: "in person",
    Method.E2: "in person",
    Method.E3: "by phone",
    Method.E4: "by phone",
    Method.E5: "in the portal",
    Method.E6: "by e-mail",
    Method.E7: "on video",
    Method.E8: "by post",
    Method.E9: "by document",
    Method.K: "from the record",
}


def method_class(attempt: VerificationAttempt) -> str:
    """How the office verified, as far as IT may know: the strongest kind in one word."""
    ranked = [row["method"] for row in attempt.methods if row["method"] != Method.K]
    return METHOD_CLASSES[min(ranked)] if ranked else METHOD_CLASSES[Method.K]
