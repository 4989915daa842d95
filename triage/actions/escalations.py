"""The way of a flag: relayed by the office, worked by IT, confirmed by the office. The ticket stays with the office."""

import datetime as dt
from typing import TYPE_CHECKING, Final

from django.db import transaction

from helpdesk.actions import tickets
from helpdesk.enums import Category
from portal_core.access.queries import portal_status
from portal_core.directory.enums import Permission
from portal_core.kernel import clock, outbox
from portal_core.kernel.contracts import Actor
from portal_core.kernel.errors import Forbidden
from triage import queries
from triage.actions.flag_telling import finish, say, tell
from triage.actions.playbook import tick
from triage.contracts import FlagBounced, FlagDraft
from triage.enums import EscalationState, ExchangeKind, OfficeStep, RefusalCode
from triage.errors import EscalationMoved, FlagRefused, WakeTooFar, WrongDuplicate
from triage.models import Attestation, Escalation
from triage.rules.routing import Fault, Packet, packet_faults

if TYPE_CHECKING:
    from helpdesk.models import Ticket
    from portal_core.directory.models import Staff

TAKEN_BACK: Final = "Please leave that aside. We are looking at it again."
SNOOZE_MOST = dt.timedelta(days=7)
BOUNCES: Final = 2  # answers that did not help: then IT's lead hears of it


def faults_of(ticket: "Ticket", draft: FlagDraft) -> tuple[Fault, ...]:
    """What keeps this draft from IT, as things stand (TR-06)."""
    known = queries.matching_incident(draft.category)
    duplicate = Escalation.objects.filter(ticket=ticket).open().first()
    proof = attestation_for_relay(ticket)
    return packet_faults(
        Packet(
            category=draft.category,
            reason=draft.reason,
            error_text=draft.error_text,
            page=draft.page,
            happened=draft.happened_at is not None,
            device=draft.device,
            steps_done=frozenset(queries.steps_done(ticket)),
            attested_level=proof.level if proof is not None else "",
            patient_matched=ticket.patient_id is not None,
            ok_to_contact=draft.ok_to_contact,
            contact_number=draft.contact_number,
            impact=draft.impact,
            duplicate_of=duplicate.public_id if duplicate is not None else "",
            incident=known.name if known is not None else "",
            incident_denied=draft.incident_denied,
        ),
        queries.table_of(ticket.practice_id),
    )


def attestation_for_relay(ticket: "Ticket") -> Attestation | None:
    """What was proved on this ticket about its patient in the last day. It may be used up or expired: expiry guards
    account actions; a flag only tells IT that the office did verify (TR-06)."""
    since = clock.now() - dt.timedelta(hours=24)
    found = Attestation.objects.filter(
        ticket=ticket, patient=ticket.patient, created_at__gt=since, revoked_at=None
    ).select_related("attempt")
    return found.order_by("-level", "-created_at").first()


@transaction.atomic
def relay(*, ticket: "Ticket", draft: FlagDraft, staff: "Staff", by: Actor) -> Escalation:
    """Send the flag to IT, complete, or refuse it by code.

    Raises FlagRefused with `facts["faults"]` = [{"code", "fix", "field"}]; AlreadyRelayed when two people send at once.
    """
    if not staff.may(Permission.OFFICE_DESK, office_id=ticket.office_id):
        raise Forbidden
    now = clock.now()
    faults = faults_of(ticket, draft)
    if faults or draft.happened_at is None:
        raise FlagRefused(faults=[{"code": str(f.code), "fix": f.fix, "field": f.field} for f in faults])
    tickets.mark_relayed(ticket=ticket, by=by)
    proof = attestation_for_relay(ticket)
    flag = Escalation.objects.create(
        ticket=ticket,
        practice_id=ticket.practice_id,
        office_id=ticket.office_id,
        sent_by=staff,
        category=draft.category,
        reason=draft.reason,
        error_text=draft.error_text.strip(),
        page=draft.page.strip(),
        happened_at=draft.happened_at,
        device={"text": draft.device.strip()},
        steps_done=sorted({*queries.steps_done(ticket), OfficeStep.RELAY}),
        attestation=proof,
        identity_not_needed=proof is None,
        patient_initials=ticket.patient.initials if ticket.patient is not None else "",
        portal_label=portal_status(ticket.patient).label if ticket.patient is not None else "",
        ok_to_contact=draft.ok_to_contact,
        contact_number=draft.contact_number.strip() if draft.ok_to_contact else "",
        contact_window=draft.contact_window.strip() if draft.ok_to_contact else "",
        impact=draft.impact,
        note=draft.note.strip(),
        created_at=now,
        changed_at=now,
    )
    tick(ticket=ticket, staff=staff, step=OfficeStep.RELAY, by=by)
    tell(flag, "flag:relay", at=now, by=by, category=draft.category, reason=draft.reason)
    return flag


