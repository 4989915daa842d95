import datetime as dt

from django.db import transaction

from portal_core.directory.actions.staff import roles_of_actor
from portal_core.directory.errors import NotYoursToGrant
from portal_core.directory.models import Practice
from portal_core.directory.rules import roles as rules
from portal_core.kernel import audit
from portal_core.kernel.contracts import Actor


@transaction.atomic
def set_telehealth(*, practice: Practice, enabled: bool, by: Actor) -> bool:
    """TH-02, the practice's own switch; returns whether anything changed. Raises NotYoursToGrant."""
    if not rules.may_switch_telehealth(roles_of_actor(by, practice.pk)):
        raise NotYoursToGrant("Only the practice administrator may switch telehealth on or off.")
    row = Practice.objects.select_for_update().get(pk=practice.pk)
    if row.telehealth_enabled == enabled:
        return False
    row.telehealth_enabled = enabled
    row.save(update_fields=["telehealth_enabled"])
    audit.record("practice:set-telehealth", by=by, target=row, enabled=enabled)
    return True


@transaction.atomic
def set_second_step(*, practice: Practice, required: bool, by: Actor) -> bool:
    """Whether staff need a second step; who has none sets it up at the next sign-in. Returns whether anything changed.
    Raises NotYoursToGrant."""
    if not rules.may_set_security(roles_of_actor(by, practice.pk)):
        raise NotYoursToGrant("Only the practice owner or administrator may change this.")
    row = Practice.objects.select_for_update().get(pk=practice.pk)
    if row.staff_second_step == required:
        return False
    row.staff_second_step = required
    row.save(update_fields=["staff_second_step"])
    audit.record("practice:set-second-step", by=by, target=row, required=required)
    return True


@transaction.atomic
def set_self_registration(*, practice: Practice, enabled: bool, by: Actor) -> bool:
    """Whether new patients may register on the website (PC-36). Returns whether anything changed. Raises
    NotYoursToGrant."""
    if not rules.may_set_security(roles_of_actor(by, practice.pk)):
        raise NotYoursToGrant("Only the practice owner or administrator may change this.")
    row = Practice.objects.select_for_update().get(pk=practice.pk)
    if row.self_registration == enabled:
        return False
    row.self_registration = enabled
    row.save(update_fields=["self_registration"])
    audit.record("practice:set-self-registration", by=by, target=row, enabled=enabled)
    return True


@transaction.atomic
def set_went_live(*, practice: Practice, day: dt.date | None, by: Actor) -> bool:
    """The day the portal was opened to patients (HD-14); None: not known, reports count from the first ticket. Returns
    whether anything changed. Raises NotYoursToGrant."""
    if not rules.may_set_security(roles_of_actor(by, practice.pk)):
        raise NotYoursToGrant("Only the practice owner or administrator may change this.")
    row = Practice.objects.select_for_update().get(pk=practice.pk)
    if row.went_live_on == day:
        return False
    row.went_live_on = day
    row.save(update_fields=["went_live_on"])
    audit.record("practice:set-went-live", by=by, target=row, day=day.isoformat() if day else "")
    return True
