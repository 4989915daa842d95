"""Whether the address an e-mail claims is confirmed: by our own receiving server, and by nobody else (HD-10)."""

import pytest

from helpdesk.actions import inbound_mail
from helpdesk.enums import SenderCheck
from helpdesk.models import InboundMail
from helpdesk.rules.sender_check import Finding, check, parse
from portal_core.kernel import outbox
from tests.helpdesk.factories import refresh
from tests.helpdesk.mails import mail

OURS = "mx.help.example"
HOP = ("Received", f"from elsewhere by {OURS}; Mon, 2 Mar 2026 12:00:00 +0000")
STRANGERS_HOP = ("Received", f"from here by {OURS}; Mon, 2 Mar 2026 11:00:00 +0000")


def found(words, server=OURS):
    return ("Authentication-Results", f"{server}; {words}")


DMARC = found("dmarc=pass header.from=patients.example")


@pytest.mark.parametrize(
    ("fields", "confirmed"),
    [
        ([DMARC, HOP], True),
        ([found("dmarc=fail header.from=patients.example"), HOP], False),
        # A passed DKIM check of the same domain, or of one above it; of another one it says nothing.
        ([found("dkim=pass header.d=patients.example"), HOP], True),
        ([found("dkim=pass (2048-bit key; (secure)) header.i=@patients.example"), HOP], True),
        ([found("spf=pass smtp.mailfrom=pat@patients.example; dmarc=none"), HOP], True),
        ([found("dkim=pass header.d=mass-mail.example; spf=pass smtp.mailfrom=x@mass-mail.example"), HOP], False),
        ([found("dkim=pass header.d=example"), HOP], False),
        # DMARC decides, whatever else passed; two that differ are none.
        ([found("dkim=pass header.d=patients.example; dmarc=fail"), HOP], False),
        ([DMARC, found("dmarc=fail"), HOP], False),
        # A stranger's line stands below ours, bears another name, or both.
        ([HOP, DMARC], False),
        ([HOP, DMARC, STRANGERS_HOP], False),
        ([found("dmarc=pass", server="mx.elsewhere.example"), HOP], False),
        ([found("dmarc=pass", server=f"{OURS}.elsewhere.example"), HOP], False),
        ([found("none (dmarc=pass"), HOP], False),
        ([found('x="; dmarc=pass'), HOP], False),
        ([HOP], False),
        ([DMARC], False),
        ([], False),
    ],
)
def test_only_the_line_of_our_own_server_counts(fields, confirmed):
    verdict = check(fields, server=OURS, hops=1, sender="pat@patients.example")

    assert verdict == (SenderCheck.CONFIRMED if confirmed else SenderCheck.NOT_CONFIRMED)


def test_with_two_servers_of_ours_the_line_may_stand_between_them():
    fields = [HOP, DMARC, HOP]

    assert check(fields, server=OURS, hops=2, sender="pat@patients.example") == SenderCheck.CONFIRMED
    assert check([HOP, HOP, DMARC], server=OURS, hops=2, sender="pat@patients.example") == SenderCheck.NOT_CONFIRMED


def test_a_domain_below_a_confirmed_one_belongs_to_it_and_not_the_other_way_round():
    dkim = found("dkim=pass header.d=patients.example")

    assert check([dkim, HOP], server=OURS, hops=1, sender="pat@mail.patients.example") == SenderCheck.CONFIRMED
    below = found("dkim=pass header.d=evil.patients.example")
    assert check([below, HOP], server=OURS, hops=1, sender="pat@patients.example") == SenderCheck.NOT_CONFIRMED


def test_without_a_server_named_nothing_is_said():
    assert check([DMARC, HOP], server="", hops=1, sender="pat@patients.example") == SenderCheck.UNKNOWN


def test_a_line_is_read_whatever_is_in_it():
    assert parse('mx.help.example 1; dkim/1 = pass header.d = "patients.example"; none') == (
        "mx.help.example", [Finding("dkim", "pass", "patients.example")],
    )  # fmt: skip
    for hostile in ("", ";;;;", "(" * 5000, '"' * 4999, "\\", "a=b" * 9000):
        parse(hostile)


@pytest.mark.django_db
def test_the_ticket_and_the_mail_say_it_in_a_plain_word(cast, settings, staff_client):
    settings.INBOUND_MAIL_DOMAIN, settings.INBOUND_MAIL_AUTHSERV = "help.example", OURS
    forged = b"Authentication-Results: mx.help.example; dmarc=pass\r\n" + mail(header_id="<a@patients.example>")
    honest = mail(header_id="<b@patients.example>", subject="Help again")
    top = f"Received: from a by {OURS}\r\n".encode()
    rows = [
        inbound_mail.receive(raw=raw, envelope_sender="pat@patients.example", recipients=["larkfield@help.example"])
        for raw in (top + forged, DMARC[0].encode() + b": " + DMARC[1].encode() + b"\r\n" + top + honest)
    ]
    outbox.drain()

    first, second = (refresh(row) for row in rows)
    assert (first.sender_check, second.sender_check) == ("unconfirmed", "confirmed")
    client = staff_client(cast.olivia)
    pages = [client.get(f"/triage/office/tickets/{row.ticket.public_id}/").content.decode() for row in (first, second)]
    assert ["is not confirmed" in page for page in pages] == [True, False]
    assert "is confirmed" in client.get(f"/desk/mail/{second.public_id}/").content.decode()
    assert InboundMail.objects.filter(sender_check="").count() == 0
