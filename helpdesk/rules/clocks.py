"""Who had the move from when to when, as arithmetic. Segments follow each other without a gap."""

import datetime as dt
from dataclasses import dataclass

from helpdesk.enums import DONE, OURS, TicketState, Turn


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of time in one hand; `ended_at` None: it goes on. `minutes`: open minutes that counted."""

    turn: Turn
    state: TicketState
    began_at: dt.datetime
    ended_at: dt.datetime | None
    minutes: int = 0


def counts(state: TicketState) -> bool:
    """Whether our clock runs: not while the requester or an incident has the move, not when it is done."""
    return state in OURS


def key(turn: Turn, state: TicketState) -> tuple[Turn, str]:
    """What makes two moments one segment: new and open are the same wait, and so is everything that is done."""
    if state in OURS:
        return turn, "ours"
    return turn, "done" if state in DONE else str(state)
