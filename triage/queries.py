"""What the two desks show. Constant numbers of queries, whatever the size."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from django.core.cache import cache
from django.db.models import Q

from helpdesk import queries as helpdesk
from helpdesk.contracts import Placed
from helpdesk.enums import Author, Category, Side, Turn
from helpdesk.reports import first_day
from portal_core.directory.enums import Permission
from portal_core.directory.queries import staff_with
from portal_core.kernel import audit
from portal_core.kernel.enums import ActorKind
from statuspage import queries as statuspage
from statuspage.contracts import ComponentSummary, IncidentSummary
from statuspage.errors import IncidentNotFound
from triage.enums import EscalationState, Method
from triage.models import (
    CannedReply,
    Draft,
    Escalation,
    Mention,
    PlaybookStep,
    RoutingVersion,
    VerificationAttempt,
    VerificationHold,
    WebhookEndpoint,
)
from triage.rules.components import COMPONENTS
from triage.rules.dry_run import Sample
from triage.rules.edits import Table, table
from triage.rules.routing import Packet, RequestFacts
from triage.rules.surge import (
    MEMORY,
    SLACK,
    Proposal,
    Report,
    in_order,
    same_hours,
    surges,
    unusual,
    worth_comparing,
)
from triage.rules.table import ROUTES
from triage.rules.views import MENTIONS, MINE, NOBODY, RESTING, Wanted

if TYPE_CHECKING:
    from helpdesk.models import Ticket, TicketMessage
    from portal_core.directory.models import Patient, Staff

LIST = 100
SAMPLES = 2000  # a dry run looks at so many tickets and flags, and says so where there are more
PLACED_BY = {
    "ticket:open": Placed.UNTOLD,  # it says how
    "ticket:log_call": Placed.WRITTEN_DOWN,
    "ticket:split_off": Placed.BEFORE,
    "ticket:follow_up": Placed.BEFORE,
    "ticket:hand_over": Placed.HANDED_OVER,
    "ticket:change_desk": Placed.HANDED_OVER,
}
UNDOES = {"ticket:undo_office": "ticket:hand_over", "ticket:undo_desk": "ticket:change_desk"}
UNLINKED = (EscalationState.SENT, EscalationState.INVESTIGATING, EscalationState.NEED_OFFICE)


# --- the office's side ------------------------------------------------------------------------------------------------
def steps_done(ticket: "Ticket") -> set[str]:
    return set(PlaybookStep.objects.filter(ticket=ticket).values_list("step", flat=True))


def flags_beside(
    tickets: Iterable["Ticket"], opened: "Ticket | None"
) -> tuple[dict[int, Escalation], list[Escalation]]:
    """The newest flag of each ticket of a list, by the ticket's key, and all flags of the one opened beside it, newest
    first; one query."""
    keys = {ticket.pk for ticket in tickets} | ({opened.pk} if opened is not None else set())
    rows = list(Escalation.objects.filter(ticket_id__in=keys).select_related("assignee").order_by("created_at", "id"))
    mine = [row for row in rows if opened is not None and row.ticket_id == opened.pk]
    return {row.ticket_id: row for row in rows}, mine[::-1]


def placed(ticket: "Ticket") -> Placed:
    """Why it stands at its office: the ledger's last word on it that was not taken back. One query."""
    lines = audit.lines(["helpdesk.ticket"], target_id=ticket.public_id).filter(action__in=[*PLACED_BY, *UNDOES])
    undone: list[str] = []
    for line in lines:
        if line.action in UNDOES:
            undone.append(UNDOES[line.action])
        elif line.action in undone:
            undone.remove(line.action)
        elif line.action == "ticket:open":
            by_staff = line.actor_kind == ActorKind.STAFF
            return Placed.WRITTEN_DOWN if by_staff else Placed(line.facts.get("placed", Placed.UNTOLD))
        else:
            return PLACED_BY[line.action]
    return Placed.UNTOLD


def put_right(ticket: "Ticket", thread: "Iterable[TicketMessage]") -> bool:
    """Whether somebody said what it is about after the requester's last words. One query."""
    last = max((row.at for row in thread if row.author_kind == Author.REQUESTER), default=ticket.created_at)
    lines = audit.lines(["helpdesk.ticket"], target_id=ticket.public_id)
    return lines.filter(action="ticket:categorise", actor_kind=ActorKind.STAFF, at__gte=last).exists()


def open_flag_of(ticket: "Ticket") -> Escalation | None:
    """The flag that is open on it, with whoever has it."""
    return Escalation.objects.filter(ticket=ticket).open().select_related("assignee").first()


