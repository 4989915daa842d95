"""E-mail comes in (HD-10, TR-03): kept whole before the server hears yes, then on the right desk, once."""

import pytest
from django.db import DatabaseError

from helpdesk.actions import inbound_mail, tickets
from helpdesk.enums import FileState, MailState, TicketState
from helpdesk.errors import MailboxUnknown
from helpdesk.management.commands.serve_mail import keep
from helpdesk.models import Attachment, InboundMail, Ticket
from helpdesk.queries import files_of_ticket, public_thread
from helpdesk.rules.reply_address import mailbox, office_address, reply_address, thread_id
from portal_core.kernel import outbox
from portal_core.kernel.models import AuditEvent
from portal_core.notify.models import Delivery
from tests.helpdesk.factories import TicketFactory, answered, refresh, written
from tests.helpdesk.mails import DOMAIN, HOSTILE, PDF, bounce, mail

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("mail_domain")]


def ledger_of(mail_row):
    lines = AuditEvent.objects.filter(target_type="helpdesk.inboundmail", target_id=mail_row.public_id)
    return list(lines.order_by("pk").values_list("action", flat=True))


# --- where it goes ----------------------------------------------------------------------------------------------------
def test_a_letter_of_a_stranger_opens_a_ticket_at_the_main_office(arrive, cast):
    row = arrive(mail("I cannot sign in.", sender="Xenia <xenia@elsewhere.example>", subject="Forgot password"))

    ticket = row.ticket
    assert (row.state, ticket.office, ticket.side, ticket.channel) == ("ticketed", cast.north, "office", "email")
    assert (ticket.requester_email, ticket.requester_name) == ("xenia@elsewhere.example", "Xenia")
    assert (ticket.category, ticket.patient) == ("LOGIN_PWD", None)
    assert written(ticket) == [("requester", "patient", "Forgot password\n\nI cannot sign in.")]


def test_a_patients_address_leads_to_the_patients_office_and_proves_nothing(arrive, cast):
    """TR-03; the chart is not chosen by a From line."""
    cast.paula.email = "Paula@patients.example"
    cast.paula.home_office = cast.south
    cast.paula.save()

    row = arrive(mail(sender="paula@patients.example"), f"larkfield+north@{DOMAIN}")

    assert (row.ticket.office, row.ticket.patient) == (cast.south, None)


def test_an_address_of_two_patients_decides_nothing(arrive, cast):
    for one, office in ((cast.paula, cast.south), (cast.pat, cast.north)):
        one.email, one.home_office = "family@patients.example", office
        one.save()

    assert arrive(mail(sender="family@patients.example"), f"larkfield+west@{DOMAIN}").ticket.office == cast.west


@pytest.mark.parametrize(
    ("address", "office"),
    [("larkfield@", "North"), ("larkfield+south@", "South"), ("LARKFIELD+West@", "West"),
     ("larkfield+nowhere@", "North"), ("elsewhere@", "Elsewhere Office"), ("postmaster@", "North")],
)  # fmt: skip
def test_every_office_has_an_address(arrive, address, office):
    assert arrive(mail(sender="x@y.example"), address + DOMAIN).ticket.office.name == office


def test_a_colleagues_letter_goes_to_it(arrive, cast):
    cast.oscar.email = "oscar@larkfield.example"
    cast.oscar.save()

    ticket = arrive(mail(sender="oscar@larkfield.example")).ticket

    assert (ticket.side, ticket.requester_kind) == ("it", "staff")


def test_known_and_unknown_senders_hear_the_same(arrive, cast):
    cast.pat.email = "pat@patients.example"
    cast.pat.save()
    for sender in ("pat@patients.example", "nobody@elsewhere.example"):
        arrive(mail(sender=sender, header_id=f"<{sender}>"))

    first, second = Delivery.objects.select_related("message").order_by("id")
    tickets_ = list(Ticket.objects.order_by("id"))
    told = [
        one.message.text.replace(ticket.reference, "REF").split("http")[0]
        for one, ticket in zip((first, second), tickets_, strict=True)
    ]
    assert told[0] == told[1]
    assert [one.message.template for one in (first, second)] == ["helpdesk/received"] * 2


# --- answers ----------------------------------------------------------------------------------------------------------
def test_an_answer_to_the_sealed_address_opens_the_ticket_again(arrive, cast):
    ticket = answered(cast)
    text = "It works now.\n\nOn Monday Cedar wrote:\n> Does it?"

    row = arrive(mail(text, subject="Re: An answer"), reply_address(ticket.public_id))

    assert (row.ticket, refresh(ticket).state) == (ticket, "open")
    assert written(ticket) == [("requester", "patient", "It works now.")]
    assert Ticket.objects.count() == 1


