"""Words that must not wait change what a patient's request is about, whichever way they come and whatever was chosen on
a form: it is due within the hour, and the list says so. Whoever reads it puts the kind right if it was nothing."""

import datetime as dt

from django.db import transaction

from helpdesk.actions import search
from helpdesk.actions.tickets.clocks import save
from helpdesk.actions.tickets.telling import is_requester, tell
from helpdesk.contracts import Intake
from helpdesk.enums import Category, RequesterKind, TicketState
from helpdesk.models import Ticket
from helpdesk.rules.alarms import alarm
from helpdesk.rules.mail_topic import topic
from portal_core.kernel import clock
from portal_core.kernel.contracts import SYSTEM, Actor


def heeded(intake: Intake, *, by: Actor) -> Category:
    """What a new request is about: what it was given as, unless a patient's own words must not wait."""
    if not is_requester(by) or intake.requester_kind != RequesterKind.PATIENT:
        return intake.category
    return alarm(f"{intake.error_text}\n{intake.body}") or intake.category


def heed(ticket: Ticket, words: str, *, at: dt.datetime) -> None:
    """The patient said something more. The ticket is locked by the caller."""
    found = alarm(words)
    if found is not None and ticket.category != Category.CLINICAL_URGENT:
        _put(ticket, found, at=at)


@transaction.atomic
def heard(*, ticket: Ticket, words: str) -> None:
    """What a machine wrote down of a spoken message: it is found by its words, and where nobody has said yet what it is
    about, they say it."""
    now, ticket = clock.now(), Ticket.objects.locked(ticket.pk)
    if ticket.category == Category.OTHER:
        _put(ticket, topic(words), at=now)
    else:
        heed(ticket, words, at=now)
    search.index(ticket)


def _put(ticket: Ticket, found: Category, *, at: dt.datetime) -> None:
    """The subject stays: it is the requester's own choice, and they read it."""
    before = ticket.category
    if before == found or ticket.requester_kind != RequesterKind.PATIENT or ticket.state == TicketState.CLOSED:
        return
    ticket.category = found
    save(ticket, "category", at=at, again=True)
    tell(ticket, "ticket:categorise", at=at, by=SYSTEM, quiet=True, before=before, after=str(found))