# --- the decision table of a practice ---------------------------------------------------------------------------------
def routing_version(practice_id: int) -> RoutingVersion | None:
    """The newest, which is in force; None while the table is as it ships."""
    return RoutingVersion.objects.filter(practice_id=practice_id).order_by("-number").first()


def routing_versions(practice_id: int, *, limit: int = 20) -> list[RoutingVersion]:
    """Newest first."""
    return list(RoutingVersion.objects.filter(practice_id=practice_id).order_by("-number")[:limit])


def table_of(practice_id: int) -> Table:
    """What decides in this practice; one query."""
    version = routing_version(practice_id)
    return table(version.edits) if version is not None else ROUTES


def samples_since(practice_id: int, category: Category, since: dt.datetime, *, patient_line: bool) -> list[Sample]:
    """The newest tickets of one kind, `SAMPLES` at most, as the engine would have seen them."""
    rows = helpdesk.of_kind(practice_id, category, since=since, limit=SAMPLES)
    said = helpdesk.said_in(rows)
    return [
        Sample(
            reference=row.reference,
            public_id=row.public_id,
            office=row.office.name,
            facts=RequestFacts(
                category=row.category,
                text=said[row.pk],
                requester=row.requester_kind,
                home_office=row.office.name if row.patient_id else "",
                office=row.office.name,
                patients_may_write_to_it=patient_line,
            ),
        )
        for row in rows
    ]


def packets_since(practice_id: int, category: Category, since: dt.datetime) -> list[Packet]:
    """The newest flags of one kind that were sent, `SAMPLES` at most, as they were judged."""
    rows = Escalation.objects.filter(practice_id=practice_id, category=category, created_at__gte=since)
    return [
        Packet(
            category=row.category,
            reason=row.reason,
            error_text=row.error_text,
            page=row.page,
            happened=True,
            device=str(row.device.get("text", "")),
            steps_done=frozenset(row.steps_done),
            attested_level=row.attestation.level if row.attestation is not None else "",
            patient_matched=True,
            ok_to_contact=row.ok_to_contact,
            contact_number=row.contact_number,
            impact=row.impact,
        )
        for row in rows.select_related("attestation").order_by("-created_at", "-id")[:SAMPLES]
    ]


# --- what people at a desk keep ---------------------------------------------------------------------------------------
def office_list(staff: "Staff", wanted: Wanted, *, mentioned: set[int], after: str = "") -> "helpdesk.Page":
    """One page of the office's list as it is narrowed; longest waiting first. `mentioned`: `mentioned_on(staff)`."""
    return helpdesk.office_queue(
        staff,
        turn=Turn(wanted.turn) if wanted.turn else None,
        mine=wanted.who == MINE,
        nobodys=wanted.who == NOBODY,
        resting=wanted.who == RESTING,
        category=wanted.category,
        office=wanted.office,
        among=mentioned if wanted.who == MENTIONS else None,
        after=after,
    )


def mentioned_on(staff: "Staff") -> set[int]:
    """Keys of the tickets on which this person was named in a note and has not looked yet."""
    return set(Mention.objects.filter(staff=staff, seen_at=None).values_list("ticket_id", flat=True)[:LIST])


def waiting_of(staff: "Staff", mentioned: set[int]) -> int:
    """How many of these are still open at this person's desk; no query when there are none."""
    return len(helpdesk.office_queue(staff, among=mentioned, limit=LIST).tickets) if mentioned else 0


def desk_people(ticket: "Ticket") -> list["Staff"]:
    """Whoever may open this ticket at its desk, the office's or IT's, by name; two queries."""
    desk = Permission.IT_DESK if ticket.side == Side.IT else Permission.OFFICE_DESK
    office = None if ticket.side == Side.IT else ticket.office_id
    rows = staff_with(desk).filter(practice_id=ticket.practice_id).prefetch_related("role_assignments")
    found = [one for one in rows if one.may(desk, office_id=office)]
    return sorted(found, key=lambda one: (one.first_name, one.last_name))


class Colleague(NamedTuple):
    """Somebody of a desk, as far as a page names them. `id`: the public one."""

    key: int
    id: str
    first: str
    last: str


def colleagues_of(ticket: "Ticket") -> list[Colleague]:
    """`desk_people` as a hint: a minute old at most. Who may really have a ticket, or is really named in a note, is
    looked up when it is given or kept."""

    def found() -> list[tuple[int, str, str, str]]:
        return [(one.pk, one.public_id, one.first_name, one.last_name) for one in desk_people(ticket)]

    desk = f"it:{ticket.practice_id}" if ticket.side == Side.IT else str(ticket.office_id)
    rows = cache.get_or_set(f"triage:desk-people:{desk}", found, 60) or []
    return [Colleague(*row) for row in rows]


