"""The phone line as Twilio asks for it: each step of a call is a signed request, and the answer is what is said next.

Closed by signature. Twilio signs no time: a step that was taken cannot be taken again (409), so an old request that is
sent once more changes nothing. Numbers and choices of a caller decide where they are heard; they prove nothing.
"""

from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from helpdesk import access, queries
from helpdesk.actions import phone_line
from helpdesk.actions.mail_routes import home_of
from helpdesk.enums import CallState, RequesterKind, Side
from helpdesk.models import PhoneCall
from helpdesk.rules import voice
from helpdesk.rules.hours import is_open, opening
from helpdesk.rules.opening_words import moment_words
from portal_core.directory import queries as directory
from portal_core.directory.enums import PatientSupportMode
from portal_core.directory.guards import public_page
from portal_core.kernel import clock
from portal_core.kernel.errors import Invalid
from portal_core.notify.transports import telephony

DONE_DIALS = frozenset({"completed", "answered"})


def _step(view: Callable[[HttpRequest, PhoneCall], HttpResponse]) -> Callable[..., HttpResponse]:
    """A step of a call that is under way: signed, about the call its address names, in the caller's language."""

    @public_page
    @csrf_exempt
    @require_POST
    @wraps(view)
    def checked(request: HttpRequest, public_id: str) -> HttpResponse:
        telephony.check_genuine(request)
        call = access.line_call(public_id, sid=request.POST.get("CallSid", ""))
        with translation.override(call.language):
            return view(request, call)

    return checked


@public_page
@csrf_exempt
@require_POST
def incoming(request: HttpRequest) -> HttpResponse:
    """Somebody calls one of our numbers."""
    telephony.check_genuine(request)
    line = queries.line_of(request.POST.get("To", ""))
    sid = request.POST.get("CallSid", "")
    if not sid or len(sid) > 40:
        raise Invalid
    if line is None:
        return _spoken(voice.no_such_line())
    call = phone_line.begin(line=line, sid=sid, phone=request.POST.get("From", ""))
    return _menu(call)


@_step
def menu(request: HttpRequest, call: PhoneCall) -> HttpResponse:
    """1 patient, 2 provider or staff, 9 Spanish; 3 a patient with a technical fault, where the practice opened its line
    to patients (C5); anything else, and silence, is a patient."""
    pressed = request.POST.get("Digits", "")
    if pressed == "9" and call.language != "es":
        call = phone_line.speak(call=call, language="es")
        with translation.override("es"):
            return _menu(call)
    kind = RequesterKind.PROVIDER if pressed == "2" else RequesterKind.PATIENT
    call = phone_line.identify(call=call, kind=kind)
    if pressed == "3" and _patients_may_reach_it(call):
        main = directory.offices(call.practice_id).first()
        if main is not None:
            return _put_through(call, Side.IT, main.public_id)
    return _choose_office(call, 0)


@_step
def office(request: HttpRequest, call: PhoneCall) -> HttpResponse:
    """1 to 8 an office of this page, 9 the next page. Any other key is asked about once more; then, and for 0 and
    silence, it is the home office of whoever has this number on file, else the main one. Which office that is, the line
    does not say: a number proves nothing, and nobody learns from it where its owner is a patient."""
    page = request.GET.get("page", "0")
    first = int(page) * voice.PER_PAGE if page.isdigit() and len(page) < 4 else 0
    rows = list(directory.offices(call.practice_id).select_related("practice"))
    pressed = request.POST.get("Digits", "")
    if pressed == "9" and len(rows) > first + voice.PER_PAGE:
        return _choose_office(call, first + voice.PER_PAGE)
    shown = rows[first : first + voice.PER_PAGE]
    number = int(pressed) if pressed.isdecimal() and len(pressed) == 1 else 0
    if 1 <= number <= len(shown):
        return _put_through(call, Side.OFFICE, shown[number - 1].public_id)
    if pressed not in ("", "0") and "again" not in request.GET:
        return _choose_office(call, first, again=True)
    return _put_through(call, Side.OFFICE, home_of(call.practice_id, call.phone).public_id, named=False)


@_step
def dialed(request: HttpRequest, call: PhoneCall) -> HttpResponse:
    """The desk's phone stopped ringing."""
    answered = request.POST.get("DialCallStatus", "") in DONE_DIALS
    call = phone_line.rang(call=call, answered=answered, seconds=_seconds(request, "DialCallDuration"))
    return _spoken(voice.goodbye(language=call.language)) if answered else _message(call, named=_named(request))


@_step
def recorded(request: HttpRequest, call: PhoneCall) -> HttpResponse:
    """They stopped speaking and are still there. Where there was nothing to keep they get the tone once more: nobody
    is told that we have a message which we do not have."""
    if _left(request, call):
        return _spoken(voice.thanks(language=call.language))
    if "again" in request.GET:
        return _spoken(voice.nothing_heard(language=call.language))
    return _message(call, again=True)


@_step
def recording(request: HttpRequest, call: PhoneCall) -> HttpResponse:
    """The recording is ready; also told when they hung up while speaking."""
    if request.POST.get("RecordingStatus", "completed") == "completed":
        _left(request, call)
    return HttpResponse(status=204)


