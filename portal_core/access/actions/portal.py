"""Portal access of a patient: the switch, the links, the password."""

import datetime as dt
import hashlib
import secrets
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Lower
from django.urls import reverse

from portal_core import notify
from portal_core.access import errors, gate
from portal_core.access.contracts import PasswordHelpAsked, PortalPasswordSet, PortalStatus
from portal_core.access.enums import AccessLevel, HelpFlow, PortalState, Reason, TokenPurpose
from portal_core.access.models import AccessToken, HelpAttempt, PortalAccess, RegistrationPin
from portal_core.access.queries import LINK_CAUSE, address_hold, portal_status
from portal_core.access.rules.matching import FourFields, judge, plain_email
from portal_core.accounts.actions import credentials
from portal_core.kernel import audit, clock, outbox
from portal_core.kernel.contracts import SYSTEM, Actor
from portal_core.kernel.enums import Realm

if TYPE_CHECKING:
    from portal_core.directory.models import Patient

LIFETIME = {
    TokenPurpose.INVITE: dt.timedelta(hours=48),
    TokenPurpose.RESET: dt.timedelta(hours=4),
    TokenPurpose.PIN: dt.timedelta(minutes=30),
}
CANDIDATES = 50  # people who share an e-mail address or a birthday; more than that is nobody's match

_REFUSALS = {
    Reason.NOT_ENABLED: errors.PortalNotEnabled,
    Reason.NO_EMAIL: errors.NoEmailOnFile,
    Reason.NO_ZIP: errors.NoZipOnFile,
}


@transaction.atomic
def set_level(*, patient: "Patient", level: AccessLevel, manual: bool = False, by: Actor) -> PortalAccess:
    """Switch portal access on or off (PC-34). Off ends every session at once.

    On needs an e-mail address and a zip code (PC-38); `manual` is for patients who get their password from the office
    by hand instead (PC-52, C3). Raises CannotEnable. Setting what is set already changes nothing.
    """
    now = clock.now()
    row = PortalAccess.objects.locked_of(patient.pk)
    if row.level == level:
        return row
    if level == AccessLevel.CAN_ACCESS:
        if not manual and not (patient.email.strip() and patient.zip.strip()):
            raise errors.CannotEnable
        row.enabled_at, row.enabled_by = now, by.label[:120] or "Somebody"
    else:
        row.enabled_at, row.enabled_by = None, ""
        kill_links(patient, at=now)
        if patient.user is not None:
            credentials.end_sessions(user=patient.user, by=by)
    row.level = level
    row.save(update_fields=["level", "enabled_at", "enabled_by"])
    audit.record("access:set_level", by=by, target=patient, practice_id=patient.practice_id, at=now, level=str(level))
    return row


@transaction.atomic
def send_reset_link(*, patient: "Patient", attestation_id: str, by: Actor) -> AccessToken:
    """Mail a single-use link to the address on file, and to nowhere else (R2; PC-46, PC-47).

    Uses up an attestation in the same transaction. Raises AttestationRequired; PortalNotEnabled, NoEmailOnFile or
    NoZipOnFile for an INACTIVE patient, before the attestation is touched.
    """
    PortalAccess.objects.locked_of(patient.pk)  # two buttons at once: the second waits here and finds it used up
    _must_be_reachable(patient)
    gate.consume(attestation_id, patient_id=patient.public_id, action="send_reset_link", by=by)
    return _send_link(patient, TokenPurpose.RESET, at=clock.now(), by=by)


@transaction.atomic
def resend_invitation(*, patient: "Patient", by: Actor) -> AccessToken:
    """Mail the invitation (again) to the address on file (R1, PC-47). Raises AlreadyActive for a patient who uses the
    portal already, AddressOnHold within a day of an e-mail change (PC-42), and the errors of an INACTIVE patient."""
    PortalAccess.objects.locked_of(patient.pk)
    if _must_be_reachable(patient).state != PortalState.UNACTIVATED:
        raise errors.AlreadyActive
    if address_hold(patient, clock.now()) is not None:
        raise errors.AddressOnHold
    return _send_link(patient, TokenPurpose.INVITE, at=clock.now(), by=by)


@transaction.atomic
def ask_for_help(*, flow: HelpFlow, typed: FourFields, by: Actor) -> HelpAttempt:
    """Somebody typed the four fields (PC-43, PC-44). Notes what matched; the answer goes out by mail afterwards.

    Hit, miss and ambiguity do the same work here: one look-up, one row, one event. Nothing tells them apart on screen.
    """
    now = clock.now()
    candidates = _candidates(typed)
    verdict = judge(typed, [on_file(patient) for patient in candidates])
    patient = candidates[verdict.index] if verdict.index is not None else None
    attempt = HelpAttempt.objects.create(
        flow=flow, patient=patient, email_matched=verdict.matches.email, last_name_matched=verdict.matches.last_name,
        birth_date_matched=verdict.matches.birth_date, zip_matched=verdict.matches.zip_code,
        ambiguous=verdict.ambiguous, succeeded=verdict.full, reply_to=typed.email.strip(), at=now,
    )  # fmt: skip
    audit.record(
        "access:ask_for_help", by=by, target=attempt, at=now, flow=str(flow),
        practice_id=patient.practice_id if patient is not None else None,
    )  # fmt: skip
    outbox.publish(PasswordHelpAsked(attempt_id=attempt.public_id, at=now))
    return attempt


