from collections.abc import Callable
from typing import Any

from django.db import IntegrityError, transaction

from portal_core.accounts.actions import credentials
from portal_core.directory.errors import ContactChanged, RecordNumberTaken
from portal_core.directory.models import Office, Patient
from portal_core.directory.rules.contact import CONTACT_FIELDS, contact_digest
from portal_core.kernel import audit, clock
from portal_core.kernel.contracts import Actor
from portal_core.kernel.ids import new_public_id

SIGN_IN_FIELDS = frozenset({"email", "zip", "birth_date"})  # what portal access stands on (PC-25, PC-43)

BeforeChange = Callable[[Patient, dict[str, Any], Actor], None]

AddressesImported = Callable[[list[tuple[Patient, str]]], None]

Deceased = Callable[[list[Patient]], None]

_before: list[BeforeChange] = []
_imported: list[AddressesImported] = []
_deceased: list[Deceased] = []


def before_contact_change(callback: BeforeChange) -> None:
    """Call `callback(patient, new_values, by)` in the same transaction before contact data changes, with the patient as
    it still is. Raising an AppError refuses the change."""
    if callback not in _before:
        _before.append(callback)


def after_addresses_imported(callback: AddressesImported) -> None:
    """Call `callback([(patient, e-mail address before), …])` in the import's transaction whenever the records of
    another system put other addresses on file. The rows are locked then: lock nothing that others lock first."""
    if callback not in _imported:
        _imported.append(callback)


def addresses_imported(changes: list[tuple[Patient, str]]) -> None:
    """Tell those who asked; for the import alone."""
    if changes:
        for callback in _imported:
            callback(changes)


def after_deceased_imported(callback: Deceased) -> None:
    """Call `callback(patients)` in the import's transaction with those whom it has just put on file as deceased; what
    is said of locks above holds here too."""
    if callback not in _deceased:
        _deceased.append(callback)


def deceased_imported(patients: list[Patient]) -> None:
    """Tell those who asked; for the import alone."""
    if patients:
        for callback in _deceased:
            callback(patients)


@transaction.atomic
def update_contact(
    *, patient: Patient, values: dict[str, Any], email_checked: bool = False, seen: str = "", by: Actor
) -> frozenset[str]:  # fmt: skip
    """Change demographics and contact data; returns the names of the fields that changed.

    `values` may hold any of CONTACT_FIELDS. Taking away the e-mail address, ZIP or birth date ends the patient's open
    sessions at once (C12): portal status falls with them. The ledger names fields, never values. `email_checked`: the
    caller has been through what a change of the address asks for (PC-42); otherwise rooms above may refuse. `seen`: the
    `contact_digest` of what the clerk was shown. Raises ContactChanged when somebody else has saved since.
    """
    row = Patient.objects.select_for_update().get(pk=patient.pk)
    changed = {name for name in CONTACT_FIELDS if name in values and getattr(row, name) != values[name]}
    if not changed:
        return frozenset()
    if seen and seen != contact_digest(row):
        raise ContactChanged
    if not email_checked:
        for guard in _before:
            guard(row, {name: values[name] for name in changed}, by)
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
    return frozenset(changed)


@transaction.atomic
def add(
    *, office: Office, first_name: str, last_name: str, values: dict[str, Any], mrn: str = "", by: Actor
) -> Patient:  # fmt: skip
    """A new patient of that office. `values` may hold any of CONTACT_FIELDS; without a record number one is made up,
    until the chart has one. Raises RecordNumberTaken."""
    now = clock.now()
    contact = {name: values[name] for name in CONTACT_FIELDS if name in values}
    try:
        with transaction.atomic():
            row = Patient.objects.create(
                practice_id=office.practice_id, home_office=office, first_name=first_name, last_name=last_name,
                mrn=mrn or f"NEW-{new_public_id()[:8].upper()}", email_since=now if contact.get("email") else None,
                phone_since=now if contact.get("phone") else None, **contact,
            )  # fmt: skip
    except IntegrityError as error:
        raise RecordNumberTaken from error
    audit.record("patient:add", by=by, target=row, practice_id=office.practice_id, at=now)
    return row
