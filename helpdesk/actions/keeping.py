"""Originals are not kept for ever: a practice says for how many days, and each hour takes away what is older."""

import datetime as dt
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Q

from helpdesk import queries
from helpdesk.enums import MailState, RecordingState
from helpdesk.models import InboundMail, KeepingRule, PhoneCall, VoicemailAudio
from portal_core.kernel import audit, clock
from portal_core.kernel.contracts import SYSTEM, Actor

if TYPE_CHECKING:
    from portal_core.directory.models import Practice

BATCH = 200
# What nobody has read or decided on yet is the only copy there is.
UNDECIDED = (MailState.RECEIVED, MailState.HELD)


@transaction.atomic
def choose(*, practice: "Practice", mail_days: int, recording_days: int, by: Actor) -> KeepingRule:
    """Set how long a practice keeps originals. What is older goes within the hour."""
    now = clock.now()
    values = {"mail_days": mail_days, "recording_days": recording_days, "updated_at": now}
    rule, _new = KeepingRule.objects.update_or_create(practice=practice, defaults=values)
    audit.record(
        "keeping:choose", by=by, target=practice, practice_id=practice.pk, at=now, mail_days=mail_days,
        recording_days=recording_days,
    )  # fmt: skip
    return rule


def remove_due(practice: "Practice") -> int:
    """Take away a practice's originals that are past their time, a batch a transaction; return how many. A run that is
    killed has done whole batches, and the next one goes on."""
    rule, now = queries.keeping_of(practice.pk), clock.now()
    mails_before = now - dt.timedelta(days=rule.mail_days)
    sounds_before = now - dt.timedelta(days=rule.recording_days)
    removed = 0
    while done := _mails(practice, mails_before) + _recordings(practice, sounds_before):
        removed += done
    return removed


@transaction.atomic
def _mails(practice: "Practice", before: dt.datetime) -> int:
    now = clock.now()
    due = InboundMail.objects.filter(practice=practice, received_at__lt=before, raw_removed_at=None)
    due = due.filter(~Q(state__in=UNDECIDED))
    keys = list(due.order_by("received_at").values_list("pk", flat=True)[:BATCH])
    # Asked again by key: somebody may have brought one back from "set aside" meanwhile.
    gone = due.filter(pk__in=keys).update(raw=b"", raw_removed_at=now)
    return _noted("mails", gone, practice, at=now)


@transaction.atomic
def _recordings(practice: "Practice", before: dt.datetime) -> int:
    now = clock.now()
    due = VoicemailAudio.objects.filter(call__practice=practice, kept_at__lt=before)
    calls = list(due.order_by("kept_at").values_list("call_id", flat=True)[:BATCH])
    VoicemailAudio.objects.filter(call__in=calls).delete()
    gone = PhoneCall.objects.filter(pk__in=calls).update(recording_state=RecordingState.REMOVED)
    return _noted("recordings", gone, practice, at=now)


def _noted(what: str, count: int, practice: "Practice", *, at: dt.datetime) -> int:
    if count:
        audit.record(
            "keeping:remove", by=SYSTEM, target=practice, practice_id=practice.pk, at=at, what=what, count=count
        )  # fmt: skip
    return count
