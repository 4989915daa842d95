"""What a patient's own sign-in means for portal access; registered with `accounts.sign_in`."""

import datetime as dt
from typing import TYPE_CHECKING

from portal_core.access.actions import portal, proxies
from portal_core.access.queries import proxy_actor, proxy_user
from portal_core.directory.contracts import Acting
from portal_core.kernel.enums import Realm

if TYPE_CHECKING:
    from portal_core.accounts.models import User


def after_sign_in(user: "User", at: dt.datetime) -> None:
    """Raises PortalClosed when the office switched portal access off, ProxyOver for somebody with nobody to act for."""
    patient = getattr(user, "patient", None) if user.realm == Realm.PATIENT else None
    if patient is not None:
        portal.note_sign_in(patient=patient, at=at)
    elif user.realm == Realm.PATIENT:
        proxies.note_sign_in(user=user)


def after_own_password(user: "User", at: dt.datetime) -> None:
    """What could still set a password ends with it, and the person is told by mail."""
    patient = getattr(user, "patient", None) if user.realm == Realm.PATIENT else None
    if patient is not None:
        portal.note_own_password(patient=patient, at=at)
    elif user.realm == Realm.PATIENT:
        proxies.note_own_password(user=user, at=at)


def acting_of(user_id: int, chosen: str) -> Acting | None:
    """Whom a proxy acts for: who was chosen in this session, else the first of them."""
    found = proxy_user(user_id)
    if found is None or not found.grants:
        return None
    live = next((each for each in found.grants if each.grant.public_id == chosen), found.grants[0])
    patient = live.grant.patient
    return Acting(
        patient=patient,
        actor=proxy_actor(found.person, patient),
        name=found.person.name,
        relationship=live.grant.get_relationship_display(),
        scopes=live.scopes,
        others=tuple((each.grant.public_id, each.grant.patient.name) for each in found.grants if each != live),
    )
