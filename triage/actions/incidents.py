"""From flags to an incident and back: declare, say more, resolve (design.md §2, steps 5 to 7)."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from django.db import transaction

from helpdesk.actions import tickets
from helpdesk.actions.tickets import it_group
from portal_core.directory.enums import Permission
from portal_core.kernel import audit, clock, idempotency, realtime
from portal_core.kernel.contracts import Actor
from portal_core.kernel.errors import Forbidden
from statuspage.actions import incidents as statuspage
from statuspage.contracts import IncidentSummary
from statuspage.queries import incident as incident_summary
from triage import queries
from triage.actions.escalations import back_at_it, link
from triage.actions.flag_telling import finish, say
from triage.enums import ESCALATION_MOVES, EscalationState, ExchangeKind
from triage.errors import EscalationMoved
from triage.models import Escalation

if TYPE_CHECKING:
    from helpdesk.models import Ticket
    from portal_core.directory.models import Staff


@transaction.atomic
def declare_from_flags(
    *,
    escalation_ids: Sequence[str],
    name: str,
    body: str,
    components: Mapping[str, str],
    staff: "Staff",
    by: Actor,
    key: str,
) -> IncidentSummary:
    """Open a public incident from these flags; each of their tickets waits for it. All or nothing.

    `key` makes a second press land on the same incident. A colleague who declared from one of these flags a moment ago
    was first: EscalationMoved, nothing is published. Flags that were answered or returned meanwhile are left out.
    With no flag it is an incident of IT's own. Raises also what `statuspage` refuses.
    """
    _only_it(staff)
    incident_id = idempotency.once(
        "triage.declare", key, lambda: _declare(escalation_ids, name, body, components, staff, by, key),
        of=[sorted(escalation_ids), name, body, dict(components)],
    )  # fmt: skip
    return incident_summary(incident_id)


def _declare(
    escalation_ids: Sequence[str],
    name: str,
    body: str,
    components: Mapping[str, str],
    staff: "Staff",
    by: Actor,
    key: str,
) -> str:
    # In the order of their keys: two people declaring from overlapping proposals queue up instead of deadlocking.
    rows = Escalation.objects.select_for_update(of=("self",)).select_related("office", "practice", "ticket__office")
    mine = Escalation.objects.filter(practice_id=staff.practice_id, public_id__in=escalation_ids)
    tickets.lock(mine.values_list("ticket_id", flat=True))  # the tickets before the flags, as everywhere
    flags = list(rows.filter(pk__in=mine.values("pk")).order_by("id"))
    if any(flag.state == EscalationState.LINKED for flag in flags):
        raise EscalationMoved
    open_flags = [flag for flag in flags if EscalationState.LINKED in ESCALATION_MOVES[flag.state]]
    if escalation_ids and not open_flags:
        raise EscalationMoved
    now = clock.now()
    summary = statuspage.declare(name=name, body=body, components=components, by=by, key=key)
    for flag in open_flags:
        link(flag, incident_id=summary.id, at=now, by=by)
    audit.record(
        "incident:from_flags", by=by, at=now, incident=summary.id, flags=[flag.public_id for flag in open_flags]
    )
    _nudge(staff, summary.id)
    return summary.id


@transaction.atomic
def post_update(
    *,
    incident_id: str,
    status: str,
    body: str,
    components: Mapping[str, str],
    seen: str,
    key: str,
    staff: "Staff",
    by: Actor,
) -> IncidentSummary:
    """Tell subscribers more. `seen` is the newest update on the author's screen. Raises what `statuspage` refuses."""
    _only_it(staff)
    summary = statuspage.post_update(
        incident_id=incident_id, status=status, body=body, components=components, by=by, seen=seen, key=key
    )
    _nudge(staff, incident_id)
    return summary


@transaction.atomic
def resolve(*, incident_id: str, body: str, seen: str, key: str, staff: "Staff", by: Actor) -> IncidentSummary:
    """End it. Linked tickets are asked "fixed for you?" by the handler of the published event. The second of two people
    is told by `IncidentAlreadyResolved`."""
    _only_it(staff)
    summary = statuspage.resolve(incident_id=incident_id, body=body, by=by, seen=seen, key=key)
    _nudge(staff, incident_id)
    return summary


@transaction.atomic
def close_loop(*, incident_id: str, by: Actor) -> int:
    """After the incident: every waiting requester is asked, every linked flag is done. Running it again changes
    nothing. Returns how many flags were closed."""
    now = clock.now()
    tickets.close_loop(incident_id=incident_id, by=by)
    rows = Escalation.objects.select_for_update(of=("self",)).select_related("practice", "office", "ticket")
    flags = list(rows.filter(incident_id=incident_id, state=EscalationState.LINKED).order_by("id"))
    for flag in flags:
        finish(flag, at=now, by=by, incident=incident_id)
    return len(flags)


@transaction.atomic
def close_late(*, incident_id: str, by: Actor) -> None:
    """It was linked while the incident was being resolved: it waits for what is over, so its requester is asked now."""
    if incident_summary(incident_id).resolved_at is not None:
        close_loop(incident_id=incident_id, by=by)


@transaction.atomic
def link_ticket(*, ticket: "Ticket", incident_id: str, staff: "Staff", hold: bool = False, by: Actor) -> None:
    """The office sees that a known incident explains it: no flag is needed (INCIDENT_KNOWN). With `hold` it may be
    undone for ten seconds."""
    if not staff.may(Permission.OFFICE_DESK, office_id=ticket.office_id):
        raise Forbidden
    queries.unresolved_incident(incident_id)
    tickets.wait_for_incident(ticket=ticket, incident_id=incident_id, hold=hold, by=by)
    realtime.push(it_group(ticket.practice.public_id), {"type": "incident.changed", "id": incident_id})


@transaction.atomic
def unlink_ticket(*, ticket: "Ticket", staff: "Staff", by: Actor) -> None:
    """The office sees that the incident does not explain it. A flag that hangs on it is IT's to look at again. Raises
    WrongMove for a ticket that waits for none."""
    if not staff.may(Permission.OFFICE_DESK, office_id=ticket.office_id):
        raise Forbidden
    tickets.lock([ticket.pk])
    rows = Escalation.objects.select_for_update(of=("self",)).select_related("practice", "office", "ticket")
    flag = rows.filter(ticket=ticket, state=EscalationState.LINKED).first()
    if flag is None:
        tickets.leave_incident(ticket=ticket, by=by)
        return
    say(flag, ExchangeKind.REPLY, "It is not this incident.", at=(now := clock.now()), by=by)
    back_at_it(flag, at=now, by=by)


def _only_it(staff: "Staff") -> None:
    if not staff.may(Permission.IT_DESK):
        raise Forbidden


def _nudge(staff: "Staff", incident_id: str) -> None:
    realtime.push(it_group(staff.practice.public_id), {"type": "incident.changed", "id": incident_id})