@_step
def transcript(request: HttpRequest, call: PhoneCall) -> HttpResponse:
    text = request.POST.get("TranscriptionText", "")
    done = request.POST.get("TranscriptionStatus", "") == "completed"
    sid = request.POST.get("RecordingSid", "")
    of = sid if telephony.is_recording(sid) else ""
    phone_line.transcribed(call=call, text=text if done else "", recording_sid=of)
    return HttpResponse(status=204)


@public_page
@csrf_exempt
@require_POST
def over(request: HttpRequest) -> HttpResponse:
    """The status callback of the number: a call ended. One we do not know is answered alike."""
    telephony.check_genuine(request)
    call = access.line_call_by_sid(request.POST.get("CallSid", ""))
    if call is not None and request.POST.get("CallStatus", "") not in ("", "in-progress", "ringing", "queued"):
        phone_line.over(call=call)
    return HttpResponse(status=204)


def _menu(call: PhoneCall) -> HttpResponse:
    return _spoken(
        voice.menu(
            practice=call.practice.name,
            patient_line=_patients_may_reach_it(call),
            action=_to("voice-menu", call),
            language=call.language,
        )
    )


def _patients_may_reach_it(call: PhoneCall) -> bool:
    return bool(call.practice.patient_support_mode == PatientSupportMode.PATIENT_LINE)


def _choose_office(call: PhoneCall, first: int, *, again: bool = False) -> HttpResponse:
    """Providers reach IT (TR-09); patients their office (TR-03), the only one where there is one."""
    rows = list(directory.offices(call.practice_id).select_related("practice"))
    if not rows:
        return _spoken(voice.no_such_line())
    if call.requester_kind == RequesterKind.PROVIDER:
        return _put_through(call, Side.IT, rows[0].public_id)
    if len(rows) == 1:
        return _put_through(call, Side.OFFICE, rows[0].public_id)
    return _spoken(
        voice.offices(
            names=[row.name for row in rows[first : first + voice.PER_PAGE]],
            more=len(rows) > first + voice.PER_PAGE,
            again=again,
            action=f"{_to('voice-office', call)}?page={first // voice.PER_PAGE}{'&again=1' if again else ''}",
            language=call.language,
        )
    )


def _put_through(call: PhoneCall, side: Side, office_id: str, *, named: bool = True) -> HttpResponse:
    """To the desk's phone while somebody is there, else to the machine (HD-11). `named`: they chose the place, so it
    is said."""
    now = clock.now()
    office = directory.offices(call.practice_id).select_related("practice").get(public_id=office_id)
    calendar = queries.calendar_of(office) if side == Side.OFFICE else queries.calendar_of_it(office.practice)
    number = queries.desk_number(call.practice_id, office if side == Side.OFFICE else None)
    there = is_open(calendar, now)
    call = phone_line.route(call=call, side=side, office=office, ring=there and bool(number))
    if call.state == CallState.RINGING:
        action = _to("voice-dialed", call) + ("" if named else "?unnamed=1")
        place = _place(call, named=named)
        return _spoken(voice.ring(place=place, number=number, action=action, language=call.language))
    changes = opening(calendar, now).changes_at
    opens = moment_words(changes, now=now, zone=calendar.zone) if not there and changes is not None else ""
    return _message(call, opens=opens, named=named)


def _message(call: PhoneCall, *, opens: str = "", named: bool = True, again: bool = False) -> HttpResponse:
    return _spoken(
        voice.take_message(
            place=_place(call, named=named),
            opens=opens,
            again=again,
            recorded=_to("voice-recorded", call) + ("?again=1" if again else ""),
            recording=_to("voice-recording", call),
            transcript=_to("voice-transcript", call) if phone_line.writes_down(call) else "",
            language=call.language,
        )
    )


def _left(request: HttpRequest, call: PhoneCall) -> bool:
    """Whether this recording is a message, and kept."""
    sid = request.POST.get("RecordingSid", "")
    if not telephony.is_recording(sid):
        raise Invalid
    seconds = _seconds(request, "RecordingDuration")
    return phone_line.message_left(call=call, recording_sid=sid, seconds=seconds).recording_sid == sid


def _named(request: HttpRequest) -> bool:
    return "unnamed" not in request.GET


def _place(call: PhoneCall, *, named: bool) -> str:
    if named and call.side == Side.OFFICE and call.office is not None:
        return str(call.office.name)
    return str(call.practice.name)


def _seconds(request: HttpRequest, name: str) -> int:
    """Whole seconds, at most a day; what is no number is 0."""
    text = request.POST.get(name, "")
    return min(int(text), 24 * 3600) if text.isdigit() and len(text) < 8 else 0


def _to(name: str, call: PhoneCall) -> str:
    return f"{settings.PUBLIC_URL}{reverse(f'helpdesk:{name}', args=[call.public_id])}"


def _spoken(document: str) -> HttpResponse:
    return HttpResponse(document, content_type="text/xml")
