from collections.abc import Callable
from typing import Any

from django.db import transaction

from portal_core.accounts.actions import credentials
from portal_core.directory.models import Patient
from portal_core.kernel import audit, clock
from portal_core.kernel.contracts import Actor

CONTACT_FIELDS = ("preferred_name", "birth_date", "email", "phone", "street", "city", "state", "zip", "language")
SIGN_IN_FIELDS = frozenset({"email", "zip", "birth_date"})  # what portal access stands on (PC-25, PC-43)

_after: list[Callable[[Patient, frozenset[str]], None]] = []


def after_contact_change(callback: Callable[[Patient, frozenset[str]], None]) -> None:
    """Call `callback(patient, changed_field_names)` in the same transaction whenever contact data changed."""
    if callback not in _after:
        _after.append(callback)


@transaction.atomic
def update_contact(*, patient: Patient, values: dict[str, Any], by: Actor) -> frozenset[str]:
    """Change demographics and contact data; returns the names of the fields that changed.

    `values` may hold any of CONTACT_FIELDS. Taking away the e-mail address, ZIP or birth date ends the patient's open
    sessions at once (C12): portal status falls with them. The ledger names fields, never values.
    """
    row = Patient.objects.select_for_update().get(pk=patient.pk)
    changed = {name for name in CONTACT_FIELDS if name in values and getattr(row, name) != values[name]}
    if not changed:
        return frozenset()
    now = clock.now()
    touched = set(changed)
    for name in changed:
        setattr(row, name, values[name])
    for contact in ("email", "phone"):
        if contact in changed:  # the identity checklist asks how long a contact has been on file
            setattr(row, f"{contact}_since", now if getattr(row, contact) else None)
            touched.add(f"{contact}_since")
    row.save(update_fields=sorted(touched))
    if row.user is not None and any(not getattr(row, name) for name in SIGN_IN_FIELDS & changed):
        credentials.end_sessions(user=row.user, by=by)
    audit.record("patient:update-contact", by=by, target=row, at=now, fields=sorted(changed))
    for callback in _after:
        callback(row, frozenset(changed))
    return frozenset(changed)
