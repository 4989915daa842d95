"""What a practice promises its requesters. Every change is a version; none is ever lost."""

from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction

from helpdesk.errors import PromisesChanged, PromisesMakeNoSense
from helpdesk.models import ServicePromise
from helpdesk.rules import sla
from portal_core.directory.enums import Permission
from portal_core.kernel import audit, clock
from portal_core.kernel.contracts import Actor
from portal_core.kernel.errors import Forbidden

if TYPE_CHECKING:
    from portal_core.directory.models import Staff


@transaction.atomic
def promise(*, promises: sla.Promises, seen: int, staff: "Staff", by: Actor) -> ServicePromise | None:
    """From now on this is promised; None when nothing differs. Tickets that are open keep what they were promised.

    Raises PromisesMakeNoSense with `facts["faults"]`, PromisesChanged when somebody was quicker than version `seen`
    (0: what ships), Forbidden.
    """
    if not staff.may(Permission.SETTINGS):
        raise Forbidden
    faults = sla.faults(promises)
    if faults:
        raise PromisesMakeNoSense(faults=[list(one) for one in faults])
    rows = ServicePromise.objects.select_for_update().filter(practice_id=staff.practice_id)
    newest, now = rows.order_by("-number").first(), clock.now()
    if (newest.number if newest is not None else 0) != seen:
        raise PromisesChanged
    if promises == (newest.promises if newest is not None else sla.SHIPPED):
        return newest
    values = {
        "urgent_first": promises.urgent.first, "urgent_resolve": promises.urgent.resolve,
        "normal_first": promises.normal.first, "normal_resolve": promises.normal.resolve,
    }  # fmt: skip
    try:
        with transaction.atomic():
            row = ServicePromise.objects.create(
                practice_id=staff.practice_id, number=seen + 1, by_label=by.label[:120], at=now, **values
            )
    except IntegrityError as quicker:  # two people made the first version at once: there was no row to lock
        raise PromisesChanged from quicker
    audit.record("promises:set", by=by, target=row, practice_id=staff.practice_id, at=now, **values)
    return row
