"""The places of care: the first by the command that makes an owner or by an import, others here."""

from collections.abc import Mapping

from django.db import transaction

from portal_core.directory.actions.staff import roles_of_actor
from portal_core.directory.errors import NotYoursToGrant, OfficeNameTaken
from portal_core.directory.models import Office, Practice
from portal_core.directory.rules import roles as rules
from portal_core.kernel import audit
from portal_core.kernel.contracts import Actor

FIELDS = ("name", "phone", "street", "city", "state", "zip", "time_zone")


@transaction.atomic
def open_main(*, practice: Practice, name: str, by: Actor) -> Office:
    """The first office of a new practice: without one nobody can write in. For whoever runs the machine."""
    row = Office.objects.create(practice=practice, name=name, is_main=True)
    audit.record("office:open", by=by, target=row, practice_id=practice.pk)
    return row


@transaction.atomic
def add(*, practice: Practice, values: Mapping[str, str], by: Actor) -> Office:
    """`values`: FIELDS. The first one is the main one. Raises NotYoursToGrant, OfficeNameTaken."""
    _require(practice, by)
    practice = Practice.objects.select_for_update().get(pk=practice.pk)
    _refuse_taken(practice, values["name"])
    first = not Office.objects.filter(practice=practice, is_main=True).exists()
    row = Office.objects.create(practice=practice, is_main=first, **{name: values[name] for name in FIELDS})
    audit.record("office:open", by=by, target=row, practice_id=practice.pk)
    return row


@transaction.atomic
def edit(*, office: Office, values: Mapping[str, str], by: Actor) -> bool:
    """Another name, number, address or time zone; returns whether anything changed. Raises NotYoursToGrant,
    OfficeNameTaken."""
    _require(office.practice, by)
    Practice.objects.select_for_update().get(pk=office.practice_id)
    row = Office.objects.select_for_update().get(pk=office.pk)
    changed = [name for name in FIELDS if getattr(row, name) != values[name]]
    if not changed:
        return False
    if "name" in changed:
        _refuse_taken(office.practice, values["name"], but=row)
    for name in changed:
        setattr(row, name, values[name])
    row.save(update_fields=changed)
    audit.record("office:edit", by=by, target=row, practice_id=row.practice_id, fields=changed)
    return True


def _require(practice: Practice, by: Actor) -> None:
    if not roles_of_actor(by, practice.pk) & rules.GRANTERS:
        raise NotYoursToGrant


def _refuse_taken(practice: Practice, name: str, *, but: Office | None = None) -> None:
    """Patients choose their office by its name."""
    others = Office.objects.filter(practice=practice, is_active=True, name__iexact=name)
    if but is not None:
        others = others.exclude(pk=but.pk)
    if others.exists():
        raise OfficeNameTaken