@pytest.mark.parametrize("header", ["In_Reply_To", "References"])
def test_an_answer_is_known_by_the_threads_id(arrive, cast, header):
    ticket = answered(cast)

    assert arrive(mail(**{header: f"<older@x.example> {thread_id(ticket.public_id)}"})).ticket == ticket


def test_an_answer_is_known_by_our_letters_id(arrive, cast):
    ticket = answered(cast)
    tickets.reply(ticket=ticket, body="Try again.", by=cast.olivia.actor)
    outbox.drain()
    delivery = Delivery.objects.filter(recipient_key=f"ticket:{ticket.public_id}").first()
    if delivery is None:  # held back for a moment so that it can be recalled
        pytest.fail("no letter was promised")

    assert arrive(mail(In_Reply_To=f"<{delivery.public_id}@lantern.example>")).ticket == ticket


def test_a_letter_that_continues_their_own_earlier_one(arrive):
    first = arrive(mail(header_id="<first@patients.example>"))
    second = arrive(mail("And another thing", header_id="<2@p>", References="<first@patients.example>"))

    assert second.ticket == first.ticket
    stranger = arrive(
        mail(header_id="<3@p>", sender="eve@x.example", References="<first@patients.example>"), sender="eve@x.example"
    )
    assert stranger.ticket != first.ticket


def test_a_number_in_the_subject_counts_for_the_tickets_own_address_alone(arrive, cast):
    ticket = answered(cast)

    mine = arrive(mail(subject=f"Re: [{ticket.reference}]", header_id="<1@p>"))
    other = arrive(mail(subject=f"Re: [{ticket.reference}]", header_id="<2@p>", sender="eve@x.example"))

    assert mine.ticket == ticket
    assert other.ticket != ticket
    assert written(ticket)[1] == (
        "system", "internal", "This e-mail was joined by the number in its subject. It may come from somebody else.",
    )  # fmt: skip


def test_an_answer_from_another_address_says_so(arrive, cast):
    ticket = answered(cast)

    arrive(mail("Me again", sender="pat@work.example"), reply_address(ticket.public_id))

    assert written(ticket) == [
        ("requester", "patient", "Me again"),
        ("system", "internal", "This answer came from pat@work.example, not from the requester's address."),
    ]
    assert refresh(ticket).requester_email == "pat@patients.example"  # answers never go to the new address


def test_an_answer_to_a_closed_ticket_opens_a_new_one(arrive, cast):
    """HD-08: it is tied to the old one; a number alone ties nothing."""
    ticket = TicketFactory(office=cast.south, state=TicketState.CLOSED, patient=cast.pat)

    row = arrive(mail(), reply_address(ticket.public_id))
    guessed = arrive(mail(subject=f"Re: {ticket.reference}", header_id="<2@p>"))

    assert (row.ticket.office, row.ticket.patient, written(row.ticket)[0][2]) == (
        cast.south, cast.pat, "I cannot sign in.",
    )  # fmt: skip
    assert (guessed.ticket.patient, Ticket.objects.count()) == (None, 3)


def test_an_answer_to_a_joined_ticket_stays_its_own(arrive, cast):
    """What one requester writes never shows on another's page."""
    kept = TicketFactory(office=cast.north, requester_email="rosa@x.example", state=TicketState.OPEN)
    joined = TicketFactory(office=cast.north, state=TicketState.OPEN)
    tickets.merge(ticket=joined, into=kept, by=cast.olivia.actor)

    row = arrive(mail(files=(("a.pdf", "application/pdf", PDF),)), reply_address(joined.public_id))

    assert row.ticket == joined
    assert [one.body for one in public_thread(refresh(kept))] == []
    assert [one.body for one in public_thread(refresh(joined))] == ["I cannot sign in."]
    assert [one.name for one in files_of_ticket(kept)] == ["a.pdf"]


def test_a_forged_seal_is_no_mailbox(cast):
    ticket = TicketFactory(office=cast.north)
    good = reply_address(ticket.public_id)
    local = good.partition("@")[0]

    assert len(local) <= 64
    assert mailbox(good.upper()).ticket_id == ticket.public_id
    assert mailbox(f"{local[:-1]}{'0' if local[-1] != '0' else '1'}@{DOMAIN}") is None
    with pytest.raises(MailboxUnknown):
        inbound_mail.receive(raw=mail(), envelope_sender="", recipients=[f"reply+{ticket.public_id}@{DOMAIN}"])


@pytest.mark.parametrize("address", ["larkfield+\udcff", "larkfield+\x00", "larkfield+" + "a" * 3000, "LARKFIELD"])
def test_addresses_of_any_letters_break_nothing(address):
    answer = keep(mail(), "\udcffa\x00@b.example", [f"{address}@{DOMAIN}"])

    assert answer.startswith(("250 ", "550 "))
    for row in InboundMail.objects.all():
        assert row.envelope_sender == "a@b.example"


