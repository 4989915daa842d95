"""Changing the address an account hangs on (PC-42): who did it and how they made sure is noted, both mailboxes hear of
it, everything open ends, and for a day the new address opens nothing by itself."""

import datetime as dt
import secrets
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from portal_core import notify
from portal_core.access import errors, gate
from portal_core.access.actions import portal
from portal_core.access.contracts import EmailChangeStopped, EmailImported
from portal_core.access.enums import AccessLevel, CheckMethod
from portal_core.access.models import EmailChange, PortalAccess
from portal_core.access.queries import address_hold
from portal_core.access.rules.matching import plain_email
from portal_core.accounts.actions import credentials
from portal_core.directory.actions import patients
from portal_core.kernel import audit, clock, outbox
from portal_core.kernel.contracts import SYSTEM, Actor

if TYPE_CHECKING:
    from portal_core.directory.models import Patient

HOLD = dt.timedelta(hours=24)
STOPPABLE = dt.timedelta(days=7)


@transaction.atomic
def change(*, patient: "Patient", new_email: str, attestation_id: str, skip_reason: str = "", by: Actor) -> EmailChange:
    """Put another address on file for somebody with portal access. Uses up an attestation.

    Sessions and links end; a notice goes to the old address (with a link that stops it) and to the new one; for 24
    hours the new address gets neither link nor invitation, unless the patient was verified in person and `skip_reason`
    says why it cannot wait. The clerk has typed their own password again. Raises AttestationRequired, SameEmail,
    HoldStays.
    """
    now = clock.now()
    PortalAccess.objects.locked_of(patient.pk)
    patient.refresh_from_db(fields=["email", "user"])
    old, new = patient.email.strip(), new_email.strip()
    if plain_email(old) == plain_email(new):
        raise errors.SameEmail
    method = gate.consume(attestation_id, patient_id=patient.public_id, action="change_email", by=by)
    if skip_reason and method != CheckMethod.IN_PERSON:
        raise errors.HoldStays
    before = old or _taken_away(patient, now)
    secret = secrets.token_urlsafe(32) if before else ""
    row = EmailChange.objects.create(
        patient=patient, old_email=before, new_email=new, method=method, changed_at=now,
        changed_by=by.label[:120] or "Somebody", hold_until=None if skip_reason else now + HOLD,
        skip_reason=skip_reason[:200], stop_hash=portal.digest(secret) if secret else "",
    )  # fmt: skip
    patients.update_contact(patient=patient, values={"email": new}, email_checked=True, by=by)
    patient.email = new
    _end_everything(patient, at=now, by=by)
    audit.record(
        "access:change_email", by=by, target=patient, practice_id=patient.practice_id, at=now, method=str(method),
        held=row.hold_until is not None,
    )  # fmt: skip
    _tell_both(row, secret)
    return row


@transaction.atomic
def end_hold(*, patient: "Patient", reason: str, attestation_id: str, by: Actor) -> None:
    """The patient came and was verified in person: the new address counts from now on. Uses up an attestation. Raises
    AttestationRequired, HoldStays without a reason or for a check that was not in person."""
    now = clock.now()
    if not reason.strip():
        raise errors.HoldStays
    PortalAccess.objects.locked_of(patient.pk)
    row = address_hold(patient, now)
    if row is None:
        return
    method = gate.consume(attestation_id, patient_id=patient.public_id, action="change_email", by=by)
    if method != CheckMethod.IN_PERSON:
        raise errors.HoldStays
    row.hold_until, row.skip_reason, row.method = None, reason.strip()[:200], method
    row.save(update_fields=["hold_until", "skip_reason", "method"])
    audit.record("access:end_hold", by=by, target=patient, practice_id=patient.practice_id, at=now)


def stoppable(secret: str) -> EmailChange:
    """The change that this link would stop; looking changes nothing. Raises StopLinkUnusable."""
    rows = EmailChange.objects.select_related("patient__practice", "patient__home_office", "patient__user")
    row = rows.filter(stop_hash=portal.digest(secret), stopped_at=None).first() if secret else None
    if row is None or clock.now() >= row.changed_at + STOPPABLE:
        raise errors.StopLinkUnusable
    return row


