"""Roles and the provider's own settings (TH-01, TH-28, PC-76 to PC-78)."""

from collections.abc import Callable

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from portal_core.directory.enums import Role
from portal_core.directory.errors import LastOwner, NotYoursToGrant, RoleRefused
from portal_core.directory.models import Office, Practice, RoleAssignment, Staff
from portal_core.directory.rules import roles as rules
from portal_core.kernel import audit
from portal_core.kernel.contracts import Actor
from portal_core.kernel.errors import NotFound

WHOSE = {
    True: _("This role belongs to one office. Choose which."),
    False: _("This role is for the whole practice. Choose no office."),
}

_before_end: list[Callable[[RoleAssignment, Actor], None]] = []


def before_role_ends(callback: Callable[[RoleAssignment, Actor], None]) -> None:
    """Call `callback` inside the transaction, before a role is taken away: what was begun by it ends. Registered in
    the app's `ready()`; twice is once."""
    if callback not in _before_end:
        _before_end.append(callback)


@transaction.atomic
def grant_role(
    *, staff: Staff, role: Role, office: Office | None = None, supervisor: Staff | None = None, by: Actor
) -> RoleAssignment:
    """Give a role (in an office, where the role belongs to one). Giving it twice changes nothing.

    Raises NotYoursToGrant, RoleRefused.
    """
    _require(rules.may_change_role(_roles_of(by, staff), role, own=by.id == staff.public_id))
    if not rules.office_fits(role, has_office=office is not None):
        raise RoleRefused(WHOSE[office is None])
    if office is not None and office.practice_id != staff.practice_id:
        raise NotFound
    if (role is Role.INTERN) != (supervisor is not None):
        raise RoleRefused(supervisor="An intern, and nobody else, works under a supervisor.")
    if supervisor is not None and (supervisor.practice_id != staff.practice_id or supervisor.pk == staff.pk):
        raise RoleRefused(supervisor="Choose a colleague.")
    row, created = RoleAssignment.objects.get_or_create(
        staff=staff, role=role, office=office, defaults={"supervisor": supervisor}
    )
    if created:
        audit.record(
            "staff:grant-role", by=by, target=staff, role=str(role), office=office.public_id if office else ""
        )  # fmt: skip
    return row


@transaction.atomic
def revoke_role(*, assignment: RoleAssignment, by: Actor) -> None:
    """Take a role away; taking it twice changes nothing. Raises NotYoursToGrant, LastOwner."""
    staff = assignment.staff
    role = Role(assignment.role)
    _require(rules.may_change_role(_roles_of(by, staff), role, own=by.id == staff.public_id))
    Practice.objects.select_for_update().get(pk=staff.practice_id)  # two owners removing each other: one stays
    if role is Role.OWNER:
        others = RoleAssignment.objects.filter(staff__practice_id=staff.practice_id, role=role, staff__is_active=True)
        if not others.exclude(pk=assignment.pk).exists():
            raise LastOwner
    about_to_end(assignment, by)
    deleted, _rows = RoleAssignment.objects.filter(pk=assignment.pk).delete()
    if deleted:
        audit.record(
            "staff:revoke-role",
            by=by,
            target=staff,
            role=str(role),
            office=assignment.office.public_id if assignment.office else "",
        )


def about_to_end(assignment: RoleAssignment, by: Actor) -> None:
    """End what was begun by this role: it is taken away, or its holder's account is closed."""
    for callback in _before_end:
        callback(assignment, by)


@transaction.atomic
def set_teletherapy(*, staff: Staff, enabled: bool, by: Actor) -> bool:
    """Therapist → Teletherapy on every clinical role of this person; returns whether anything changed.

    Raises NotYoursToGrant, RoleRefused for somebody without a clinical role.
    """
    _require(rules.may_switch_teletherapy(_roles_of(by, staff)))
    rows = list(RoleAssignment.objects.select_for_update().filter(staff=staff, role__in=sorted(rules.CLINICAL)))
    if not rows:
        raise RoleRefused("Telehealth belongs to a clinician's role. Give them that role first.")
    if all(row.teletherapy == enabled for row in rows):
        return False
    for row in rows:
        row.teletherapy = enabled
        row.save(update_fields=["teletherapy"])
    audit.record("staff:set-teletherapy", by=by, target=staff, enabled=enabled)
    return True


@transaction.atomic
def set_waiting_room(*, staff: Staff, enabled: bool, by: Actor) -> bool:
    """TH-28: for all telehealth sessions of this provider; returns whether anything changed. Raises NotYoursToGrant."""
    own = by.id == staff.public_id
    _require(rules.may_set_waiting_room([] if own else _roles_of(by, staff), own=own))
    row = Staff.objects.select_for_update().get(pk=staff.pk)
    if row.waiting_room_enabled == enabled:
        return False
    row.waiting_room_enabled = enabled
    row.save(update_fields=["waiting_room_enabled"])
    audit.record("staff:set-waiting-room", by=by, target=staff, enabled=enabled)
    return True


def roles_of_actor(by: Actor, practice_id: int) -> set[Role]:
    """The roles the acting person holds in that practice at this moment, within the hat worn."""
    rows = RoleAssignment.objects.filter(
        staff__public_id=by.id, staff__practice_id=practice_id, staff__is_active=True
    )  # fmt: skip
    return {Role(row.role) for row in rows if not by.hat or row.hat == by.hat}


def _roles_of(by: Actor, staff: Staff) -> set[Role]:
    return roles_of_actor(by, staff.practice_id)


def _require(allowed: bool) -> None:
    if not allowed:
        raise NotYoursToGrant
