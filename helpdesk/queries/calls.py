"""The phone: lines, desks, and who talked to whom."""

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Count, Exists, Max, OuterRef

from helpdesk.access import calls_at
from helpdesk.enums import (
    CallDirection,
    CallOutcome,
    Hanging,
    Side,
)
from helpdesk.models import (
    DeskPhone,
    PhoneCall,
    Ticket,
    VoiceLine,
)

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from portal_core.directory.models import Office, Staff

UNWRITTEN_FOR = dt.timedelta(hours=24)
MISSED_FOR = dt.timedelta(days=7)  # whoever was not called back by then has called again, or has not
MISSED = 100  # calls looked at
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


def unwritten_calls(staff: "Staff", *, side: Side = Side.OFFICE, now: dt.datetime, limit: int = 6) -> list[PhoneCall]:
    """Calls that a desk of this person answered in the last day and nobody wrote down, newest first."""
    rows = PhoneCall.objects.filter(
        calls_at(staff, side), ticket=None, outcome=CallOutcome.TALKED, started_at__gt=now - UNWRITTEN_FOR,
    )  # fmt: skip
    return list(rows.select_related("office").order_by("-started_at", "-id")[:limit])


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """Somebody called and reached nobody; all their calls since they last reached us are one, and each from a withheld
    number is somebody's own. `call` is the latest, `times` how many they were."""

    call: PhoneCall
    times: int


def missed_calls(staff: "Staff", *, side: Side, now: dt.datetime) -> list[Missed]:
    """Who called a desk of this person within the week, reached nobody, left no message, and did not reach us since;
    the latest first. One query."""
    rows = list(_missed(staff, side, now).select_related("office").order_by("-started_at", "-id")[:MISSED])
    found: dict[tuple[str, int | None], list[PhoneCall]] = {}
    for row in rows:
        found.setdefault((row.phone or f"withheld {row.pk}", row.office_id), []).append(row)
    return [Missed(call=calls[0], times=len(calls)) for calls in found.values()]


def missed_count(staff: "Staff", *, side: Side, now: dt.datetime) -> int:
    """How many that is, of the last MISSED calls; one query."""
    rows = _missed(staff, side, now).order_by("-started_at", "-id").values_list("phone", "office_id", "pk")[:MISSED]
    return len({(phone or f"withheld {pk}", office) for phone, office, pk in rows})


def missed_with(call: PhoneCall) -> "QuerySet[PhoneCall]":
    """The missed calls of the same number to the same desk, this one among them, that nobody dealt with."""
    desk = [Side.IT] if call.side == Side.IT else [Side.OFFICE, ""]
    rows = PhoneCall.objects.filter(
        practice_id=call.practice_id, office=call.office, phone=call.phone, side__in=desk, ticket=None,
        outcome=CallOutcome.HUNG_UP, dealt_at=None,
    )  # fmt: skip
    return rows if call.phone else rows.filter(pk=call.pk)


def _missed(staff: "Staff", side: Side, now: dt.datetime) -> "QuerySet[PhoneCall]":
    reached = PhoneCall.objects.filter(
        phone=OuterRef("phone"), practice=OuterRef("practice"), started_at__gte=OuterRef("started_at"),
        outcome__in=[CallOutcome.TALKED, CallOutcome.VOICEMAIL],
    ).exclude(phone="")  # fmt: skip
    return PhoneCall.objects.filter(
        ~Exists(reached), calls_at(staff, side), practice_id=staff.practice_id, ticket=None,
        outcome=CallOutcome.HUNG_UP, dealt_at=None, direction=CallDirection.IN, started_at__gt=now - MISSED_FOR,
    )  # fmt: skip


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
