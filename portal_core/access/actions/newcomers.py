"""How somebody becomes a patient with portal access: typed in by the office (PC-35), or by the registration form on the
website with a confirmed e-mail address (PC-36, PC-37). What the office already knows is told to nobody: the form, the
e-mail and the pages behind it are the same for newcomers and for patients on file."""

import datetime as dt
import secrets
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from portal_core import notify
from portal_core.access import errors
from portal_core.access.actions import portal
from portal_core.access.contracts import RegistrationSent
from portal_core.access.enums import AccessLevel, PortalState, TokenPurpose
from portal_core.access.models import PortalAccess, Registration
from portal_core.access.queries import address_hold, portal_status
from portal_core.access.rules.matching import FourFields, judge, plain_name
from portal_core.directory.actions import patients
from portal_core.kernel import audit, clock, outbox
from portal_core.kernel.contracts import SYSTEM, Actor

if TYPE_CHECKING:
    from portal_core.directory.models import Office, Patient

LIFETIME = dt.timedelta(hours=48)


@transaction.atomic
def add_patient(
    *, office: "Office", first_name: str, last_name: str, values: dict[str, Any], mrn: str = "", may_activate: bool,
    by: Actor,
) -> "Patient":  # fmt: skip
    """The office types a new patient in. Access is on from the start where `may_activate` says so, otherwise off
    (PC-35). Raises RecordNumberTaken, CannotEnable without e-mail address or zip code (PC-38)."""
    patient = patients.add(
        office=office, first_name=first_name, last_name=last_name, values=values, mrn=mrn, by=by
    )  # fmt: skip
    if may_activate:
        portal.set_level(patient=patient, level=AccessLevel.CAN_ACCESS, by=by)
    return patient


@transaction.atomic
def register(*, office: "Office", typed: dict[str, str], by: Actor) -> Registration:
    """Somebody filled in the form. Nothing is looked up here: newcomer and patient on file cost the same.

    `typed` has first_name, last_name, birth_date (ISO), email, zip_code and phone. Raises RegistrationClosed.
    """
    now = clock.now()
    if not office.practice.self_registration:
        raise errors.RegistrationClosed
    row = Registration.objects.create(office=office, typed=typed, at=now)
    audit.record("access:register", by=by, target=row, practice_id=office.practice_id, at=now)
    outbox.publish(RegistrationSent(registration_id=row.public_id, at=now))
    return row


