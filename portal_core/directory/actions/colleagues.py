"""The people who work here: added, invited, reached at another address, closed off when they leave.

A sign-in begins with a link to the address on file. Whoever gets one for somebody else's account holds that account, so
only who could give a colleague each of their roles may send one, change the address it goes to, or close the account.
"""

import datetime as dt
import hashlib
import secrets
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from portal_core import notify
from portal_core.accounts.actions import credentials
from portal_core.directory.actions import staff as staff_actions
from portal_core.directory.enums import Role
from portal_core.directory.errors import (
    LastOwner,
    NobodyToTell,
    NotYoursToGrant,
    OwnAccount,
    StaffEmailTaken,
    StaffInactive,
    StaffLinkUnusable,
)
from portal_core.directory.models import Practice, RoleAssignment, Staff
from portal_core.directory.rules import roles as rules
from portal_core.kernel import audit, clock
from portal_core.kernel.contracts import Actor
from portal_core.kernel.enums import Realm

if TYPE_CHECKING:
    from portal_core.accounts.models import User

FIRST = dt.timedelta(hours=72)  # over a weekend
AGAIN = dt.timedelta(hours=4)


@transaction.atomic
def add(*, practice: Practice, first_name: str, last_name: str, email: str, phone: str = "", by: Actor) -> Staff:
    """Somebody new, without roles or a sign-in yet. Raises NotYoursToGrant, StaffEmailTaken."""
    if not staff_actions.roles_of_actor(by, practice.pk) & rules.GRANTERS:
        raise NotYoursToGrant
    return _create(practice, first_name=first_name, last_name=last_name, email=email, phone=phone, by=by)


@transaction.atomic
def set_contact(*, staff: Staff, first_name: str, last_name: str, email: str, phone: str, by: Actor) -> bool:
    """Another name, address or number; returns whether anything changed. With another address the open link ends, and
    where there is a sign-in the address before hears of it. Raises NotYoursToGrant, StaffEmailTaken."""
    row = _theirs_to_manage(staff, by)
    before = {name: getattr(row, name) for name in ("first_name", "last_name", "email", "phone")}
    wanted = {"first_name": first_name, "last_name": last_name, "email": email.strip(), "phone": phone}
    changed = sorted(name for name in wanted if wanted[name] != before[name])
    if not changed:
        return False
    moved = wanted["email"].lower() != before["email"].lower()
    if moved:
        _refuse_taken(row.practice, wanted["email"], but=row)
        row.link_hash, row.link_expires_at = "", None
    for name, value in wanted.items():
        setattr(row, name, value)
    row.save(update_fields=[*wanted, "link_hash", "link_expires_at"])
    line = audit.record("staff:set-contact", by=by, target=row, fields=changed)  # which, never what they hold
    if moved and before["email"] and row.user_id is not None:
        notify.send(
            "directory/address_changed", cause=f"staff-address:{line.pk}",
            to=notify.Recipient(key=f"staff:{row.public_id}", email=before["email"].strip()),
            context={"practice_name": row.practice.name}, leave_out=True,
        )  # fmt: skip
    return True