@transaction.atomic
def accept(*, flag: Escalation, staff: "Staff", by: Actor) -> Escalation:
    """IT takes it. The second of two people gets EscalationMoved."""
    now, flag = clock.now(), _for_it(flag, staff)
    if flag.state != EscalationState.SENT:
        raise EscalationMoved(state=flag.state)
    _accept(flag, staff, now)
    flag.snoozed_until, flag.snooze_reason = None, ""
    flag.save(update_fields=["state", "changed_at", "assignee", "accepted_at", "snoozed_until", "snooze_reason"])
    tell(flag, "flag:accept", at=now, by=by)
    return flag


@transaction.atomic
def take_over(*, flag: Escalation, staff: "Staff", by: Actor) -> Escalation:
    """Somebody else of IT goes on with what a colleague accepted. Raises EscalationMoved for one that is over, or that
    nobody has accepted yet."""
    now, flag = clock.now(), _for_it(flag, staff)
    if not flag.is_open or flag.accepted_at is None:
        raise EscalationMoved(state=flag.state)
    if flag.assignee_id != staff.pk:
        flag.assignee, flag.changed_at = staff, now
        flag.save(update_fields=["assignee", "changed_at"])
        tell(flag, "flag:assign", at=now, by=by, to=staff.public_id)
    return flag


@transaction.atomic
def decline(*, flag: Escalation, code: RefusalCode, note: str, staff: "Staff", by: Actor) -> Escalation:
    """Back to the office with a code that says what to fix; a better flag is a new flag. Raises EscalationMoved."""
    now, flag = clock.now(), _for_it(flag, staff)
    was_its = flag.turn == "it"
    flag.move(EscalationState.RETURNED, at=now)
    flag.refusal = code
    flag.save(update_fields=["state", "refusal", "changed_at", "closed_at"])
    if was_its:
        tickets.mark_returned(ticket=flag.ticket, by=by)
    why = f"{code.label}." + (f" {note.strip()}" if note.strip() else "")
    say(flag, ExchangeKind.RETURN, why, at=now, by=by)
    tickets.add_note(ticket=flag.ticket, body=f"IT sent the flag back: {why}", by=by)
    tick(ticket=flag.ticket, staff=staff, step=OfficeStep.RELAY, on=False, by=by)
    owner = queries.table_of(flag.practice_id)[Category(flag.category)].owner
    tell(flag, "flag:decline", at=now, by=by, code=str(code), owner=str(owner))
    return flag


@transaction.atomic
def duplicate(*, flag: Escalation, of: Escalation, staff: "Staff", by: Actor) -> Escalation:
    """The same trouble of the same office was flagged before: back to the office, which follows the older one. Raises
    EscalationMoved, WrongDuplicate."""
    if of.pk == flag.pk or of.office_id != flag.office_id or of.created_at > flag.created_at:
        raise WrongDuplicate
    note = f"See the flag of {of.created_at:%b %d, %H:%M} UTC on {of.ticket.reference}."
    flag = decline(flag=flag, code=RefusalCode.DUPLICATE_OF, note=note, staff=staff, by=by)
    flag.duplicate_of = of
    flag.save(update_fields=["duplicate_of"])
    return flag


@transaction.atomic
def snooze(*, flag: Escalation, until: dt.datetime, reason: str, staff: "Staff", by: Actor) -> Escalation:
    """Out of the way until then: it comes back by itself, and at once when the office writes. Raises EscalationMoved
    when it is not IT's move, WakeTooFar beyond a week or in the past."""
    now, flag = clock.now(), _for_it(flag, staff)
    if flag.turn != "it":
        raise EscalationMoved(state=flag.state)
    if not now < until <= now + SNOOZE_MOST:
        raise WakeTooFar
    flag.snoozed_until, flag.snooze_reason, flag.changed_at = until, reason.strip(), now
    flag.save(update_fields=["snoozed_until", "snooze_reason", "changed_at"])
    tell(flag, "flag:snooze", at=now, by=by, until=until.isoformat())
    return flag


@transaction.atomic
def wake(*, flag: Escalation, staff: "Staff", by: Actor) -> Escalation:
    """Back into the list before its time."""
    now, flag = clock.now(), _for_it(flag, staff)
    if flag.snoozed_until is not None:
        flag.snoozed_until, flag.snooze_reason, flag.changed_at = None, "", now
        flag.save(update_fields=["snoozed_until", "snooze_reason", "changed_at"])
        tell(flag, "flag:wake", at=now, by=by)
    return flag