@transaction.atomic
def answer_attempt(*, attempt_id: str) -> None:
    """The mail that follows `ask_for_help`: the link to the address on file, or "could not be verified" to the address
    typed, that one at most once a day. Running it twice sends once."""
    attempt = HelpAttempt.objects.select_for_update().get(public_id=attempt_id)
    if not attempt.reply_to:
        return
    now, address = clock.now(), attempt.reply_to
    attempt.reply_to = ""
    attempt.save(update_fields=["reply_to"])
    if attempt.succeeded and attempt.patient is not None:
        PortalAccess.objects.locked_of(attempt.patient_id or 0)
        if portal_status(attempt.patient).state != PortalState.INACTIVE:
            _answer_by_mail(attempt.patient, HelpFlow(attempt.flow), cause=attempt.public_id, at=now)
            return
    who = digest(plain_email(address))[:40]
    notify.send(
        "access/not_verified",
        to=notify.Recipient(key=f"address:{who}", email=address),
        cause=f"access-not-verified:{who}:{now:%Y-%m-%d}",
        context={},
        not_after=now + dt.timedelta(hours=24),
    )


def _answer_by_mail(patient: "Patient", flow: HelpFlow, *, cause: str, at: dt.datetime) -> None:
    """What a full match gets: the user name, or a link; while a new address is on hold, neither (PC-42)."""
    user = patient.user
    if address_hold(patient, at) is not None:
        notify.send(
            "access/on_hold", to=recipient(patient), cause=f"access-on-hold:{cause}", context=words(patient),
            not_after=at + dt.timedelta(hours=24),
        )  # fmt: skip
    elif flow == HelpFlow.USERNAME and user is not None:
        notify.send(
            "access/username", to=recipient(patient), cause=f"access-username:{cause}",
            context={**words(patient), "username": user.username}, not_after=at + dt.timedelta(hours=24),
        )  # fmt: skip
    else:
        first = user is None or not user.has_usable_password()
        _send_link(patient, TokenPurpose.INVITE if first else TokenPurpose.RESET, at=at, by=SYSTEM)


@transaction.atomic
def set_password(*, token: str, username: str, password: str, by: Actor) -> "Patient":
    """Use up a link: choose a user name where there is none yet, and a password. Nobody is signed in by it.

    Raises LinkUnusable, UsernameTaken, UnusablePassword; the link stays good after the last two.
    """
    now = clock.now()
    patient = usable_token(token).patient
    PortalAccess.objects.locked_of(patient.pk)  # first this, then the token: every action locks in that order
    row = AccessToken.objects.select_for_update().get(hash=digest(token))
    if not _is_good(row, now):
        raise errors.LinkUnusable
    if not _is_open(row):
        raise errors.LinkUnusable
    if patient.user is None:
        patient.user = credentials.create(username=username, password=password, realm=Realm.PATIENT, by=by)
        patient.save(update_fields=["user"])
    else:
        credentials.set_password(user=patient.user, password=password, by=by)
    row.used_at = now
    row.save(update_fields=["used_at"])
    if row.pin_id is not None:
        RegistrationPin.objects.filter(pk=row.pin_id, voided_at=None).update(used_at=now)
    audit.record("access:set_password", by=by, target=patient, practice_id=patient.practice_id, at=now)
    outbox.publish(PortalPasswordSet(patient_id=patient.public_id, token_id=row.public_id, at=now))
    return patient


@transaction.atomic
def tell_password_set(*, token_id: str) -> None:
    """Notice to the address on file, so that a stranger's doing is noticed."""
    row = AccessToken.objects.select_related("patient", "patient__practice", "patient__home_office").get(
        public_id=token_id
    )
    patient = row.patient
    if patient.email:
        notify.send(
            "access/password_set",
            to=recipient(patient),
            cause=f"access-password-set:{token_id}",
            context=words(patient),
        )


@transaction.atomic
def note_sign_in(*, patient: "Patient", at: dt.datetime) -> None:
    """The patient signed in: this makes the account ACTIVE (PC-27) and kills links still lying in the mailbox.

    Raises PortalClosed when access is switched off, ManualPasswordOver for a password from the office that lay unused
    too long (C4); both refuse the sign-in.
    """
    row = PortalAccess.objects.select_for_update().filter(patient=patient).first()
    if row is None or row.level != AccessLevel.CAN_ACCESS:
        raise errors.PortalClosed
    if patient.user is not None and patient.user.must_change_password and row.is_manual_password_over(at):
        raise errors.ManualPasswordOver
    row.first_access_at = row.first_access_at or at
    row.last_access_at = at
    row.save(update_fields=["first_access_at", "last_access_at"])
    kill_links(patient, at=at)


