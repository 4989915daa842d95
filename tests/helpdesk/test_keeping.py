"""Originals are not kept for ever: e-mails as they came and the sound of messages go after a practice's days."""

import datetime as dt

import pytest

from helpdesk import errors
from helpdesk.actions import inbound_mail, keeping
from helpdesk.enums import CallDirection, CallOutcome, CallState, MailState
from helpdesk.models import InboundMail, KeepingRule, PhoneCall, VoicemailAudio
from helpdesk.tasks import remove_originals
from portal_core.kernel import clock
from portal_core.kernel.models import AuditEvent
from tests.helpdesk.factories import HeldMailFactory, TicketFactory, refresh

pytestmark = pytest.mark.django_db
URL = "/desk/settings/keeping/"


def mail_of(office, days, state=MailState.SET_ASIDE, **fields):
    at = clock.now() - dt.timedelta(days=days)
    reason = "machine" if state == MailState.HELD else ""
    return HeldMailFactory(office=office, received_at=at, state=state, hold_reason=reason, **fields)


def recording(office, days):
    at = clock.now() - dt.timedelta(days=days)
    call = PhoneCall.objects.create(
        practice=office.practice, office=office, ticket=TicketFactory(office=office), direction=CallDirection.IN,
        state=CallState.ENDED, outcome=CallOutcome.VOICEMAIL, started_at=at, ended_at=at, recording_state="kept",
        transcript="Please call me.",
    )  # fmt: skip
    VoicemailAudio.objects.create(call=call, content_type="audio/mpeg", sealed="x", size=1, kept_at=at)
    return call


def test_what_is_past_its_time_goes_and_the_ticket_keeps_what_was_read(cast):
    old, young = mail_of(cast.north, 181), mail_of(cast.north, 179)
    waiting = mail_of(cast.north, 900, MailState.HELD)
    ticketed = mail_of(cast.north, 200, MailState.TICKETED, ticket=TicketFactory(office=cast.north))
    spoken, fresh = recording(cast.north, 91), recording(cast.north, 89)

    assert remove_originals() == 3

    assert [bytes(refresh(row).raw) == b"" for row in (old, young, waiting, ticketed)] == [True, False, False, True]
    assert refresh(old).raw_removed_at is not None
    assert refresh(ticketed).subject == "Fax received"
    assert (refresh(spoken).recording_state, refresh(spoken).transcript) == ("removed", "Please call me.")
    assert list(VoicemailAudio.objects.values_list("call", flat=True)) == [fresh.pk]
    lines = AuditEvent.objects.filter(action="keeping:remove").order_by("pk")
    assert [(line.facts["what"], line.facts["count"]) for line in lines] == [("mails", 2), ("recordings", 1)]
    assert remove_originals() == 0


def test_it_goes_on_batch_by_batch(cast, monkeypatch):
    monkeypatch.setattr(keeping, "BATCH", 2)
    for _number in range(5):
        mail_of(cast.north, 200)

    assert remove_originals() == 5
    counts = [line.facts["count"] for line in AuditEvent.objects.filter(action="keeping:remove").order_by("pk")]
    assert counts == [2, 2, 1]


def test_each_practice_has_its_own_days(cast):
    keeping.choose(practice=cast.elsewhere, mail_days=30, recording_days=7, by=cast.charlie.actor)
    mine, theirs = mail_of(cast.north, 40), mail_of(cast.elsewhere_office, 40)

    remove_originals()

    assert [row.raw_removed_at is None for row in (refresh(mine), refresh(theirs))] == [True, False]


def test_what_lost_its_original_becomes_no_ticket(cast):
    row = mail_of(cast.north, 200)
    remove_originals()

    with pytest.raises(errors.OriginalRemoved):
        inbound_mail.make_ticket(mail=row, by=cast.olivia.actor)

    assert refresh(row).state == MailState.SET_ASIDE


def test_the_page_of_such_a_mail_says_so(cast, staff_client):
    row = mail_of(cast.north, 200)
    remove_originals()

    page = staff_client(cast.olivia).get(f"/desk/mail/{row.public_id}/").content.decode()

    assert "The original was removed on" in page
    assert "Make a ticket" not in page


def test_a_keeper_of_the_settings_chooses(cast, staff_client):
    client = staff_client(cast.ana)
    assert 'value="180"' in client.get(URL).content.decode()

    assert client.post(URL, {"mail_days": "6", "recording_days": "30"}).status_code == 422
    assert not KeepingRule.objects.exists()
    assert client.post(URL, {"mail_days": "60", "recording_days": "30"}).status_code == 302

    rule = KeepingRule.objects.get()
    assert (rule.practice, rule.mail_days, rule.recording_days) == (cast.practice, 60, 30)
    line = AuditEvent.objects.get(action="keeping:choose")
    assert (line.facts["mail_days"], line.facts["recording_days"]) == (60, 30)
    assert staff_client(cast.olivia).get(URL).status_code == 403
    assert InboundMail.objects.count() == 0
