"""What follows when somebody fills in the four fields on the sign-in page (PC-43, PC-44)."""

import datetime as dt
from collections import Counter
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.db.models.functions import Lower

from portal_core import notify
from portal_core.access.actions import portal
from portal_core.access.contracts import HelpAmbiguous, PasswordHelpAsked
from portal_core.access.enums import AccessLevel, HelpFlow, PortalState, TokenPurpose
from portal_core.access.models import HelpAttempt, PortalAccess
from portal_core.access.queries import address_hold, portal_status
from portal_core.access.rules.matching import Candidate, Finding, FourFields, Matches, plain_email, sort_out
from portal_core.directory import queries as directory
from portal_core.kernel import audit, clock, outbox
from portal_core.kernel.contracts import SYSTEM, Actor
from portal_core.notify import queries as notify_queries

if TYPE_CHECKING:
    from portal_core.directory.models import Patient

CANDIDATES = 50  # people who share an e-mail address or a birthday; more than that is nobody's match
REFUSED_EVERY = dt.timedelta(hours=24)


@transaction.atomic
def ask_for_help(*, flow: HelpFlow, typed: FourFields, by: Actor) -> HelpAttempt:
    """Somebody typed the four fields. Notes what matched; the answer goes out by mail afterwards.

    Hit, miss and ambiguity do the same work here: one look-up, one row, one event. Nothing tells them apart on screen.
    """
    now = clock.now()
    candidates = _candidates(typed)
    found = sort_out(typed, [_candidate(patient) for patient in candidates])
    first = found[0] if found else None
    patient = candidates[first.index] if first is not None else None
    attempt = _note(flow, patient, found=first, at=now, reply_to=typed.email.strip())
    audit.record(
        "access:ask_for_help", by=by, target=attempt, at=now, flow=str(flow),
        practice_id=patient.practice_id if patient is not None else None,
    )  # fmt: skip
    outbox.publish(
        PasswordHelpAsked(
            attempt_id=attempt.public_id, at=now,
            granted=tuple(candidates[each.index].public_id for each in found[1:] if each.granted),
            alike=tuple(candidates[each.index].public_id for each in found[1:] if not each.granted),
        )
    )  # fmt: skip
    return attempt


@transaction.atomic
def answer_attempt(*, attempt_id: str, granted: tuple[str, ...] = (), alike: tuple[str, ...] = ()) -> None:
    """The mail that follows `ask_for_help`: the link to the address on file, or "could not be verified" to the address
    typed, that one at most once in 24 hours. Where several people fit, each of them gets a line for the office to find,
    and the office hears of it. Running it twice does it once."""
    attempt = HelpAttempt.objects.select_for_update().get(public_id=attempt_id)
    if not attempt.reply_to:
        return
    now, address = clock.now(), attempt.reply_to
    attempt.reply_to = ""
    attempt.save(update_fields=["reply_to"])
    attempts = [attempt, *_note_others(attempt, granted, alike)]
    answered = [_answer(row, at=now) for row in attempts if row.succeeded]
    _tell_office(attempts, at=now)
    if any(answered):
        return
    who = portal.digest(plain_email(address))[:40]
    key = f"address:{who}"
    if any(row.asked_at > now - REFUSED_EVERY for row in notify_queries.told_to(key, limit=1)):
        return
    notify.send(
        "access/not_verified", cause=f"access-not-verified:{who}:{now:%Y-%m-%d}",
        to=notify.Recipient(key=key, email=address), context={}, not_after=now + REFUSED_EVERY,
    )  # fmt: skip


# --- inside -----------------------------------------------------------------------------------------------------------
def _candidates(typed: FourFields) -> list["Patient"]:
    """Living patients who share the e-mail address or the birthday, those with portal access first: two look-ups,
    always both. Who has no access is looked up in the same breath, so that the time does not tell."""
    own = PortalAccess.objects.filter(patient=OuterRef("pk"), level=AccessLevel.CAN_ACCESS)
    rows = directory.living_patients().annotate(portal_enabled=Exists(own)).order_by("-portal_enabled", "pk")
    by_email = rows.annotate(address=Lower("email")).filter(address=plain_email(typed.email))[:CANDIDATES]
    by_birthday = rows.filter(birth_date=typed.birth_date)[:CANDIDATES]
    return list({patient.pk: patient for patient in [*by_email, *by_birthday]}.values())


