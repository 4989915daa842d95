"""What the patient is told when a check of theirs leads to something: at every contact on file, with a way to say "that
was not me". Nobody at the desk can choose not to send it."""

import datetime as dt
import math
from typing import TYPE_CHECKING

from django.conf import settings
from django.core import signing
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from portal_core import notify
from portal_core.directory.enums import Permission
from portal_core.directory.queries import staff_with
from triage.enums import Purpose
from triage.errors import VerificationNotFound
from triage.identity import sendable_phone

if TYPE_CHECKING:
    from portal_core.directory.models import Patient
    from triage.models import Attestation

_SALT = "triage.not-me"
LINK_DAYS = 30
# These send a mail of their own: the notice goes to the other contact. An invitation is all notice there can be.
MAILS_ITSELF = frozenset({"send_reset_link", "change_email", "set_credentials"})
SILENT = frozenset({"resend_invitation"})
WORDS = {  # for the patient
    Purpose.RESET: _("a link to set a new password"),
    Purpose.PIN: _("a PIN to register with the portal"),
    Purpose.CREDENTIALS: _("a user name and a password for the portal"),
    Purpose.CONTACT: _("a new e-mail address or phone number"),
    Purpose.SECOND_STEP: _("taking off the second step of your sign-in"),
    Purpose.PROXY: _("access to your portal for another person"),
    Purpose.IDENTITY: _("a question about your account"),
}


def tell_used(row: "Attestation", action: str, *, at: dt.datetime) -> None:
    """Something was done on the strength of this check."""
    if action in SILENT:
        return
    channels = ("sms",) if action in MAILS_ITSELF else ("email", "sms")
    _send("triage/proof_used", row, cause=f"proof-used:{row.public_id}", channels=channels, at=at)


def tell_waiting(row: "Attestation", *, at: dt.datetime) -> int:
    """Something will be done unless they say no. Returns how many messages were promised."""
    return _send("triage/proof_waits", row, cause=f"proof-waits:{row.public_id}", channels=("email", "sms"), at=at)


def tell_second_person(row: "Attestation", *, at: dt.datetime) -> int:
    """A check waits for a manager of that office who did not make it, and not for long. No name, no word of what it is
    for. Returns how many were written to."""
    office = row.attempt.office
    staff = staff_with(Permission.APPROVE_RISKY).filter(practice_id=office.practice_id)
    told = [
        one
        for one in staff.prefetch_related("role_assignments")
        if one.email and row.may_be_approved_by(one) and one.may(Permission.APPROVE_RISKY, office_id=office.pk)
    ]
    return notify.send_many(
        "triage/second_person",
        cause=f"second-person:{row.public_id}",
        context={
            "office": office.name,
            "minutes": math.ceil((row.expires_at - at).total_seconds() / 60),
            "link": settings.PUBLIC_URL + reverse("triage:holds"),
        },
        recipients=[notify.Recipient(key=f"staff:{one.public_id}", email=one.email) for one in told],
        not_after=row.expires_at,
    )


def attestation_id_of(token: str) -> str:
    """Whose "that was not me" this is. Raises VerificationNotFound for a link we did not make, or an old one."""
    try:
        return str(signing.loads(token, salt=_SALT, max_age=dt.timedelta(days=LINK_DAYS)))
    except signing.BadSignature as error:
        raise VerificationNotFound from error


def _send(template: str, row: "Attestation", *, cause: str, channels: tuple[str, ...], at: dt.datetime) -> int:
    patient, office = row.patient, row.attempt.office
    link = reverse("triage:not-me", args=[signing.dumps(row.public_id, salt=_SALT)])
    hours = 0 if row.delayed_until is None else round((row.delayed_until - at).total_seconds() / 3600)
    return notify.send(
        template,
        to=_recipient(patient),
        cause=cause,
        context={
            "practice_name": patient.practice.name,
            "office_name": office.name,
            "office_phone": office.phone,
            "what": WORDS[Purpose(row.action_class)],
            "hours": hours,
            "link": settings.PUBLIC_URL + link,
        },
        channels=channels,
    )


def _recipient(patient: "Patient") -> notify.Recipient:
    known = {code for code, _name in settings.LANGUAGES}
    return notify.Recipient(
        key=f"patient:{patient.public_id}",
        email=patient.email.strip(),
        phone=sendable_phone(patient.phone),
        language=patient.language if patient.language in known else "",
    )
