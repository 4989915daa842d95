"""Another phone number for somebody with portal access. The desk may change it without a check, since most changes are
made for people who stand there; so it proves nothing for 30 days, and whoever had the old one hears of it at once."""

from typing import TYPE_CHECKING, Any

from portal_core import notify
from portal_core.access.actions import portal
from portal_core.access.enums import AccessLevel
from portal_core.access.models import PortalAccess
from portal_core.directory.queries import sendable_phone
from portal_core.kernel.contracts import Actor
from portal_core.kernel.ids import new_public_id

if TYPE_CHECKING:
    from portal_core.directory.models import Patient


def before_contact_change(patient: "Patient", values: dict[str, Any], by: Actor) -> None:
    """Registered with `directory`: the old number is texted, the e-mail on file written to, before the number is gone.
    The same number written another way is no change."""
    if "phone" not in values or not patient.phone.strip():
        return
    old = sendable_phone(patient.phone)
    if old and old == sendable_phone(values["phone"]):
        return
    enabled = PortalAccess.objects.filter(patient=patient, level=AccessLevel.CAN_ACCESS).exists()
    if patient.user_id is None and not enabled:
        return
    to = notify.Recipient(
        key=f"patient:{patient.public_id}", phone=old, email=patient.email.strip(),
        language=portal.language_of(patient),
    )  # fmt: skip
    notify.send(
        "access/phone_changed", to=to, cause=f"phone-change:{new_public_id()}", context=portal.words(patient),
        channels=("email", "sms"), leave_out=True,
    )  # fmt: skip
