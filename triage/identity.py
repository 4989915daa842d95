"""What there is to know for an identity check, and what pages show of one: questions that change nothing."""

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import Exists, OuterRef, Q

from helpdesk import queries as helpdesk
from helpdesk.enums import Side
from portal_core.access import queries as portal
from portal_core.directory.enums import Permission
from portal_core.directory.queries import sendable_phone as sendable_phone
from portal_core.kernel import audit
from triage.beside import Beside
from triage.enums import AttemptOutcome, Level, Method, Purpose, RedFlag
from triage.models import Attestation, VerificationAttempt, VerificationCode, VerificationHold
from triage.rules import verification as rules
from triage.rules.purposes import PURPOSE_OF, TERMS, template
from triage.rules.words import call_words

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from helpdesk.models import Ticket
    from portal_core.directory.models import Patient, Staff

ASKED_METHODS = (Method.E3, Method.E4, Method.E1, Method.E2, Method.E5, Method.E7, Method.E8, Method.E6, Method.E9)
METHOD_HINTS = {
    Method.K: "Name, date of birth, and one of: street, ZIP, last visit, clinician. Finds the chart, proves nothing.",
    Method.E1: "The photo matches and it has not expired. Do not note the number.",
    Method.E2: "You know them and see them.",
    Method.E3: "Hang up, dial the number on file, they answer.",
    Method.E4: "Six digits by text, read back to you within ten minutes.",
    Method.E5: "They are signed in right now and press Yes there.",
    Method.E6: "Weak: does not carry an account change.",
    Method.E7: "They hold the ID up, and you know them.",
    Method.E8: "The slow way: eight digits by post, read back to you.",
    Method.E9: "Court order, power of attorney, birth certificate. It proves a right, not who they are.",
}
HOLD_REASONS = {
    "three_failures_in_a_day": "Three checks failed within a day, over all offices.",
    "five_failures_in_a_month": "Five checks failed within 30 days, over all offices.",
    "patient_said_no": "The patient said: this was not me.",
}
PATTERN_HOURS = 1
PATTERN_FAILURES = 10
PATTERN_HOLDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityState:
    """Where the identity check of one ticket stands."""

    attempt: VerificationAttempt | None  # under way
    attestation: Attestation | None  # the newest of this patient on this ticket, live or not
    live: bool
    hold: VerificationHold | None
    waiting: bool  # it works later, unless the patient says no
    other_calls_today: int  # checks on this patient on other tickets in the last day: office-shopping shows here


def identity_of(ticket: "Ticket", now: dt.datetime, beside: Beside) -> IdentityState:
    """Two queries at most; none when no patient is matched or nobody was ever checked."""
    attempt, attestation, others = None, None, 0
    if ticket.patient_id is not None and beside.checked:
        lately = Q(patient_id=ticket.patient_id, started_at__gt=now - dt.timedelta(hours=24))
        rows = VerificationAttempt.objects.filter(Q(ticket=ticket) | lately)
        for row in rows.select_related("attester", "attestation").order_by("started_at", "pk"):
            if row.ticket_id != ticket.pk:
                others += 1
                continue
            row.ticket = ticket
            if row.patient_id == ticket.patient_id and ticket.patient is not None:
                row.patient = ticket.patient
            running = row.outcome == AttemptOutcome.OPEN and row.patient_id == ticket.patient_id
            attempt = row if running else attempt
            attestation = _newer(attestation, getattr(row, "attestation", None), ticket)
    holds = VerificationHold.objects.filter(patient=ticket.patient, released_at=None)
    return IdentityState(
        attempt=attempt,
        attestation=attestation,
        live=attestation is not None and attestation.is_live(now),
        waiting=attestation is not None and attestation.is_waiting(now),
        hold=holds.first() if beside.held else None,
        other_calls_today=others,
    )


def _newer(known: Attestation | None, found: Attestation | None, ticket: "Ticket") -> Attestation | None:
    """Of two attestations of this ticket's patient on this ticket, the newer."""
    if found is None or (found.ticket_id, found.patient_id) != (ticket.pk, ticket.patient_id):
        return known
    return found if known is None or found.created_at >= known.created_at else known


def words_of(ticket: "Ticket") -> str:
    """What we say first when we call about this ticket (HD-08)."""
    return call_words(ticket.public_id, key=settings.SECRET_KEY)


