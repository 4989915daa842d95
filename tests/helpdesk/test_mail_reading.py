"""Reading e-mail (HD-10): what people wrote comes out, whatever mail program wrote it; nothing hostile gets through."""

import json
import time

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from helpdesk.rules import files, letter, letter_text
from helpdesk.rules.enclosed import calendar_words
from tests.helpdesk.mails import HOSTILE, PDF, PNG, mail, raw, tnef


# --- words ------------------------------------------------------------------------------------------------------------
def test_a_plain_letter_is_read():
    found = letter.read(mail("It says\nerror 500."))

    assert (found.sender, found.sender_name, found.subject) == ("pat@patients.example", "Pat Patient", "Help")
    assert (found.header_id, found.references, found.machine) == ("<one@patients.example>", (), "")
    assert found.text == "It says\nerror 500."
    assert found.faults == ()


@pytest.mark.parametrize(
    ("charset", "words"),
    [("utf-8", "Señor Müller – “ok”"), ("iso-8859-15", "Müller 5 €"), ("windows-1252", "it’s"), ("shift_jis", "痛い"),
     ("koi8-r", "Привет"), ("utf-16", "Grüße"), ("gb18030", "你好"), ("iso-2022-jp", "こんにちは")],
)  # fmt: skip
def test_letters_of_every_alphabet(charset, words):
    head = (
        f"From: a@b.example\r\nContent-Type: text/plain; charset={charset}\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    )
    assert letter.read(head.encode() + words.encode(charset)).text == words


def test_a_wrong_charset_is_guessed():
    head = b"From: a@b.example\r\nContent-Type: text/plain; charset=us-ascii\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    assert letter.read(head + "Grüße".encode()).text == "Grüße"
    assert letter.read(head + "Grüße".encode("latin-1")).text == "Grüße"


def test_plain_text_goes_before_its_html():
    assert letter.read(mail("plain words", html="<p>other words</p>")).text == "plain words"


def test_html_alone_becomes_text():
    found = letter.read(
        raw(
            "From: a@b.example", "Content-Type: text/html; charset=utf-8", "",
            "<style>p{}</style><p>Hello <b>you</b>,</p><div>see <a href='https://evil.example/'>ours</a><br>now</div>"
            "<ul><li>one</li><li>two</li></ul><blockquote>earlier</blockquote><script>alert(1)</script>",
        )
    )  # fmt: skip

    assert found.text == "Hello you,\n\nsee ours <https://evil.example/>\nnow\n- one\n- two\n> earlier"


def test_html_that_staff_may_look_at_has_no_attribute_at_all():
    shown = letter_text.shown_html(
        "<p style='x' onclick='y' class='z'>Hi <a href='javascript:alert(1)'>there</a></p><img src='https://t.example/1.gif'>"
        "<svg><script>alert(1)</script></svg><form action='/x'><input value='v'></form><b>bold</b>"
    )

    assert shown == "<p>Hi there</p><b>bold</b>"


@pytest.mark.parametrize(
    ("whole", "new"),
    [
        ("Yes.\n\nOn Mon, Nov 16, 2026 at 9:00 AM Cedar <\nno-reply@x.example> wrote:\n\n> Does it?\n> Yes?", "Yes."),
        ("Sí.\n\nEl lun, 16 nov 2026 a las 9:00, Cedar escribió:\n> ¿Va?", "Sí."),
        ("Thanks\n\n-----Original Message-----\nFrom: Cedar\nSent: Monday\nold", "Thanks"),
        ("Thanks\n\n________________________________\nFrom: Cedar\nSent: Monday\nTo: P\nSubject: R\n\nold", "Thanks"),
        ("From: C <c@x>\nSent: Monday\nTo: P\nSubject: R\n\nonly the letter before",
         "From: C <c@x>\nSent: Monday\nTo: P\nSubject: R\n\nonly the letter before"),
        ("Works now\nPat\n\nSent from my iPhone\n\n> On Nov 1, Cedar wrote:\n> \n> hello", "Works now\nPat"),
        ("Works\n-- \nPat Patient\n1 Main St", "Works"),
        ("On Mon Cedar wrote:\n> Does it?\nNo.\n> Since?\nMonday",
         "On Mon Cedar wrote:\n> Does it?\nNo.\n> Since?\nMonday"),
        ("On Monday I called and you wrote me:\nnothing", "On Monday I called and you wrote me:\nnothing"),
        ("> all of it\n> quoted", "> all of it\n> quoted"),
        ("- first thing\n- second thing", "- first thing\n- second thing"),
    ],
)  # fmt: skip
def test_of_an_answer_only_what_is_new(whole, new):
    assert letter_text.new_words(whole) == new


# --- parts ------------------------------------------------------------------------------------------------------------
def test_files_come_out_whole():
    found = letter.read(mail("See here", files=(("letter.pdf", "application/pdf", PDF), ("a.png", "image/png", PNG))))

    assert [(one.name, one.claimed, one.data) for one in found.files] == [
        ("letter.pdf", "application/pdf", PDF),
        ("a.png", "image/png", PNG),
    ]
    assert found.text == "See here"


def test_an_enclosed_mail_is_read_with_its_files():
    inner = mail("The portal says error 500", subject="Trouble", files=(("a.pdf", "application/pdf", PDF),))
    outer = raw(
        "From: office@x.example", 'Content-Type: multipart/mixed; boundary="b"', "", "--b", "", "See below", "--b",
        "Content-Type: message/rfc822", "", inner, "--b--",
    )  # fmt: skip

    found = letter.read(outer)

    assert found.text == (
        "See below\n\n--- Enclosed e-mail from Pat Patient <pat@patients.example>: Trouble ---\n\n"
        "The portal says error 500"
    )
    assert [one.name for one in found.files] == ["a.pdf"]


def test_outlooks_envelope_is_opened():
    found = letter.read(
        mail("", files=(("winmail.dat", "application/ms-tnef", tnef("form.pdf", PDF, "Here is the form")),))
    )

    assert found.text == "Here is the form"
    assert [(one.name, one.data) for one in found.files] == [("form.pdf", PDF)]
    assert found.faults == ()


def test_an_envelope_whose_words_are_compressed_stays_a_file_beside_what_it_held():
    """Outlook may write the words as compressed rich text alone; they are not unpacked, and somebody is told."""
    envelope = tnef("form.pdf", PDF, "", rich=b"RTF!")

    found = letter.read(mail("", files=(("winmail.dat", "application/ms-tnef", envelope),)))

    assert (found.text, found.faults) == ("", ("tnef_words",))
    assert [one.name for one in found.files] == ["winmail.dat", "form.pdf"]


@pytest.mark.parametrize(
    ("name", "subject", "words"),
    [
        ("José", "Contraseña".encode(), "Contraseña"),
        ("José", "Contraseña".encode("windows-1252"), "Contraseña"),
        ("José", "Clé 鍵 ".encode() + b"=?utf-8?q?=C3=A9?=", "Clé 鍵 é"),
        ("Jose", b"=?utf-8?q?Contrase=C3=B1a?=", "Contraseña"),
    ],
)
def test_headers_with_plain_letters_beyond_ascii_are_read(name, subject, words):
    """Sloppy mailers write UTF-8 as it is, and SMTPUTF8 allows it (RFC 6532)."""
    found = letter.read(b"From: " + name.encode() + " <josé@b.example>\r\nSubject: ".encode() + subject + b"\r\n\r\nHi")

    assert (found.sender, found.sender_name, found.subject) == ("josé@b.example", name, words)


def test_an_envelope_that_cannot_be_opened_stays_a_file():
    found = letter.read(mail("Hi", files=(("winmail.dat", "application/ms-tnef", b"\x78\x9f\x3e\x22\xff\xff"),)))

    assert found.faults == ("tnef",)
    assert [one.name for one in found.files] == ["winmail.dat"]


def test_an_invitation_is_told_in_words():
    event = ("BEGIN:VCALENDAR", "BEGIN:VEVENT", "SUMMARY:Portal training", "DTSTART:20261201T150000Z", "END:VEVENT")
    text = raw(*event, "END:VCALENDAR")
    assert calendar_words(text) == "Invitation: Portal training, 2026-12-01 15:00 UTC"


# --- machines (RFC 3834) ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("headers", "sender", "sign"),
    [
        ({"Auto_Submitted": "auto-replied"}, None, "auto_submitted"),
        ({"Auto_Submitted": "no"}, None, ""),
        ({"Precedence": "bulk"}, None, "precedence"),
        ({"List_Id": "<news.x.example>"}, None, "list"),
        ({"X_Autoreply": "yes"}, None, "autoreply"),
        ({}, "", "empty_sender"),
        ({}, "pat@patients.example", ""),
        ({"sender": "MAILER-DAEMON@mx.example"}, None, "sender"),
        ({"sender": "No Reply <no-reply@shop.example>"}, None, "sender"),
    ],
)
def test_machines_are_told_from_people(headers, sender, sign):
    assert letter.read(mail(**headers), envelope_sender=sender).machine == sign


