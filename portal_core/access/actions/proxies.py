"""People who act for a patient, each with a sign-in of their own: granted by the office, ended by anybody there, over
by itself on its last day or when the patient comes of age."""

import datetime as dt
import secrets
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from portal_core import notify
from portal_core.access import errors, gate
from portal_core.access.actions import portal
from portal_core.access.models import PortalAccess, ProxyGrant, ProxyPerson
from portal_core.access.queries import ages_of, proxy_actor, proxy_user, today_of
from portal_core.access.rules import proxy as rules
from portal_core.accounts.actions import credentials
from portal_core.kernel import audit, clock
from portal_core.kernel.contracts import Actor
from portal_core.kernel.enums import Realm

if TYPE_CHECKING:
    from collections.abc import Iterable

    from portal_core.accounts.models import User
    from portal_core.directory.models import Patient

LINK = dt.timedelta(hours=48)
RESET = dt.timedelta(hours=4)


@transaction.atomic
def grant(
    *, patient: "Patient", name: str, email: str, relationship: str, scopes: "Iterable[str]", starts_on: dt.date,
    ends_on: dt.date, attestation_id: str, by: Actor,
) -> ProxyGrant:  # fmt: skip
    """Let somebody act for a patient. They get an e-mail: with a link to choose user name and password, or, where they
    have a sign-in already, a notice. Uses up an attestation.

    Raises AttestationRequired, ProxyDatesWrong, ProxyExists.
    """
    now = clock.now()
    PortalAccess.objects.locked_of(patient.pk)
    latest = rules.last_day(relationship, patient.birth_date, starts_on, ages_of(patient.practice))
    if latest is None:
        raise errors.ProxyOfAge
    if not starts_on <= ends_on <= latest or ends_on < today_of(patient, now):
        raise errors.ProxyDatesWrong(latest=latest.isoformat())
    person, _ = ProxyPerson.objects.get_or_create(
        practice_id=patient.practice_id, email=email.strip().lower(), defaults={"name": name, "created_at": now}
    )
    if ProxyGrant.objects.filter(person=person, patient=patient, ended_at=None, ends_on__gte=starts_on).exists():
        raise errors.ProxyExists
    for over in ProxyGrant.objects.filter(person=person, patient=patient, ended_at=None):
        over.ended_at, over.ended_by = now, "Its last day"
        over.save(update_fields=["ended_at", "ended_by"])
    method = gate.consume(attestation_id, patient_id=patient.public_id, action="grant_proxy", by=by)
    secret = secrets.token_urlsafe(32) if person.user_id is None else ""
    row = ProxyGrant.objects.create(
        person=person, patient=patient, relationship=relationship, scopes=sorted(set(scopes)), starts_on=starts_on,
        ends_on=ends_on, method=method, granted_at=now, granted_by=by.label[:120] or "Somebody",
        link_hash=portal.digest(secret) if secret else "", link_expires_at=now + LINK if secret else None,
    )  # fmt: skip
    audit.record(
        "access:grant_proxy", by=by, target=row, practice_id=patient.practice_id, at=now, patient=patient.public_id,
        relationship=relationship, scopes=row.scopes, method=str(method),
    )  # fmt: skip
    link = settings.PUBLIC_URL + reverse("access:proxy-welcome", args=[secret]) if secret else ""
    notify.send(
        "access/proxy", cause=f"access-proxy:{row.public_id}",
        to=_recipient(person),
        context={**portal.words(patient), "link": link, "hours": int(LINK.total_seconds() // 3600)},
        not_after=row.link_expires_at,
    )  # fmt: skip
    return row


@transaction.atomic
def end(*, grant: ProxyGrant, by: Actor) -> None:
    """It ends now, whatever was open: the person is signed out. Twice is once."""
    now = clock.now()
    row = _locked(grant)
    if row.ended_at is not None:
        return
    row.ended_at, row.ended_by = now, by.label[:120] or "Somebody"
    row.save(update_fields=["ended_at", "ended_by"])
    if row.person.user is not None:
        credentials.end_sessions(user=row.person.user, by=by)
    audit.record(
        "access:end_proxy", by=by, target=row, practice_id=row.patient.practice_id, at=now,
        patient=row.patient.public_id,
    )  # fmt: skip


@transaction.atomic
def send_link(*, grant: ProxyGrant, attestation_id: str = "", by: Actor) -> None:
    """A new link to the person's own address; every earlier one dies. Who never chose a user name and a password gets
    the invitation again. Who has them gets a link for a new password; for that the office has verified who is asking.

    Raises ProxyEnded, AttestationRequired.
    """
    now = clock.now()
    PortalAccess.objects.locked_of(grant.patient_id)
    row = _locked(grant)
    patient, person = row.patient, row.person
    if row.ended_at is not None or today_of(patient, now) > row.ends_on:
        raise errors.ProxyEnded
    first = person.user_id is None
    if not first:
        gate.consume(attestation_id, patient_id=patient.public_id, action="send_reset_link", by=by)
    lifetime = LINK if first else RESET
    secret = secrets.token_urlsafe(32)
    _kill_links(person)
    row.link_hash, row.link_expires_at = portal.digest(secret), now + lifetime
    row.save(update_fields=["link_hash", "link_expires_at"])
    line = audit.record(
        "access:send_proxy_link", by=by, target=row, practice_id=patient.practice_id, at=now,
        patient=patient.public_id, first=first,
    )  # fmt: skip
    link = settings.PUBLIC_URL + reverse("access:proxy-welcome", args=[secret])
    notify.send(
        "access/proxy" if first else "access/reset", cause=f"access-proxy-link:{line.pk}", to=_recipient(person),
        context={**portal.words(patient), "link": link, "hours": int(lifetime.total_seconds() // 3600)},
        not_after=row.link_expires_at,
    )  # fmt: skip


def welcome(secret: str) -> ProxyGrant:
    """The grant behind a link; looking uses nothing up. Raises LinkUnusable."""
    rows = ProxyGrant.objects.select_related("person__user", "patient__practice", "patient__home_office")
    row = rows.filter(link_hash=portal.digest(secret), ended_at=None).first() if secret else None
    if row is None or row.link_expires_at is None or clock.now() >= row.link_expires_at:
        raise errors.LinkUnusable
    return row


@transaction.atomic
def accept(*, secret: str, username: str, password: str) -> ProxyPerson:
    """The person chooses a password, and a user name where there is none yet; nobody is signed in by it.

    Raises LinkUnusable, UsernameTaken, UnusablePassword; the link stays good after the last two.
    """
    PortalAccess.objects.locked_of(welcome(secret).patient_id)
    row = welcome(secret)  # once more: whoever was first has used it up
    now, patient = clock.now(), row.patient
    person = ProxyPerson.objects.select_for_update(of=("self",)).select_related("user").get(pk=row.person_id)
    by = proxy_actor(person, None)
    first = person.user is None
    if person.user is None:
        person.user = credentials.create(username=username, password=password, realm=Realm.PATIENT, by=by)
        person.save(update_fields=["user"])
    else:
        credentials.set_password(user=person.user, password=password, by=by)
    _kill_links(person)
    action = "access:accept_proxy" if first else "access:set_proxy_password"
    line = audit.record(action, by=by, target=row, practice_id=person.practice_id, at=now)
    if not first:
        notify.send(
            "access/password_set", cause=f"access-proxy-password:{line.pk}", to=_recipient(person),
            context=portal.words(patient),
        )  # fmt: skip
    return person


@transaction.atomic
def note_sign_in(*, user: "User") -> None:
    """At the sign-in of a proxy: kills links still in the mailbox. Raises ProxyOver when there is nobody left to act
    for."""
    found = proxy_user(user.pk)
    if found is None:
        return
    if not found.grants:
        raise errors.ProxyOver
    _kill_links(found.person)


@transaction.atomic
def note_own_password(*, user: "User", at: dt.datetime) -> None:
    """A proxy, signed in, chose another password: links end, and their address hears of it."""
    found = proxy_user(user.pk)
    if found is None or not found.grants:
        return
    person = found.person
    _kill_links(person)
    line = audit.record(
        "access:own_proxy_password", by=proxy_actor(person, None), target=person, practice_id=person.practice_id, at=at
    )  # fmt: skip
    notify.send(
        "access/password_set", cause=f"access-own-proxy-password:{line.pk}", to=_recipient(person),
        context=portal.words(found.grants[0].grant.patient),
    )  # fmt: skip


# --- inside -----------------------------------------------------------------------------------------------------------
def _locked(grant: ProxyGrant) -> ProxyGrant:
    rows = ProxyGrant.objects.select_for_update(of=("self",))
    return rows.select_related("person__user", "patient__practice", "patient__home_office__practice").get(pk=grant.pk)


def _recipient(person: ProxyPerson) -> notify.Recipient:
    return notify.Recipient(key=f"proxy:{person.public_id}", email=person.email)


def _kill_links(person: ProxyPerson) -> None:
    """A person has one sign-in, so one link; whichever grant it came with."""
    person.grants.exclude(link_hash="").update(link_hash="", link_expires_at=None)
