"""Files in the hands of the patient: opened by them, taken back by the office that sent the wrong one (PC-59)."""

from django.db import transaction

from helpdesk import errors
from helpdesk.actions.tickets.telling import desk_group, nudge, ticket_group
from helpdesk.enums import FILE_MOVES, FileSender, FileState
from helpdesk.models import Attachment
from helpdesk.rules.file_words import OPEN_TO_READERS
from portal_core.kernel import audit, clock
from portal_core.kernel.contracts import Actor


@transaction.atomic
def open_file(*, attachment: Attachment, saved: bool, by: Actor) -> Attachment:
    """Hand a file to its patient, or to who acts for them: on the ledger each time. The first opening of what the
    office sent is shown at the desk (PC-58). Raises FileClosed while it is not to be opened."""
    now, row = clock.now(), _locked(attachment.pk)
    if row.state not in OPEN_TO_READERS:
        raise errors.FileClosed
    if row.sender == FileSender.OFFICE and row.opened_at is None:
        row.opened_at = now
        row.save(update_fields=["opened_at"])
        nudge(row.ticket, desk_group(row.ticket))
    audit.record(
        "file:open", by=by, target=row, practice_id=row.ticket.practice_id, at=now, ticket=row.ticket.public_id,
        saved=saved, checked=row.state == FileState.CLEAN,
    )  # fmt: skip
    return row


@transaction.atomic
def take_back(*, attachment: Attachment, by: Actor) -> Attachment:
    """The wrong file went out: from now on nobody opens it, and the patient reads that it was taken back. Pressing
    twice is once. Raises NotOurFile for what the office did not send."""
    now, row = clock.now(), _locked(attachment.pk)
    if row.state == FileState.WITHDRAWN:
        return row
    if row.sender != FileSender.OFFICE or FileState.WITHDRAWN not in FILE_MOVES[FileState(row.state)]:
        raise errors.NotOurFile
    row.state, row.withdrawn_at, row.withdrawn_by = FileState.WITHDRAWN, now, by.label[:160]
    row.save(update_fields=["state", "withdrawn_at", "withdrawn_by"])
    audit.record(
        "file:take_back", by=by, target=row, practice_id=row.ticket.practice_id, at=now, ticket=row.ticket.public_id,
        was_opened=row.opened_at is not None,
    )  # fmt: skip
    nudge(row.ticket, desk_group(row.ticket))
    nudge(row.ticket, ticket_group(row.ticket.public_id))
    return row


def _locked(pk: int) -> Attachment:
    rows = Attachment.objects.defer("data").select_related("ticket__office", "ticket__practice")
    return rows.select_for_update(of=("self",)).get(pk=pk)