def test_a_mail_that_runs_in_circles_is_no_letter():
    hops = b"".join(b"Received: from a by b; Mon, 16 Nov 2026 09:00:00 +0000\r\n" for _ in range(41))
    assert letter.read(hops + mail()).machine == "loop"


# --- files ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("data", "name", "kind", "handed_out"),
    [
        (PDF, "letter.pdf", "application/pdf", True),
        (PDF, "letter.exe", "application/pdf", True),
        (PNG, "x", "image/png", True),
        (b"\xff\xd8\xff\xe0", "x.jpg", "image/jpeg", True),
        (b"just words", "notes.txt", "text/plain", True),
        (b"dir c:\\", "run.bat", "application/octet-stream", False),
        (b"alert(1)", "x.js", "application/octet-stream", False),
        (b"<html><script>", "notes.txt", "text/html", False),
        (b"<svg xmlns='x'>", "x.png", "text/html", False),
        (b"MZ\x90", "letter.pdf", "application/x-executable", False),
        (b"#!/bin/sh", "x.txt", "text/x-script", False),
        (b"PK\x03\x04 broken", "x.docx", "application/zip", False),
        (b"\xd0\xcf\x11\xe0", "x.doc", "application/x-ole-storage", False),
        (b"", "x.pdf", "application/x-empty", False),
        (b"\x00\x01\x02", "x.txt", "application/octet-stream", False),
    ],
)
def test_a_file_is_what_its_bytes_say(data, name, kind, handed_out):
    found = files.judge(data, name)

    assert (found.kind, not found.refusal) == (kind, handed_out)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd.pdf"),
        ("C:\\Users\\x\\letter.pdf", "letter.pdf"),
        ('a"b;c=d.pdf', "a b c d.pdf"),
        ("\u202efdp.exe", "fdp.exe.pdf"),
        ("\x00\r\n", "file.pdf"),
        ("...", "file.pdf"),
        ("ä" * 300 + ".pdf", "ä" * 146 + ".pdf"),
    ],
)
def test_a_name_leads_nowhere(given, kept):
    assert files.safe_name(given, files.judge(PDF, given)) == kept


