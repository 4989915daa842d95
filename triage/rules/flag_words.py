"""What a flag says, in pieces: what it is found by, and what is shown of it when it is found. The patient is no part of
it: IT finds by these words."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from helpdesk.search import document

if TYPE_CHECKING:
    from triage.models import Escalation


def texts_of(flag: "Escalation") -> list[tuple[str, str]]:
    """What people wrote in it, each with the name of its place, the newest first. IT's own notes are no part of it: an
    office finds by these words, too."""
    said = [(str(one.get_kind_display()), one.body) for one in flag.exchange.all() if not one.internal]
    known = {text for _where, text in said}
    pieces = [
        *reversed(said),
        *(
            (where, text)
            for where, text in ((_("IT answers"), flag.answer), (_("IT asks"), flag.question))
            if text not in known
        ),
        (_("On the screen"), flag.error_text),
        (_("Note of the office"), flag.note),
        (_("Page or step"), flag.page),
        (_("Device"), str(flag.device.get("text", ""))),
    ]
    return [(where, text) for where, text in pieces if text]


def words_of(flag: "Escalation") -> str:
    """Everything it is found by: what was written, its kind and reason, its office, the ticket's number, and the number
    IT may call."""
    reference = flag.ticket.reference
    named = [flag.get_category_display(), flag.get_reason_display(), flag.office.name]
    return document(
        [reference, reference.replace("-", ""), *map(str, named), *(text for _where, text in texts_of(flag))],
        phones=[flag.contact_number] if flag.contact_number else [],
    )