def check_context(attempt: VerificationAttempt, staff: "Staff", now: dt.datetime, *, beside: Beside) -> dict[str, Any]:
    """The check under way: what was noted, what is asked for, what is missing. Two queries at most."""
    level, fitting = Level(attempt.level), TERMS[Purpose(attempt.purpose)].proofs
    mine = attempt.attester_id == staff.pk
    tried = list(codes_that_count(attempt, now)) if mine and beside.coded else []
    codes = [code for code in tried if code.attempt_id == attempt.pk]
    patient = attempt.patient
    last = beside.last if patient.pk == attempt.ticket.patient_id else portal.last_sign_in(patient)
    contacts = contacts_on_file(patient, now, last=last) if mine else {}
    live = {code.method: code for code in codes if code.is_live(now)}
    evidence = standing(attempt, level, now, contacts)
    noted = {item.method for item in evidence}
    over = {item.method for item in attempt.evidence} - noted
    return {
        "attempt": attempt,
        "attempt_mine": mine,
        "methods": [
            {**_method_row(attempt, method, noted, level, fitting, contacts, beside.letter), "over": method in over}
            for method in _asked(level)
        ],
        "resolution": {
            "method": Method.K,
            "on": Method.K in noted,
            "hint": METHOD_HINTS[Method.K],
            "over": Method.K in over,
        },
        "red_flags": [{"flag": flag, "on": flag in attempt.red_flags} for flag in RedFlag],
        "verdict": rules.judge(level, evidence, fitting),
        "level": level,
        "raised": attempt.level != attempt.base_level,
        "neutral_sentence": rules.NEUTRAL_SENTENCE,
        "minds": template(attempt.ticket.category).minds,
        "codes_live": list(live.values()),
        "code_tries_left": max(rules.CODE_TRIES - sum(code.tries for code in tried), 0),
        "letter_asked": beside.letter is not None and Method.E8 not in noted,
        "asked_in_portal": attempt.portal_asked_at is not None and Method.E5 not in noted,
    }


def _asked(level: Level) -> tuple[Method, ...]:
    return ASKED_METHODS if level == Level.R4 else ASKED_METHODS[:-1]


def _method_row(
    attempt: VerificationAttempt,
    method: Method,
    noted: set[Method],
    level: Level,
    fitting: frozenset[Method] | None,
    contacts: "dict[str, Contact]",
    letter: dt.datetime | None,
) -> dict[str, Any]:
    patient, kind = attempt.patient, rules.ON_CONTACT.get(method)
    contact = contacts.get(kind) if kind else None
    accepted = method in rules.ACCEPTED[level] or method == Method.E9
    return {
        "method": method,
        "on": method in noted,
        "hint": METHOD_HINTS[method],
        "contact": f"ends in {patient.phone[-2:]}" if kind == "phone" and patient.phone else "",
        "age": contact.age_days if contact is not None else None,
        "young": contact is not None and method in rules.AGED and (contact.unused or rules.is_young(contact.age_days)),
        "absent": (contact is not None and not contact.value)
        or (method == Method.E5 and patient.user_id is None)
        or (method == Method.E8 and letter is None and method not in noted),
        "weak": not accepted or (fitting is not None and method not in fitting and method != Method.E9),
        "how": {Method.E4: "code", Method.E6: "code", Method.E5: "portal", Method.E8: "letter"}.get(method, "hand"),
    }


def begin_context(ticket: "Ticket") -> dict[str, Any]:
    """What a check on this ticket may be for; the first is the likeliest."""
    offered = template(ticket.category).purposes
    return {"purposes": [(one.value, one.label) for one in offered], "default_purpose": offered[0]}


def standing(
    attempt: VerificationAttempt, level: Level, now: dt.datetime, contacts: "dict[str, Contact]"
) -> list[rules.Evidence]:
    """What was noted and still counts: taken lately enough, over a contact that did not change since. `contacts`: those
    on file, by kind; where one is not among them it is not looked at."""
    found = []
    for item in attempt.evidence:
        contact = contacts.get(rules.ON_CONTACT.get(item.method, ""))
        moved = contact is not None and contact.since is not None and item.at is not None and contact.since > item.at
        if rules.stands(item, level, now) and not moved:
            found.append(item)
    return found


def codes_that_count(attempt: VerificationAttempt, now: dt.datetime) -> "QuerySet[VerificationCode]":
    """The codes whose wrong tries count against this check, newest first: its own, and those of checks of this patient
    that were stopped within a day. Whoever stops a check and begins another gains nobody a try."""
    stopped = Q(
        attempt__patient_id=attempt.patient_id,
        attempt__outcome=AttemptOutcome.ABANDONED,
        attempt__started_at__gt=now - dt.timedelta(hours=24),
    )
    # What a manager has looked into and released does not count again.
    released = VerificationHold.objects.filter(patient_id=attempt.patient_id, released_at__gte=OuterRef("sent_at"))
    rows = VerificationCode.objects.filter(Q(attempt=attempt) | (stopped & ~Exists(released)))
    return rows.order_by("-sent_at", "-pk")


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldRow:
    hold: VerificationHold
    reason: str
    failures: int  # failed checks in the last 30 days, over all offices
    offices: int  # at how many of them
    may_release: bool


