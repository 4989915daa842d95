"""Lists of tickets. Constant numbers of queries, whatever the size; pages by keyset, never by offset."""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Count, Max, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from helpdesk.access import mails_seen_by, seen_by
from helpdesk.enums import (
    LIVE,
    OURS,
    Author,
    CallOutcome,
    Category,
    Hanging,
    MailState,
    Side,
    TicketState,
    Turn,
    Visibility,
)
from helpdesk.models import (
    Attachment,
    BusinessHours,
    DeskPhone,
    Holiday,
    InboundMail,
    InboundText,
    PhoneCall,
    ServicePromise,
    Ticket,
    TicketLink,
    TicketMessage,
    TicketRating,
    TicketSegment,
    TicketUndo,
    VoiceLine,
)
from helpdesk.rules import sla
from helpdesk.rules.hours import WEEKDAYS, Calendar, Opening, is_open, opening, parse_spans, working_minutes
from helpdesk.rules.opening_words import until_words
from portal_core.directory import queries as directory
from portal_core.directory.enums import Permission
from portal_core.kernel import clock

if TYPE_CHECKING:
    from portal_core.directory.models import Office, Patient, Practice, Staff

PAGE = 50
ORIGINS = {"related": _("Related"), "split": _("Split off into"), "follow_up": _("Followed by")}


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a queue; `after` is the cursor of the next one, empty at the end."""

    tickets: list[Ticket]
    after: str


def office_queue(
    staff: "Staff",
    *,
    turn: Turn | None = None,
    mine: bool = False,
    nobodys: bool = False,
    category: str = "",
    office: str = "",
    among: Collection[int] | None = None,
    resting: bool = False,
    after: str = "",
    limit: int = PAGE,
) -> Page:
    """Live tickets of this person's offices, longest waiting first; `turn` narrows to one side's move, `office` to one
    office's public id, `among` to these keys, `resting` to those put aside until later (else they are left out)."""
    wanted = Q(side=Side.OFFICE)
    if nobodys:
        wanted &= Q(owner=None)
    if category:
        wanted &= Q(category=category)
    if office:
        wanted &= Q(office__public_id=office)
    if among is not None:
        wanted &= Q(pk__in=among)
    return _queue(wanted, staff, turn=turn, mine=mine, after=after, limit=limit, resting=resting)


def it_queue(
    staff: "Staff", *, turn: Turn | None = None, mine: bool = False, after: str = "", limit: int = PAGE
) -> Page:
    """Live tickets of providers and staff, for IT (TR-09, HD-17)."""
    return _queue(Q(side=Side.IT), staff, turn=turn, mine=mine, after=after, limit=limit)


def recently_done(staff: "Staff", *, limit: int = PAGE) -> list[Ticket]:
    """What was solved last, newest first."""
    done = Ticket.objects.filter(seen_by(staff), state__in=[TicketState.SOLVED, TicketState.CLOSED])
    return list(done.select_related("office", "owner", "patient").order_by("-updated_at", "-id")[:limit])


