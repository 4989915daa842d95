"""E-mails that wait for a person."""

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Q, QuerySet

from helpdesk.access import mails_seen_by
from helpdesk.enums import (
    MailState,
)
from helpdesk.models import (
    Attachment,
    InboundMail,
    KeepingRule,
)
from helpdesk.queries.queues import PAGE
from portal_core.kernel import clock

if TYPE_CHECKING:
    from portal_core.directory.models import Staff


@dataclass(frozen=True, slots=True)
class MailPage:
    """One page of e-mails that wait for a person; `after` is the public id to go on from, empty at the end."""

    mails: list[InboundMail]
    after: str


UNREAD_AFTER = dt.timedelta(minutes=10)  # what was not read by then could not be read


def _waiting_mail(staff: "Staff") -> "QuerySet[InboundMail]":
    late = Q(state=MailState.RECEIVED, received_at__lt=clock.now() - UNREAD_AFTER)
    return InboundMail.objects.filter(mails_seen_by(staff), Q(state=MailState.HELD) | late)


def held_mail(staff: "Staff", *, after: str = "", limit: int = PAGE) -> MailPage:
    """E-mails of this person's offices that opened no ticket by themselves, newest first; two queries."""
    rows = _waiting_mail(staff)
    last = InboundMail.objects.filter(public_id=after).only("received_at", "id").first() if after else None
    if last is not None:
        rows = rows.filter(Q(received_at__lt=last.received_at) | Q(received_at=last.received_at, id__lt=last.pk))
    found = list(rows.select_related("office").defer("raw").order_by("-received_at", "-id")[: limit + 1])
    return MailPage(found[:limit], found[limit - 1].public_id if len(found) > limit else "")


def held_mail_count(staff: "Staff", *, most: int = 100) -> int:
    """How many wait, counted up to `most`."""
    return len(_waiting_mail(staff).values_list("pk")[:most])


def files_of_mail(mail: InboundMail) -> list[Attachment]:
    """Files of one e-mail, in its order, without their bytes."""
    return list(Attachment.objects.filter(mail=mail).defer("data").order_by("id"))


def keeping_of(practice_id: int) -> KeepingRule:
    """How long a practice keeps originals; an unsaved row with what ships where it chose nothing."""
    return KeepingRule.objects.filter(practice_id=practice_id).first() or KeepingRule(practice_id=practice_id)
