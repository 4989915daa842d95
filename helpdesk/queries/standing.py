"""Whether somebody is at a place at a moment, and when not, from when on (HD-11)."""

import datetime as dt
from typing import TYPE_CHECKING

from helpdesk.enums import Side, Turn
from helpdesk.models import Ticket
from helpdesk.queries.hours import calendar_for, calendar_of
from helpdesk.rules.hours import Calendar, Opening, opening
from helpdesk.rules.opening_words import moment_words

if TYPE_CHECKING:
    from portal_core.directory.models import Office


def standing(ticket: Ticket, *, at: dt.datetime) -> Opening:
    """Of the desk that has the ticket; two queries."""
    return opening(_calendar(ticket), at)


def opens_words(ticket: Ticket, *, now: dt.datetime) -> str:
    """ "Monday at 8 a.m.", in the language in force, when the desk that has the ticket is closed; else "". Two
    queries."""
    return _opens(_calendar(ticket), now)


def office_opens_words(office: "Office", *, now: dt.datetime) -> str:
    """The same of an office; two queries."""
    return _opens(calendar_of(office), now)


def _calendar(ticket: Ticket) -> Calendar:
    return calendar_for(ticket, Turn.IT if ticket.side == Side.IT else Turn.OFFICE)


def _opens(calendar: Calendar, now: dt.datetime) -> str:
    state = opening(calendar, now)
    if state.is_open or state.changes_at is None:
        return ""
    return moment_words(state.changes_at, now=now, zone=calendar.zone)
