"""What a patient's own sign-in means for portal access; registered with `accounts.sign_in`."""

import datetime as dt
from typing import TYPE_CHECKING

from portal_core.access.actions import portal
from portal_core.kernel.enums import Realm

if TYPE_CHECKING:
    from portal_core.accounts.models import User


def after_sign_in(user: "User", at: dt.datetime) -> None:
    """Raises PortalClosed when the office switched portal access off."""
    patient = getattr(user, "patient", None) if user.realm == Realm.PATIENT else None
    if patient is not None:
        portal.note_sign_in(patient=patient, at=at)
