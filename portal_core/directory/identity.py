"""Who a user is, for ledger lines that `accounts` writes without knowing staff or patients."""

from typing import TYPE_CHECKING

from portal_core.directory.models import Patient, Staff
from portal_core.kernel.contracts import Actor
from portal_core.kernel.enums import Realm

if TYPE_CHECKING:
    from portal_core.accounts.models import User


def actor_of_user(user: "User") -> Actor | None:
    """The staff member or patient behind a user; None for a user without a person."""
    people = Staff.objects if user.realm == Realm.STAFF else Patient.objects
    person = people.filter(user_id=user.pk).first()
    return person.actor if person is not None else None


def second_step_owed(user: "User") -> bool:
    """Whether this user's practice asks its staff for a second step; patients choose for themselves."""
    return (
        user.realm == Realm.STAFF and Staff.objects.filter(user_id=user.pk, practice__staff_second_step=True).exists()
    )
