"""The practice's line: its settings, and each call on it from the first ring to the message kept (HD-10, HD-11)."""

import base64
import contextlib
import datetime as dt
import logging
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from helpdesk import errors
from helpdesk.actions.mail_routes import home_of
from helpdesk.actions.provider_copies import LOST_FOR, let_go
from helpdesk.actions.tickets import open_from_contact
from helpdesk.actions.tickets.alarms import heard
from helpdesk.actions.tickets.telling import desk_group, nudge
from helpdesk.contracts import Intake, Placed
from helpdesk.enums import (
    CallDirection,
    CallOutcome,
    CallState,
    Category,
    Channel,
    CopyKind,
    RecordingState,
    RequesterKind,
    Side,
    TranscriptState,
)
from helpdesk.models import DeskPhone, PhoneCall, VoiceLine, VoicemailAudio
from helpdesk.rules.callers import callers_number
from portal_core.kernel import audit, clock, sealing
from portal_core.kernel.contracts import Actor
from portal_core.kernel.enums import ActorKind
from portal_core.notify.transports import telephony
from portal_core.notify.transports.base import TransportError

if TYPE_CHECKING:
    from portal_core.directory.models import Office, Practice

log = logging.getLogger(__name__)

SEALED_FOR = "helpdesk.voicemail"
SHORTEST = 2  # seconds; less is somebody hanging up
LEASE = dt.timedelta(minutes=2)
TRIES = 12
PAUSES = (15, 60, 300, 900, 3600)  # seconds before the next try; the last one repeats
STUCK_AFTER = dt.timedelta(hours=4)  # a call is over by then, told or not
WRITTEN_WITHIN = dt.timedelta(hours=1)  # what the provider has not written down by then it never will


# --- settings ---------------------------------------------------------------------------------------------------------
@transaction.atomic
def set_line(*, practice: "Practice", number: str, transcribe: bool, by: Actor) -> None:
    """The number people call; empty takes the line away. Raises LineTaken when another practice has it, LineLoops when
    one of our desks rings on it."""
    now = clock.now()
    if not number:
        VoiceLine.objects.filter(practice=practice).delete()
    elif VoiceLine.objects.filter(number=number).exclude(practice=practice).exists():
        raise errors.LineTaken
    elif DeskPhone.objects.filter(number=number).exists():
        raise errors.LineLoops
    else:
        VoiceLine.objects.update_or_create(
            practice=practice, defaults={"number": number, "transcribe": transcribe, "updated_at": now}
        )
    audit.record("line:set", by=by, target=practice, practice_id=practice.pk, at=now, on=bool(number))


@transaction.atomic
def set_desk_phone(*, practice: "Practice", office: "Office | None", number: str, by: Actor) -> None:
    """Where the line rings for an office or (None) IT; empty: it only takes messages. Raises WrongOffice, LineLoops."""
    now = clock.now()
    if office is not None and office.practice_id != practice.pk:
        raise errors.WrongOffice
    if number and VoiceLine.objects.filter(number=number).exists():
        raise errors.LineLoops
    row = DeskPhone.objects.filter(practice=practice, office=office).first()
    if (row.number if row is not None else "") == number:
        return
    if number:
        DeskPhone.objects.update_or_create(
            practice=practice, office=office, defaults={"number": number, "updated_at": now}
        )
    elif row is not None:
        row.delete()
    place = office.public_id if office is not None else ""
    audit.record("line:set_desk", by=by, target=practice, practice_id=practice.pk, at=now, place=place, on=bool(number))


# --- a call -----------------------------------------------------------------------------------------------------------
@transaction.atomic
def begin(*, line: VoiceLine, sid: str, phone: str) -> PhoneCall:
    """Somebody calls. The same call again is the same row; raises WrongMove once it is past the menu."""
    now = clock.now()
    call, made = PhoneCall.objects.get_or_create(
        sid=sid,
        defaults={
            "practice": line.practice, "direction": CallDirection.IN, "state": CallState.MENU,
            "phone": callers_number(phone), "started_at": now,
        },
    )  # fmt: skip
    if made:
        _note("call:begin", call, at=now)
    elif call.state != CallState.MENU or call.practice_id != line.practice_id:
        raise errors.WrongMove
    return call


@transaction.atomic
def speak(*, call: PhoneCall, language: str) -> PhoneCall:
    """The language they chose. Raises WrongMove after the menu."""
    call = _in_menu(call)
    call.language = language
    call.save(update_fields=["language"])
    return call


@transaction.atomic
def identify(*, call: PhoneCall, kind: RequesterKind) -> PhoneCall:
    """Who they say they are. It decides where they are heard, and proves nothing (C6, TR-03)."""
    call = _in_menu(call)
    call.requester_kind = kind
    call.save(update_fields=["requester_kind"])
    return call


