"""From flags to an incident and back: declare, say more, resolve (design.md §2, steps 5 to 7)."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from django.db import transaction

from helpdesk import queries as helpdesk
from helpdesk.actions import tickets
from helpdesk.actions.tickets import it_group
from portal_core.directory.enums import Permission
from portal_core.kernel import audit, clock, idempotency, realtime
from portal_core.kernel.contracts import Actor
from portal_core.kernel.errors import Forbidden
from statuspage.actions import incidents as statuspage
from statuspage.contracts import IncidentSummary
from statuspage.errors import IncidentAlreadyResolved
from statuspage.queries import incident as incident_summary
from triage import queries
from triage.actions.escalations import back_at_it, link
from triage.actions.flag_telling import finish, say, tell
from triage.enums import ESCALATION_MOVES, EscalationState, ExchangeKind
from triage.errors import EscalationMoved, SameIncident
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
    again: str = "",
) -> IncidentSummary:
    """Open a public incident from these flags; each of their tickets waits for it. All or nothing. `again`: the id of
    an incident that is over and, as its requesters say, is not; their tickets wait for the new one.

    `key` makes a second press land on the same incident. A colleague who declared from one of these flags a moment ago
    was first: EscalationMoved, nothing is published. Flags that were answered or returned meanwhile are left out.
    With no flag it is an incident of IT's own. Raises also what `statuspage` refuses.
    """
    _only_it(staff)
    incident_id = idempotency.once(
        "triage.declare", key, lambda: _declare(escalation_ids, name, body, components, staff, by, key, again),
        of=[sorted(escalation_ids), name, body, dict(components), again],
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
    again: str,
) -> str:
    # In the order of their keys: two people declaring from overlapping proposals queue up instead of deadlocking.
    rows = Escalation.objects.select_for_update(of=("self",)).select_related("office", "practice", "ticket__office")
    mine = Escalation.objects.filter(practice_id=staff.practice_id, public_id__in=escalation_ids)
    broken = helpdesk.still_broken_after(staff.practice_id, again) if again else []
    # The tickets before the flags, as everywhere; those of both at once.
    tickets.lock([*mine.values_list("ticket_id", flat=True), *(ticket.pk for ticket in broken)])
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
    for ticket in broken:
        tickets.wait_for_incident(ticket=ticket, incident_id=summary.id, by=by)
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
def merge(*, incident_id: str, into: str, body: str, seen: str, key: str, staff: "Staff", by: Actor) -> IncidentSummary:
    """It is part of another incident: it ends with these words, and every ticket and flag that waited for it waits for
    that one. Returns that one; `key` makes a second press return it again. Raises SameIncident, IncidentNotFound,
    IncidentAlreadyResolved where either is over, and what `statuspage` refuses."""
    _only_it(staff)
    if incident_id == into:
        raise SameIncident
    idempotency.once(
        "triage.merge", key, lambda: _merge(incident_id, into, body, seen, key, staff, by),
        of=[incident_id, into, body],
    )  # fmt: skip
    return incident_summary(into)


def _merge(incident_id: str, into: str, body: str, seen: str, key: str, staff: "Staff", by: Actor) -> str:
    if any(incident_summary(one).resolved_at is not None for one in (incident_id, into)):
        raise IncidentAlreadyResolved
    tickets.follow_incident(incident_id=incident_id, into=into, by=by)
    now = clock.now()
    rows = Escalation.objects.select_for_update(of=("self",)).select_related("practice", "office", "ticket")
    for flag in rows.filter(incident_id=incident_id, state=EscalationState.LINKED).order_by("id"):
        flag.incident_id, flag.changed_at = into, now
        flag.save(update_fields=["incident_id", "changed_at"])
        tell(flag, "flag:link", at=now, by=by, incident=into, left=incident_id)
    statuspage.resolve(incident_id=incident_id, body=body, by=by, seen=seen, key=key)
    audit.record("incident:merge", by=by, at=now, incident=incident_id, into=into)
    _nudge(staff, incident_id)
    return into


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