def holds_seen_by(staff: "Staff") -> list[HoldRow]:
    """Holds on patients of the offices in which this person verifies, newest first. Two queries."""
    offices = staff.offices_for(Permission.VERIFY_PATIENT)
    rows = VerificationHold.objects.filter(released_at=None, patient__practice_id=staff.practice_id)
    if offices is not None:
        rows = rows.filter(patient__home_office_id__in=offices)
    holds = list(rows.select_related("patient__home_office").order_by("-opened_at", "-pk")[:100])
    failed: dict[int, list[int]] = {}
    since = max((hold.opened_at for hold in holds), default=None)
    if since is not None:
        tries = VerificationAttempt.objects.filter(
            patient_id__in=[hold.patient_id for hold in holds],
            outcome=AttemptOutcome.FAILED,
            ended_at__gt=since - dt.timedelta(days=30),
        )
        for patient_id, office_id in tries.values_list("patient_id", "ticket__office_id"):
            failed.setdefault(patient_id, []).append(office_id)
    return [
        HoldRow(
            hold=hold,
            reason=HOLD_REASONS.get(hold.rule, ""),
            failures=len(failed.get(hold.patient_id, [])),
            offices=len(set(failed.get(hold.patient_id, []))),
            may_release=staff.may(Permission.APPROVE_RISKY, office_id=hold.patient.home_office_id),
        )
        for hold in holds
    ]


def for_second_person(staff: "Staff", now: dt.datetime) -> list[Attestation]:
    """Checks that wait for this person's approval, the first to run out first; none for whoever may not approve. Those
    whose patient was told and may say no are among them: approving ends the wait. One query."""
    if not staff.may(Permission.APPROVE_RISKY):
        return []
    offices = staff.offices_for(Permission.APPROVE_RISKY)
    rows = Attestation.objects.live(now).filter(level__in=[Level.R3, Level.R4], approved_at=None)
    rows = rows.filter(attempt__office__practice_id=staff.practice_id).exclude(attempt__attester=staff)
    rows = rows.exclude(delayed_until__lte=now)
    if offices is not None:
        rows = rows.filter(attempt__office_id__in=offices)
    return list(rows.select_related("attempt__attester", "attempt__office", "patient", "ticket").order_by("expires_at"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """Somebody goes round the offices: many failed checks of different patients within an hour."""

    failures: int
    holds: int


def pattern_of(practice_id: int, now: dt.datetime) -> Pattern | None:
    """Two counts; None while nothing stands out."""
    since = now - dt.timedelta(hours=PATTERN_HOURS)
    failures = VerificationAttempt.objects.filter(
        patient__practice_id=practice_id, outcome=AttemptOutcome.FAILED, ended_at__gt=since
    ).count()
    holds = VerificationHold.objects.filter(patient__practice_id=practice_id, opened_at__gt=since).count()
    if failures < PATTERN_FAILURES and holds < PATTERN_HOLDS:
        return None
    return Pattern(failures=failures, holds=holds)


def open_ticket_for(patient: "Patient", purpose: Purpose, staff: "Staff") -> str | None:
    """The newest open request of this patient on which such a check may be made; its public id."""
    for row in helpdesk.open_of_patient(patient, limit=20):
        theirs = row.side == Side.OFFICE and staff.may(Permission.OFFICE_DESK, office_id=row.office_id)
        if theirs and purpose in template(row.category).purposes:
            return str(row.public_id)
    return None


def usable_of(patient: "Patient", action: str, now: dt.datetime) -> Attestation | None:
    """The newest living attestation of this patient for an action, whether it still waits for somebody or not."""
    if action not in PURPOSE_OF:
        return None
    rows = Attestation.objects.live(now).filter(patient=patient, action_class=PURPOSE_OF[action])
    row: Attestation | None = rows.select_related("attempt__attester", "ticket").order_by("-created_at").first()
    return row


# --- contacts on file, with their age --------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """`age_days`, `since` None: on file since before dates were kept. `unused`: changed after their last good
    sign-in."""

    value: str = field(repr=False)
    age_days: int | None
    unused: bool
    since: dt.datetime | None = None


def contact_on_file(patient: "Patient", kind: str, now: dt.datetime) -> Contact:
    """The patient's phone, email or address with its age; an empty `value` when there is none."""
    return _contact(patient, kind, now, last=portal.last_sign_in(patient))


def contacts_on_file(patient: "Patient", now: dt.datetime, *, last: dt.datetime | None) -> dict[str, Contact]:
    """All of them by their kind, for one who last signed in at `last`; one query."""
    return {kind: _contact(patient, kind, now, last=last) for kind in ("phone", "email", "address")}


def _contact(patient: "Patient", kind: str, now: dt.datetime, *, last: dt.datetime | None) -> Contact:
    value, since = {
        "phone": (patient.phone, patient.phone_since),
        "email": (patient.email, patient.email_since),
        "address": (patient.street, _moved_at(patient) if kind == "address" else None),
    }[kind]
    if since is None:
        return Contact(value=value, age_days=None, unused=False)
    return Contact(
        value=value, age_days=max((now - since).days, 0), unused=last is not None and since > last, since=since
    )


def _moved_at(patient: "Patient") -> dt.datetime | None:
    """When the postal address last changed, as the ledger has it: the record itself keeps no date for it."""
    fields = {"street", "city", "state", "zip"}
    lines = audit.lines([patient._meta.label_lower], target_id=patient.public_id)
    for line in lines.filter(action="patient:update-contact"):
        if fields & set(line.facts.get("fields", [])):
            return line.at
    return None
