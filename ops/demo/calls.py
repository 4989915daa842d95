"""Calls and messages of the demo: a call this morning with its call back, one nobody answered, a message left on the
phone, and what the main office wrote to pat."""

import datetime as dt
import math
import struct
from typing import TYPE_CHECKING

from django.db import transaction

from helpdesk import queries
from helpdesk.actions import calls, messages, phone_line, tickets
from helpdesk.contracts import Intake
from helpdesk.enums import CallDirection, CallOutcome, Category, Channel, RequesterKind, Side
from ops.demo import people
from portal_core.directory.queries import offices
from portal_core.kernel import clock
from portal_core.notify.transports.telephony import Sound

if TYPE_CHECKING:
    from helpdesk.models import Ticket
    from portal_core.directory.models import Practice

LINE = "+12175550190"
CALLER = "+12175550167"
RATE = 8000  # samples a second
SPOKEN = "Hello, this is a message from the demo. My video visit is at four and the camera stays dark. Please call me."
WRITTEN = (
    ("Your form is ready", "The form for your employer is signed. Pick it up, or we send it. Which is better?"),
    ("Our hours in the holidays", "We are closed from Thursday to Sunday. In an emergency call 911."),
)


@transaction.atomic
def create(practice: "Practice") -> None:
    """Once: a second run finds the line."""
    if queries.line_of_practice(practice.pk) is not None:
        return
    now, olivia, ana = clock.now(), people.staff("olivia"), people.staff("ana")
    phone_line.set_line(practice=practice, number=LINE, transcribe=True, by=ana.actor)
    _called(now)
    _voicemail(practice, now)
    for hours, (subject, body) in zip((26, 3), WRITTEN, strict=True):
        with clock.at(now - dt.timedelta(hours=hours)):
            messages.begin(
                patient=people.patient("pat"), subject=subject, body=body, staff=olivia,
                expects_answer=subject == WRITTEN[0][0], by=olivia.actor,
            )  # fmt: skip


def _called(now: dt.datetime) -> None:
    olivia, piet = people.staff("olivia"), people.patient("piet")
    intake = Intake(
        requester_kind=RequesterKind.PATIENT, category=Category.APPT, channel=Channel.PHONE,
        body="Wants the visit on a Tuesday. I said that I call back.", name=piet.name, phone=piet.phone,
    )  # fmt: skip
    with clock.at(now - dt.timedelta(minutes=95)):
        ticket = tickets.log_call(
            intake=intake, office=piet.home_office, staff=olivia, patient=piet, call_seconds=260, by=olivia.actor
        )
        _noted(ticket, CallDirection.IN, CallOutcome.TALKED, 260)
    for minutes, outcome, seconds in ((60, CallOutcome.NO_ANSWER, 0), (34, CallOutcome.TALKED, 150)):
        with clock.at(now - dt.timedelta(minutes=minutes)):
            _noted(ticket, CallDirection.OUT, outcome, seconds)


def _noted(ticket: "Ticket", direction: CallDirection, outcome: CallOutcome, seconds: int) -> None:
    olivia = people.staff("olivia")
    calls.write_down(
        ticket=ticket, staff=olivia, direction=direction, outcome=outcome, seconds=seconds, by=olivia.actor
    )


def _voicemail(practice: "Practice", now: dt.datetime) -> None:
    """As the line would have it: the menu, nobody there, a message, its sound and the machine's words."""
    line = queries.line_of_practice(practice.pk)
    assert line is not None
    office = offices(practice.pk).order_by("pk")[0]
    with clock.at(now - dt.timedelta(minutes=150)):
        call = phone_line.begin(line=line, sid="CA" + "d" * 32, phone=CALLER)
        call = phone_line.identify(call=call, kind=RequesterKind.PATIENT)
        call = phone_line.route(call=call, side=Side.OFFICE, office=office, ring=False)
        call = phone_line.message_left(call=call, recording_sid="RE" + "d" * 32, seconds=9)
        phone_line.keep_sound(call=call, sound=Sound("audio/x-wav", _tone()))
        phone_line.transcribed(call=call, text=SPOKEN)


def _tone(seconds: int = 2) -> bytes:
    """A soft tone that fades, as a WAV: nobody's voice, and the same each time."""
    length = RATE * seconds
    sound = bytes(128 + round(40 * math.sin(2 * math.pi * 440 * n / RATE) * (1 - n / length)) for n in range(length))
    shape = struct.pack("<IHHIIHH", 16, 1, 1, RATE, RATE, 1, 8)
    return b"RIFF" + struct.pack("<I", 36 + length) + b"WAVEfmt " + shape + b"data" + struct.pack("<I", length) + sound
