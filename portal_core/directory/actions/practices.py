import datetime as dt
from typing import Any

from django.db import transaction

from portal_core.accounts.actions import credentials
from portal_core.directory.actions.staff import roles_of_actor
from portal_core.directory.enums import PatientSupportMode
from portal_core.directory.errors import AgesWrong, NotYoursToGrant
from portal_core.directory.models import Practice, Staff
from portal_core.directory.rules import ages
from portal_core.directory.rules import roles as rules
from portal_core.kernel import audit
from portal_core.kernel.contracts import Actor

OWNERS = "Only the practice owner or administrator may change this."


@transaction.atomic
def open_practice(*, name: str, slug: str, time_zone: str, by: Actor) -> Practice:
    """A practice with nobody in it yet. For whoever runs the machine; an import makes its own."""
    row = Practice.objects.create(name=name, slug=slug, time_zone=time_zone)
    audit.record("practice:open", by=by, target=row, practice_id=row.pk)
    return row


def set_telehealth(*, practice: Practice, enabled: bool, by: Actor) -> bool:
    """TH-02, the practice's own switch; returns whether anything changed. Raises NotYoursToGrant."""
    if not rules.may_switch_telehealth(roles_of_actor(by, practice.pk)):
        raise NotYoursToGrant("Only the practice administrator may switch telehealth on or off.")
    return _set(practice, "telehealth_enabled", enabled, "practice:set-telehealth", by=by, enabled=enabled)


@transaction.atomic
def set_second_step(*, practice: Practice, required: bool, by: Actor) -> bool:
    """Whether staff need a second step; who has none is signed out, programs too, and sets it up at the next sign-in.
    Returns whether anything changed. Raises NotYoursToGrant."""
    _refuse_others(practice, by)
    changed = _set(practice, "staff_second_step", required, "practice:set-second-step", by=by, required=required)
    if changed and required:
        rows = Staff.objects.filter(practice=practice, user__isnull=False).select_related("user").order_by("pk")
        for staff in rows.exclude(user__authenticators__confirmed_at__isnull=False):
            assert staff.user is not None
            credentials.end_sessions(user=staff.user, by=by)
    return changed


def set_self_registration(*, practice: Practice, enabled: bool, by: Actor) -> bool:
    """Whether new patients may register on the website (PC-36). Returns whether anything changed. Raises
    NotYoursToGrant."""
    _refuse_others(practice, by)
    return _set(practice, "self_registration", enabled, "practice:set-self-registration", by=by, enabled=enabled)


def set_patient_line(*, practice: Practice, enabled: bool, by: Actor) -> bool:
    """Whether patients may bring a technical fault to IT themselves (C5, TR-07), or only through their office. What is
    open already stays where it is. Returns whether anything changed. Raises NotYoursToGrant."""
    _refuse_others(practice, by)
    mode = PatientSupportMode.PATIENT_LINE if enabled else PatientSupportMode.OFFICE_ONLY
    return _set(practice, "patient_support_mode", mode, "practice:set-patient-line", by=by, enabled=enabled)


def set_went_live(*, practice: Practice, day: dt.date | None, by: Actor) -> bool:
    """The day the portal was opened to patients (HD-14); None: not known, reports count from the first ticket. Returns
    whether anything changed. Raises NotYoursToGrant."""
    _refuse_others(practice, by)
    facts = {"day": day.isoformat() if day else ""}
    return _set(practice, "went_live_on", day, "practice:set-went-live", by=by, **facts)


@transaction.atomic
def set_proxy_ages(*, practice: Practice, limited_from: int, own_from: int, by: Actor) -> bool:
    """The birthdays from which parents and guardians see appointments only, and nothing. They hold at once, for access
    that was given before, too. Returns whether anything changed. Raises NotYoursToGrant, AgesWrong."""
    _refuse_others(practice, by)
    if wrong := ages.what_is_wrong(limited_from, own_from):
        raise AgesWrong(fields=wrong)
    row = Practice.objects.select_for_update().get(pk=practice.pk)
    if (row.proxy_limited_from, row.proxy_own_from) == (limited_from, own_from):
        return False
    row.proxy_limited_from, row.proxy_own_from = limited_from, own_from
    row.save(update_fields=["proxy_limited_from", "proxy_own_from"])
    audit.record("practice:set-proxy-ages", by=by, target=row, limited_from=limited_from, own_from=own_from)
    return True


def _refuse_others(practice: Practice, by: Actor) -> None:
    if not rules.may_set_security(roles_of_actor(by, practice.pk)):
        raise NotYoursToGrant(OWNERS)


@transaction.atomic
def _set(practice: Practice, field: str, value: object, action: str, *, by: Actor, **facts: Any) -> bool:
    row = Practice.objects.select_for_update().get(pk=practice.pk)
    if getattr(row, field) == value:
        return False
    setattr(row, field, value)
    row.save(update_fields=[field])
    audit.record(action, by=by, target=row, **facts)
    return True
