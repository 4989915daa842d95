"""Changing the decision table of a practice. Every change is a version; none is ever lost."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction

from helpdesk.enums import Category
from portal_core.directory.enums import Permission
from portal_core.kernel import audit, clock
from portal_core.kernel.contracts import Actor
from portal_core.kernel.errors import Forbidden
from triage.errors import EditRefused, RoutingChanged
from triage.models import RoutingVersion
from triage.rules.edits import difference, edited, objections
from triage.rules.table import ROUTES

if TYPE_CHECKING:
    from portal_core.directory.models import Staff


@transaction.atomic
def edit(
    *, category: Category, values: Mapping[str, Any], seen: int, note: str = "", staff: "Staff", by: Actor
) -> RoutingVersion | None:
    """A new version with this row changed; as it ships, the row counts as unchanged. None when nothing differs.

    Raises EditRefused with `facts["objections"]` = [{"field", "text"}], RoutingChanged when somebody was quicker than
    `seen`, Forbidden.
    """
    newest = _newest(staff, seen)
    base = ROUTES[category]
    refused = objections(base, values)
    if refused:
        raise EditRefused(objections=[{"field": one.field, "text": one.text} for one in refused])
    row = difference(base, edited(base, values))
    edits = {**(newest.edits if newest is not None else {})}
    before = edits.pop(category, {})
    if row == before:
        return newest
    if row:
        edits[str(category)] = row
    return _write(newest, edits, note=note, staff=staff, by=by, category=str(category), fields=sorted(row))


@transaction.atomic
def restore(*, number: int, seen: int, staff: "Staff", by: Actor) -> RoutingVersion:
    """The table as it was in an earlier version, or (0) as it ships, as a new version.

    Raises RoutingVersion.DoesNotExist, RoutingChanged, Forbidden.
    """
    newest = _newest(staff, seen)
    edits = RoutingVersion.objects.get(practice_id=staff.practice_id, number=number).edits if number else {}
    note = f"Version {number} again" if number else "As it ships"
    return _write(newest, edits, note=note, staff=staff, by=by, restored=number)


def _newest(staff: "Staff", seen: int) -> RoutingVersion | None:
    if not staff.may(Permission.SETTINGS):
        raise Forbidden
    rows = RoutingVersion.objects.select_for_update().filter(practice_id=staff.practice_id)
    newest = rows.order_by("-number").first()
    if (newest.number if newest is not None else 0) != seen:
        raise RoutingChanged
    return newest


def _write(
    newest: RoutingVersion | None, edits: dict[str, Any], *, note: str, staff: "Staff", by: Actor, **facts: Any
) -> RoutingVersion:
    now = clock.now()
    try:
        with transaction.atomic():
            version = RoutingVersion.objects.create(
                practice_id=staff.practice_id,
                number=(newest.number if newest is not None else 0) + 1,
                edits=edits,
                note=note.strip()[:160],
                by_label=by.label[:120],
                at=now,
            )
    except IntegrityError as quicker:  # two people made the first version at once: there was no row to lock
        raise RoutingChanged from quicker
    audit.record("routing:edit", by=by, target=version, practice_id=staff.practice_id, at=now, **facts)
    return version