@transaction.atomic
def send_link(*, staff: Staff, by: Actor) -> None:
    """A link to the address on file, to choose a user name and a password, or a new password; earlier ones end. Raises
    NotYoursToGrant, StaffInactive, NobodyToTell."""
    row = _theirs_to_manage(staff, by)
    if not row.email.strip():
        raise NobodyToTell
    secret, first = _new_link(row), row.user_id is None
    line = audit.record("staff:send-link", by=by, target=row, first=first)
    notify.send(
        "directory/sign_in_link", cause=f"staff-link:{line.pk}",
        to=notify.Recipient(key=f"staff:{row.public_id}", email=row.email.strip()),
        context={
            "practice_name": row.practice.name, "name": row.name, "first": first, "link": address_of(secret),
            "hours": int((FIRST if first else AGAIN).total_seconds() // 3600), "by": by.label,
        },
        not_after=row.link_expires_at,
    )  # fmt: skip


@transaction.atomic
def make_owner(*, practice: Practice, first_name: str, last_name: str, email: str, by: Actor) -> tuple[Staff, str]:
    """For whoever runs the machine: an owner and administrator of the practice, and the address of a link that is sent
    to nobody. Somebody on file with this e-mail address becomes one; their account is opened if it was closed."""
    practice = Practice.objects.select_for_update().get(pk=practice.pk)
    row = Staff.objects.filter(practice=practice, email__iexact=email.strip()).order_by("-is_active", "pk").first()
    if row is None:
        row = _create(practice, first_name=first_name, last_name=last_name, email=email, phone="", by=by)
    row = _locked(row)
    if not row.is_active:
        row.is_active = True
        row.save(update_fields=["is_active"])
    if row.user is not None:
        credentials.set_active(user=row.user, active=True, by=by)
    for role in (Role.OWNER, Role.ADMINISTRATOR):
        if RoleAssignment.objects.get_or_create(staff=row, role=role, office=None)[1]:
            audit.record("staff:grant-role", by=by, target=row, practice_id=practice.pk, role=str(role), office="")
    secret = _new_link(row)
    audit.record("staff:make-owner", by=by, target=row, practice_id=practice.pk, first=row.user_id is None)
    return row, address_of(secret)


@transaction.atomic
def set_active(*, staff: Staff, active: bool, by: Actor) -> bool:
    """Close somebody's account (sessions, pages, programs and links end at once; roles stay on file), or open it
    again; returns whether anything changed. Raises NotYoursToGrant, OwnAccount, LastOwner."""
    practice = Practice.objects.select_for_update().get(
        pk=staff.practice_id
    )  # two owners closing each other: one stays
    row = _theirs_to_manage(staff, by, closed=True)
    if row.is_active == active:
        return False
    if by.id == row.public_id:
        raise OwnAccount
    if not active:
        held = list(row.role_assignments.select_related("staff", "office"))
        owners = RoleAssignment.objects.filter(staff__practice=practice, staff__is_active=True, role=Role.OWNER)
        if any(one.role == Role.OWNER for one in held) and not owners.exclude(staff=row).exists():
            raise LastOwner
        for one in held:
            staff_actions.about_to_end(one, by)
    row.is_active, row.link_hash, row.link_expires_at = active, "", None
    row.save(update_fields=["is_active", "link_hash", "link_expires_at"])
    if row.user is not None:
        credentials.set_active(user=row.user, active=active, by=by)
        if not active:
            credentials.end_sessions(user=row.user, by=by)  # opened again, it begins with a new sign-in
    audit.record("staff:open" if active else "staff:close", by=by, target=row)
    return True


# --- the link ---------------------------------------------------------------------------------------------------------
def welcome(secret: str) -> Staff:
    """Whose link it is; looking uses nothing up. Raises StaffLinkUnusable."""
    rows = Staff.objects.select_related("practice", "user")
    row = rows.filter(link_hash=_digest(secret), is_active=True).first() if secret else None
    if row is None or row.link_expires_at is None or clock.now() >= row.link_expires_at:
        raise StaffLinkUnusable
    return row


@transaction.atomic
def accept(*, secret: str, username: str, password: str) -> Staff:
    """A password, and a user name where there is none yet; nobody is signed in by it, a second step stays asked for.
    Raises StaffLinkUnusable, UsernameTaken, UnusablePassword; the link stays good after the last two."""
    _locked(welcome(secret))
    row = _locked(welcome(secret))  # once more: whoever was first has used it up
    first = row.user is None
    if row.user is None:
        row.user = credentials.create(username=username, password=password, realm=Realm.STAFF, by=row.actor)
    else:
        credentials.set_password(user=row.user, password=password, by=row.actor)
    row.link_hash, row.link_expires_at = "", None
    row.save(update_fields=["user", "link_hash", "link_expires_at"])
    line = audit.record("staff:accept-link", by=row.actor, target=row, first=first)
    if not first and row.email.strip():
        notify.send(
            "directory/password_set", cause=f"staff-password:{line.pk}",
            to=notify.Recipient(key=f"staff:{row.public_id}", email=row.email.strip()),
            context={"practice_name": row.practice.name},
        )  # fmt: skip
    return row


def end_link_of(user: "User", at: dt.datetime) -> None:
    """Who signs in, or chose another password, needs no link that still lies in a mailbox."""
    if user.realm == Realm.STAFF:
        Staff.objects.filter(user_id=user.pk).exclude(link_hash="").update(link_hash="", link_expires_at=None)


def address_of(secret: str) -> str:
    return str(settings.PUBLIC_URL) + reverse("directory:welcome", args=[secret])


# --- inside -----------------------------------------------------------------------------------------------------------
def _create(practice: Practice, *, first_name: str, last_name: str, email: str, phone: str, by: Actor) -> Staff:
    practice = Practice.objects.select_for_update().get(pk=practice.pk)
    _refuse_taken(practice, email)
    row = Staff.objects.create(
        practice=practice, first_name=first_name, last_name=last_name, email=email.strip(), phone=phone
    )
    audit.record("staff:add", by=by, target=row, practice_id=practice.pk)
    return row


def _refuse_taken(practice: Practice, email: str, *, but: Staff | None = None) -> None:
    """Mail that comes in is told apart by the sender's address, so one address is one colleague's."""
    others = Staff.objects.filter(practice=practice, email__iexact=email.strip())
    if but is not None:
        others = others.exclude(pk=but.pk)
    if email.strip() and others.exists():
        raise StaffEmailTaken


def _theirs_to_manage(staff: Staff, by: Actor, *, closed: bool = False) -> Staff:
    """The colleague's row, held. Raises NotYoursToGrant; StaffInactive unless `closed` accounts are welcome too."""
    row = _locked(staff)
    held = {Role(one.role) for one in row.role_assignments.all()}
    mine = staff_actions.roles_of_actor(by, row.practice_id)
    if not rules.may_manage(mine, held, own=by.id == row.public_id):
        raise NotYoursToGrant
    if not row.is_active and not closed:
        raise StaffInactive
    return row


def _locked(staff: Staff) -> Staff:
    rows = Staff.objects.select_for_update(of=("self",)).select_related("practice", "user")
    return rows.get(pk=staff.pk)


def _new_link(row: Staff) -> str:
    secret = secrets.token_urlsafe(32)
    row.link_hash = _digest(secret)
    row.link_expires_at = clock.now() + (FIRST if row.user_id is None else AGAIN)
    row.save(update_fields=["link_hash", "link_expires_at"])
    return secret


def _digest(secret: str) -> str:
    """Of 256 random bits; no slow hash is needed."""
    return hashlib.sha256(secret.encode()).hexdigest()
