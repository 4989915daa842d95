"""Files as their patient sees them: under the message they came with, and all that the office ever sent."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.core.paginator import Page as Paged
from django.core.paginator import Paginator
from django.db.models import Count, QuerySet
from django.utils.functional import Promise

from helpdesk.access import left
from helpdesk.enums import FileSender, FileState
from helpdesk.models import Attachment, Ticket, TicketMessage
from helpdesk.rules import file_words
from portal_core.kernel import clock

if TYPE_CHECKING:
    from portal_core.directory.models import Patient

PER_PAGE = 20
FOUND = 50


@dataclass(frozen=True, slots=True)
class PatientFile:
    """One file in plain words. `name` is "" where it is not told: what was taken back may name somebody else."""

    row: Attachment
    name: str
    kind: str | Promise
    tone: str
    words: str | Promise
    opens: bool  # may be opened or saved at all
    shown: bool  # a browser shows it in a tab


def as_read(row: Attachment) -> PatientFile:
    state = FileState(row.state)
    tone, words = file_words.standing(state, FileSender(row.sender))
    opens = state in file_words.OPEN_TO_READERS and row.patient_id is not None
    return PatientFile(
        row=row,
        name=row.name if state != FileState.WITHDRAWN else "",
        kind=file_words.kind_words(row.kind),
        tone=tone,
        words=words,
        opens=opens,
        shown=opens and file_words.is_shown(row.kind),
    )


def hang_files(patient: "Patient", messages: Iterable[TicketMessage]) -> None:
    """A patient's files, each to the message it came with (`message.files`); one query. Of another patient's there are
    none, also where their messages stand on the same ticket."""
    by_key = {message.pk: message for message in messages}
    rows = Attachment.objects.filter(patient=patient, message__in=list(by_key)).defer("data").order_by("id")
    found: dict[int, list[PatientFile]] = defaultdict(list)
    for row in rows:
        if row.message_id is not None:
            found[row.message_id].append(as_read(row))
    for key, files in found.items():
        by_key[key].files = files


def sent_to(patient: "Patient") -> "QuerySet[Attachment]":
    """All the office sent to this patient over all requests, newest first, without the bytes."""
    rows = Attachment.objects.filter(left(clock.now(), "message__"), patient=patient, sender=FileSender.OFFICE)
    return rows.select_related("ticket", "message").defer("data").order_by("-created_at", "-id")


def files_page(patient: "Patient", number: str) -> "Paged[Attachment]":
    return Paginator(sent_to(patient), PER_PAGE).get_page(number)


def files_named(patient: "Patient", text: str) -> list[PatientFile]:
    """Files of the office whose name holds these letters; those taken back have no name any more. At most 50."""
    rows = sent_to(patient).exclude(state=FileState.WITHDRAWN).filter(name__icontains=text)
    return [as_read(row) for row in rows[:FOUND]]


def latest_files(patient: "Patient", *, limit: int = 3) -> list[PatientFile]:
    rows = sent_to(patient).exclude(state=FileState.WITHDRAWN)
    return [as_read(row) for row in rows[:limit]]


def count_files(ticket: Ticket, messages: Iterable[TicketMessage]) -> None:
    """How many files of the office came with each message (`message.files_waiting`), for a page that names none; one
    query."""
    if ticket.patient_id is None:
        return
    by_key = {message.pk: message for message in messages}
    rows = Attachment.objects.filter(
        message__in=list(by_key), patient_id=ticket.patient_id, sender=FileSender.OFFICE
    ).exclude(state=FileState.WITHDRAWN)
    for key, count in rows.order_by().values_list("message").annotate(Count("pk")):
        by_key[key].files_waiting = count


def waiting_with(message_id: str, *, ticket: Ticket) -> int:
    """How many files an answer brought for the patient of this ticket."""
    if ticket.patient_id is None:
        return 0
    rows = Attachment.objects.filter(message__public_id=message_id, patient_id=ticket.patient_id)
    return rows.filter(sender=FileSender.OFFICE).exclude(state=FileState.WITHDRAWN).count()
