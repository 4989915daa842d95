"""What is written at the desks: the words themselves, and what hangs on them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.db import transaction

from helpdesk.actions import tickets
from helpdesk.enums import Side
from portal_core.kernel import audit, clock
from portal_core.kernel.contracts import Actor
from triage import queries
from triage.actions import drafts, escalations
from triage.enums import DraftKind
from triage.models import Escalation, Mention
from triage.rules import mentions

if TYPE_CHECKING:
    from helpdesk.models import Ticket, TicketMessage
    from portal_core.directory.models import Staff


@transaction.atomic
def reply(
    *,
    ticket: "Ticket",
    staff: "Staff",
    body: str,
    expects_answer: bool = False,
    files: Sequence[Any] = (),
    by: Actor,
) -> "TicketMessage":
    """Send it and forget the draft, together or not at all. It leaves ten seconds later. `files`: of
    `received_files.uploaded`. Raises what `tickets.reply` raises."""
    message = tickets.reply(ticket=ticket, body=body, expects_answer=expects_answer, hold=True, files=files, by=by)
    drafts.drop(staff=staff, kind=DraftKind.REPLY, about=ticket.public_id)
    return message


@transaction.atomic
def undo(*, undo_id: str, staff: "Staff", by: Actor) -> "Ticket":
    """Take back one's last deed; the words of a reply are a draft again, before whatever was begun since. Its files are
    gone (`helpdesk.queries.files_of_undo` names them before). Raises what `tickets.undo` raises."""
    ticket, text = tickets.undo(undo_id=undo_id, by=by)
    if text:
        begun = queries.drafts_of(staff, ticket.public_id).get(DraftKind.REPLY, "")
        both = "\n\n".join(filter(None, (text.strip(), begun.strip())))
        drafts.keep(staff=staff, kind=DraftKind.REPLY, about=ticket.public_id, body=both)
    return ticket


@transaction.atomic
def note(*, ticket: "Ticket", staff: "Staff", body: str, by: Actor) -> list[str]:
    """Write an internal note; whoever is named in it and may open the ticket finds it waiting. Returns their names."""
    now = clock.now()
    message = tickets.add_note(ticket=ticket, body=body, by=by)
    drafts.drop(staff=staff, kind=DraftKind.NOTE, about=ticket.public_id)
    # What names one waits at the office's desk: at IT there is no such list, and no office may open IT's tickets.
    readers = queries.desk_people(ticket) if ticket.side == Side.OFFICE else []
    people = {person.pk: person for person in readers if person.pk != staff.pk}
    found = mentions.named(body, [mentions.Person(pk, one.first_name, one.last_name) for pk, one in people.items()])
    named = sorted((people[pk] for pk in found), key=lambda one: one.name)
    for person in named:
        Mention.objects.create(staff=person, ticket=ticket, message_id=message.public_id, by_label=staff.name, at=now)
        audit.record(
            "ticket:mention", by=by, target=ticket, practice_id=ticket.practice_id, at=now, staff=person.public_id
        )
    return [person.name for person in named]


def seen(*, ticket: "Ticket", staff: "Staff") -> None:
    """The person opened the ticket: what waited for them there no longer does."""
    Mention.objects.filter(staff=staff, ticket=ticket, seen_at=None).update(seen_at=clock.now())


@transaction.atomic
def answer_office(*, flag: Escalation, text: str, staff: "Staff", by: Actor) -> None:
    """IT's answer to the office; the draft goes with it. Raises EscalationMoved."""
    escalations.answer(flag=flag, text=text, staff=staff, by=by)
    drafts.drop(staff=staff, kind=DraftKind.ANSWER, about=flag.public_id)


@transaction.atomic
def ask_office(*, flag: Escalation, question: str, staff: "Staff", by: Actor) -> None:
    """IT's question to the office; the draft goes with it. Raises EscalationMoved."""
    escalations.ask_office(flag=flag, question=question, staff=staff, by=by)
    drafts.drop(staff=staff, kind=DraftKind.ASK, about=flag.public_id)
