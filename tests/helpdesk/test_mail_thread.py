"""A conversation by e-mail, there and back over a real connection: it stays one thread everywhere (HD-10)."""

import email
import email.policy

import pytest

from helpdesk.actions import inbound_mail, tickets
from helpdesk.models import Ticket
from portal_core.kernel import outbox
from portal_core.notify import delivery
from tests.fakes.smtp import smtp_sink
from tests.helpdesk.mails import mail

pytestmark = pytest.mark.django_db
LONG = f"<{'A1b2' * 25}@mail.patients.example>"


def test_a_conversation_there_and_back(cast, settings):
    settings.INBOUND_MAIL_DOMAIN = "help.larkfield-health-group.example"
    mails = []

    def comes(raw, to):
        inbound_mail.receive(raw=raw, envelope_sender="pat@patients.example", recipients=[to])
        outbox.drain()

    def leaves():
        outbox.drain()
        delivery.deliver_due()
        assert len(server.mails) == len(mails) + 1
        mails.append(email.message_from_bytes(server.mails[-1].raw, policy=email.policy.default))
        return mails[-1]

    with smtp_sink() as server:
        settings.EMAIL_URL = server.url
        comes(mail("I cannot sign in.", header_id=LONG), f"larkfield@{settings.INBOUND_MAIL_DOMAIN}")
        receipt = leaves()
        ticket = Ticket.objects.get()
        assert receipt["In-Reply-To"] == LONG
        assert receipt["References"].split()[1] == LONG
        assert "=?" not in str(receipt["References"]) + str(receipt["In-Reply-To"])

        tickets.reply(ticket=ticket, body="Your chart says so and so. Try again.", by=cast.olivia.actor)
        answer = leaves()
        assert answer["References"] == receipt["References"]
        assert "chart" not in server.mails[-1].raw.decode()

        # What a mail program makes of "Reply": to Reply-To, naming our letter, everything quoted below.
        quoted = "\n".join(f"> {line}" for line in answer.get_body(("plain",)).get_content().splitlines())
        back = mail(
            f"It works.\n\nOn Mon, Nov 16, 2026, {answer['From']} wrote:\n{quoted}",
            header_id="<2@patients.example>",
            subject=f"Re: {answer['Subject']}",
            In_Reply_To=answer["Message-ID"],
        )
        comes(back, answer["Reply-To"].strip("<>"))

    assert Ticket.objects.count() == 1
    written = ticket.messages.filter(visibility="patient").order_by("id").values_list("author_kind", "body")
    assert list(written) == [
        ("requester", "Help\n\nI cannot sign in."),
        ("office", "Your chart says so and so. Try again."),
        ("requester", "It works."),
    ]
