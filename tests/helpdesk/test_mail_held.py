"""E-mail that was held for a person to look at becomes a ticket, joins one or is set aside, once (HD-10)."""

import pytest

from helpdesk.actions import inbound_mail
from helpdesk.errors import WrongMove
from helpdesk.models import Ticket
from helpdesk.rules.reply_address import reply_address
from portal_core.notify.models import Delivery
from tests.helpdesk.factories import answered, refresh, written
from tests.helpdesk.mails import mail

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("mail_domain")]


def test_a_held_mail_becomes_a_ticket_by_hand_once(arrive, cast):
    row = arrive(mail("Fax received", Auto_Submitted="auto-generated"))

    ticket = inbound_mail.make_ticket(mail=row, by=cast.olivia.actor)

    assert inbound_mail.make_ticket(mail=refresh(row), by=cast.olivia.actor) == ticket
    assert (refresh(row).state, Ticket.objects.count(), Delivery.objects.count()) == ("ticketed", 1, 0)


def too_many(arrive, cast, monkeypatch, to=None):
    """An answer to a ticket that came when its sender had sent too much."""
    ticket = to or answered(cast)
    monkeypatch.setattr(inbound_mail, "PER_HOUR", 1)
    arrive(mail())
    row = arrive(mail("It works now", header_id="<last@p>"), reply_address(ticket.public_id))
    assert (row.state, row.ticket) == ("held", None)
    return ticket, row


def test_a_held_answer_is_added_to_its_ticket_by_hand(arrive, cast, staff_client, monkeypatch):
    ticket, row = too_many(arrive, cast, monkeypatch)
    olivia, page = staff_client(cast.olivia), f"/desk/mail/{row.public_id}/"
    assert f"Add to {ticket.reference}" in olivia.get(page).content.decode()
    assert "Look at it" in olivia.get("/desk/mail/").content.decode()

    for _ in range(2):
        answer = olivia.post(f"{page}ticket/", {"join": "1"}, follow=True)

    assert f"It is on ticket {ticket.reference} now." in answer.content.decode()
    assert (refresh(row).ticket, refresh(ticket).state) == (ticket, "open")
    assert written(ticket) == [("requester", "patient", "It works now")]


def test_a_held_answer_to_a_secure_message_is_only_tied_to_it(arrive, cast, secure, staff_client, monkeypatch):
    row = too_many(arrive, cast, monkeypatch, to=secure)[1]
    page = f"/desk/mail/{row.public_id}/"
    olivia = staff_client(cast.olivia)
    assert "Add to" not in olivia.get(page).content.decode()

    olivia.post(f"{page}ticket/", {"join": "1"})

    fresh = refresh(row).ticket
    assert ([link.other for link in fresh.links.all()], len(written(secure))) == ([secure], 1)


def test_a_held_answer_may_become_a_ticket_of_its_own_too(arrive, cast, staff_client, monkeypatch):
    ticket, row = too_many(arrive, cast, monkeypatch)

    staff_client(cast.olivia).post(f"/desk/mail/{row.public_id}/ticket/")

    assert (refresh(row).ticket != ticket, written(ticket)) == (True, [])


def test_a_held_mail_is_set_aside_and_taken_up_again(arrive, cast):
    row = arrive(mail(Precedence="bulk"))

    inbound_mail.set_aside(mail=row, by=cast.olivia.actor)
    assert refresh(row).state == "set_aside"
    inbound_mail.make_ticket(mail=row, by=cast.olivia.actor)
    with pytest.raises(WrongMove):
        inbound_mail.set_aside(mail=row, by=cast.olivia.actor)
