"""Files that came with a text message: fetched from the provider, and into the same quarantine as those of e-mails."""

import datetime as dt
from collections.abc import Sequence

from django.db import transaction

from helpdesk.actions import received_files
from helpdesk.actions.provider_copies import LOST_FOR, let_go
from helpdesk.actions.tickets.telling import desk_group, nudge
from helpdesk.enums import CopyKind, RecordingState
from helpdesk.models import InboundText, TextMedia
from helpdesk.rules.enclosed import Enclosed
from portal_core.kernel import audit, clock
from portal_core.kernel.contracts import SYSTEM
from portal_core.notify.transports import telephony
from portal_core.notify.transports.base import TransportError

LEASE = dt.timedelta(minutes=2)
TRIES = 8
PAUSES = (15, 60, 300, 900, 3600)  # seconds before the next try; the last one repeats
MOST = 10  # files of one text (the provider's own limit)


def want(text: InboundText, media: "Sequence[tuple[str, str]]", *, at: dt.datetime) -> None:
    """Note the files of a text, as (address at the provider, type it claims). An address that is none of our account's
    is nothing we fetch; the desk sees that there was a file."""
    for address, claimed in media[:MOST]:
        found = telephony.media_of(address)
        if found is not None and text.ticket_id is not None:
            TextMedia.objects.get_or_create(
                sid=found.sid,
                defaults={"text": text, "message_sid": found.message_sid, "claimed_type": claimed[:120], "due_at": at},
            )


def fetch_due() -> int:
    """Fetch what is due, one after the other; return how many are kept now. A run that is killed leaves a lease behind,
    and the next one takes over."""
    kept = 0
    while (media := _claim()) is not None:
        place = telephony.Media(media.message_sid, media.sid)
        try:
            data = telephony.fetch_media(place)
        except TransportError as error:
            _postpone(media, error)
            continue
        kept += _keep(media, data)
    return kept


@transaction.atomic
def _claim() -> TextMedia | None:
    now = clock.now()
    media = TextMedia.objects.select_for_update(skip_locked=True).filter(due_at__lte=now).order_by("due_at").first()
    if media is not None:
        media.due_at, media.tries = now + LEASE, media.tries + 1
        media.save(update_fields=["due_at", "tries"])
    return media


def _locked(media: TextMedia) -> TextMedia:
    rows = TextMedia.objects.select_for_update(of=("self",))
    return rows.select_related("text__ticket__office__practice", "text__message").get(pk=media.pk)


@transaction.atomic
def _keep(media: TextMedia, data: bytes) -> int:
    now, media = clock.now(), _locked(media)
    ticket = media.text.ticket
    if media.state != RecordingState.WANTED or ticket is None:
        return 0
    number = media.text.media.filter(pk__lte=media.pk).count()
    file = Enclosed(f"picture-{number}", media.claimed_type, data)
    (attachment,) = received_files.keep(ticket=ticket, message=media.text.message, mail=None, files=[file], at=now)
    media.state, media.due_at, media.attachment = RecordingState.KEPT, None, attachment
    media.save(update_fields=["state", "due_at", "attachment"])
    let_go(CopyKind.MEDIA, media.sid, message_sid=media.message_sid, due_at=now)
    audit.record("text:keep_file", by=SYSTEM, target=media.text, practice_id=ticket.practice_id, at=now, size=len(data))
    nudge(ticket, desk_group(ticket))
    return 1


@transaction.atomic
def _postpone(media: TextMedia, error: TransportError) -> None:
    now, media = clock.now(), _locked(media)
    if media.state != RecordingState.WANTED:
        return
    if error.permanent or media.tries >= TRIES:
        media.state, media.due_at = RecordingState.LOST, None
        let_go(CopyKind.MEDIA, media.sid, message_sid=media.message_sid, due_at=now + LOST_FOR)
        practice_id = media.text.ticket.practice_id if media.text.ticket is not None else None
        audit.record("text:lose_file", by=SYSTEM, target=media.text, practice_id=practice_id, at=now, why=error.code)
        if media.text.ticket is not None:
            nudge(media.text.ticket, desk_group(media.text.ticket))
    else:
        media.due_at = now + dt.timedelta(seconds=PAUSES[min(media.tries, len(PAUSES)) - 1])
    media.save(update_fields=["state", "due_at"])
