"""Prepared answers: made and kept by those who answer for a desk."""

from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction

from helpdesk.enums import Side
from portal_core.directory.enums import Permission
from portal_core.kernel import audit, clock
from portal_core.kernel.contracts import Actor
from triage.errors import NotYourReplies, TitleTaken
from triage.models import CannedReply
from triage.rules import canned as rules

if TYPE_CHECKING:
    from portal_core.directory.models import Office, Staff


def may_manage(staff: "Staff", *, side: Side, office_id: int | None) -> bool:
    """An office manager those of the own office; who holds the practice's settings all of the offices'; the IT lead
    those of IT."""
    if side == Side.IT:
        return office_id is None and staff.may(Permission.IT_DESK) and staff.may(Permission.STATUS_PUBLISH)
    if staff.may(Permission.SETTINGS):
        return True
    return office_id is not None and staff.may(Permission.APPROVE_RISKY, office_id=office_id)


@transaction.atomic
def write(
    *,
    staff: "Staff",
    side: Side,
    office: "Office | None",
    title: str,
    body: str,
    reply: CannedReply | None = None,
    by: Actor,
) -> CannedReply:
    """Make one, or change `reply`. Raises NotYourReplies, VariableRefused, TitleTaken."""
    now = clock.now()
    office_id = office.pk if office is not None else None
    if not may_manage(staff, side=side, office_id=office_id):
        raise NotYourReplies
    if reply is not None and not may_manage(staff, side=Side(reply.side), office_id=reply.office_id):
        raise NotYourReplies
    rules.check(title)
    rules.check(body)
    row = reply or CannedReply(practice_id=staff.practice_id)
    row.side, row.office, row.title, row.body = side, office, title.strip(), body.strip()
    row.changed_by, row.changed_at = staff.name[:120], now
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        raise TitleTaken from None
    verb = "canned_reply:change" if reply is not None else "canned_reply:add"
    audit.record(verb, by=by, target=row, practice_id=row.practice_id, at=now, title=row.title)
    return row


@transaction.atomic
def remove(*, reply: CannedReply, staff: "Staff", by: Actor) -> None:
    """Raises NotYourReplies."""
    if not may_manage(staff, side=Side(reply.side), office_id=reply.office_id):
        raise NotYourReplies
    audit.record("canned_reply:remove", by=by, target=reply, practice_id=reply.practice_id, title=reply.title)
    reply.delete()