def test_an_earlier_key_still_opens(cast, settings):
    ticket = TicketFactory(office=cast.north)
    address = reply_address(ticket.public_id)
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another"

    assert mailbox(address).ticket_id == ticket.public_id


# --- secure messages --------------------------------------------------------------------------------------------------
def test_the_notice_of_a_secure_message_has_no_address_to_answer_to(secure):
    assert Delivery.objects.select_related("message").get().message.headers == {}


@pytest.mark.parametrize("way", ["seal", "thread", "letter"])
def test_an_answer_to_a_secure_message_by_e_mail_stands_beside_it(arrive, cast, secure, way):
    """PC-06: the only way into the conversation is the patient's sign-in."""
    letter_id = f"<{Delivery.objects.get().public_id}@lantern.example>"
    to = (reply_address(secure.public_id),) if way == "seal" else ()
    headers = {"thread": {"References": thread_id(secure.public_id)}, "letter": {"In_Reply_To": letter_id}}

    row = arrive(mail("Yes, on Monday", **headers.get(way, {})), *to)

    fresh = row.ticket
    assert (fresh.channel, fresh.office, fresh.patient, fresh.state) == ("email", cast.north, None, "new")
    assert [link.other for link in fresh.links.all()] == [secure]
    assert written(fresh) == [
        ("requester", "patient", "Help\n\nYes, on Monday"),
        ("system", "internal", f"This e-mail answers the secure message {secure.reference}. Nobody signed in to write "
         "it, so it stands here and not there. Answer in the portal, or find out first who wrote."),
    ]  # fmt: skip
    assert (refresh(secure).state, len(written(secure))) == (TicketState.WAIT_PATIENT, 1)


def test_a_number_alone_ties_nothing_to_a_secure_message(arrive, secure):
    row = arrive(mail(subject=f"Re: {secure.reference}"))

    assert (row.ticket.channel, row.ticket.links.count(), len(written(row.ticket))) == ("email", 0, 1)
    assert refresh(secure).state == TicketState.WAIT_PATIENT


def test_an_absence_notice_about_a_secure_message_is_a_note_of_the_desk(arrive, secure):
    arrive(mail("I am away.", Auto_Submitted="auto-replied"), reply_address(secure.public_id))

    assert [one[:2] for one in written(secure)] == [("office", "patient"), ("system", "internal")]
    assert (refresh(secure).state, Ticket.objects.count()) == (TicketState.WAIT_PATIENT, 1)


# --- our letters ------------------------------------------------------------------------------------------------------
def test_our_letters_say_where_answers_go_and_what_they_belong_to(arrive):
    row = arrive(mail(header_id="<first@patients.example>"))

    headers = Delivery.objects.select_related("message").get().message.headers

    seal = reply_address(row.ticket.public_id)
    assert headers == {
        "Reply-To": f"<{seal}>",
        "In-Reply-To": "<first@patients.example>",
        "References": f"<{seal}> <first@patients.example>",
    }


def test_without_a_domain_nothing_comes_in_and_letters_carry_no_address(settings, cast):
    settings.INBOUND_MAIL_DOMAIN = ""

    assert (reply_address("x" * 20), office_address("larkfield", "North", main=True)) == ("", "")
    with pytest.raises(MailboxUnknown):
        inbound_mail.receive(raw=mail(), envelope_sender="", recipients=["larkfield@help.example", "@", ""])


# --- machines and loops (RFC 3834) ------------------------------------------------------------------------------------
def test_a_machines_mail_waits_for_a_person(arrive):
    row = arrive(mail(Auto_Submitted="auto-generated", subject="Your order"))

    assert (row.state, row.hold_reason, row.ticket) == ("held", "machine", None)
    assert Delivery.objects.count() == 0


def test_an_absence_notice_becomes_a_note_and_opens_nothing(arrive, cast):
    ticket = answered(cast)

    arrive(mail("I am away.", Auto_Submitted="auto-replied"), reply_address(ticket.public_id))

    assert refresh(ticket).state == "wait_patient"
    assert written(ticket) == [("system", "internal", "Automatic answer by e-mail:\n\nHelp\n\nI am away.")]
    assert Delivery.objects.count() == 0


def test_receipts_stop_after_three_a_day_and_tickets_after_twenty_an_hour(arrive):
    rows = [arrive(mail(header_id=f"<{number}@p>")) for number in range(22)]

    assert [row.state for row in rows] == ["ticketed"] * 20 + ["held"] * 2
    assert rows[-1].hold_reason == "too_many"
    assert Delivery.objects.count() == 3


