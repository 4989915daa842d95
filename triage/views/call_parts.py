"""What the call screens of both desks share: the clock, the calls of the line, and the writing down."""

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.core import signing

from helpdesk import access as helpdesk_access
from helpdesk import queries as helpdesk
from helpdesk.actions import calls, tickets
from helpdesk.enums import CallDirection, CallOutcome, Side
from portal_core.directory.guards import StaffRequest
from portal_core.kernel import idempotency
from portal_core.kernel.errors import NotFound
from triage import forms
from triage.enums import RedFlag
from triage.rules.verification import NEUTRAL_SENTENCE

if TYPE_CHECKING:
    from helpdesk.models import PhoneCall, Ticket

LONG_CALL = 45 * 60  # seconds; calls last 2 to 45 minutes (HD-13)
CLOCK = frozenset({"minutes", "call_seconds", "stopped", "began"})
_began = signing.Signer(salt="triage.call.began", sep=".")


def first_facts(request: StaffRequest, now: dt.datetime, *, side: Side) -> dict[str, Any]:
    """What a new call screen begins with: the clock, and the number of the missed call it returns (`?missed=`)."""
    facts: dict[str, Any] = {"began": _began.sign(str(int(now.timestamp())))}
    if wanted := request.GET.get("missed", ""):
        missed = helpdesk_access.missed_call_for(request.staff, wanted, side=side)
        office = missed.office.public_id if missed.office is not None else ""
        facts |= {"missed": missed.public_id, "phone": missed.phone, "office": office}
    return facts


def elapsed(request: StaffRequest, now: dt.datetime) -> int | None:
    """Seconds since the call screen was opened; None where that is not known. A long rest in between is no call."""
    try:
        since = int(_began.unsign(request.POST.get("began", "")))
    except (signing.BadSignature, ValueError):
        return None
    passed = int(now.timestamp()) - since
    return passed if 0 <= passed <= forms.CALL_MAX else None


def typed(request: StaffRequest, form: type[forms.LoggedCall]) -> dict[str, Any]:
    """What stands on the page, for showing it again."""
    values: dict[str, Any] = {name: str(request.POST.get(name, "")) for name in form.base_fields}
    return values | {"red_flags": request.POST.getlist("red_flags")}


def page_facts(request: StaffRequest, form: forms.LoggedCall, now: dt.datetime, *, side: Side) -> dict[str, Any]:
    """The clock goes on where it stood; the calls of the line that nobody has written down."""
    counted = str(form["call_seconds"].value() or "")
    shown = int(counted) if counted.isdecimal() and int(counted) <= forms.CALL_MAX else elapsed(request, now) or 0
    chosen = form["red_flags"].value() or []
    return {
        "form": form,
        "red_flags": [(value, label, value in chosen) for value, label in RedFlag.choices],
        "neutral_sentence": NEUTRAL_SENTENCE,
        "elapsed": shown if request.method == "POST" else 0,
        "stopped": request.method == "POST" and form["stopped"].value() == "1",
        "long_call": LONG_CALL,
        "line_calls": helpdesk.unwritten_calls(request.staff, side=side, now=now),
        "line_call": request.POST.get("line_call", ""),
    }


def asked_for(form: forms.LoggedCall) -> dict[str, Any]:
    """What was typed and chosen. The clock of the call runs on between two presses: it is no part of it."""
    return {name: value for name, value in form.cleaned_data.items() if name not in CLOCK}


def line_call(request: StaffRequest, *, side: Side) -> "PhoneCall | None":
    """The call of the line that is being written down, among those this desk answered. Raises CallNotFound."""
    wanted = request.POST.get("line_call", "")
    return helpdesk_access.unwritten_call_for(request.staff, wanted, side=side) if wanted else None


def missed_call(request: StaffRequest, *, side: Side) -> "PhoneCall | None":
    """The missed call that was returned. Raises CallNotFound."""
    wanted = request.POST.get("missed", "")
    return helpdesk_access.missed_call_for(request.staff, wanted, side=side) if wanted else None


def keep_call(
    request: StaffRequest,
    ticket: "Ticket",
    *,
    heard: "PhoneCall | None",
    missed: "PhoneCall | None",
    seconds: int | None,
    red_flags: list[str],
    answers: bool = True,
) -> None:
    """The call itself, on its new ticket; inside the transaction that made it."""
    staff, by = request.staff, request.actor
    if heard is not None:
        calls.adopt(call=heard, ticket=ticket, staff=staff, red_flags=red_flags, answers=answers, by=by)
    else:
        calls.write_down(
            ticket=ticket,
            staff=staff,
            direction=CallDirection.OUT if missed is not None else CallDirection.IN,
            outcome=CallOutcome.TALKED,
            seconds=seconds or 0,
            red_flags=red_flags,
            answers=answers,
            by=by,
        )
    if missed is not None:
        calls.deal_with(call=missed, staff=staff, by=by)


def note_call(request: StaffRequest, ticket: "Ticket", got: dict[str, Any], *, phone: str = "") -> None:
    """A call about a ticket that is there, once per form, with what was said as a note. Raises TicketClosed."""
    staff = request.staff

    def deed() -> str:
        call = calls.write_down(
            ticket=ticket,
            staff=staff,
            direction=CallDirection(got["direction"]),
            outcome=CallOutcome(got["outcome"]),
            seconds=(got["minutes"] or 0) * 60,
            phone=phone,
            answered=got["answered"],
            by=request.actor,
        )
        if got["note"].strip():
            tickets.add_note(ticket=ticket, body=got["note"], by=request.actor)
        return str(call.public_id)

    key = request.POST.get("idempotency_key", "")
    if not key:
        raise NotFound
    idempotency.once(f"triage.call:{staff.public_id}:{ticket.public_id}", key, deed, of=got)