def _candidate(patient: "Patient") -> Candidate:
    enabled: bool = patient.portal_enabled  # type: ignore[attr-defined]
    return Candidate(fields=portal.on_file(patient), practice_id=patient.practice_id, enabled=enabled)


def _note(
    flow: str, patient: "Patient | None", *, found: Finding | None, at: dt.datetime, reply_to: str = ""
) -> HelpAttempt:
    matches = found.matches if found is not None else Matches()
    return HelpAttempt.objects.create(
        flow=flow, patient=patient, email_matched=matches.email, last_name_matched=matches.last_name,
        birth_date_matched=matches.birth_date, zip_matched=matches.zip_code,
        ambiguous=found is not None and found.ambiguous, succeeded=found is not None and found.granted,
        reply_to=reply_to, at=at,
    )  # fmt: skip


def _note_others(attempt: HelpAttempt, granted: tuple[str, ...], alike: tuple[str, ...]) -> list[HelpAttempt]:
    """A line like this one for each further patient whom it fits."""
    others = list(directory.living_patients().filter(public_id__in=granted + alike).order_by("pk"))
    matches = Matches(
        email=attempt.email_matched, last_name=attempt.last_name_matched, birth_date=attempt.birth_date_matched,
        zip_code=attempt.zip_matched,
    )  # fmt: skip
    fit = Counter(each.practice_id for each in others)
    if attempt.patient is not None:
        fit[attempt.patient.practice_id] += 1
    return [
        _note(
            attempt.flow, patient, at=attempt.at,
            found=Finding(
                index=0, matches=matches, granted=patient.public_id in granted,
                ambiguous=matches.count == 4 and fit[patient.practice_id] > 1,
            ),
        )
        for patient in others
    ]  # fmt: skip


def _answer(attempt: HelpAttempt, *, at: dt.datetime) -> bool:
    """Mail to the address on file; False where the patient cannot use the portal after all."""
    patient = attempt.patient
    assert patient is not None  # held by attempt_success_is_a_full_match
    PortalAccess.objects.locked_of(patient.pk)
    if portal_status(patient).state == PortalState.INACTIVE:
        return False
    flow, cause = HelpFlow(attempt.flow), attempt.public_id
    user = patient.user
    if address_hold(patient, at) is not None:
        notify.send(
            "access/on_hold", to=portal.recipient(patient), cause=f"access-on-hold:{cause}",
            context=portal.words(patient), not_after=at + dt.timedelta(hours=24),
        )  # fmt: skip
    elif flow == HelpFlow.USERNAME and user is not None:
        notify.send(
            "access/username", to=portal.recipient(patient), cause=f"access-username:{cause}",
            context={**portal.words(patient), "username": user.username}, not_after=at + dt.timedelta(hours=24),
        )  # fmt: skip
    else:
        first = user is None or not user.has_usable_password()
        portal.send_link(patient, TokenPurpose.INVITE if first else TokenPurpose.RESET, at=at, by=SYSTEM)
    return True


def _tell_office(attempts: list[HelpAttempt], *, at: dt.datetime) -> None:
    """Who may use the portal and cannot be told apart from somebody else who may: their office has to help."""
    fits = [row.patient for row in attempts if row.ambiguous and row.patient is not None]
    if not fits:
        return
    rows = PortalAccess.objects.filter(patient__in=fits, level=AccessLevel.CAN_ACCESS)
    enabled = set(rows.values_list("patient_id", flat=True))
    for practice_id in sorted({each.practice_id for each in fits}):
        ids = sorted(each.public_id for each in fits if each.practice_id == practice_id and each.pk in enabled)
        if len(ids) > 1:
            outbox.publish(HelpAmbiguous(patient_ids=tuple(ids), at=at))
