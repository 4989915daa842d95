"""What hangs on a ticket here goes along with what is done to the ticket, or forbids it: the flag to IT, the identity
check. One place for every door: the desk, the API, many at once, a wake-up, the requester's own answer.

What holds afterwards (property-tested): a ticket that is over has no open flag, an open flag stands at its ticket's
office, a relayed ticket is one whose flag is IT's move, and a check is about the patient its ticket is about.
"""

import datetime as dt
from typing import TYPE_CHECKING, Any

from helpdesk.enums import Deed
from helpdesk.errors import TooLateToUndo
from portal_core.access.queries import portal_status
from portal_core.kernel.contracts import Actor
from portal_core.kernel.enums import ActorKind
from triage.actions import ended_checks, staff_checks
from triage.actions.flag_telling import finish, say, tell
from triage.enums import EscalationState, ExchangeKind
from triage.errors import EscalationOpen, FlagIsOpen
from triage.models import Escalation

if TYPE_CHECKING:
    from helpdesk.models import Ticket
    from portal_core.directory.models import Office, Patient

COLUMNS = ("state", "incident_id", "office_id", "snoozed_until", "snooze_reason", "closed_at")
MOMENTS = ("snoozed_until", "closed_at")


def before(ticket: "Ticket", deed: Deed, *, at: dt.datetime, by: Actor, **facts: Any) -> dict[str, Any]:
    """Raises EscalationOpen for a solving over IT's head, FlagIsOpen where the flag has to end first."""
    if deed == Deed.PATIENT:
        ended_checks.end_for_another(ticket, facts["patient"], at=at, by=by)
    if deed == Deed.DESK:
        staff_checks.end_with_desk(ticket, at=at, by=by)
    flag = _open_flag(ticket)
    if flag is None:
        return {}
    stood = {name: _plain(getattr(flag, name)) for name in COLUMNS}
    match deed:
        case Deed.END:
            _end(flag, at=at, by=by)
        case Deed.JOIN | Deed.DESK:
            _only_linked(flag)
            finish(flag, at=at, by=by)
        case Deed.OFFICE:
            _move(flag, facts["office"], at=at, by=by)
        case Deed.PATIENT:
            _match(flag, ticket, facts["patient"], at=at, by=by)
        case Deed.INCIDENT:
            _wait(flag, facts["incident_id"], at=at, by=by)
    return {"flag": flag.pk, "stood": stood, "changed_at": flag.changed_at.isoformat()}


def back(ticket: "Ticket", kept: dict[str, Any], *, at: dt.datetime, by: Actor) -> None:
    """The flag stands again as it stood. Raises TooLateToUndo where somebody went on with it: then the deed stands
    whole, and ticket and flag together."""
    flag = _rows().get(pk=kept["flag"])
    if flag.changed_at.isoformat() != kept["changed_at"]:
        raise TooLateToUndo
    for name in COLUMNS:
        value = kept["stood"][name]
        setattr(flag, name, dt.datetime.fromisoformat(value) if name in MOMENTS and value is not None else value)
    flag.changed_at = at
    flag.save(update_fields=[*COLUMNS, "changed_at"])
    tell(_rows().get(pk=flag.pk), "flag:undo", at=at, by=by)


def _rows() -> Any:
    rows = Escalation.objects.select_for_update(of=("self",))
    return rows.select_related("practice", "office", "ticket__office")


def _open_flag(ticket: "Ticket") -> Escalation | None:
    found: Escalation | None = _rows().filter(ticket_id=ticket.pk).open().first()
    if found is not None:
        found.ticket = ticket
    return found


def _end(flag: Escalation, *, at: dt.datetime, by: Actor) -> None:
    """An answer that lies at the office is taken as confirmed. What the requester or the clock ends ends a question
    of IT's, too; a person at a desk answers it or takes the flag back first."""
    if flag.state in (EscalationState.ANSWERED, EscalationState.LINKED):
        finish(flag, at=at, by=by)
        return
    if by.kind == ActorKind.STAFF:
        raise EscalationOpen
    flag.move(EscalationState.WITHDRAWN, at=at)
    flag.snoozed_until, flag.snooze_reason = None, ""
    flag.save(update_fields=["state", "changed_at", "closed_at", "snoozed_until", "snooze_reason"])
    say(flag, ExchangeKind.WITHDRAW, "The request has ended, so the flag ends with it.", at=at, by=by)
    tell(flag, "flag:withdraw", at=at, by=by)


def _only_linked(flag: Escalation) -> None:
    if flag.state != EscalationState.LINKED:
        raise FlagIsOpen


def _move(flag: Escalation, office: "Office", *, at: dt.datetime, by: Actor) -> None:
    """Whoever has the ticket has its flag: to answer IT, to confirm, to take it back."""
    flag.office, flag.changed_at = office, at
    flag.save(update_fields=["office", "changed_at"])
    tell(flag, "flag:move", at=at, by=by, office=office.public_id)


def _match(flag: Escalation, ticket: "Ticket", patient: "Patient", *, at: dt.datetime, by: Actor) -> None:
    """IT reads the right initials. A flag about somebody else is another flag."""
    if ticket.patient_id not in (None, patient.pk):
        _only_linked(flag)
        flag.attestation, flag.identity_not_needed = None, True
    flag.patient_initials, flag.portal_label = patient.initials, portal_status(patient).label
    flag.changed_at = at
    flag.save(update_fields=["attestation", "identity_not_needed", "patient_initials", "portal_label", "changed_at"])
    tell(flag, "flag:match", at=at, by=by)


def _wait(flag: Escalation, incident_id: str, *, at: dt.datetime, by: Actor) -> None:
    """It waits for the same incident as its ticket. What IT answered is taken as confirmed."""
    if flag.state == EscalationState.ANSWERED:
        finish(flag, at=at, by=by)
    elif flag.incident_id != incident_id or flag.state != EscalationState.LINKED:
        if flag.state != EscalationState.LINKED:
            flag.move(EscalationState.LINKED, at=at)
        flag.incident_id, flag.changed_at = incident_id, at
        flag.snoozed_until, flag.snooze_reason = None, ""
        flag.save(update_fields=["state", "incident_id", "changed_at", "snoozed_until", "snooze_reason"])
        tell(flag, "flag:link", at=at, by=by, incident=incident_id)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.datetime) else value