@transaction.atomic
def ask_office(*, flag: Escalation, question: str, staff: "Staff", by: Actor) -> Escalation:
    """IT cannot go on without the office: its move. Raises EscalationMoved."""
    now, flag = clock.now(), _for_it(flag, staff)
    if flag.state == EscalationState.SENT:
        _accept(flag, staff, now)
    flag.move(EscalationState.NEED_OFFICE, at=now)
    flag.question = question.strip()
    flag.save(update_fields=["state", "question", "changed_at", "assignee", "accepted_at"])
    say(flag, ExchangeKind.ASK, flag.question, at=now, by=by)
    tickets.mark_returned(ticket=flag.ticket, by=by)
    tickets.add_note(ticket=flag.ticket, body=f"IT asks: {flag.question}", by=by)
    tell(flag, "flag:ask_office", at=now, by=by)
    return flag


@transaction.atomic
def answer(*, flag: Escalation, text: str, staff: "Staff", by: Actor) -> Escalation:
    """A fix, or what the office should tell the patient; also while the office is still asked something. The office
    confirms it. Raises EscalationMoved."""
    now, flag = clock.now(), _for_it(flag, staff)
    was_its = flag.turn == "it"
    if flag.state == EscalationState.SENT:
        _accept(flag, staff, now)
    flag.move(EscalationState.ANSWERED, at=now)
    flag.answer, flag.answered_at = text.strip(), now
    flag.save(update_fields=["state", "answer", "answered_at", "changed_at", "assignee", "accepted_at"])
    say(flag, ExchangeKind.ANSWER, flag.answer, at=now, by=by)
    if was_its:
        tickets.mark_returned(ticket=flag.ticket, by=by)
    tickets.add_note(ticket=flag.ticket, body=f"IT answers: {flag.answer}", by=by)
    tell(flag, "flag:answer", at=now, by=by)
    return flag


@transaction.atomic
def take_back(*, flag: Escalation, staff: "Staff", by: Actor) -> Escalation:
    """IT thinks again: its answer or question does not stand, and the flag is its own once more. Raises EscalationMoved
    when the office has confirmed or written meanwhile."""
    now, flag = clock.now(), _for_it(flag, staff)
    if flag.state not in (EscalationState.ANSWERED, EscalationState.NEED_OFFICE):
        raise EscalationMoved(state=flag.state)
    kind = ExchangeKind.ANSWER if flag.state == EscalationState.ANSWERED else ExchangeKind.ASK
    flag.move(EscalationState.INVESTIGATING, at=now)
    flag.snoozed_until, flag.snooze_reason = None, ""  # put aside before the answer: now it is in the list
    flag.save(update_fields=["state", "changed_at", "snoozed_until", "snooze_reason"])
    say(flag, kind, TAKEN_BACK, at=now, by=by)
    tickets.mark_relayed(ticket=flag.ticket, by=by)
    tickets.add_note(ticket=flag.ticket, body=f"IT: {TAKEN_BACK}", by=by)
    tell(flag, "flag:take_back", at=now, by=by)
    return flag


@transaction.atomic
def reply_to_it(*, flag: Escalation, text: str, staff: "Staff", by: Actor) -> Escalation:
    """The office answers IT's question, or says that the answer did not help (a bounce). Raises EscalationMoved."""
    now, flag = clock.now(), _for_office(flag, staff)
    if flag.state not in (EscalationState.ANSWERED, EscalationState.NEED_OFFICE):
        raise EscalationMoved(state=flag.state)
    if flag.state == EscalationState.ANSWERED:
        flag.bounces += 1
    flag.move(EscalationState.INVESTIGATING, at=now)
    flag.snoozed_until, flag.snooze_reason = None, ""
    flag.save(update_fields=["state", "bounces", "changed_at", "snoozed_until", "snooze_reason"])
    say(flag, ExchangeKind.REPLY, text, at=now, by=by)
    tickets.mark_relayed(ticket=flag.ticket, by=by)
    tickets.add_note(ticket=flag.ticket, body=f"To IT: {text.strip()}", by=by)
    tell(flag, "flag:reply_to_it", at=now, by=by, bounces=flag.bounces)
    if flag.bounces == BOUNCES and flag.turn == "it":
        outbox.publish(FlagBounced(flag_id=flag.public_id, bounces=flag.bounces, at=now))
    return flag


@transaction.atomic
def office_confirm(*, flag: Escalation, staff: "Staff", by: Actor) -> Escalation:
    """It works for the patient. Raises EscalationMoved."""
    now, flag = clock.now(), _for_office(flag, staff)
    if flag.state != EscalationState.ANSWERED:
        raise EscalationMoved(state=flag.state)
    finish(flag, at=now, by=by)
    return flag