@transaction.atomic
def route(*, call: PhoneCall, side: Side, office: "Office", ring: bool) -> PhoneCall:
    """Send the call to a desk: it rings there, or a message is taken for it. Raises WrongMove after the menu."""
    now, call = clock.now(), _in_menu(call)
    call.side, call.office = side, office
    call.move(CallState.RINGING if ring else CallState.VOICEMAIL, at=now)
    call.save(update_fields=["side", "office", "state"])
    _note("call:route", call, at=now, side=str(side), office=office.public_id, ring=ring)
    return call


@transaction.atomic
def rang(*, call: PhoneCall, answered: bool, seconds: int) -> PhoneCall:
    """The desk's phone stopped ringing: they talked and the call is over, or a message is taken. Of a talk the end of
    the call may be told first: when the caller hangs up, both are told at once. Raises WrongMove."""
    now, call = clock.now(), PhoneCall.objects.locked(call.pk)
    hung_up = _hung_up_at_a_desk(call) and not call.recording_sid
    if not (call.state == CallState.RINGING or (answered and hung_up)):
        raise errors.WrongMove
    if answered:
        if call.state == CallState.RINGING:
            call.move(CallState.ENDED, at=now)
        call.outcome, call.seconds = CallOutcome.TALKED, seconds
    else:
        call.move(CallState.VOICEMAIL, at=now)
    call.save(update_fields=["state", "outcome", "ended_at", "seconds"])
    _note("call:rang", call, at=now, answered=answered)
    return call


@transaction.atomic
def message_left(*, call: PhoneCall, recording_sid: str, seconds: int) -> PhoneCall:
    """A message was spoken: a ticket on the right desk, and the sound is fetched. Told twice (Twilio does), it is one.

    The end of the call may be told before its recording, and so may its words. A sound too short to hold any is no
    message: the call stays as it is, and the provider deletes it. Raises WrongMove for a call that took no message.
    """
    now, call = clock.now(), PhoneCall.objects.locked(call.pk)
    if call.recording_sid == recording_sid:
        return call
    takes_message = call.state == CallState.VOICEMAIL or _hung_up_at_a_desk(call)
    if call.recording_sid or not takes_message or call.office is None:
        raise errors.WrongMove
    if seconds < SHORTEST:
        let_go(CopyKind.RECORDING, recording_sid, due_at=now)
        return call
    ticket = open_from_contact(
        intake=Intake(
            requester_kind=RequesterKind(call.requester_kind or RequesterKind.PATIENT),
            category=Category.OTHER,
            channel=Channel.VOICEMAIL,
            body=_("Left a message on the phone."),
            phone=call.phone,
        ),
        office=call.office,
        side=Side(call.side),
        placed=Placed.CALLED,
        by=_caller(call),
    )
    if call.state == CallState.VOICEMAIL:
        call.move(CallState.ENDED, at=now)
    call.outcome = CallOutcome.VOICEMAIL
    call.ticket, call.recording_sid, call.recording_seconds = ticket, recording_sid, seconds
    call.recording_state, call.recording_due_at = RecordingState.WANTED, now
    if call.transcript_of != recording_sid:
        call.transcript, call.transcript_of = "", ""
        call.transcript_state = TranscriptState.WANTED if writes_down(call) else TranscriptState.NONE
    call.save(
        update_fields=[
            "transcript", "transcript_of", "transcript_state",
            "state", "outcome", "ended_at", "ticket", "recording_sid", "recording_seconds", "recording_state",
            "recording_due_at",
        ]
    )  # fmt: skip
    _note("call:message", call, at=now, seconds=seconds, ticket=ticket.public_id)
    _read_words(call)
    return call


@transaction.atomic
def transcribed(*, call: PhoneCall, text: str, recording_sid: str = "") -> PhoneCall:
    """The machine's words of a message; empty: it could not make any out. They may come before the message is told of.
    What comes later, or belongs to another recording than the one kept, changes nothing."""
    call = PhoneCall.objects.locked(call.pk)
    of = recording_sid or call.recording_sid
    if not of or (call.recording_sid and of != call.recording_sid) or not call.side:
        return call
    if call.transcript_state == TranscriptState.READY and call.transcript_of in ("", of):
        return call
    call.transcript, call.transcript_of = text.strip()[:4000], of
    call.transcript_state = TranscriptState.READY if call.transcript else TranscriptState.FAILED
    call.save(update_fields=["transcript", "transcript_of", "transcript_state"])
    _read_words(call)
    _nudge(call)
    return call


def _read_words(call: PhoneCall) -> None:
    if call.ticket is not None and call.transcript:
        heard(ticket=call.ticket, words=call.transcript)


@transaction.atomic
def over(*, call: PhoneCall) -> PhoneCall:
    """They hung up. A call that is over stays as it is. One that reached no desk stands, as missed, in the list of the
    office that the number would lead to."""
    now, call = clock.now(), PhoneCall.objects.locked(call.pk)
    if call.state == CallState.ENDED:
        return call
    if call.state == CallState.MENU:
        with contextlib.suppress(errors.NoOffice):
            call.office = home_of(call.practice_id, call.phone)
    call.move(CallState.ENDED, at=now, outcome=CallOutcome.HUNG_UP)
    call.save(update_fields=["state", "outcome", "ended_at", "office"])
    _note("call:over", call, at=now)
    return call


