"""The registration PIN (PC-56): for patients without an e-mail address, or to whom no mail comes through."""

import datetime as dt
import hashlib
import hmac
import secrets
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction

from portal_core.access import errors, gate
from portal_core.access.actions import portal
from portal_core.access.enums import AccessLevel, TokenPurpose
from portal_core.access.models import AccessToken, PortalAccess, RegistrationPin
from portal_core.access.rules.matching import plain_name
from portal_core.kernel import audit, clock
from portal_core.kernel.contracts import Actor

if TYPE_CHECKING:
    from portal_core.directory.models import Patient

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # read from paper: nothing that looks like something else
LENGTH = 8  # 39 bits, with a name and a birthday beside it and five tries
LIFETIME = dt.timedelta(days=7)
MOST_FAILURES = 5


@transaction.atomic
def issue(*, patient: "Patient", attestation_id: str, by: Actor) -> str:
    """A new PIN as `K7M2-9QFT`, shown this once; an earlier one stops working (a reprint voids).

    Uses up an attestation. Raises AttestationRequired, PortalNotEnabled.
    """
    now = clock.now()
    access = PortalAccess.objects.locked_of(patient.pk)
    if access.level != AccessLevel.CAN_ACCESS:
        raise errors.PortalNotEnabled
    gate.consume(attestation_id, patient_id=patient.public_id, action="issue_pin", by=by)
    RegistrationPin.objects.filter(patient=patient, used_at=None, voided_at=None).update(voided_at=now)
    # Whoever had the earlier slip may have opened it already: what it led to ends with it.
    opened = AccessToken.objects.filter(patient=patient, purpose=TokenPurpose.PIN, used_at=None, superseded_at=None)
    opened.update(superseded_at=now)
    code = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    RegistrationPin.objects.create(
        patient=patient, hash=_hash(code), issued_at=now, issued_by=by.label[:120] or "Somebody",
        expires_at=now + LIFETIME,
    )  # fmt: skip
    audit.record("access:issue_pin", by=by, target=patient, practice_id=patient.practice_id, at=now)
    return f"{code[:4]}-{code[4:]}"


def exchange(*, code: str, last_name: str, birth_date: dt.date, by: Actor) -> str:
    """The PIN and the two details fit: return the secret of a link to choose a password with, good for 30 minutes.

    The PIN itself is used up when the password is saved. Five tries with other details void it. Raises PinUnusable.
    """
    token = _exchange(code, last_name, birth_date, by)
    if token is None:
        raise errors.PinUnusable  # outside the transaction: the failure that was counted stays
    return token


@transaction.atomic
def _exchange(code: str, last_name: str, birth_date: dt.date, by: Actor) -> str | None:
    now = clock.now()
    live = RegistrationPin.objects.filter(hash=_hash(code), used_at=None, voided_at=None, expires_at__gt=now)
    pin = live.select_related("patient").first()
    if pin is None:
        return None
    PortalAccess.objects.locked_of(pin.patient_id)
    pin = live.select_for_update(of=("self",)).select_related("patient").first()
    if pin is None or pin.patient.deceased:
        return None
    if plain_name(last_name) != plain_name(pin.patient.last_name) or birth_date != pin.patient.birth_date:
        pin.failures += 1
        pin.voided_at = now if pin.failures >= MOST_FAILURES else None
        pin.save(update_fields=["failures", "voided_at"])
        audit.record("access:pin_failed", by=by, target=pin, practice_id=pin.patient.practice_id, at=now)
        return None
    return portal.open_link(pin.patient, TokenPurpose.PIN, at=now, by=by, pin=pin)


def _hash(code: str) -> str:
    """Keyed: 39 bits alone could be tried out against a stolen copy of the table."""
    plain = "".join(letter for letter in code.upper() if letter.isalnum())
    return hmac.new(settings.SECRET_KEY.encode(), f"access.pin:{plain}".encode(), hashlib.sha256).hexdigest()
