"""Recordings and files of texts are kept here alone: the provider's copy goes, and is asked for until it is gone.

Whoever needs a copy no longer says so in the transaction that settles it (`let_go`), so a crash between keeping and
deleting leaves no voice of a patient behind.
"""

import datetime as dt
import logging

from django.conf import settings
from django.db import transaction

from helpdesk.enums import CopyKind
from helpdesk.models import ProviderCopy
from portal_core.kernel import clock
from portal_core.notify.transports import telephony
from portal_core.notify.transports.base import TransportError

log = logging.getLogger(__name__)

PAUSES = (120, 600, 3600, 6 * 3600, 24 * 3600)  # seconds to the next try; the last one repeats without end
GIVE_UP_AFTER = 3  # refusals in a row: the provider is down
LOST_FOR = dt.timedelta(days=7)  # what we could not fetch can be saved by hand for so long


def let_go(kind: CopyKind, sid: str, *, message_sid: str = "", due_at: dt.datetime) -> None:
    """Have the provider's copy deleted from `due_at` on. Twice is once. Call it inside the transaction of the deed."""
    ProviderCopy.objects.get_or_create(
        sid=sid, defaults={"kind": kind, "message_sid": message_sid, "due_at": due_at}
    )  # fmt: skip


def forget_due() -> int:
    """Ask for the deletions that are due; return how many copies are gone now. Without an account there is nobody to
    ask."""
    gone = refused = 0
    if not settings.TWILIO_ACCOUNT_SID:
        return 0
    while refused < GIVE_UP_AFTER and (copy := _claim()) is not None:
        try:
            _forget(copy)
        except TransportError as error:
            log.warning("a %s could not be deleted at the provider (try %d): %s", copy.kind, copy.tries, error.code)
            if not error.permanent:
                refused += 1
                continue
        ProviderCopy.objects.filter(pk=copy.pk).delete()
        gone, refused = gone + 1, 0
    return gone


def _forget(copy: ProviderCopy) -> None:
    if copy.kind == CopyKind.RECORDING:
        telephony.forget_recording(copy.sid)
    else:
        telephony.forget_media(telephony.Media(copy.message_sid, copy.sid))


@transaction.atomic
def _claim() -> ProviderCopy | None:
    """The next one that is due; it is due again after a pause, whatever becomes of this try."""
    now = clock.now()
    due = ProviderCopy.objects.select_for_update(skip_locked=True).filter(due_at__lte=now)
    copy = due.order_by("due_at", "pk").first()
    if copy is not None:
        copy.due_at = now + dt.timedelta(seconds=PAUSES[min(copy.tries, len(PAUSES) - 1)])
        copy.tries = min(copy.tries + 1, 30_000)
        copy.save(update_fields=["due_at", "tries"])
    return copy