def had_flag_before(flag: Escalation, *, since: dt.datetime) -> "Staff | None":
    """Who at IT worked on this patient's last flag, if that was sent after `since`: usually the same person calls
    (HD-08). One query, which reads nothing of the patient."""
    if flag.ticket.patient_id is None:
        return None
    rows = Escalation.objects.filter(
        practice_id=flag.practice_id, ticket__patient_id=flag.ticket.patient_id, assignee__is_active=True,
        created_at__gt=since,
    )  # fmt: skip
    last = rows.exclude(pk=flag.pk).select_related("assignee").order_by("-created_at", "-id").first()
    return last.assignee if last is not None else None


def drafts_of(staff: "Staff", about: str) -> dict[str, str]:
    """What this person began to write about one ticket or flag, by kind; one query."""
    return dict(Draft.objects.filter(staff=staff, about=about).values_list("kind", "body"))


def canned_by_manager(staff: "Staff") -> list[CannedReply]:
    """Every prepared answer this person may change, with its office."""
    mine = Q(pk__in=[])
    if staff.may(Permission.SETTINGS):
        mine |= Q(side=Side.OFFICE)
    elif staff.may(Permission.APPROVE_RISKY):
        offices = staff.offices_for(Permission.APPROVE_RISKY)
        mine |= Q(side=Side.OFFICE) if offices is None else Q(office_id__in=offices)
    if staff.may(Permission.IT_DESK) and staff.may(Permission.STATUS_PUBLISH):
        mine |= Q(side=Side.IT)
    rows = CannedReply.objects.filter(mine, practice_id=staff.practice_id).select_related("office")
    return list(rows.order_by("side", "office__name", "title", "id"))


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


def matching_incident(category: str, incidents: list[IncidentSummary] | None = None) -> IncidentSummary | None:
    """The newest active incident on a component this kind of request is about; `incidents` where they are known."""
    if category not in Category.values:
        return None
    incidents = statuspage.active_incidents() if incidents is None else incidents
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
        dissents=sum(row.is_still_broken for row in rows),
    )


def webhooks_of(practice_id: int) -> list[WebhookEndpoint]:
    """The addresses where a practice hears of its tickets and flags, by name; one query."""
    return list(WebhookEndpoint.objects.filter(practice_id=practice_id).order_by("name", "pk"))


# --- IT's side --------------------------------------------------------------------------------------------------------
def proposals(staff: "Staff", flags: Iterable[Escalation], now: dt.datetime) -> tuple[Proposal, ...]:
    """Incidents that these flags propose (§3.3). No query unless several of a kind came within an hour;
    then five, and none again for ten minutes."""
    reports = [
        Report(flag.public_id, flag.category, flag.office.name, flag.created_at)
        for flag in flags
        if flag.state in UNLINKED and flag.created_at >= now - MEMORY
    ]
    bursts = surges(reports, now)
    known = {one.category for one in bursts}
    rest = [one for one in reports if one.category not in known]
    return in_order([*bursts, *_unusual(staff, rest, now)])


@dataclass(frozen=True, slots=True)
class _Past:
    """What `unusual` compares with; kept for a while, since what is over does not change."""

    since: dt.datetime | None
    history: dict[str, list[dt.datetime]]
    is_open: helpdesk.OpenAnywhere


def _unusual(staff: "Staff", reports: list[Report], now: dt.datetime) -> tuple[Proposal, ...]:
    kinds = sorted(worth_comparing(reports, now))
    if not kinds:
        return ()
    zone, key = staff.practice.time_zone, f"triage:usual:{staff.practice_id}:{'-'.join(kinds)}"
    past = cache.get_or_set(key, lambda: _look_back(staff.practice_id, kinds, zone, now), SLACK.total_seconds())
    if past is None or past.since is None:
        return ()
    chosen = [one for one in reports if one.category in kinds]
    return unusual(chosen, now, history=past.history, zone=zone, is_open=past.is_open, since=past.since)


def _look_back(practice_id: int, kinds: list[str], zone: str, now: dt.datetime) -> _Past:
    alike = Q(pk__in=[])
    for start, end in same_hours(now, zone):
        alike |= Q(created_at__gt=start, created_at__lte=end)
    rows = Escalation.objects.filter(alike, practice_id=practice_id, category__in=kinds)
    history: dict[str, list[dt.datetime]] = {kind: [] for kind in kinds}
    for kind, at in rows.values_list("category", "created_at"):
        history[kind].append(at)
    return _Past(first_day(practice_id), history, helpdesk.open_anywhere(practice_id))


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
