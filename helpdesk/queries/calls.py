"""The phone: lines, desks, and who talked to whom."""

import datetime as dt
from typing import TYPE_CHECKING

from django.db.models import Count, Max

from helpdesk.enums import (
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
from portal_core.directory.enums import Permission

if TYPE_CHECKING:
    from portal_core.directory.models import Office, Staff

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