def ticket_by_id(public_id: str) -> Ticket:
    """For what follows an event; a person's door is `access.ticket_for`. Raises Ticket.DoesNotExist."""
    return Ticket.objects.select_related("office__practice", "practice", "owner").get(public_id=public_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Undoable:
    """A deed that its author may still take back, until `until`."""

    id: str
    kind: str  # UndoKind
    reference: str
    until: dt.datetime


def undoable(by_id: str, *, now: dt.datetime) -> Undoable | None:
    """The newest of this person's deeds that can still be taken back; one query."""
    rows = TicketUndo.objects.filter(by_id=by_id, until__gt=now, undone_at=None).select_related("ticket")
    row = rows.order_by("-at", "-id").first()
    if row is None:
        return None
    return Undoable(id=row.public_id, kind=row.kind, reference=row.ticket.reference, until=row.until)


def _of(ticket: Ticket) -> Q:
    """Rows of a ticket and of those joined into it. Their keys come first: asking "of this one, or of one joined into
    it" of the rows themselves reads the whole table of them."""
    if not ticket.may_have(Hanging.JOINED):
        return Q(ticket=ticket)
    return Q(ticket__in=Ticket.objects.filter(Q(pk=ticket.pk) | Q(merged_into=ticket)).values("pk"))


def thread(ticket: Ticket) -> list[TicketMessage]:
    """Everything written, oldest first, with what was written in tickets joined into this one; for staff."""
    rows = TicketMessage.objects.filter(_of(ticket)).order_by("at", "id")
    if ticket.may_have(Hanging.JOINED):
        return list(rows.select_related("ticket"))
    found = list(rows)
    for message in found:
        message.ticket = ticket
    return found


def public_thread(ticket: Ticket) -> list[TicketMessage]:
    """What this requester may read, oldest first: no reply that may still be taken back. Of a ticket joined with
    another person's, what staff write there from then on; never that person's own words."""
    mine = Q(ticket=ticket)
    if ticket.requester_email:
        joined = ticket.merged.filter(requester_email__iexact=ticket.requester_email).values_list("pk", flat=True)
        mine = Q(ticket__in=[ticket.pk, *joined])
    if ticket.merged_into_id is not None:
        mine |= Q(ticket_id=ticket.merged_into_id, at__gte=ticket.merged_at) & ~Q(author_kind=Author.REQUESTER)
    out = Q(held_until=None) | Q(held_until__lte=clock.now())
    rows = TicketMessage.objects.filter(mine, out, visibility=Visibility.PATIENT)
    return list(rows.order_by("at", "id"))


def went_on_in(ticket: Ticket) -> Ticket | None:
    """The ticket this one was joined with, where it is the same person's: one page for one conversation."""
    into = ticket.merged_into
    if into is None or not ticket.requester_email:
        return None
    return into if into.requester_email.casefold() == ticket.requester_email.casefold() else None


def is_over(ticket: Ticket) -> bool:
    """Closed for good, here or where it was joined: what is written now begins a new one."""
    return (ticket.merged_into or ticket).state == TicketState.CLOSED


def readers(ticket: Ticket) -> list[Ticket]:
    """Whose link leads to this conversation: the ticket itself, and those joined into it that came from another
    address."""
    found, seen = [ticket], {ticket.requester_email.casefold()}
    for one in ticket.merged.select_related("office", "practice").order_by("id"):
        if one.requester_email.casefold() not in seen:
            seen.add(one.requester_email.casefold())
            found.append(one)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Relations:
    """What belongs to a ticket. `links`: (how the other one stands to it, that ticket)."""

    into: Ticket | None
    joined: list[Ticket]
    links: list[tuple[str, Ticket]]


def relations(ticket: Ticket) -> Relations:
    """Three queries at most."""
    links = TicketLink.objects.none()
    if ticket.may_have(Hanging.LINKS):
        links = TicketLink.objects.filter(Q(ticket=ticket) | Q(other=ticket)).select_related("ticket", "other")
    named = [
        (row.get_kind_display(), row.other) if row.ticket_id == ticket.pk else (str(ORIGINS[row.kind]), row.ticket)
        for row in links.order_by("id")
    ]
    joined = list(ticket.merged.order_by("id")) if ticket.may_have(Hanging.JOINED) else []
    return Relations(into=ticket.merged_into, joined=joined, links=named)


def look_alikes(staff: "Staff", ticket: Ticket, *, limit: int = 6) -> list[Ticket]:
    """Live tickets this person may open that may be about the same: of the same patient, address or number, newest
    first."""
    same = Q(pk__in=[])
    if ticket.patient_id is not None:
        same |= Q(patient_id=ticket.patient_id)
    if ticket.requester_email:
        same |= Q(requester_email__iexact=ticket.requester_email)
    if ticket.requester_phone:
        same |= Q(requester_phone=ticket.requester_phone)
    rows = Ticket.objects.filter(same, seen_by(staff), side=ticket.side, state__in=LIVE).exclude(pk=ticket.pk)
    if ticket.patient_id is not None:
        rows = rows.filter(Q(patient=None) | Q(patient_id=ticket.patient_id))
    return list(rows.select_related("patient").order_by("-created_at", "-id")[:limit])


def last_rating(ticket: Ticket) -> TicketRating | None:
    """What the requester said when last asked whether we solved it."""
    return ticket.ratings.order_by("-round").first() if ticket.may_have(Hanging.RATINGS) else None


def promises(practice_id: int, *, limit: int = 20) -> list[ServicePromise]:
    """What a practice promised, the newest first, which is in force; none while it promises what ships."""
    return list(ServicePromise.objects.filter(practice_id=practice_id).order_by("-number")[:limit])


def promised_to(ticket: Ticket) -> sla.Target:
    """What was promised for this kind of request when the ticket was opened; one query."""
    rows = ServicePromise.objects.filter(practice_id=ticket.practice_id, at__lte=ticket.created_at)
    row = rows.order_by("-number").first()
    return sla.target(Category(ticket.category), row.promises if row is not None else sla.SHIPPED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timekeeping:
    """By when what was promised, in a sentence each, and who had the move until now."""

    first: str
    first_met: bool | None  # None: not answered yet
    resolve: str
    stands_still: bool
    segments: list[TicketSegment]
    used: int  # open minutes that counted so far


def timekeeping(ticket: Ticket, *, now: dt.datetime) -> Timekeeping:
    """Explain the deadlines of a ticket. Four queries."""
    segments = list(ticket.segments.order_by("began_at", "id"))
    promised, used = promised_to(ticket), sum(row.minutes for row in segments if row.ended_at)
    ours = ticket.state in OURS
    calendar, since = calendar_for(ticket, ticket.turn), segments[-1].began_at if segments else ticket.created_at
    answered = ticket.first_response_at
    met = None
    if answered is not None and ticket.first_due_at is not None:
        met = answered <= ticket.first_due_at
    return Timekeeping(
        first="" if answered is not None or not ours else sla.explain(calendar, since, promised.first, used),
        first_met=met,
        resolve=sla.explain(calendar, since, promised.resolve, used) if ours else "",
        stands_still=not ours,
        segments=segments,
        used=used + (working_minutes(calendar, since, now) if ours else 0),
    )


def tickets_of_incident(incident_id: str) -> list[Ticket]:
    """Tickets that wait, waited or were asked about this incident, oldest first. For machines and counts: what a
    person may open is decided by `access`."""
    if not incident_id:
        return []
    return list(Ticket.objects.filter(incident_id=incident_id).select_related("office", "practice").order_by("id"))


def recent_of_category(practice_id: int, category: Category, *, since: dt.datetime) -> list[Ticket]:
    """Live tickets of one kind since a moment, over all offices, oldest first: what a surge is counted from."""
    alike = Ticket.objects.filter(practice_id=practice_id, category=category, created_at__gte=since, state__in=LIVE)
    return list(alike.select_related("office").order_by("created_at", "id")[:500])


def of_kind(practice_id: int, category: Category, *, since: dt.datetime, limit: int = 2000) -> list[Ticket]:
    """Tickets of one kind since a moment, over all offices and states, newest first; for machines, not for a reader."""
    rows = Ticket.objects.filter(practice_id=practice_id, category=category, created_at__gte=since)
    return list(rows.select_related("office").order_by("-created_at", "-id")[:limit])


def load_of(staff_ids: Sequence[int]) -> dict[int, int]:
    """How many live tickets each of these people has; those with none are left out."""
    rows = Ticket.objects.filter(owner_id__in=staff_ids, state__in=LIVE).values("owner").annotate(n=Count("pk"))
    return {row["owner"]: row["n"] for row in rows}


def handler_before(ticket: Ticket) -> int | None:
    """Who had this patient's last ticket at this side (HD-08), as a key of Staff; None while no patient is matched."""
    if ticket.patient_id is None or not ticket.may_have(Hanging.BEFORE):
        return None
    rows = Ticket.objects.filter(patient_id=ticket.patient_id, side=ticket.side, owner__isnull=False)
    return rows.exclude(pk=ticket.pk).order_by("-created_at", "-id").values_list("owner_id", flat=True).first()


def open_of_patient(patient: "Patient", *, limit: int = 5) -> list[Ticket]:
    """A patient's own live tickets, newest first."""
    return list(Ticket.objects.filter(patient=patient, state__in=LIVE).order_by("-created_at", "-id")[:limit])


def calendar_for(ticket: Ticket, turn: Turn) -> Calendar:
    """The hours of whoever has the move; two queries."""
    return calendar_of_it(ticket.practice) if turn == Turn.IT else calendar_of(ticket.office)


def calendar_of(office: "Office") -> Calendar:
    """When an office is open (HD-11); two queries."""
    return _calendar(
        office.zone, BusinessHours.objects.filter(office=office), Q(office=office) | Q(office=None), office.practice_id
    )


def calendar_of_it(practice: "Practice") -> Calendar:
    """When IT is there; two queries."""
    return _calendar(
        practice.time_zone, BusinessHours.objects.filter(practice=practice, office=None), Q(office=None), practice.pk
    )


def _calendar(zone: str, rows: "QuerySet[BusinessHours]", where: Q, practice_id: int) -> Calendar:
    row = rows.first()
    days = Holiday.objects.filter(where, practice_id=practice_id).values_list("date", flat=True)
    return Calendar(zone, parse_spans(row.spans) if row is not None else WEEKDAYS, frozenset(days))


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """An office, or (office None) IT, with its hours and how it stands now."""

    office: "Office | None"
    calendar: Calendar
    opening: Opening
    words: str  # "Open now, until 5 p.m."


def places(offices: "Sequence[Office]", *, it_of: "Practice | None" = None, now: dt.datetime) -> list[Place]:
    """How these offices stand, and IT where `it_of` is given; two queries whatever their number. Offices come with
    their practice."""
    practices = {office.practice_id for office in offices} | ({it_of.pk} if it_of is not None else set())
    hours = {(row.practice_id, row.office_id): row for row in BusinessHours.objects.filter(practice_id__in=practices)}
    days: dict[tuple[int, int | None], set[dt.date]] = {}
    for practice_id, office_id, date in Holiday.objects.filter(practice_id__in=practices).values_list(
        "practice_id", "office_id", "date"
    ):
        days.setdefault((practice_id, office_id), set()).add(date)
    found = []
    wanted: list[tuple[Office | None, int, str]] = [(office, office.practice_id, office.zone) for office in offices]
    if it_of is not None:
        wanted.append((None, it_of.pk, it_of.time_zone))
    for office, practice_id, zone in wanted:
        key = (practice_id, office.pk if office is not None else None)
        row = hours.get(key)
        closed = days.get((practice_id, None), set()) | days.get(key, set())
        calendar = Calendar(zone, parse_spans(row.spans) if row is not None else WEEKDAYS, frozenset(closed))
        state = opening(calendar, now)
        words = until_words(state, now=now, zone=zone)
        found.append(Place(office=office, calendar=calendar, opening=state, words=words))
    return found


@dataclass(frozen=True, slots=True)
class OpenAnywhere:
    """Whether any office of a practice is open at a moment (HD-11). Asks no database and may be kept in a cache."""

    calendars: tuple[Calendar, ...]

    def __call__(self, at: dt.datetime) -> bool:
        return any(is_open(calendar, at) for calendar in self.calendars)


def open_anywhere(practice_id: int) -> OpenAnywhere:
    """The hours and days off of a practice's offices; three queries."""
    offices = list(directory.offices(practice_id).select_related("practice"))
    return OpenAnywhere(tuple(place.calendar for place in places(offices, now=clock.now())))


def holidays(practice_id: int, *, since: dt.date) -> list[Holiday]:
    """Days off of a practice from a date on, the next one first."""
    rows = Holiday.objects.filter(practice_id=practice_id, date__gte=since).select_related("office")
    return list(rows.order_by("date", "office__name"))


# --- calls ------------------------------------------------------------------------------------------------------------
UNWRITTEN_FOR = dt.timedelta(hours=24)
USUAL_SINCE = dt.timedelta(days=180)


def line_of(number: str) -> VoiceLine | None:
    """The practice's line that has this number."""
    return VoiceLine.objects.filter(number=number).select_related("practice").first() if number else None


def line_of_practice(practice_id: int) -> VoiceLine | None:
    return VoiceLine.objects.filter(practice_id=practice_id).first()


def desk_number(practice_id: int, office: "Office | None") -> str:
    """Where the line rings for an office or (None) IT; "" where it only takes messages."""
    row = DeskPhone.objects.filter(practice_id=practice_id, office=office).first()
    return row.number if row is not None else ""


def desk_numbers(practice_id: int) -> dict[int | None, str]:
    """All of a practice by the office's key; None is IT."""
    return dict(DeskPhone.objects.filter(practice_id=practice_id).values_list("office_id", "number"))


def calls_of(ticket: Ticket) -> list[PhoneCall]:
    """The calls of a ticket, oldest first."""
    if not ticket.may_have(Hanging.CALLS):
        return []
    return list(ticket.calls.select_related("staff").order_by("started_at", "id"))


def red_flags_of(ticket: Ticket) -> set[str]:
    """Codes of what made those suspicious who talked to the requester on the phone."""
    return {code for codes in ticket.calls.values_list("red_flags", flat=True) for code in codes}


def unwritten_calls(staff: "Staff", *, now: dt.datetime, limit: int = 6) -> list[PhoneCall]:
    """Calls that the desks of this person answered in the last day and nobody wrote down, newest first."""
    offices = staff.offices_for(Permission.OFFICE_DESK)
    rows = PhoneCall.objects.filter(
        practice_id=staff.practice_id, ticket=None, outcome=CallOutcome.TALKED, side=Side.OFFICE,
        started_at__gt=now - UNWRITTEN_FOR,
    )  # fmt: skip
    rows = rows if offices is None else rows.filter(office_id__in=offices)
    return list(rows.select_related("office").order_by("-started_at", "-id")[:limit])


def usual_caller(patient_id: int, *, side: Side, now: dt.datetime) -> "Staff | None":
    """Who of the office (or of IT) talked to this patient most often in half a year, the latest among equals: people
    tell their story once (HD-08)."""
    talks = PhoneCall.objects.filter(
        ticket__patient_id=patient_id, outcome=CallOutcome.TALKED, staff__is_active=True,
        started_at__gt=now - USUAL_SINCE, side=side,
    )  # fmt: skip
    best = talks.values("staff").annotate(talks=Count("pk"), last=Max("started_at")).order_by("-talks", "-last").first()
    if best is None:
        return None
    call = PhoneCall.objects.filter(staff_id=best["staff"]).select_related("staff").first()
    return call.staff if call is not None else None


def _queue(
    side: Q, staff: "Staff", *, turn: Turn | None, mine: bool, after: str, limit: int, resting: bool = False
) -> Page:
    rows = Ticket.objects.filter(side, seen_by(staff), snoozed_until__isnull=not resting)
    if turn is not None:
        rows = rows.filter(turn_now=turn)
    if turn in (None, Turn.NOBODY) or staff.offices_for(Permission.OFFICE_DESK) is None:
        # Where it is somebody's move the ticket is live. Said twice, PostgreSQL takes both for chance, expects a
        # fiftieth of what there is, and sorts it all instead of reading the index of the office in its order.
        rows = rows.filter(state__in=LIVE)
    if mine:
        rows = rows.filter(owner=staff)
    if after:
        since, pk = _cursor(after)
        rows = rows.filter(Q(queue_at__gt=since) | Q(queue_at=since, id__gt=pk))
    found = list(rows.select_related("office", "owner", "patient").order_by("queue_at", "id")[: limit + 1])
    more = len(found) > limit
    found = found[:limit]
    return Page(found, f"{found[-1].queue_at.isoformat()}_{found[-1].pk}" if more else "")


def _cursor(after: str) -> tuple[dt.datetime, int]:
    """An unreadable cursor starts at the beginning: it is only a place in a list."""
    try:
        moment, _, pk = after.rpartition("_")
        since = dt.datetime.fromisoformat(moment)
        return (since if since.tzinfo else since.replace(tzinfo=dt.UTC)), int(pk)
    except ValueError:
        return dt.datetime.min.replace(tzinfo=dt.UTC), 0


@dataclass(frozen=True, slots=True)
class MailPage:
    """One page of e-mails that wait for a person; `after` is the public id to go on from, empty at the end."""

    mails: list[InboundMail]
    after: str


UNREAD_AFTER = dt.timedelta(minutes=10)  # what was not read by then could not be read


def _waiting_mail(staff: "Staff") -> "QuerySet[InboundMail]":
    late = Q(state=MailState.RECEIVED, received_at__lt=clock.now() - UNREAD_AFTER)
    return InboundMail.objects.filter(mails_seen_by(staff), Q(state=MailState.HELD) | late)


def held_mail(staff: "Staff", *, after: str = "", limit: int = PAGE) -> MailPage:
    """E-mails of this person's offices that opened no ticket by themselves, newest first; two queries."""
    rows = _waiting_mail(staff)
    last = InboundMail.objects.filter(public_id=after).only("received_at", "id").first() if after else None
    if last is not None:
        rows = rows.filter(Q(received_at__lt=last.received_at) | Q(received_at=last.received_at, id__lt=last.pk))
    found = list(rows.select_related("office").defer("raw").order_by("-received_at", "-id")[: limit + 1])
    return MailPage(found[:limit], found[limit - 1].public_id if len(found) > limit else "")


def held_mail_count(staff: "Staff", *, most: int = 100) -> int:
    """How many wait, counted up to `most`."""
    return len(_waiting_mail(staff).values_list("pk")[:most])


def files_of_ticket(ticket: Ticket) -> list[Attachment]:
    """Files that came with a ticket and those joined into it, oldest first, without their bytes."""
    if not ticket.may_have(Hanging.FILES, Hanging.JOINED):
        return []
    return list(Attachment.objects.filter(_of(ticket)).defer("data").order_by("created_at", "id"))


def files_of_mail(mail: InboundMail) -> list[Attachment]:
    """Files of one e-mail, in its order, without their bytes."""
    return list(Attachment.objects.filter(mail=mail).defer("data").order_by("id"))


def mails_of_ticket(ticket: Ticket) -> list[InboundMail]:
    """The e-mails behind a ticket's messages, oldest first, without their bytes."""
    if not ticket.may_have(Hanging.MAILS, Hanging.JOINED):
        return []
    return list(InboundMail.objects.filter(_of(ticket)).defer("raw").order_by("received_at", "id"))


def texts_of_ticket(ticket: Ticket) -> list[InboundText]:
    """The text messages behind a ticket, oldest first."""
    if not ticket.may_have(Hanging.TEXTS, Hanging.JOINED):
        return []
    return list(InboundText.objects.filter(_of(ticket)).order_by("received_at", "id"))
