"""Proofs that note themselves: a code to a contact on file, read back; and the patient's own portal session."""

import datetime as dt
import hashlib
import hmac
import secrets
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction

from portal_core import notify
from portal_core.kernel import clock
from portal_core.kernel.contracts import Actor
from portal_core.notify.errors import BadAddress
from triage.actions import holds
from triage.actions.verification import close_as_failed, contact_of, lock_all_of, locked, note_proof, tell
from triage.enums import AttemptOutcome, Level, Method
from triage.errors import (
    CodeTooOld,
    NotEnoughEvidence,
    TooManyCodes,
    VerificationClosed,
    VerificationNotFound,
    WrongCode,
)
from triage.identity import codes_that_count, sendable_phone, standing
from triage.models import VerificationAttempt, VerificationCode
from triage.rules import verification as rules
from triage.rules.words import call_words

if TYPE_CHECKING:
    from portal_core.directory.models import Patient, Staff

CHANNELS = {Method.E4: "sms", Method.E6: "email"}


@transaction.atomic
def send_code(*, attempt: VerificationAttempt, staff: "Staff", method: Method, by: Actor) -> VerificationCode:
    """Six digits to the phone (E4) or e-mail (E6) on file, good for ten minutes; an earlier one stops working. A new
    code gives no new tries.

    Raises VerificationClosed, NotYourPatient, NotEnoughEvidence (no such contact, or nothing can be sent there),
    TooManyCodes after three to this patient within an hour.
    """
    lock_all_of(attempt.patient_id)  # two offices at once must see each other's codes
    now, attempt = clock.now(), locked(attempt, staff)
    contact = contact_of(attempt.patient, method, now)
    sent = VerificationCode.objects.filter(
        attempt__patient_id=attempt.patient_id, sent_at__gt=now - dt.timedelta(hours=1)
    )
    if sent.count() >= rules.CODES_AN_HOUR:
        raise TooManyCodes
    live = VerificationCode.objects.filter(attempt=attempt, method=method, used_at=None, superseded_at=None)
    live.update(superseded_at=now)
    digits = f"{secrets.randbelow(10**6):06d}"
    code = VerificationCode.objects.create(
        attempt=attempt,
        method=method,
        hash=_code_hash(attempt, digits),
        contact_hash=_contact_hash(contact.value),
        contact_age_days=contact.age_days,
        sent_at=now,
        expires_at=now + dt.timedelta(seconds=rules.CODE_SECONDS),
    )
    try:
        promised = notify.send(
            "triage/identity_code",
            to=_recipient(attempt.patient, method, contact.value),
            cause=f"identity-code:{attempt.public_id}:{code.pk}",
            context={
                "code": digits,
                "minutes": rules.CODE_SECONDS // 60,
                "office_name": attempt.office.name,
                "practice_name": attempt.patient.practice.name,
                "words": call_words(attempt.ticket.public_id, key=settings.SECRET_KEY),
            },
            channels=(CHANNELS[method],),
            not_after=code.expires_at,
        )
    except BadAddress as error:
        raise NotEnoughEvidence(missing=["No message can be sent to what is on file. Choose another way."]) from error
    if not promised:
        raise NotEnoughEvidence(missing=["No message can be sent to what is on file. Choose another way."])
    tell(attempt, "verification:send_code", at=now, by=by, method=str(method))
    return code


def enter_code(*, attempt: VerificationAttempt, staff: "Staff", typed: str, by: Actor) -> Method:
    """What they read back. Right: the proof is noted and its kind returned. The third wrong one of a check fails it.

    Raises WrongCode (`facts["left"]`), CodeTooOld, NotYourPatient, VerificationClosed (also if this was the third).
    """
    method, left = _enter(attempt, staff, "".join(typed.split()), by)
    if method is not None:
        return method
    if left is None:
        raise CodeTooOld
    if left == 0:
        raise VerificationClosed(  # outside the transaction: the failure that was counted stays
            "That was the third wrong code: the check failed. Say only: “I could not complete the check.”"
        )
    raise WrongCode(left=left)


