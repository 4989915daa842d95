"""Portal access of a patient: the switch, the links, the password."""

import datetime as dt
import hashlib
import secrets
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from portal_core import notify
from portal_core.access import errors, gate
from portal_core.access.contracts import PatientDied, PortalPasswordSet, PortalStatus
from portal_core.access.enums import AccessLevel, PortalState, Reason, TokenPurpose
from portal_core.access.models import AccessToken, PortalAccess, ProxyGrant, RegistrationPin
from portal_core.access.queries import LINK_CAUSE, address_hold, portal_status
from portal_core.access.rules.matching import FourFields, plain_email
from portal_core.accounts.actions import credentials
from portal_core.accounts.sign_in import close_sockets
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
        end_ways_in(patient, at=now)
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
    NoZipOnFile for an INACTIVE patient, PatientDeceased, and AddressOnHold within a day of an e-mail change (PC-42),
    before the attestation is touched.
    """
    PortalAccess.objects.locked_of(patient.pk)  # two buttons at once: the second waits here and finds it used up
    _must_be_reachable(patient)
    if address_hold(patient, clock.now()) is not None:
        raise errors.AddressOnHold
    gate.consume(attestation_id, patient_id=patient.public_id, action="send_reset_link", by=by)
    return send_link(patient, TokenPurpose.RESET, at=clock.now(), by=by)


@transaction.atomic
def resend_invitation(*, patient: "Patient", by: Actor) -> AccessToken:
    """Mail the invitation (again) to the address on file (R1, PC-47). Raises AlreadyActive for a patient who uses the
    portal already, AddressOnHold within a day of an e-mail change (PC-42), and the errors of an INACTIVE patient."""
    PortalAccess.objects.locked_of(patient.pk)
    if _must_be_reachable(patient).state != PortalState.UNACTIVATED:
        raise errors.AlreadyActive
    if address_hold(patient, clock.now()) is not None:
        raise errors.AddressOnHold
    return send_link(patient, TokenPurpose.INVITE, at=clock.now(), by=by)


@transaction.atomic
def set_password(*, token: str, username: str, password: str, by: Actor) -> "Patient":
    """Use up a link: choose a user name where there is none yet, and a password. Nobody is signed in by it.

    What else could still set a password, ends. Raises LinkUnusable, UsernameTaken, UnusablePassword; the link stays
    good after the last two.
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
    void_pins(patient, at=now)
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
    """The patient signed in: this makes the account ACTIVE (PC-27), kills links still in the mailbox and PINs on paper.

    Raises PortalClosed when access is switched off, ManualPasswordOver for a password from the office that lay unused
    too long (C4); both refuse the sign-in.
    """
    row = PortalAccess.objects.select_for_update().filter(patient=patient).first()
    if row is None or row.level != AccessLevel.CAN_ACCESS or patient.deceased:
        raise errors.PortalClosed
    if patient.user is not None and patient.user.must_change_password and row.is_manual_password_over(at):
        raise errors.ManualPasswordOver
    row.first_access_at = row.first_access_at or at
    row.last_access_at = at
    row.save(update_fields=["first_access_at", "last_access_at"])
    end_ways_in(patient, at=at)


@transaction.atomic
def note_own_password(*, patient: "Patient", at: dt.datetime) -> None:
    """The patient, signed in, chose another password: links and PINs end, and the address on file hears of it."""
    PortalAccess.objects.locked_of(patient.pk)
    end_ways_in(patient, at=at)
    line = audit.record(
        "access:own_password", by=patient.actor, target=patient, practice_id=patient.practice_id, at=at
    )  # fmt: skip
    if patient.email.strip():
        notify.send(
            "access/password_set", to=recipient(patient), cause=f"access-own-password:{line.pk}",
            context=words(patient),
        )  # fmt: skip


def tell_deceased(patients: "list[Patient]") -> None:
    """Registered with `directory`: what takes locks of its own follows with the event."""
    now = clock.now()
    for patient in patients:
        outbox.publish(PatientDied(patient_id=patient.public_id, at=now))


@transaction.atomic
def close_deceased(*, patient_id: str) -> None:
    """Nothing of somebody who has died stays open: sessions, sockets, links, PINs, and what proxies look at. The switch
    stays as it is: an import that was wrong is put right by the next. Twice is once."""
    now = clock.now()
    row = PortalAccess.objects.filter(patient__public_id=patient_id, patient__deceased=True).first()
    if row is None:
        return
    PortalAccess.objects.locked_of(row.patient_id)
    patient = row.patient
    end_ways_in(patient, at=now)
    if patient.user is not None:
        credentials.end_sessions(user=patient.user, by=SYSTEM)
    grants = ProxyGrant.objects.filter(patient=patient, ended_at=None).select_related("person__user")
    for user in {grant.person.user for grant in grants}:
        if user is not None:
            close_sockets(user)
    grants.exclude(link_hash="").update(link_hash="", link_expires_at=None)
    audit.record("access:close_deceased", by=SYSTEM, target=patient, practice_id=patient.practice_id, at=now)


def usable_token(token: str) -> AccessToken:
    """Look at a link without using it up: mail scanners open every link they see. Raises LinkUnusable."""
    row = AccessToken.objects.select_related("patient", "patient__user").filter(hash=digest(token)).first()
    if row is None or not _is_good(row, clock.now()) or not _is_open(row):
        raise errors.LinkUnusable
    return row


# --- inside -----------------------------------------------------------------------------------------------------------
def _must_be_reachable(patient: "Patient") -> PortalStatus:
    # An import may have come between the page and the button.
    patient.refresh_from_db(fields=["email", "zip", "user", "deceased"])
    if patient.deceased:
        raise errors.PatientDeceased
    status = portal_status(patient)
    if status.reasons:
        raise _REFUSALS[status.reasons[0]]
    return status


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


def send_link(patient: "Patient", purpose: TokenPurpose, *, at: dt.datetime, by: Actor) -> AccessToken:
    """Mail a new link to the address on file. Whether the patient may have one is decided before."""
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


def end_ways_in(patient: "Patient", *, at: dt.datetime) -> None:
    """Whatever was given out to get in with, on a screen or on paper, works no more."""
    kill_links(patient, at=at)
    void_pins(patient, at=at)


def kill_links(patient: "Patient", *, at: dt.datetime) -> None:
    """No link that is on its way or in a mailbox works any more."""
    AccessToken.objects.filter(patient=patient, used_at=None, superseded_at=None).update(superseded_at=at)


def void_pins(patient: "Patient", *, at: dt.datetime) -> None:
    """No slip of paper in a pocket works any more. Links that were opened with one die by `kill_links`."""
    RegistrationPin.objects.filter(patient=patient, used_at=None, voided_at=None).update(voided_at=at)


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
    if row.patient.deceased:
        return False
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
