"""Files that came in: into quarantine, looked at, and handed out one at a time to those whose ticket it is."""

import datetime as dt
import hashlib
import logging
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from helpdesk import errors
from helpdesk.contracts import FileScanned
from helpdesk.enums import FILE_MOVES, FileSender, FileState
from helpdesk.models import Attachment, InboundMail, Ticket, TicketMessage
from helpdesk.rules import files as rules
from helpdesk.rules.enclosed import Enclosed
from portal_core.kernel import audit, clock, outbox
from portal_core.kernel.contracts import SYSTEM, Actor

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile

    from helpdesk.transports.clamd import Scanner

logger = logging.getLogger(__name__)
MOST = 10  # files with one message
TOGETHER = 40 * 1024 * 1024  # bytes of them all
MEGABYTE = 1024 * 1024


def received(name: str, data: bytes, *, claimed: str = "") -> Enclosed:
    """A file as the actions of a ticket take it."""
    return Enclosed(name, claimed, data)


def uploaded(files: "Sequence[UploadedFile[bytes]]") -> tuple[Enclosed, ...]:
    """What a form brought, judged before anything is kept. Raises FilesRefused, which names each file and why: who
    chose it sits here and can choose another."""
    if len(files) > MOST:
        raise errors.FilesRefused(_("Send at most %(most)s files with one message.") % {"most": MOST})
    if sum(one.size or 0 for one in files) > max(TOGETHER, rules.MAX_FILE):
        words = _("Together these files are larger than %(most)s MB. Send them with several messages.")
        raise errors.FilesRefused(words % {"most": TOGETHER // MEGABYTE})
    given = tuple(Enclosed(one.name or "file", one.content_type or "", one.read()) for one in files)
    judged = [(rules.safe_name(one.name), rules.judge(one.data, one.name).refusal) for one in given]
    refused = [(name, why) for name, why in judged if why]
    if refused:
        reasons = " ".join(f"“{name}”: {why}" for name, why in refused)
        words = _("Nothing was sent. %(reasons)s Take out or replace what is named here and send it again.")
        raise errors.FilesRefused(words % {"reasons": reasons}, files=refused)
    return given


@transaction.atomic
def keep(
    *,
    ticket: Ticket,
    message: TicketMessage | None,
    mail: InboundMail | None,
    files: Iterable[Enclosed],
    at: dt.datetime,
    sender: FileSender = FileSender.REQUESTER,
    patient_id: int | None = None,
) -> list[Attachment]:
    """Put files into quarantine. What is of no kind that is ever handed out is blocked at once. `patient_id`: whose
    they are, where that is certain: whom the office writes to, or who sits here signed in."""
    return [_keep(ticket, message, mail, file, at, sender, patient_id) for file in files]


def _keep(
    ticket: Ticket,
    message: TicketMessage | None,
    mail: InboundMail | None,
    file: Enclosed,
    at: dt.datetime,
    sender: FileSender,
    patient_id: int | None,
) -> Attachment:
    judgement = rules.judge(file.data, file.name)
    state = FileState.WAITING if settings.CLAMD_URL else FileState.UNCHECKED
    return Attachment.objects.create(
        ticket=ticket, message=message, mail=mail, sender=sender, patient_id=patient_id,
        name=rules.safe_name(file.name, judgement),
        claimed_type=file.claimed[:120], kind=judgement.kind, size=len(file.data),
        sha256=hashlib.sha256(file.data).hexdigest(), data=file.data, created_at=at,
        state=FileState.BLOCKED if judgement.refusal else state, finding=judgement.refusal[:120],
    )  # fmt: skip


@transaction.atomic
def hand_out(*, attachment: Attachment, knowingly: bool = False, by: Actor) -> Attachment:
    """Take a file out of quarantine: on the ledger each time. One that no scanner saw only `knowingly`. Raises
    FileWithheld."""
    allowed = attachment.state == FileState.CLEAN or (attachment.state == FileState.UNCHECKED and knowingly)
    if not allowed:
        raise errors.FileWithheld
    ticket = attachment.ticket
    audit.record(
        "file:download", by=by, target=attachment, practice_id=ticket.practice_id, ticket=ticket.public_id,
        checked=attachment.state == FileState.CLEAN,
    )  # fmt: skip
    return attachment


def put_off(*, attachment_id: int) -> None:
    """The scanner did not take this file: others first."""
    Attachment.objects.filter(pk=attachment_id).update(scan_refused_at=clock.now())


def scan(*, attachment_id: int, scanner: "Scanner") -> FileState:
    """Ask the scanner about one file, outside of any transaction, and write down what it said. Raises ScannerDown."""
    data = bytes(Attachment.objects.values_list("data", flat=True).get(pk=attachment_id))
    found = scanner.scan(data)
    state = FileState.INFECTED if found else FileState.CLEAN
    with transaction.atomic():
        row = Attachment.objects.defer("data").select_related("ticket").select_for_update(of=("self",))
        attachment = row.get(pk=attachment_id)
        if state not in FILE_MOVES[FileState(attachment.state)]:
            return FileState(attachment.state)
        now = clock.now()
        attachment.state, attachment.finding, attachment.scanned_at = state, found[:120], now
        attachment.save(update_fields=["state", "finding", "scanned_at"])
        audit.record(
            "file:scan", by=SYSTEM, target=attachment, practice_id=attachment.ticket.practice_id, outcome=str(state)
        )
        outbox.publish(FileScanned(file_id=attachment.public_id, at=now))
    return state