@transaction.atomic
def _enter(attempt: VerificationAttempt, staff: "Staff", digits: str, by: Actor) -> tuple[Method | None, int | None]:
    lock_all_of(attempt.patient_id)  # a wrong one may fail the check
    now, attempt = clock.now(), locked(attempt, staff)
    codes = list(VerificationCode.objects.select_for_update().filter(attempt=attempt).order_by("-sent_at", "-pk"))
    live = [code for code in codes if code.is_live(now) and _still_theirs(code, attempt.patient, now)]
    if not live:
        return None, None
    typed = _code_hash(attempt, digits)
    for code in live:
        if hmac.compare_digest(code.hash, typed):
            code.used_at = now
            code.save(update_fields=["used_at"])
            method = Method(code.method)
            contact = contact_of(attempt.patient, method, now)
            note_proof(attempt, method, age=code.contact_age_days, unused=contact.unused, at=now)
            tell(attempt, "verification:code_right", at=now, by=by, method=str(method))
            return method, None
    live[0].tries += 1
    live[0].save(update_fields=["tries"])
    left = rules.CODE_TRIES - sum(codes_that_count(attempt, now).values_list("tries", flat=True))
    tell(attempt, "verification:code_wrong", at=now, by=by, left=max(left, 0))
    if left <= 0:
        close_as_failed(attempt, at=now, by=by)
    return None, max(left, 0)


# --- the patient's own session ----------------------------------------------------------------------------------------
@transaction.atomic
def ask_in_portal(*, attempt: VerificationAttempt, staff: "Staff", by: Actor) -> VerificationAttempt:
    """Show "is it you?" on the patient's portal page for a quarter of an hour. Raises VerificationClosed,
    NotYourPatient, NotEnoughEvidence for a patient without an account."""
    now, attempt = clock.now(), locked(attempt, staff)
    if attempt.patient.user_id is None:
        raise NotEnoughEvidence(missing=["They have no portal account yet. Choose another way."])
    attempt.portal_asked_at = now
    attempt.save(update_fields=["portal_asked_at"])
    tell(attempt, "verification:ask_in_portal", at=now, by=by)
    return attempt


def asked_of(patient: "Patient", now: dt.datetime) -> VerificationAttempt | None:
    """The check that waits for this patient's own word in the portal."""
    since = now - dt.timedelta(seconds=rules.PORTAL_SECONDS)
    rows = VerificationAttempt.objects.filter(
        patient=patient, outcome=AttemptOutcome.OPEN, portal_asked_at__gt=since
    ).select_related("office", "ticket")
    return next((row for row in rows.order_by("-portal_asked_at") if Method.E5 not in _kinds(row, now)), None)


@transaction.atomic
def answer_in_portal(*, patient: "Patient", attempt_id: str, yes: bool, session: str, by: Actor) -> None:
    """The patient says, signed in, whether it is them. Yes is a proof (E5); no fails the check and holds the next ones.

    `session` is the session's key; its hash alone is kept. Raises VerificationNotFound for a stranger's or an old
    question.
    """
    lock_all_of(patient.pk)
    now = clock.now()
    since = now - dt.timedelta(seconds=rules.PORTAL_SECONDS)
    rows = VerificationAttempt.objects.filter(patient=patient, public_id=attempt_id, portal_asked_at__gt=since)
    attempt = rows.filter(outcome=AttemptOutcome.OPEN).select_related("patient", "ticket", "office").first()
    if attempt is None:
        raise VerificationNotFound
    digest = hashlib.sha256(session.encode()).hexdigest()[:16]
    if yes:
        note_proof(attempt, Method.E5, age=None, unused=False, at=now)
        tell(attempt, "verification:portal_yes", at=now, by=by, session=digest)
        return
    tell(attempt, "verification:portal_no", at=now, by=by, session=digest)
    close_as_failed(attempt, at=now, by=by)
    holds.open_hold(attempt.patient, rule=holds.SAID_NO, at=now, by=by)


# --- inside -----------------------------------------------------------------------------------------------------------
def _kinds(attempt: VerificationAttempt, now: dt.datetime) -> set[Method]:
    return {item.method for item in standing(attempt, Level(attempt.level), now, {})}


def _still_theirs(code: VerificationCode, patient: "Patient", now: dt.datetime) -> bool:
    try:
        contact = contact_of(patient, Method(code.method), now)
    except NotEnoughEvidence:
        return False
    return hmac.compare_digest(code.contact_hash, _contact_hash(contact.value))


def _code_hash(attempt: VerificationAttempt, digits: str) -> str:
    """Keyed, and bound to its check: a million codes would be tried out against a stolen table in a second."""
    return keyed(f"triage.code:{attempt.public_id}:{digits}")


def _contact_hash(value: str) -> str:
    return keyed(f"triage.contact:{value.strip().lower()}")


def keyed(text: str) -> str:
    return hmac.new(settings.SECRET_KEY.encode(), text.encode(), hashlib.sha256).hexdigest()


def _recipient(patient: "Patient", method: Method, value: str) -> notify.Recipient:
    known = {code for code, _name in settings.LANGUAGES}
    language = patient.language if patient.language in known else ""
    email, phone = (value.strip(), "") if method == Method.E6 else ("", sendable_phone(value))
    return notify.Recipient(key=f"patient:{patient.public_id}", email=email, phone=phone, language=language)
