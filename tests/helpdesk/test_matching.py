"""Whom a ticket is about: found, corrected, and what of it the wrong person never reads (TR-03, PC-06)."""

import pytest

from helpdesk import errors
from helpdesk.actions import tickets
from helpdesk.enums import Channel, TicketState
from helpdesk.queries import conversations, unread_count
from tests.cast import make_user
from tests.helpdesk.factories import TicketFactory, TicketMessageFactory, refresh

S = TicketState


def match(cast, ticket, patient, **how):
    tickets.match_patient(ticket=ticket, patient=patient, by=cast.olivia.actor, **how)


@pytest.mark.parametrize("channel", [Channel.PORTAL, Channel.MESSAGE])
def test_what_was_written_signed_in_stays_with_who_signed_in(cast, channel):
    ticket = TicketFactory(office=cast.north, patient=cast.pat, channel=channel)

    with pytest.raises(errors.WroteSignedIn):
        match(cast, ticket, cast.paula, again=True)

    match(cast, ticket, cast.pat)  # the same person again is nobody else
    assert refresh(ticket).patient == cast.pat


def test_somebody_else_is_matched_knowingly_and_reads_nothing_from_before(cast, patient_client):
    """Not what was written, not what it was called; what follows is theirs."""
    ticket = TicketFactory(office=cast.north, patient=cast.pat, subject="My biopsy", channel=Channel.EMAIL)
    for author in ("requester", "office"):
        TicketMessageFactory(ticket=ticket, author_kind=author, body=f"Words about Pat of {author}.")
    with pytest.raises(errors.MatchedAlready):
        match(cast, ticket, cast.paula)
    assert refresh(ticket).patient == cast.pat

    match(cast, ticket, cast.paula, again=True)

    assert conversations(cast.paula).rows == []
    tickets.reply(ticket=ticket, body="This is for Paula.", by=cast.olivia.actor)
    cast.paula.user = make_user("paula", cast.pat.user.realm)
    cast.paula.save(update_fields=["user"])
    page = patient_client(cast.paula).get(f"/portal/requests/{ticket.public_id}/").content.decode()
    assert "This is for Paula." in page
    assert "about Pat" not in page
    assert "biopsy" not in page
    assert (len(conversations(cast.paula).rows), unread_count(cast.paula)) == (1, 0)
    assert patient_client(cast.pat).get(f"/portal/requests/{ticket.public_id}/").status_code == 404


def test_what_was_split_off_after_the_correction_hides_the_same(cast):
    ticket = TicketFactory(office=cast.north, patient=cast.pat, channel=Channel.EMAIL)
    message = TicketMessageFactory(ticket=ticket, author_kind="requester", body="Two things.")
    match(cast, ticket, cast.paula, again=True)

    fresh = tickets.split(
        ticket=ticket, message_ids=[message.public_id], category=ticket.category, by=cast.olivia.actor
    )

    assert fresh.patient == cast.paula
    assert conversations(cast.paula).rows == []


def test_two_patients_are_not_joined_by_matching_either(cast):
    into, other = (TicketFactory(office=cast.north) for _ in range(2))
    match(cast, other, cast.pat)
    tickets.merge(ticket=other, into=into, by=cast.olivia.actor)

    with pytest.raises(errors.OtherPatient):
        match(cast, into, cast.paula)
    with pytest.raises(errors.TicketMerged):
        match(cast, other, cast.paula, again=True)

    match(cast, into, cast.pat)
    assert refresh(into).patient == cast.pat


def test_an_owner_who_has_no_desk_where_it_goes_has_it_no_more(cast):
    """It would be nobody's to serve, and its alarms would go to somebody it is closed to."""
    away = TicketFactory(office=cast.south, owner=cast.oscar, state=S.OPEN)
    stays = TicketFactory(office=cast.north, owner=cast.olivia, state=S.OPEN)

    match(cast, away, cast.pat)
    match(cast, stays, cast.pat)

    assert (refresh(away).office, refresh(away).owner) == (cast.north, None)
    assert refresh(stays).owner == cast.olivia


def test_the_desk_asks_before_it_changes_whom_it_is_about(cast, staff_client):
    ticket = TicketFactory(office=cast.north, patient=cast.pat, channel=Channel.EMAIL)
    desk, address = staff_client(cast.olivia), f"/triage/office/tickets/{ticket.public_id}"
    found = desk.post(f"{address}/search/", {"q": "Paula"}).content.decode()
    assert "It is not Pat Patient." in found

    said = desk.post(f"{address}/match/", {"patient": cast.paula.public_id})
    assert (said.status_code, refresh(ticket).patient) == (409, cast.pat)
    assert desk.post(f"{address}/match/", {"patient": cast.paula.public_id, "again": "1"}).status_code == 302
    assert refresh(ticket).patient == cast.paula

    signed = TicketFactory(office=cast.north, patient=cast.pat, channel=Channel.PORTAL)
    page = desk.get(f"/triage/office/tickets/{signed.public_id}/").content.decode()
    assert "it stays theirs" in page
    assert "Someone else?" not in page