@transaction.atomic
def stop(*, secret: str, by: Actor) -> EmailChange:
    """Somebody at the old address says that it was not them: the old address stands again and the portal is closed
    until the office has spoken to the patient. Neither mailbox opens anything meanwhile: which of the two is the
    patient's, only the office can find out. Raises StopLinkUnusable."""
    now = clock.now()
    patient = stoppable(secret).patient
    PortalAccess.objects.locked_of(patient.pk)
    row = EmailChange.objects.select_for_update().get(stop_hash=portal.digest(secret))
    if row.stopped_at is not None:
        raise errors.StopLinkUnusable
    row.stopped_at = now
    row.save(update_fields=["stopped_at"])
    if plain_email(patient.email) == plain_email(row.new_email):
        patients.update_contact(patient=patient, values={"email": row.old_email}, email_checked=True, by=by)
        patient.email = row.old_email
    portal.set_level(patient=patient, level=AccessLevel.NONE, by=by)
    _end_everything(patient, at=now, by=by)
    audit.record("access:stop_email_change", by=by, target=patient, practice_id=patient.practice_id, at=now)
    outbox.publish(
        EmailChangeStopped(patient_id=patient.public_id, office_id=patient.home_office.public_id, at=now)
    )  # fmt: skip
    return row


def before_contact_change(patient: "Patient", values: dict[str, Any], by: Actor) -> None:
    """Registered with `directory`: another address for somebody with portal access takes the long way; an address taken
    off file (C12) leaves its old value in the history. Raises EmailChangeAsksMore."""
    if "email" not in values:
        return
    access = PortalAccess.objects.filter(patient=patient).first()
    if patient.user_id is None and (access is None or access.level != AccessLevel.CAN_ACCESS):
        return
    if values["email"].strip():
        raise errors.EmailChangeAsksMore
    EmailChange.objects.create(
        patient=patient, old_email=patient.email, new_email="", changed_at=clock.now(),
        changed_by=by.label[:120] or "Somebody",
    )  # fmt: skip
    portal.kill_links(patient, at=clock.now())


def hold_imported(changes: "list[tuple[Patient, str]]") -> None:
    """Registered with `directory`: (patient, address before). For who has portal access the new address waits like any
    other, from this moment on; what takes locks of its own follows with the event. Links that went to the address
    before are dead by themselves."""
    now = clock.now()
    on = PortalAccess.objects.filter(patient__in=[patient.pk for patient, _ in changes], level=AccessLevel.CAN_ACCESS)
    enabled = set(on.values_list("patient_id", flat=True))
    for patient, before in changes:
        hangs_on_it = patient.user_id is not None or patient.pk in enabled
        if not hangs_on_it or plain_email(before) == plain_email(patient.email):
            continue
        row = EmailChange.objects.create(
            patient=patient, old_email=before.strip(), new_email=patient.email, method=CheckMethod.IMPORTED,
            changed_at=now, changed_by="Records import", hold_until=now + HOLD,
        )  # fmt: skip
        audit.record(
            "access:change_email", by=SYSTEM, target=patient, practice_id=patient.practice_id, at=now,
            method=str(row.method), held=True,
        )  # fmt: skip
        outbox.publish(EmailImported(change_id=row.public_id, at=now))


@transaction.atomic
def tell_imported(*, change_id: str) -> None:
    """What follows an imported address: open sessions end, and both mailboxes hear of it. Twice is once."""
    found = EmailChange.objects.select_related("patient__practice", "patient__home_office", "patient__user")
    patient = found.get(public_id=change_id).patient
    PortalAccess.objects.locked_of(patient.pk)
    row = found.select_for_update(of=("self",)).get(public_id=change_id)
    if row.stop_hash:
        return
    secret = secrets.token_urlsafe(32) if row.old_email else ""
    row.stop_hash = portal.digest(secret) if secret else ""
    row.save(update_fields=["stop_hash"])
    _end_everything(row.patient, at=clock.now(), by=SYSTEM)
    _tell_both(row, secret)


def _taken_away(patient: "Patient", now: dt.datetime) -> str:
    """The address that was taken off file not long ago: taking away and putting on is a change too, and its owner is
    told."""
    row = EmailChange.objects.filter(patient=patient, changed_at__gt=now - dt.timedelta(days=30))
    last = row.order_by("-changed_at", "-pk").first()
    return last.old_email if last is not None and not last.new_email else ""


def _end_everything(patient: "Patient", *, at: dt.datetime, by: Actor) -> None:
    portal.end_ways_in(patient, at=at)
    if patient.user is not None:
        credentials.end_sessions(user=patient.user, by=by)


def _tell_both(row: EmailChange, secret: str) -> None:
    patient = row.patient
    words = {**portal.words(patient), "held": row.hold_until is not None}
    key = f"patient:{patient.public_id}"
    if row.old_email:
        notify.send(
            "access/email_changed_old", cause=f"email-change-old:{row.public_id}",
            to=notify.Recipient(key=key, email=row.old_email, language=portal.language_of(patient)),
            context={**words, "link": settings.PUBLIC_URL + reverse("access:stop-email-change", args=[secret])},
        )  # fmt: skip
    notify.send(
        "access/email_changed_new", cause=f"email-change-new:{row.public_id}", to=portal.recipient(patient),
        context=words,
    )  # fmt: skip