# --- the sound --------------------------------------------------------------------------------------------------------
def fetch_due() -> int:
    """Fetch the sound of messages that are due, one after the other; return how many are kept now. A run that is
    killed leaves a lease behind, and the next one takes over."""
    kept = 0
    while (call := _claim()) is not None:
        try:
            sound = telephony.fetch_recording(call.recording_sid)
        except TransportError as error:
            _postpone(call, error)
            continue
        keep_sound(call=call, sound=sound)
        kept += 1
    return kept


def end_stuck() -> int:
    """Calls whose end nobody told."""
    old = PhoneCall.objects.exclude(state=CallState.ENDED).filter(started_at__lt=clock.now() - STUCK_AFTER)
    calls = list(old.order_by("pk")[:100])
    for call in calls:
        over(call=call)
    return len(calls)


def end_writing() -> int:
    """Messages whose words the provider never sent: the desk need not wait for them. Returns how many."""
    late = PhoneCall.objects.filter(
        transcript_state=TranscriptState.WANTED, ended_at__lt=clock.now() - WRITTEN_WITHIN
    ).order_by("ended_at")  # fmt: skip
    keys = list(late.values_list("pk", flat=True)[:100])
    for key in keys:
        _stop_waiting(key)
    return len(keys)


@transaction.atomic
def _stop_waiting(key: int) -> None:
    call = PhoneCall.objects.locked(key)
    if call.transcript_state == TranscriptState.WANTED:
        call.transcript_state = TranscriptState.FAILED
        call.save(update_fields=["transcript_state"])
        _nudge(call)


@transaction.atomic
def _claim() -> PhoneCall | None:
    now = clock.now()
    due = PhoneCall.objects.select_for_update(skip_locked=True).filter(recording_due_at__lte=now)
    call = due.order_by("recording_due_at").first()
    if call is not None:
        call.recording_due_at = now + LEASE
        call.recording_tries += 1
        call.save(update_fields=["recording_due_at", "recording_tries"])
    return call


@transaction.atomic
def keep_sound(*, call: PhoneCall, sound: telephony.Sound) -> None:
    """The sound of a message is here; it is sealed before it is written, and the provider's copy goes. Twice is
    once."""
    now, call = clock.now(), PhoneCall.objects.locked(call.pk)
    sealed = sealing.seal(base64.b64encode(sound.data).decode(), purpose=SEALED_FOR)
    VoicemailAudio.objects.get_or_create(
        call=call,
        defaults={"content_type": sound.content_type, "sealed": sealed, "size": len(sound.data), "kept_at": now},
    )
    call.recording_state, call.recording_due_at = RecordingState.KEPT, None
    call.save(update_fields=["recording_state", "recording_due_at"])
    let_go(CopyKind.RECORDING, call.recording_sid, due_at=now)
    _note("call:keep", call, at=now, size=len(sound.data))
    _nudge(call)


@transaction.atomic
def _postpone(call: PhoneCall, error: TransportError) -> None:
    now, call = clock.now(), PhoneCall.objects.locked(call.pk)
    if error.permanent or call.recording_tries >= TRIES:
        call.recording_state, call.recording_due_at = RecordingState.LOST, None
        let_go(CopyKind.RECORDING, call.recording_sid, due_at=now + LOST_FOR)
        _note("call:lose", call, at=now, why=error.code)
        _nudge(call)
    else:
        pause = PAUSES[min(call.recording_tries, len(PAUSES)) - 1]
        call.recording_due_at = now + dt.timedelta(seconds=pause)
    call.save(update_fields=["recording_state", "recording_due_at"])


def writes_down(call: PhoneCall) -> bool:
    """Whether the provider writes this call's message down: by the practice's choice, and English only."""
    return call.language == "en" and VoiceLine.objects.filter(practice_id=call.practice_id, transcribe=True).exists()


def unsealed(audio: VoicemailAudio) -> bytes:
    """The recording itself. Raises sealing.Unreadable."""
    return base64.b64decode(sealing.unseal(audio.sealed, purpose=SEALED_FOR))


def _hung_up_at_a_desk(call: PhoneCall) -> bool:
    return call.state == CallState.ENDED and call.outcome == CallOutcome.HUNG_UP and call.side != ""


def _in_menu(call: PhoneCall) -> PhoneCall:
    call = PhoneCall.objects.locked(call.pk)
    if call.state != CallState.MENU:
        raise errors.WrongMove
    return call


def _caller(call: PhoneCall) -> Actor:
    """Whoever is on the phone. The number they call from proves nothing, so it is no part of the label."""
    return Actor(kind=ActorKind.REQUESTER, id=call.public_id, label="Caller", practice_id=call.practice_id)


def _note(action: str, call: PhoneCall, *, at: dt.datetime, **facts: object) -> None:
    audit.record(action, by=_caller(call), target=call, practice_id=call.practice_id, at=at, **facts)


def _nudge(call: PhoneCall) -> None:
    if call.ticket is not None:
        nudge(call.ticket, desk_group(call.ticket))
