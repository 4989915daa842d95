"""The phone line, step by step as Twilio drives it, against a server that speaks its API (HD-10, HD-11, TR-03)."""

import datetime as dt
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
import time_machine
from django.urls import reverse
from twilio.request_validator import RequestValidator

from helpdesk.actions import hours, phone_line
from helpdesk.errors import WrongMove
from helpdesk.models import PhoneCall, ProviderCopy, Ticket, VoicemailAudio
from helpdesk.queries import unwritten_calls
from helpdesk.rules.hours import parse_spans
from helpdesk.tasks import fetch_recordings
from portal_core.directory.enums import PatientSupportMode
from portal_core.directory.models import Office
from portal_core.kernel.models import AuditEvent
from tests.helpdesk.conftest import PUBLIC
from tests.helpdesk.factories import refresh
from tests.house.catalogues import ROOT, in_python

pytestmark = pytest.mark.django_db
LINE = "+12175550000"
CALLER = "+12175550177"
SID = "CA" + "1" * 32
RECORDING = "RE" + "a" * 32
SOUND = b"ID3" + bytes(range(256)) * 4
FRIDAY_NOON = dt.datetime(2026, 11, 20, 18, 0, tzinfo=dt.UTC)  # in Chicago
FRIDAY_NIGHT = dt.datetime(2026, 11, 21, 2, 0, tzinfo=dt.UTC)


