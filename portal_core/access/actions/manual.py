"""A user name and password that the office sets by hand (PC-52 to PC-54): for patients without an e-mail address, or
with a lot of trouble. The password ends in 72 hours unused, and opens nothing but the page to
choose an own one (C4)."""

import datetime as dt
import secrets
from typing import TYPE_CHECKING

from django.db import transaction

from portal_core import notify
from portal_core.access import errors, gate
from portal_core.access.actions import portal
from portal_core.access.enums import AccessLevel
from portal_core.access.models import PortalAccess
from portal_core.accounts.actions import credentials
from portal_core.accounts.queries import is_username_of
from portal_core.kernel import audit, clock
from portal_core.kernel.contracts import Actor
from portal_core.kernel.enums import Realm

if TYPE_CHECKING:
    from portal_core.accounts.models import User
    from portal_core.directory.models import Patient

LIFETIME = dt.timedelta(hours=72)
_ONSETS, _VOWELS = "bdfghjkmnprstvz", "aeiou"  # to be read out on the phone: no letters that sound alike


def suggest() -> str:
    """A password that is easy to read out: `tomari-venudo-4827`, about 49 bits."""
    words = ["".join(secrets.choice(_ONSETS) + secrets.choice(_VOWELS) for _ in range(3)) for _ in range(2)]
    return "-".join([*words, "".join(secrets.choice("23456789") for _ in range(4))])


@transaction.atomic
def set_username(*, patient: "Patient", username: str, by: Actor) -> None:
    """Put a user name on file without any password: the invitation then asks for a password only (PC-46). Who has a
    user name keeps it. Raises UsernameTaken, UsernameStands."""
    now = clock.now()
    PortalAccess.objects.locked_of(patient.pk)
    patient.refresh_from_db(fields=["user"])
    if patient.user is None:
        patient.user = credentials.create(username=username, password=None, realm=Realm.PATIENT, by=by)
        patient.save(update_fields=["user"])
        audit.record("access:set_username", by=by, target=patient, practice_id=patient.practice_id, at=now)
    else:
        _same_name(patient.user, username)


@transaction.atomic
def set_credentials(*, patient: "Patient", username: str, password: str, attestation_id: str, by: Actor) -> None:
    """Set them; `username` is for who has none yet. Every session, link and PIN of the patient ends, and a notice goes
    to the address on file, if there is one. Uses up an attestation.

    Raises AttestationRequired, PortalNotEnabled, UsernameNeeded, UsernameTaken, UsernameStands, UnusablePassword.
    """
    now = clock.now()
    row = PortalAccess.objects.locked_of(patient.pk)
    if row.level != AccessLevel.CAN_ACCESS:
        raise errors.PortalNotEnabled
    method = gate.consume(attestation_id, patient_id=patient.public_id, action="set_credentials", by=by)
    patient.refresh_from_db(fields=["user"])
    if patient.user is None:
        if not username.strip():
            raise errors.UsernameNeeded
        patient.user = credentials.create(
            username=username, password=password, realm=Realm.PATIENT, must_change_password=True, by=by
        )
        patient.save(update_fields=["user"])
    else:
        _same_name(patient.user, username)
        credentials.set_password(user=patient.user, password=password, must_change_password=True, by=by)
    portal.end_ways_in(patient, at=now)
    row.manual_password_until = now + LIFETIME
    row.save(update_fields=["manual_password_until"])
    line = audit.record(
        "access:set_credentials", by=by, target=patient, practice_id=patient.practice_id, at=now, method=str(method)
    )
    if patient.email.strip():
        notify.send(
            "access/password_by_office", to=portal.recipient(patient), cause=f"access-by-hand:{line.pk}",
            context=portal.words(patient),
        )  # fmt: skip


def _same_name(user: "User", wanted: str) -> None:
    """A user name is chosen once. A colleague was first with another one: whoever typed this one must not go and tell
    it to the patient."""
    if wanted.strip() and not is_username_of(user, wanted):
        raise errors.UsernameStands
