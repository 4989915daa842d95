"""The contacts of a patient as an identity check needs them: what is on file, and for how long."""

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from portal_core.access import queries as access
from portal_core.kernel import audit

if TYPE_CHECKING:
    from portal_core.directory.models import Patient


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """`age_days` None: on file since before dates were kept. `unused`: changed after their last good sign-in."""

    value: str = field(repr=False)
    age_days: int | None
    unused: bool


def contact_on_file(patient: "Patient", kind: str, now: dt.datetime) -> Contact:
    """The patient's phone, email or address with its age; an empty `value` when there is none."""
    value, since = {
        "phone": (patient.phone, patient.phone_since),
        "email": (patient.email, patient.email_since),
        "address": (patient.street, _moved_at(patient) if kind == "address" else None),
    }[kind]
    if since is None:
        return Contact(value=value, age_days=None, unused=False)
    last = access.last_sign_in(patient)
    return Contact(value=value, age_days=max((now - since).days, 0), unused=last is not None and since > last)


def _moved_at(patient: "Patient") -> dt.datetime | None:
    """When the postal address last changed, as the ledger has it: the record itself keeps no date for it."""
    fields = {"street", "city", "state", "zip"}
    for line in audit.lines([patient._meta.label_lower], target_id=patient.public_id):
        if line.action == "patient:update-contact" and fields & set(line.facts.get("fields", [])):
            return line.at
    return None


def sendable_phone(phone: str) -> str:
    """A number as a text message wants it, "+12175550101"; empty for one that is none. A number without a country is
    North American."""
    digits = "".join(letter for letter in phone if letter.isdigit())
    if not phone.strip().startswith("+"):
        digits = digits if len(digits) == 11 and digits.startswith("1") else f"1{digits}" if len(digits) == 10 else ""
    return f"+{digits}" if 6 <= len(digits) <= 15 and not digits.startswith("0") else ""
