"""The slow proof (E8): a letter with a code to the address on file, for those without a phone or an e-mail.

The code stands on the paper and nowhere else. Reading it back in a check is a proof; a manager may end a hold by it.
"""

import datetime as dt
import hmac
import secrets
from typing import TYPE_CHECKING, Final

from django.db import IntegrityError, transaction

from helpdesk.actions.tickets import office_group
from portal_core.directory.enums import Permission
from portal_core.kernel import audit, clock, realtime
from portal_core.kernel.contracts import Actor
from triage.actions import holds
from triage.actions.proofs import keyed
from triage.actions.verification import close_as_failed, lock_all_of, locked, membership, note_proof, tell
from triage.enums import Method, ReleaseEvidence
from triage.errors import (
    CodeTooOld,
    LetterJustSent,
    NotEnoughEvidence,
    NotYourPatient,
    PatientNotMatched,
    TooManyLetters,
    VerificationClosed,
    WrongCode,
)
from triage.identity import contact_on_file
from triage.models import VerificationHold, VerificationLetter
from triage.rules import verification as rules

if TYPE_CHECKING:
    from helpdesk.models import Ticket
    from portal_core.directory.models import Patient, Staff
    from triage.models import VerificationAttempt

RIGHT: Final = -1


@transaction.atomic
def send(*, ticket: "Ticket", staff: "Staff", by: Actor) -> tuple[VerificationLetter, str]:
    """A letter to print, and its code, which is told this once. An earlier letter to this patient stops working.

    Works while checks are on hold: it is a way out of one. Raises PatientNotMatched, NotYourPatient, NotEnoughEvidence
    (no address on file), TooManyLetters after three within a week, LetterJustSent.
    """
    now, patient = clock.now(), ticket.patient
    if patient is None:
        raise PatientNotMatched
    membership(staff, patient.home_office_id)
    address = contact_on_file(patient, "address", now)
    if not address.value or not patient.zip:
        raise NotEnoughEvidence(missing=["There is no complete postal address on file. Ask for a visit."])
    mine = VerificationLetter.objects.select_for_update().filter(patient=patient)
    if mine.filter(sent_at__gt=now - dt.timedelta(days=7)).count() >= rules.LETTERS_A_WEEK:
        raise TooManyLetters
    mine.filter(used_at=None, void_at=None).update(void_at=now)
    digits = "".join(str(secrets.randbelow(10)) for _ in range(rules.LETTER_DIGITS))
    letter = VerificationLetter(
        patient=patient, ticket=ticket, sent_by=staff, address_hash=_address_hash(patient),
        address_age_days=address.age_days, address_unused=address.unused, sent_at=now,
        expires_at=now + dt.timedelta(days=rules.LETTER_DAYS),
    )  # fmt: skip
    letter.hash = _code_hash(letter, digits)
    try:
        with transaction.atomic():
            letter.save()
    except IntegrityError:  # a colleague pressed at the same moment
        raise LetterJustSent from None
    audit.record(
        "verification:send_letter", by=by, target=letter, practice_id=patient.practice_id, at=now,
        patient=patient.public_id, ticket=ticket.public_id,
    )  # fmt: skip
    realtime.push(office_group(ticket.office.public_id), {"type": "ticket.changed", "id": ticket.public_id})
    return letter, digits


def enter(*, attempt: "VerificationAttempt", staff: "Staff", typed: str, by: Actor) -> Method:
    """The code of the letter, read back in a check. Right: the proof is noted, with the age its address had. The third
    wrong one over all checks makes the letter void and fails this check.

    Raises WrongCode (`facts["left"]`), CodeTooOld, NotYourPatient, VerificationClosed (also if this was the third).
    """
    left = _enter(attempt, staff, digits_of(typed), by)
    if left is None:
        raise CodeTooOld
    if left == 0:  # outside the transaction: the failure that was counted stays
        raise VerificationClosed(
            "That was the third wrong code: the letter is void and the check failed. "
            "Say only: “I could not complete the check.”"
        )
    if left > 0:
        raise WrongCode(left=left)
    return Method.E8