def test_a_bounce_of_our_letter_is_told_on_the_ticket_once(arrive, cast):
    ticket = arrive(mail()).ticket
    delivery = Delivery.objects.get()
    Delivery.objects.update(state="sent", sent_at=ticket.created_at)

    for number in range(2):
        report = bounce(f"<{delivery.public_id}@lantern.example>") + b"\r\n" * number
        kept = arrive(report, f"postmaster@{DOMAIN}", sender="")
        assert (kept.state, ledger_of(kept)) == ("report", ["mail:receive", "mail:report"])

    assert written(ticket)[1:] == [
        ("system", "internal", "Our e-mail to the requester did not arrive (bounce_5.1.1). The address does not work. "
         "Call them, or ask for another address."),
    ]  # fmt: skip
    assert Ticket.objects.count() == 1


# --- once, and never lost ---------------------------------------------------------------------------------------------
def test_the_same_hand_over_twice_is_one_row(arrive):
    assert arrive(mail()) == arrive(mail())
    assert Ticket.objects.count() == 1


def test_one_letter_to_two_of_our_addresses_is_one_ticket(arrive):
    first = arrive(mail(), f"larkfield@{DOMAIN}")
    second = arrive(b"Received: from a by b\r\n" + mail(), f"larkfield+south@{DOMAIN}")

    assert (first.state, second.state) == ("ticketed", "duplicate")
    assert ledger_of(first) == ["mail:receive", "mail:join"]
    assert ledger_of(second) == ["mail:receive", "mail:duplicate"]


@pytest.mark.parametrize(
    "second",
    [
        {"text": "Page 2"},
        {"subject": "Another scan"},
        {"files": (("scan.pdf", "application/pdf", PDF + b"2"),)},
        {"files": ()},
    ],
)
def test_a_scanner_with_one_id_for_all_loses_nothing(arrive, second):
    """The same Message-ID and other words or files: another letter. The same once more: a copy."""
    first = {"text": "Page 1", "subject": "Scan", "files": (("scan.pdf", "application/pdf", PDF),)}

    rows = [arrive(mail(**first)), arrive(mail(**{**first, **second})), arrive(b"Received: from x\r\n" + mail(**first))]

    assert [row.state for row in rows] == ["ticketed", "ticketed", "duplicate"]
    assert Ticket.objects.count() == 2


def test_what_can_no_longer_be_compared_is_another_letter(arrive):
    first = arrive(mail())
    InboundMail.objects.filter(pk=first.pk).update(raw=b"", raw_removed_at=first.received_at)

    assert arrive(b"Received: from x\r\n" + mail()).state == "ticketed"


def test_reading_twice_changes_nothing(arrive):
    row = arrive(mail())

    inbound_mail.read(mail_id=row.public_id)

    assert len(written(row.ticket)) == 1


def test_a_crash_while_reading_loses_nothing(arrive, monkeypatch):
    """The mail is kept before the server hears yes; reading is tried again."""
    with monkeypatch.context() as patch:
        patch.setattr(inbound_mail.tickets, "open_from_contact", lambda **_: (_ for _ in ()).throw(DatabaseError()))
        row = inbound_mail.receive(raw=mail(), envelope_sender="pat@x.example", recipients=[f"larkfield@{DOMAIN}"])
        outbox.drain()
        assert refresh(row).state == "received"

    inbound_mail.read(mail_id=row.public_id)

    assert refresh(row).ticket is not None
    assert bytes(refresh(row).raw) == mail()


def test_an_address_beyond_ascii_is_kept_as_it_was_written(arrive):
    """RFC 6532; whether a receipt can go there is another matter, and stops nothing."""
    row = arrive("From: José <josé@b.example>\r\nSubject: Contraseña\r\n\r\nHola".encode())

    ticket = row.ticket
    assert (ticket.requester_email, ticket.requester_name, ticket.category) == ("josé@b.example", "José", "LOGIN_PWD")
    assert written(ticket)[0][2] == "Contraseña\n\nHola"


@pytest.mark.parametrize("name", sorted(HOSTILE.keys() - {"empty"}))
def test_hostile_mail_is_kept_whole_and_reaches_a_desk(arrive, name):
    row = arrive(HOSTILE[name], sender="eve@x.example")

    assert row.state == MailState.TICKETED
    assert bytes(row.raw) == HOSTILE[name]
    assert row.ticket.messages.filter(author_kind="requester").count() == 1


def test_files_go_into_quarantine(arrive):
    row = arrive(mail(files=(("a.pdf", "application/pdf", PDF), ("b.pdf", "application/pdf", b"MZ\x90"))))

    assert list(Attachment.objects.order_by("id").values_list("name", "state", "finding", "message_id")) == [
        ("a.pdf", FileState.UNCHECKED, "", row.message_id),
        ("b.pdf", FileState.BLOCKED, "A program.", row.message_id),
    ]