@pytest.fixture
def clock_at():
    """The time of the calls; noon on a Friday unless moved."""
    with time_machine.travel(FRIDAY_NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def line(cast, twilio, clock_at):
    phone_line.set_line(practice=cast.practice, number=LINE, transcribe=True, by=cast.ana.actor)
    phone_line.set_desk_phone(practice=cast.practice, office=cast.north, number="+12175550101", by=cast.ana.actor)
    phone_line.set_desk_phone(practice=cast.practice, office=None, number="+12175550190", by=cast.ana.actor)


@pytest.fixture
def post(client):
    """Post what Twilio posts, rightly signed unless told otherwise."""

    def send(address, *, signature=None, **form):
        form = {"CallSid": SID, "From": CALLER, "To": LINE, **form}
        path = address.removeprefix(PUBLIC)
        right = RequestValidator("secret-token").compute_signature(PUBLIC + path, form)
        return client.post(path, form, headers={"X-Twilio-Signature": right if signature is None else signature})

    return send


class Caller:
    """Somebody on the phone: follows the document, presses keys."""

    def __init__(self, post):
        self.post = post
        self.hear(post(reverse("helpdesk:voice")))

    def hear(self, answer):
        assert answer.status_code == 200, answer.content
        self.document = ElementTree.fromstring(answer.content)
        return self

    @property
    def words(self):
        return " ".join(say.text for say in self.document.iter("Say"))

    def press(self, keys):
        return self.hear(self.post(self.document.find("Gather").attrib["action"], Digits=keys))

    def dialed(self, status, seconds=0):
        action = self.document.find("Dial").attrib["action"]
        return self.hear(self.post(action, DialCallStatus=status, DialCallDuration=str(seconds)))

    def speak(self, seconds=34):
        record = self.document.find("Record").attrib
        left = {"RecordingSid": RECORDING, "RecordingDuration": str(seconds)}
        self.hear(self.post(record["action"], **left))
        assert self.post(record["recordingStatusCallback"], RecordingStatus="completed", **left).status_code == 204
        return record


def call():
    return PhoneCall.objects.get()


def test_a_patient_reaches_the_desk_of_their_office(cast, line, post):
    """HD-10, HD-11, TR-03: in hours the office's own phone rings; talking makes no ticket by itself."""
    caller = Caller(post)
    assert "hang up and dial 9 1 1" in caller.words
    caller.press("1").press("1")
    assert caller.document.find("Dial/Number").text == "+12175550101"

    caller.dialed("completed", 240)

    row = call()
    assert (row.state, row.outcome, row.seconds, row.office, row.side, row.phone) == (
        "ended", "talked", 240, cast.north, "office", CALLER,
    )  # fmt: skip
    assert not Ticket.objects.exists()


def test_after_hours_a_message_becomes_a_ticket_on_the_right_desk(
    cast, line, post, twilio, clock_at, staff_client, client
):
    """HD-10, HD-11: voicemail after hours, sound fetched and sealed, words written down, and a player on the desk."""
    clock_at.move_to(FRIDAY_NIGHT)
    twilio.recordings[RECORDING] = SOUND
    caller = Caller(post).press("").press("2")
    assert "South is closed right now. It opens Monday at 8 a.m." in caller.words

    record = caller.speak()
    assert "call you back" in caller.words
    ticket = Ticket.objects.get()
    assert (ticket.office, ticket.side, ticket.channel, ticket.requester_phone, ticket.patient) == (
        cast.south, "office", "voicemail", CALLER, None,
    )  # fmt: skip
    assert (call().state, call().outcome, call().ticket, call().recording_state) == (
        "ended", "voicemail", ticket, "wanted",
    )  # fmt: skip

    assert fetch_recordings() == 1
    assert fetch_recordings() == 0
    audio = VoicemailAudio.objects.get()
    assert (call().recording_state, audio.size, twilio.deleted) == ("kept", len(SOUND), [RECORDING])
    assert b"\x01\x02\x03" not in audio.sealed.encode()

    post(record["transcribeCallback"], TranscriptionStatus="completed", TranscriptionText="I cannot sign in.")
    oscar = staff_client(cast.oscar)
    page = oscar.get(f"/triage/office/tickets/{ticket.public_id}/").content.decode()
    player = reverse("helpdesk:voicemail", args=[call().public_id])
    assert player in page
    assert "I cannot sign in." in page
    heard = oscar.get(player)
    assert (heard.content, heard["Content-Type"], heard["Cache-Control"].count("no-store")) == (SOUND, "audio/mpeg", 1)
    part = oscar.get(player, headers={"Range": "bytes=3-6"})
    assert (part.status_code, part.content, part["Content-Range"]) == (206, SOUND[3:7], f"bytes 3-6/{len(SOUND)}")
    assert AuditEvent.objects.filter(action="call:listen", actor_id=cast.oscar.public_id).count() == 1
    for stranger in (cast.olivia, cast.ian, cast.charlie):
        assert staff_client(stranger).get(player).status_code == 404
    assert staff_client(cast.carla).get(player).status_code == 403
    assert client.get(player).status_code == 302


@pytest.mark.parametrize("status", ["no-answer", "busy", "failed"])
def test_nobody_picks_up_and_a_message_is_taken(cast, line, post, status):
    """HD-10"""
    caller = Caller(post).press("1").press("1").dialed(status)
    assert "Nobody at North can take your call right now." in caller.words

    caller.speak()

    assert Ticket.objects.get().office == cast.north


def test_an_office_without_a_phone_takes_messages_in_hours_too(cast, line, post):
    caller = Caller(post).press("1").press("3")

    assert caller.document.find("Dial") is None
    assert "Nobody at West can take your call right now." in caller.words


def test_providers_reach_it_and_patients_never_do(cast, line, post, clock_at):
    """TR-02, TR-03, TR-09: the menu decides, and no choice of a patient leads to IT."""
    assert Caller(post).press("2").document.find("Dial/Number").text == "+12175550190"
    clock_at.move_to(FRIDAY_NIGHT)
    post_as = lambda address, **form: post(address, **{"CallSid": "CA" + "2" * 32, **form})  # noqa: E731
    caller = Caller(post_as).press("2")
    caller.speak()

    ticket = Ticket.objects.get()
    assert (ticket.side, ticket.requester_kind) == ("it", "provider")
    for keys in ("1", "", "3", "*"):
        sid = f"CA{ord((keys or '0')[0]):032x}"
        caller = (
            Caller(lambda address, sid=sid, **form: post(address, **{"CallSid": sid, **form})).press(keys).press("0")
        )
        assert PhoneCall.objects.get(sid=sid).side == "office"
        assert "support" not in caller.words.lower()


def test_spanish_is_one_key_away(cast, line, post):
    caller = Caller(post)
    assert caller.document.find("Gather/Say[@language='es-US']").text == "Para español, oprima el nueve."

    caller.press("9")

    assert {say.attrib["language"] for say in caller.document.iter("Say")} == {"es-US"}
    assert "Thank you" not in caller.words
    caller.press("1").press("3")
    assert call().language == "es"
    assert "transcribe" not in caller.document.find("Record").attrib  # the machine writes English only


def test_all_the_line_says_is_there_in_spanish():
    from django.utils import translation

    for name in ("voice", "opening_words"):
        words = {one for _context, one, _more in in_python((ROOT / f"helpdesk/rules/{name}.py").read_text())}
        assert words
        with translation.override("es"):
            assert [one for one in words if translation.gettext(one) == one] == []


def test_many_offices_are_read_out_page_by_page(cast, line, post):
    for number in range(10):
        Office.objects.create(practice=cast.practice, name=f"Office {number}")
    caller = Caller(post).press("1")
    assert (caller.words.count("press"), "For more offices, press 9." in caller.words) == (10, True)

    caller.press("9")
    assert "For more offices" not in caller.words
    caller.press("5")

    assert call().office.name == "West"  # North first, then by name: the thirteenth


def test_one_office_needs_no_choice(cast, line, post):
    Office.objects.filter(pk__in=[cast.south.pk, cast.west.pk]).update(is_active=False)

    assert Caller(post).press("1").document.find("Dial/Number").text == "+12175550101"


def test_holidays_and_own_hours_hold_on_the_phone(cast, line, post):
    """HD-11"""
    hours.add_holiday(
        practice=cast.practice, office=cast.north, date=FRIDAY_NOON.date(), name="Training", by=cast.ana.actor
    )
    hours.set_week(practice=cast.practice, office=None, spans=parse_spans({}), by=cast.ana.actor)

    assert "North is closed right now. It opens Monday at 8 a.m." in Caller(post).press("1").press("1").words


def addresses(row):
    steps = ("menu", "office", "dialed", "recorded", "recording", "transcript")
    return [reverse("helpdesk:voice"), reverse("helpdesk:voice-over")] + [
        reverse(f"helpdesk:voice-{step}", args=[row.public_id]) for step in steps
    ]


def test_forged_requests_are_refused_everywhere(cast, line, post, settings):
    """Every step; also with no token set, and with a signature made for another address."""
    Caller(post)
    for address in addresses(call()):
        other = RequestValidator("secret-token").compute_signature(f"{PUBLIC}/elsewhere/", {"CallSid": SID})
        for signature in ("", "forged", other):
            assert post(address, signature=signature, Digits="1").status_code == 403, address
    settings.TWILIO_AUTH_TOKEN = ""
    for address in addresses(call()):
        assert post(address).status_code == 403
    assert (call().state, Ticket.objects.count()) == ("menu", 0)


def test_replayed_requests_change_nothing(cast, line, post):
    """Twilio signs no time: each step that was taken is refused when it comes again, and a message stays one ticket."""
    caller = Caller(post).press("1").press("1").dialed("no-answer")
    record = caller.speak()
    before = (PhoneCall.objects.values().get(), Ticket.objects.count(), AuditEvent.objects.count())

    first, over, menu, office, dialed, recorded, recording, _transcript = addresses(call())
    left = {"RecordingSid": RECORDING, "RecordingDuration": "34"}
    assert post(first).status_code == 409
    for address in (menu, office, dialed):
        assert post(address, Digits="1", DialCallStatus="completed", DialCallDuration="9").status_code == 409
    assert post(recorded, **left).status_code == 200
    assert post(recording, RecordingStatus="completed", **left).status_code == 204
    assert post(over, CallStatus="completed").status_code == 204
    assert record["maxLength"] == "120"
    assert post(recorded, RecordingSid="RE" + "b" * 32, RecordingDuration="9").status_code == 409
    assert (PhoneCall.objects.values().get(), Ticket.objects.count(), AuditEvent.objects.count()) == before


def test_a_step_of_one_call_is_not_taken_for_another(cast, line, post):
    Caller(post)

    assert post(addresses(call())[2], CallSid="CA" + "9" * 32, Digits="1").status_code == 404


def test_numbers_we_do_not_have_and_ids_that_are_none(cast, line, post):
    assert b"not in use" in post(reverse("helpdesk:voice"), To="+19995550000").content
    assert post(reverse("helpdesk:voice"), CallSid="").status_code == 422
    caller = Caller(post).press("1").press("3")
    address = caller.document.find("Record").attrib["action"]
    for sid in ("", "RE../../Accounts", "RE" + "A" * 32, RECORDING + "\n"):
        assert post(address, RecordingSid=sid, RecordingDuration="9").status_code == 422
    assert not Ticket.objects.exists()


def test_hanging_up_leaves_no_ticket_and_hanging_up_while_speaking_does(cast, line, post):
    caller = Caller(post).press("1").press("3")
    record = caller.document.find("Record").attrib
    post(addresses(call())[1], CallStatus="completed")
    assert (call().state, call().outcome) == ("ended", "hung_up")

    short = {"RecordingStatus": "completed", "RecordingSid": RECORDING, "RecordingDuration": "1"}
    post(record["recordingStatusCallback"], **short)
    assert not Ticket.objects.exists()
    post(record["recordingStatusCallback"], **short | {"RecordingDuration": "20"})
    assert Ticket.objects.get().channel == "voicemail"
    assert call().outcome == "voicemail"


def test_a_recording_that_is_late_is_asked_for_again_and_given_up_in_the_end(cast, line, post, twilio, clock_at):
    Caller(post).press("1").press("3").speak()

    assert fetch_recordings() == 0
    assert (call().recording_state, call().recording_tries) == ("wanted", 1)
    assert fetch_recordings() == 0
    assert call().recording_tries == 1  # not before its time
    twilio.recordings[RECORDING] = SOUND
    clock_at.shift(20)
    assert fetch_recordings() == 1

    PhoneCall.objects.update(recording_state="wanted", recording_due_at=FRIDAY_NOON, recording_tries=11)
    twilio.recordings.clear()
    fetch_recordings()
    assert call().recording_state == "lost"


def test_what_is_no_sound_is_not_kept(cast, line, post, twilio, clock_at):
    Caller(post).press("1").press("3").speak()
    twilio.recordings[RECORDING] = b"<html>sign in</html>"

    fetch_recordings()

    assert (call().recording_state, VoicemailAudio.objects.count(), twilio.deleted) == ("lost", 0, [])
    clock_at.shift(dt.timedelta(days=7, seconds=1))  # time to save it by hand
    fetch_recordings()
    assert (twilio.deleted, ProviderCopy.objects.count()) == ([RECORDING], 0)


def test_a_deletion_that_failed_is_asked_for_until_the_copy_is_gone(cast, line, post, twilio, clock_at):
    """The voice of a patient stays at nobody else's: not after an outage, and not after a crash before the asking."""
    Caller(post).press("1").press("3").speak()
    twilio.recordings[RECORDING] = SOUND
    assert phone_line.fetch_due() == 1  # and then the process dies
    assert (call().recording_state, twilio.deleted) == ("kept", [])

    twilio.outage = 503
    for passes in (0, 130, 700):
        clock_at.shift(passes)
        fetch_recordings()
    assert (ProviderCopy.objects.get().tries, twilio.deleted) == (3, [])
    twilio.outage = 0
    fetch_recordings()
    assert twilio.deleted == []  # not before its time
    clock_at.shift(3601)
    fetch_recordings()

    assert (twilio.deleted, ProviderCopy.objects.count()) == ([RECORDING], 0)


def test_a_killed_fetch_leaves_a_lease_that_ends(cast, line, post, twilio, clock_at):
    Caller(post).press("1").press("3").speak()
    twilio.recordings[RECORDING] = SOUND
    assert phone_line._claim() is not None  # and then the process dies

    assert fetch_recordings() == 0
    clock_at.shift(121)
    assert fetch_recordings() == 1


def test_a_talk_whose_end_was_told_first_is_a_talk(cast, line, post):
    """HD-13: when the caller hangs up, the end of the call and the end of the dial come at once, in any order."""
    caller = Caller(post).press("1").press("1")
    post(addresses(call())[1], CallStatus="completed")
    assert call().outcome == "hung_up"

    caller.dialed("completed", 240)

    assert (call().state, call().outcome, call().seconds) == ("ended", "talked", 240)
    assert unwritten_calls(cast.olivia, now=FRIDAY_NOON) == [call()]
    again = {"DialCallStatus": "completed", "DialCallDuration": "9"}
    assert post(addresses(call())[4], **again).status_code == 409
    Caller(lambda address, **form: post(address, **{"CallSid": "CA" + "2" * 32, **form}))
    menu_only = PhoneCall.objects.get(sid="CA" + "2" * 32)
    phone_line.over(call=menu_only)
    with pytest.raises(WrongMove):  # it never rang
        phone_line.rang(call=menu_only, answered=True, seconds=9)


def test_nobody_is_told_that_we_have_a_message_which_we_do_not_have(cast, line, post, twilio):
    """A sound of a second holds no words: the tone comes again, once, and the provider deletes what it has."""
    short, other = {"RecordingSid": RECORDING, "RecordingDuration": "1"}, "RE" + "b" * 32
    twilio.recordings[RECORDING], twilio.recordings[other] = SOUND, SOUND
    caller = Caller(post).press("1").press("3")
    caller.hear(post(caller.document.find("Record").attrib["action"], **short))
    assert "We did not hear anything. Please speak after the tone" in caller.words
    action = caller.document.find("Record").attrib["action"]

    last = caller.hear(post(action, RecordingSid=other, RecordingDuration="0"))
    assert (last.document.find("Record"), "We have your message" in last.words) == (None, False)
    assert (Ticket.objects.count(), fetch_recordings(), sorted(twilio.deleted)) == (0, 0, [RECORDING, other])

    third = "RE" + "c" * 32
    assert "We have your message" in caller.hear(post(action, RecordingSid=third, RecordingDuration="9")).words
    assert Ticket.objects.get().office == cast.west


def test_words_that_come_before_their_message_are_kept_and_others_are_not(cast, line, post):
    other = "RE" + "b" * 32
    caller = Caller(post).press("1").press("3")
    address = caller.document.find("Record").attrib["transcribeCallback"]

    def written(sid, text):
        post(address, TranscriptionStatus="completed", TranscriptionText=text, RecordingSid=sid)

    written(other, "Hm.")  # of a sound that was too short
    written(RECORDING, "I cannot sign in.")
    caller.speak()
    assert (call().transcript, call().transcript_state) == ("I cannot sign in.", "ready")
    written(RECORDING, "Replayed.")
    written(other, "Another recording.")
    assert call().transcript == "I cannot sign in."
    assert (call().ticket.category, call().ticket.subject) == ("LOGIN_PWD", "Something else")


def test_words_that_never_come_are_waited_for_an_hour(cast, line, post, clock_at):
    Caller(post).press("1").press("3").speak()
    clock_at.shift(3599)
    fetch_recordings()
    assert call().transcript_state == "wanted"
    clock_at.shift(2)
    fetch_recordings()
    assert call().transcript_state == "failed"


@pytest.mark.parametrize(
    ("number", "kept"),
    [("anonymous", ""), ("+266696687", ""), ("sip:desk@example", ""), ("", ""), (CALLER, CALLER)],
)
def test_withheld_numbers_are_no_numbers(cast, line, post, number, kept):
    """Nobody is offered to call "+266696687" back, and two such callers are not the same person."""
    caller = Caller(lambda address, **form: post(address, **{**form, "From": number}))
    caller.press("1").press("3").speak()

    assert (call().phone, Ticket.objects.get().requester_phone) == (kept, kept)


def test_a_wrong_key_is_asked_about_once_and_a_number_on_file_leads_home(cast, line, post):
    """TR-03: who does not know their office reaches the one they belong to; the line names it to nobody, because a
    number on the screen proves nothing."""
    type(cast.pat).objects.filter(pk=cast.pat.pk).update(phone=CALLER, home_office=cast.south)
    caller = Caller(post).press("1").press("7")
    assert "That key stands for no office." in caller.words

    caller.press("7")

    assert (call().office, call().side) == (cast.south, "office")
    assert ("South" in caller.words, "Larkfield Health Group" in caller.words) == (False, True)
    caller = Caller(
        lambda address, **form: post(address, **{**form, "CallSid": "CA" + "2" * 32, "From": "+12175550222"})
    )
    assert caller.press("1").press("0").document.find("Dial/Number").text == "+12175550101"
    assert "North" not in caller.words
    assert "North" not in caller.dialed("no-answer").words


def test_a_practice_with_a_patient_line_lets_patients_reach_it_by_a_key(cast, line, post):
    """C5, TR-07: only where the practice opened it; their message lands at IT, and the call is theirs."""
    assert "press 3" not in Caller(post).words
    type(cast.practice).objects.filter(pk=cast.practice.pk).update(patient_support_mode=PatientSupportMode.PATIENT_LINE)
    caller = Caller(lambda address, **form: post(address, **{**form, "CallSid": "CA" + "2" * 32}))
    assert "press 3" in caller.words

    caller.press("3").dialed("no-answer").speak()

    ticket = Ticket.objects.get()
    assert (ticket.side, ticket.requester_kind) == ("it", "patient")


def test_calls_whose_end_nobody_told_are_ended(cast, line, post, clock_at):
    Caller(post)
    clock_at.shift(4 * 3600 + 1)

    fetch_recordings()

    assert (call().state, call().outcome) == ("ended", "hung_up")


def test_addresses_are_https_and_ours(cast, line, post):
    caller = Caller(post).press("1").press("3")
    record = caller.document.find("Record").attrib
    for name in ("action", "recordingStatusCallback", "transcribeCallback"):
        parts = urlsplit(record[name])
        assert (parts.scheme, parts.netloc, parts.query) == ("https", "lantern.example", "")
    assert refresh(call()).public_id in record["action"]