@transaction.atomic
def _enter(attempt: "VerificationAttempt", staff: "Staff", digits: str, by: Actor) -> int | None:
    lock_all_of(attempt.patient_id)  # a wrong one may fail the check
    now, attempt = clock.now(), locked(attempt, staff)
    letter = _live(attempt.patient, now)
    if letter is None:
        return None
    left = _read(letter, digits, now)
    if left == RIGHT:
        note_proof(attempt, Method.E8, age=letter.address_age_days, unused=letter.address_unused, at=now)
        tell(attempt, "verification:code_right", at=now, by=by, method=str(Method.E8))
        return RIGHT
    tell(attempt, "verification:code_wrong", at=now, by=by, method=str(Method.E8), left=left)
    if left == 0:
        close_as_failed(attempt, at=now, by=by)
    return left


def release_hold(*, hold: VerificationHold, typed: str, staff: "Staff", by: Actor) -> VerificationHold:
    """A manager of the patient's own office has had the letter's code read back: the hold ends. Twice is once.

    Raises NotYourPatient, WrongCode (`facts["left"]`), CodeTooOld.
    """
    if not staff.may(Permission.APPROVE_RISKY, office_id=hold.patient.home_office_id):
        raise NotYourPatient
    hold, left = _release(hold, staff, digits_of(typed), by)
    if left is None or left == 0:
        raise CodeTooOld
    if left > 0:
        raise WrongCode(left=left)
    return hold


@transaction.atomic
def _release(hold: VerificationHold, staff: "Staff", digits: str, by: Actor) -> tuple[VerificationHold, int | None]:
    now, hold = clock.now(), holds.locked(hold)
    if hold.released_at is not None:
        return hold, RIGHT
    letter = _live(hold.patient, now)
    if letter is None:
        return hold, None
    left = _read(letter, digits, now)
    if left == RIGHT:
        holds.end(hold, evidence=ReleaseEvidence.LETTER, staff=staff, at=now, by=by)
    else:
        audit.record(
            "verification:letter_wrong", by=by, target=hold, practice_id=hold.patient.practice_id, at=now, left=left
        )
    return hold, left


def digits_of(typed: str) -> str:
    """What was typed, without its gaps."""
    return "".join(typed.split())[:20]


def is_letter_code(typed: str) -> bool:
    """Whether it is as long as the code of a letter; those of messages are shorter."""
    return len(digits_of(typed)) == rules.LETTER_DIGITS


# --- inside -----------------------------------------------------------------------------------------------------------
def _live(patient: "Patient", now: dt.datetime) -> VerificationLetter | None:
    """The letter whose code still counts, locked: nobody moved since."""
    letter = VerificationLetter.objects.select_for_update().filter(patient=patient, used_at=None, void_at=None).first()
    if letter is None or not letter.is_live(now):
        return None
    return letter if hmac.compare_digest(letter.address_hash, _address_hash(patient)) else None


def _read(letter: VerificationLetter, digits: str, now: dt.datetime) -> int:
    """RIGHT, or how many wrong tries are left; the last makes the letter void."""
    if hmac.compare_digest(letter.hash, _code_hash(letter, digits)):
        letter.used_at = now
        letter.save(update_fields=["used_at"])
        return RIGHT
    letter.tries += 1
    left = max(rules.LETTER_TRIES - letter.tries, 0)
    if left == 0:
        letter.void_at = now
    letter.save(update_fields=["tries", "void_at"])
    return left


def _code_hash(letter: VerificationLetter, digits: str) -> str:
    """Keyed, and bound to its letter."""
    return keyed(f"triage.letter:{letter.public_id}:{digits}")


def _address_hash(patient: "Patient") -> str:
    lines = (patient.street, patient.city, patient.state, patient.zip)
    return keyed(f"triage.address:{'|'.join(' '.join(line.lower().split()) for line in lines)}")
