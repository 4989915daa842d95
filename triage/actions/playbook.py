"""The office's checklist on a ticket (TR-04), and its end."""

from typing import TYPE_CHECKING

from django.db import transaction

from helpdesk.actions import tickets
from helpdesk.actions.tickets import office_group
from helpdesk.enums import Resolution
from portal_core.kernel import audit, clock, realtime
from portal_core.kernel.contracts import Actor
from triage.actions.flag_telling import finish
from triage.enums import EscalationState, OfficeStep
from triage.models import Escalation, PlaybookStep

if TYPE_CHECKING:
    from helpdesk.models import Ticket
    from portal_core.directory.models import Staff
    from triage.models.escalation import EscalationQuerySet


@transaction.atomic
def tick(*, ticket: "Ticket", staff: "Staff", step: OfficeStep, on: bool = True, by: Actor) -> None:
    """Say that a step is done (or was not). Twice is once."""
    now = clock.now()
    if on:
        _row, changed = PlaybookStep.objects.get_or_create(
            ticket=ticket, step=step, defaults={"done_by": staff, "done_at": now}
        )
    else:
        deleted, _kinds = PlaybookStep.objects.filter(ticket=ticket, step=step).delete()
        changed = bool(deleted)
    if changed:
        audit.record("ticket:playbook", by=by, target=ticket, at=now, step=str(step), on=on)
        realtime.push(office_group(ticket.office.public_id), {"type": "ticket.changed", "id": ticket.public_id})


@transaction.atomic
def solve(*, ticket: "Ticket", resolution: Resolution, note: str = "", hold: bool = False, by: Actor) -> None:
    """Done at the office. An answer that lies there is taken as confirmed; while IT works on it: EscalationOpen (both
    by `going_along`, whichever door it is solved through). With `hold` it may be undone for ten seconds."""
    tickets.solve(ticket=ticket, resolution=resolution, note=note, hold=hold, by=by)


@transaction.atomic
def finish_flags_of(*, ticket_id: str, by: Actor) -> int:
    """Close what still lies open at a ticket that was solved without the desk; return how many flags."""
    now = clock.now()
    ended = [EscalationState.ANSWERED, EscalationState.LINKED]
    flags = list(_locked().filter(ticket__public_id=ticket_id, state__in=ended))
    for flag in flags:
        finish(flag, at=now, by=by)
    return len(flags)


def _locked() -> "EscalationQuerySet":
    rows = Escalation.objects.select_for_update(of=("self",))
    return rows.select_related("office", "practice", "ticket")
