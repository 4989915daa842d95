import datetime as dt
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from helpdesk.enums import Audience, Category, Channel, RequesterKind
from portal_core.kernel.contracts import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """What somebody told us, whichever way it came in.

    `device` holds at most browser, os, screen, language; `error_text` is the exact text on the screen (TR-06).
    """

    requester_kind: RequesterKind
    category: Category
    channel: Channel
    body: str
    name: str = ""
    email: str = ""
    phone: str = ""
    error_text: str = ""
    device: dict[str, Any] = field(default_factory=dict)


class Placed(StrEnum):
    """Why a request stands at its office while nobody knows whose patient wrote; on the ledger since it came in."""

    CHOSEN = "chosen"  # on the form
    ON_FILE = "on_file"  # somebody of that office has the address or the number it came from
    ADDRESSED = "addressed"  # e-mail to the address of that office
    CALLED = "called"  # over the practice's line
    WRITTEN_DOWN = "written_down"  # by a desk
    BEFORE = "before"  # it goes on from an earlier request
    HANDED_OVER = "handed_over"
    MAIN = "main"  # nothing said which
    UNTOLD = "untold"  # from before this was kept


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownProblem:
    """An active incident, the public page about it, and the categories it explains."""

    title: str
    url: str
    categories: frozenset[Category]


@dataclass(frozen=True, slots=True, kw_only=True)
class MailReceived(Event):
    """An e-mail is kept and waits to be read."""

    mail_id: str
    at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FileScanned(Event):
    """The virus scanner has seen a file."""

    file_id: str
    at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketOpened(Event):
    ticket_id: str
    office_id: str
    practice_id: int
    requester_kind: str
    category: str
    at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketReplied(Event):
    """Staff wrote something the requester should read; `silent`: no letter tells of it (PC-08)."""

    ticket_id: str
    message_id: str
    at: dt.datetime
    silent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketWaitsForIncident(Event):
    ticket_id: str
    incident_id: str
    at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketLoopClosing(Event):
    """The incident is over; the requester is asked whether it works again. `round` counts the askings of one ticket."""

    ticket_id: str
    incident_id: str
    round: int
    at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketStillBroken(Event):
    """A requester dissents: the incident was called over, but for them it is not."""

    ticket_id: str
    incident_id: str
    office_id: str
    at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketSolved(Event):
    ticket_id: str
    resolution: str
    incident_id: str  # empty when it waited for none
    at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketNudged(Event):
    """A question went unanswered; `number` counts its repetitions."""

    ticket_id: str
    number: int
    at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketsJoined(Event):
    """A ticket became part of another."""

    ticket_id: str
    into_id: str
    at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketOverdue(Event):
    """A deadline passed (`level` breached), or did so long ago (escalated), while it was `turn`'s move."""

    ticket_id: str
    level: str
    turn: str
    at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleDraft:
    """A help article as it was typed; `categories` are codes, `body` is Markdown."""

    slug: str
    audience: Audience
    title: str
    summary: str
    body: str
    categories: tuple[str, ...]
    note: str = ""