@transaction.atomic
def take_in(*, registration_id: str) -> None:
    """What follows: a patient record without access, and the e-mail that asks to confirm the address. Whoever agrees
    with a patient on file in all four details is that patient; who registers again because the first link came to
    nothing is the newcomer they were, and only the newest link counts. Running it twice does it once."""
    row = Registration.objects.select_for_update(of=("self",)).select_related("office__practice").get(
        public_id=registration_id
    )  # fmt: skip
    if not row.typed:
        return
    now, typed, secret = clock.now(), row.typed, secrets.token_urlsafe(32)
    born = dt.date.fromisoformat(typed["birth_date"])
    same_day = list(row.office.practice.patients.filter(birth_date=born, deceased=False).order_by("pk"))
    four = FourFields(
        email=typed["email"], last_name=typed["last_name"], birth_date=born, zip_code=typed["zip_code"]
    )  # fmt: skip
    verdict = judge(four, [portal.on_file(patient) for patient in same_day])
    if verdict.full and verdict.index is not None:
        row.patient = same_day[verdict.index]
        row.known = not _still_new(row.patient, now)
    else:
        alike = [each for each in same_day if plain_name(each.last_name) == plain_name(typed["last_name"])]
        row.resembles = alike[0] if alike else None
        row.patient = patients.add(
            office=row.office, first_name=typed["first_name"], last_name=typed["last_name"], by=SYSTEM,
            values={"birth_date": born, "email": typed["email"], "zip": typed["zip_code"], "phone": typed["phone"]},
        )  # fmt: skip
    # The record was made a moment after `now`: a link from before its address would count as one to an address before.
    begun = max(now, row.patient.email_since or now)
    row.typed, row.hash, row.expires_at = {}, portal.digest(secret), begun + LIFETIME
    row.save(update_fields=["typed", "hash", "expires_at", "patient", "known", "resembles"])
    notify.send(
        "access/confirm", cause=f"access-confirm:{row.public_id}", not_after=row.expires_at,
        # The address on file, not the one typed: two spellings that count as one need not be one mailbox.
        to=notify.Recipient(key=f"patient:{row.patient.public_id}", email=row.patient.email.strip()),
        context={
            "practice_name": row.office.practice.name, "office_name": row.office.name, "office_phone": row.office.phone,
            "link": settings.PUBLIC_URL + reverse("access:confirm-registration", args=[secret]),
            "hours": int(LIFETIME.total_seconds() // 3600),
        },
    )  # fmt: skip


def _still_new(patient: "Patient", at: dt.datetime) -> bool:
    """Whether this record came from the form and nobody has confirmed it or decided on its access since; its earlier
    links end then."""
    earlier = Registration.objects.select_for_update().filter(patient=patient)
    rows = list(earlier.order_by("pk"))  # a confirmation of this moment is waited for
    if all(row.known for row in rows) or any(row.confirmed_at is not None for row in rows):
        return False
    if PortalAccess.objects.filter(patient=patient).exists():
        return False
    Registration.objects.filter(pk__in=[row.pk for row in rows], expires_at__gt=at).update(expires_at=at)
    return True


def confirmable(secret: str) -> Registration:
    """The registration behind a link; looking uses nothing up. Raises RegistrationLinkUnusable."""
    rows = Registration.objects.select_related("patient__practice", "patient__home_office", "patient__user", "office")
    row = rows.filter(hash=portal.digest(secret), confirmed_at=None).first()
    now = clock.now()
    if row is None or row.patient is None or row.patient.deceased or row.expires_at is None or now >= row.expires_at:
        raise errors.RegistrationLinkUnusable
    since = row.patient.email_since
    if since is not None and since > row.expires_at - LIFETIME:
        raise errors.RegistrationLinkUnusable  # the office has put another address on file since
    return row


@transaction.atomic
def confirm(*, secret: str, by: Actor) -> str:
    """The address is theirs: access goes on by itself (PC-36). Returns the secret of a link to choose user name and
    password with, or "" where the office has to help: a patient on file whose access the office has switched off stays
    out. Raises RegistrationLinkUnusable."""
    now = clock.now()
    patient = confirmable(secret).patient
    assert patient is not None
    PortalAccess.objects.locked_of(patient.pk)
    row = Registration.objects.select_for_update().get(hash=portal.digest(secret))
    if row.confirmed_at is not None:
        raise errors.RegistrationLinkUnusable
    row.confirmed_at = now
    row.save(update_fields=["confirmed_at"])
    audit.record("access:confirm_registration", by=by, target=row, practice_id=patient.practice_id, at=now)
    if not row.known:
        portal.set_level(patient=patient, level=AccessLevel.CAN_ACCESS, by=by)
    if portal_status(patient).state == PortalState.INACTIVE or address_hold(patient, now) is not None:
        return ""
    purpose = TokenPurpose.INVITE if patient.user_id is None else TokenPurpose.RESET
    return portal.open_link(patient, purpose, at=now, by=by)


@transaction.atomic
def note_checked(*, registration: Registration, by: Actor) -> None:
    """Somebody of the office has looked at who this may be the same as. Twice changes nothing."""
    now = clock.now()
    row = Registration.objects.select_for_update().get(pk=registration.pk)
    if row.checked_at is None:
        row.checked_at, row.checked_by = now, by.label[:120] or "Somebody"
        row.save(update_fields=["checked_at", "checked_by"])
        audit.record("access:check_registration", by=by, target=row, at=now)