# --- whatever comes ---------------------------------------------------------------------------------------------------
def check(found: letter.Letter) -> None:
    """What every letter promises, so that a database takes it and a page may show it."""
    for text in (found.sender, found.sender_name, found.subject, found.header_id, found.text, *found.references):
        text.encode("utf-8")
        assert "\x00" not in text
        assert "\u202e" not in text
    assert "\n" not in found.subject + found.sender_name + found.sender + found.header_id
    assert len(found.text) <= letter_text.MAX_TEXT
    assert len(found.files) <= letter.MAX_FILES
    assert letter_text.new_words(found.text) or not found.text
    assert "<script" not in letter_text.shown_html(found.html).lower()
    json.dumps([found.references, found.faults])
    for file in found.files:
        name = files.safe_name(file.name, files.judge(file.data, file.name))
        assert name
        assert len(name) <= files.NAME
        assert not set(name) & set('/\\"\r\n\x00')


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_mail_is_read_without_harm(name):
    began = time.process_time()

    found = letter.read(HOSTILE[name])

    check(found)
    assert found.text or found.files or found.subject or found.faults  # nothing vanishes without a word
    assert time.process_time() - began < 5  # far beyond what any of them takes; a blow-up takes minutes


def test_a_mail_built_to_keep_the_parser_busy_still_says_who_and_what():
    found = letter.read(HOSTILE["deep and long"])

    assert (found.sender, found.subject, found.faults) == ("a@b.example", "x", ("too_many_parts",))
    assert "--149" in found.text


NAMES = st.sampled_from(
    ["From", "Subject", "Content-Type", "Content-Transfer-Encoding", "Content-Disposition", "References", "Message-ID"]
)
VALUES = st.one_of(
    st.sampled_from(
        ["multipart/mixed; boundary=x", "multipart/alternative; boundary=x", "text/html; charset=utf-8", "base64",
         "message/rfc822", "application/ms-tnef", "text/calendar", "quoted-printable", "attachment; filename=a.pdf",
         "=?utf-8?B?4pyT?=", "a@b.example", "text/plain; charset=\"\x00\"", "<a@b> <c@d>", "multipart/report"]
    ),
    st.text(max_size=40),
)  # fmt: skip
BODY = st.lists(
    st.one_of(
        st.sampled_from(
            [b"--x", b"--x--", b"", b"Content-Type: text/html", b"<p>a</p>", b"> q", b"On x wrote:", b"-- "]
        ),
        st.binary(max_size=60),
    ),
    max_size=12,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(headers=st.lists(st.tuples(NAMES, VALUES), max_size=6), body=BODY)
@example(headers=[("Content-Type", "multipart/mixed; boundary=x")], body=[b"--x", b"--x", b"--x--"])
def test_no_mail_breaks_the_reader(headers, body):
    head = b"".join(f"{name}: {value}".encode("utf-8", "replace") + b"\r\n" for name, value in headers)
    check(letter.read(head + b"\r\n" + b"\r\n".join(body)))


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400))
def test_no_bytes_break_the_reader(data):
    check(letter.read(data))


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="<>/=\"' abdivpqscript&;#x1\n-:Onwrote", max_size=300))
def test_no_html_gets_through(html):
    shown = letter_text.shown_html(html)
    assert "<script" not in shown
    assert "=" not in "".join(part.partition(">")[0] for part in shown.split("<")[1:])  # a tag has no attribute
    letter_text.html_to_text(html)
