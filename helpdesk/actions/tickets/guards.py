"""What a storey above keeps beside a ticket may forbid a deed, or go along with it, in the deed's own transaction."""

import datetime as dt
from typing import Any, Protocol

from helpdesk.enums import Deed
from helpdesk.models import Ticket
from portal_core.kernel.contracts import Actor

Kept = dict[str, Any]


class Guard(Protocol):
    """Both are called behind the lock of the ticket: whatever they lock themselves comes after it, everywhere."""

    def before(self, ticket: Ticket, deed: Deed, *, at: dt.datetime, by: Actor, **facts: Any) -> Kept:
        """The ticket as it stands before the deed; raise an AppError to refuse it. A deed of the system or of the
        requester cannot be refused. Returns, as JSON, what `back` needs; empty when nothing was changed."""
        ...

    def back(self, ticket: Ticket, kept: Kept, *, at: dt.datetime, by: Actor) -> None:
        """The deed was taken back: put right what went along with it. Raise TooLateToUndo where that cannot be: then
        the deed stands."""
        ...


_guards: list[Guard] = []


def before_deed(guard: Guard) -> None:
    """Ask `guard` before every deed of `Deed`. Registered in the app's `ready()`; twice is once."""
    if guard not in _guards:
        _guards.append(guard)


def ask(ticket: Ticket, deed: Deed, *, at: dt.datetime, by: Actor, **facts: Any) -> Kept:
    """Every guard, on a locked ticket. Facts: `patient` (whom it will be about), `office` (where it will stand),
    `incident_id` (what it will wait for)."""
    kept: Kept = {}
    for guard in _guards:
        kept |= guard.before(ticket, deed, at=at, by=by, **facts)
    return kept


def take_back(ticket: Ticket, kept: Kept, *, at: dt.datetime, by: Actor) -> None:
    if kept:
        for guard in _guards:
            guard.back(ticket, kept, at=at, by=by)