@transaction.atomic
def withdraw(*, flag: Escalation, staff: "Staff", by: Actor) -> Escalation:
    """The office takes it back: sent by mistake, or it works meanwhile. Raises EscalationMoved once IT has decided."""
    now, flag = clock.now(), _for_office(flag, staff)
    was_its = flag.turn == "it"
    flag.move(EscalationState.WITHDRAWN, at=now)
    flag.snoozed_until, flag.snooze_reason = None, ""
    flag.save(update_fields=["state", "changed_at", "closed_at", "snoozed_until", "snooze_reason"])
    say(flag, ExchangeKind.WITHDRAW, "Taken back.", at=now, by=by)
    if was_its:
        tickets.mark_returned(ticket=flag.ticket, by=by)
    tickets.add_note(ticket=flag.ticket, body="The flag to IT was taken back.", by=by)
    tick(ticket=flag.ticket, staff=staff, step=OfficeStep.RELAY, on=False, by=by)
    tell(flag, "flag:withdraw", at=now, by=by)
    return flag


@transaction.atomic
def note(*, flag: Escalation, body: str, staff: "Staff", by: Actor) -> None:
    """For colleagues at IT alone, whatever state the flag is in."""
    now, flag = clock.now(), _for_it(flag, staff)
    say(flag, ExchangeKind.NOTE, body, at=now, by=by)
    tell(flag, "flag:note", at=now, by=by)


@transaction.atomic
def link_to_incident(*, flag: Escalation, incident_id: str, staff: "Staff", by: Actor) -> Escalation:
    """It is part of a known incident: the ticket waits for it and its requester is told once. Raises EscalationMoved,
    IncidentNotFound."""
    now, flag = clock.now(), _for_it(flag, staff)
    queries.unresolved_incident(incident_id)
    link(flag, incident_id=incident_id, at=now, by=by)
    return flag


def link(flag: Escalation, *, incident_id: str, at: dt.datetime, by: Actor) -> None:
    """The common end of linking one flag and declaring from many. Inside a transaction, on a locked row."""
    flag.move(EscalationState.LINKED, at=at)
    flag.incident_id = incident_id
    flag.snoozed_until, flag.snooze_reason = None, ""
    flag.save(update_fields=["state", "incident_id", "changed_at", "snoozed_until", "snooze_reason"])
    tickets.wait_for_incident(ticket=flag.ticket, incident_id=incident_id, by=by)
    tell(flag, "flag:link", at=at, by=by, incident=incident_id)


@transaction.atomic
def unlink(*, flag: Escalation, staff: "Staff", by: Actor) -> Escalation:
    """Not this incident after all: it is IT's to look at again. Raises EscalationMoved."""
    flag = _for_it(flag, staff)
    back_at_it(flag, at=clock.now(), by=by)
    return flag


def back_at_it(flag: Escalation, *, at: dt.datetime, by: Actor) -> None:
    """The common end of both sides' "not this incident": the ticket waits for it no longer, and whoever had the flag
    has it again. Inside a transaction, on a locked row. Raises EscalationMoved."""
    left = flag.incident_id
    if flag.state != EscalationState.LINKED:
        raise EscalationMoved(state=flag.state)
    flag.move(EscalationState.SENT if flag.accepted_at is None else EscalationState.INVESTIGATING, at=at)
    flag.incident_id = ""
    flag.save(update_fields=["state", "incident_id", "changed_at"])
    tickets.leave_incident(ticket=flag.ticket, by=by)
    tickets.mark_relayed(ticket=flag.ticket, by=by)
    tell(flag, "flag:unlink", at=at, by=by, incident=left)


# --- inside -----------------------------------------------------------------------------------------------------------
def _accept(flag: Escalation, staff: "Staff", at: dt.datetime) -> None:
    flag.move(EscalationState.INVESTIGATING, at=at)
    flag.assignee, flag.accepted_at = staff, at


def _locked(flag: Escalation) -> Escalation:
    tickets.lock([flag.ticket_id])  # the ticket before the flag, as everywhere
    rows = Escalation.objects.select_for_update(of=("self",)).select_related("office", "practice", "ticket__office")
    return rows.get(pk=flag.pk)


def _for_it(flag: Escalation, staff: "Staff") -> Escalation:
    if not staff.may(Permission.IT_DESK) or staff.practice_id != flag.practice_id:
        raise Forbidden
    return _locked(flag)


def _for_office(flag: Escalation, staff: "Staff") -> Escalation:
    if not staff.may(Permission.OFFICE_DESK, office_id=flag.office_id):
        raise Forbidden
    return _locked(flag)