def usable_token(token: str) -> AccessToken:
    """Look at a link without using it up: mail scanners open every link they see. Raises LinkUnusable."""
    row = AccessToken.objects.select_related("patient", "patient__user").filter(hash=digest(token)).first()
    if row is None or not _is_good(row, clock.now()) or not _is_open(row):
        raise errors.LinkUnusable
    return row


# --- inside -----------------------------------------------------------------------------------------------------------
def _must_be_reachable(patient: "Patient") -> PortalStatus:
    patient.refresh_from_db(fields=["email", "zip", "user"])  # an import may have come between the page and the button
    status = portal_status(patient)
    if status.reasons:
        raise _REFUSALS[status.reasons[0]]
    return status


def _candidates(typed: FourFields) -> list["Patient"]:
    """Living patients with portal access who share the e-mail address or the birthday: two look-ups, always both."""
    rows = PortalAccess.objects.filter(level=AccessLevel.CAN_ACCESS, patient__deceased=False)
    rows = rows.select_related("patient").order_by("pk")
    by_email = rows.annotate(address=Lower("patient__email")).filter(address=plain_email(typed.email))[:CANDIDATES]
    by_birthday = rows.filter(patient__birth_date=typed.birth_date)[:CANDIDATES]
    return list({row.patient_id: row.patient for row in [*by_email, *by_birthday]}.values())


def on_file(patient: "Patient") -> FourFields:
    """The four fields as the record has them."""
    return FourFields(
        email=patient.email, last_name=patient.last_name, birth_date=patient.birth_date, zip_code=patient.zip
    )


def open_link(
    patient: "Patient", purpose: TokenPurpose, *, at: dt.datetime, by: Actor, pin: RegistrationPin | None = None
) -> str:
    """A new link; every earlier one of this patient dies. Returns its secret, which is kept nowhere."""
    kill_links(patient, at=at)
    secret = secrets.token_urlsafe(32)
    AccessToken.objects.create(
        patient=patient, purpose=purpose, hash=digest(secret), sent_to_hash=digest(plain_email(patient.email)),
        created_at=at, expires_at=at + LIFETIME[purpose], pin=pin,
    )  # fmt: skip
    audit.record(
        "access:send_link", by=by, target=patient, practice_id=patient.practice_id, at=at, purpose=str(purpose)
    )
    return secret


def _send_link(patient: "Patient", purpose: TokenPurpose, *, at: dt.datetime, by: Actor) -> AccessToken:
    secret = open_link(patient, purpose, at=at, by=by)
    row = AccessToken.objects.get(hash=digest(secret))
    hours = int(LIFETIME[purpose].total_seconds() // 3600)
    notify.send(
        f"access/{purpose.value}",
        to=recipient(patient),
        cause=f"{LINK_CAUSE}{row.public_id}",
        context={
            **words(patient),
            "link": settings.PUBLIC_URL + reverse("access:set-password", args=[secret]),
            "hours": hours,
        },
        not_after=row.expires_at,
    )
    return row


def kill_links(patient: "Patient", *, at: dt.datetime) -> None:
    """No link that is on its way or in a mailbox works any more."""
    AccessToken.objects.filter(patient=patient, used_at=None, superseded_at=None).update(superseded_at=at)


def _is_good(row: AccessToken, now: dt.datetime) -> bool:
    return (
        row.used_at is None
        and row.superseded_at is None
        and now < row.expires_at
        # What came by mail dies with the address it went to; what came by PIN went to nobody.
        and (row.purpose == TokenPurpose.PIN or row.sent_to_hash == digest(plain_email(row.patient.email)))
    )


def _is_open(row: AccessToken) -> bool:
    """Whether the patient may set a password now: not INACTIVE; by PIN it is enough that access is enabled (C3)."""
    status = portal_status(row.patient)
    if row.purpose == TokenPurpose.PIN:
        return status.enabled
    return status.state != PortalState.INACTIVE


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def recipient(patient: "Patient") -> notify.Recipient:
    """The patient at the address on file."""
    return notify.Recipient(
        key=f"patient:{patient.public_id}", email=patient.email.strip(), language=language_of(patient)
    )  # fmt: skip


def language_of(patient: "Patient") -> str:
    """The patient's language where the product speaks it, else "" for the default."""
    return patient.language if patient.language in {code for code, _name in settings.LANGUAGES} else ""


def words(patient: "Patient") -> dict[str, str]:
    """What a mail may say: the practice and whom to call. No name: a mailbox may be shared (PC-39)."""
    return {
        "practice_name": patient.practice.name,
        "office_name": patient.home_office.name,
        "office_phone": patient.home_office.phone,
    }
