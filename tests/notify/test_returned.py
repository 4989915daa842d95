"""Bounces and complaints (SP-02: addresses that do not work are set aside): signed JSON, and raw mail of any kind."""

import base64
import io
import json
from email.message import EmailMessage
from email.mime.base import MIMEBase
from email.mime.multipart import MIMEMultipart

import pytest
from django.core.management import call_command

from portal_core.kernel import clock
from portal_core.kernel.http import signatures
from portal_core.notify.models import Delivery
from portal_core.notify.rules import returned
from portal_core.notify.rules.returned import Kind, Returned, Unreadable
from tests.notify.conftest import NOON
from tests.notify.factories import DeliveryFactory

pytestmark = pytest.mark.django_db
SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
OLDER = "whsec_" + base64.b64encode(b"another secret of ours, as long!").decode()
ID = "0123456789abcdefghjk"
URL = "/hooks/email/postmark/"


@pytest.fixture
def heard(monkeypatch):
    found = []
    monkeypatch.setattr("portal_core.notify.hooks._on_failure", {"sample/": lambda **what: found.append(what)})
    return found


@pytest.fixture
def row(heard):
    return DeliveryFactory(public_id=ID, state="sent", sent_at=NOON, recipient_key="subscriber:1")


@pytest.fixture
def report(client, settings):
    settings.EMAIL_HOOK_SECRETS = [SECRET, OLDER]

    def post(body, secret=SECRET, message_id="evt_1", at=None, url=URL, **changed):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = signatures.headers(secret, message_id=message_id, at=at or clock.now(), body=data) | changed
        return client.post(url, data, content_type="application/json", headers=headers)

    return post


def now_of(row):
    row.refresh_from_db()
    return row.state, row.last_error


def bounce(**changes):
    return {"type": "bounce", "message_id": f"<{ID}@lantern.example>", "status": "5.1.1", **changes}


# --- JSON -----------------------------------------------------------------------------------------
def test_a_bounce_ends_the_delivery_and_the_app_hears(report, row, heard):
    assert report(bounce()).status_code == 204

    assert now_of(row) == ("failed", "bounce_5.1.1")
    assert heard == [
        {"keys": frozenset({"subscriber:1"}), "channel": "email", "code": "bounce_5.1.1", "permanent": True}
    ]


@pytest.mark.parametrize(
    ("event", "state", "code", "permanent"),
    [
        (bounce(status="5.1.10"), "failed", "bounce_5.1.10", True),
        (bounce(status="5.2.1"), "failed", "bounce_5.2.1", True),
        (bounce(status="5.2.2"), "failed", "bounce_5.2.2", False),  # mailbox full
        (bounce(status="5.7.1"), "failed", "bounce_5.7.1", False),  # somebody's opinion of our server
        (bounce(status="5.3.4"), "failed", "bounce_5.3.4", False),
        (bounce(status="4.4.7"), "failed", "bounce_4.4.7", False),
        (bounce(status="smtp; 550 5.1.1 no such user"), "failed", "bounce_5.1.1", True),
        (bounce(status=""), "failed", "bounce", False),
        (bounce(status="", permanent=True), "failed", "bounce", True),
        (bounce(status=[], permanent="yes"), "failed", "bounce", False),
        ({"type": "complaint", "delivery": ID}, "failed", "complaint", True),
    ],
)
def test_what_is_permanent(report, row, heard, event, state, code, permanent):
    report(event)

    assert now_of(row) == (state, code)
    assert [(what["code"], what["permanent"]) for what in heard] == [(code, permanent)]


def test_a_receipt_is_kept(report, row, heard):
    report({"type": "delivered", "message_id": f"{ID}@lantern.example"})

    assert now_of(row) == ("delivered", "")
    assert heard == []


def test_a_complaint_about_a_mail_that_arrived_counts(report, row, heard):
    report({"type": "delivered", "delivery": ID}, message_id="evt_1")
    report({"type": "complaint", "delivery": ID}, message_id="evt_2")

    assert now_of(row) == ("delivered", "")
    assert [what["code"] for what in heard] == ["complaint"]


def test_many_events_come_in_one_post(report, row, heard):
    other = DeliveryFactory(state="sent", sent_at=NOON)

    report(
        {"events": [bounce(), {"type": "opened", "delivery": ID}, {"type": "complaint", "delivery": other.public_id}]}
    )

    assert (now_of(row)[1], now_of(other)[1]) == ("bounce_5.1.1", "complaint")
    assert len(heard) == 2


@pytest.mark.parametrize(
    "event",
    [
        bounce(message_id="<someone-else@mail.example>"),
        bounce(message_id=f"<{ID}@>"),
        bounce(message_id="<" + "z" * 20 + "@lantern.example>"),
        bounce(message_id=5),
        bounce(message_id="", delivery="nobody"),
        {"type": "bounce"},
        {"type": "opened", "delivery": ID},
    ],
)
def test_news_of_other_mails_are_passed_over(report, row, heard, event):
    assert report(event).status_code == 204

    assert now_of(row) == ("sent", "")
    assert heard == []


@pytest.mark.parametrize("state", ["waiting", "cancelled", "expired"])
def test_what_never_left_cannot_bounce(report, heard, state):
    row = DeliveryFactory(public_id=ID, state=state)

    assert report(bounce()).status_code == 204

    assert now_of(row) == (state, "")
    assert heard == []


def test_a_text_cannot_bounce_by_mail(report, heard):
    row = DeliveryFactory(public_id=ID, channel="sms", state="sent", sent_at=NOON)

    report(bounce())

    assert now_of(row) == ("sent", "")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"5",
        b"null",
        b'"x"',
        b'{"events": 5}',
        b'{"events": [5]}',
        b'{"type": 5}',
        b"[" * 90_000,
        b"\xff",
    ],
)
def test_what_is_no_report_is_refused(report, row, body):
    assert report(body).status_code == 422
    assert now_of(row) == ("sent", "")


def test_a_post_of_too_many_events_is_refused(report, row):
    assert report({"events": [bounce()] * 501}).status_code == 422
    assert now_of(row) == ("sent", "")


def test_a_huge_body_is_refused_before_its_signature_is_looked_at(report, row):
    assert report(b" " * 300_000).status_code == 422
    assert report(b" " * 300_000, **{"webhook-signature": "v1,x"}).status_code == 422


def test_the_same_message_again_changes_nothing(report, row, heard):
    """Replayed within the tolerance: an operator's second try is not ended by the first one's bounce."""
    report(bounce(), message_id="evt_1")
    Delivery.objects.filter(pk=row.pk).update(state="sent", failed_at=None, last_error="")

    assert report(bounce(), message_id="evt_1").status_code == 204
    assert report(bounce(), message_id="evt_1", url="/hooks/email/other/").status_code == 204

    assert now_of(row) == ("sent", "")
    assert len(heard) == 1


def test_an_old_message_is_refused(report, row, noon):
    assert report(bounce(), at=NOON.replace(minute=0, hour=11)).status_code == 403
    assert now_of(row) == ("sent", "")


@pytest.mark.parametrize(
    "changed",
    [{"webhook-signature": "v1,AAAA"}, {"webhook-id": "evt_2"}, {"webhook-timestamp": "1"}, {"webhook-id": ""}],
)
def test_a_forged_report_is_refused(report, row, heard, changed):
    assert report(bounce(), **changed).status_code == 403
    assert now_of(row) == ("sent", "")
    assert heard == []


def test_the_older_secret_still_counts_and_a_strangers_does_not(report, row):
    stranger = "whsec_" + base64.b64encode(b"stranger stranger stranger stran").decode()

    assert report(bounce(), secret=stranger).status_code == 403
    assert report(bounce(), secret=OLDER).status_code == 204
    assert now_of(row) == ("failed", "bounce_5.1.1")


@pytest.mark.parametrize("secrets", [[], [""], ["whsec_?"]])
def test_without_a_usable_secret_nobody_is_believed(report, row, settings, secrets):
    settings.EMAIL_HOOK_SECRETS = secrets

    assert report(bounce()).status_code == 403


def test_the_hook_is_for_posts(client):
    assert client.get(URL).status_code == 405


# --- raw mail -------------------------------------------------------------------------------------
def original(message_id=f"<{ID}@lantern.example>", kind="message/rfc822"):
    head = f"From: no-reply@lantern.example\nTo: pat@example.org\nMessage-ID: {message_id}\nSubject: Words\n"
    part = MIMEBase(*kind.split("/"))
    if kind == "message/rfc822":
        inner = EmailMessage()
        inner["Message-ID"] = message_id
        inner.set_content("Words")
        part.set_payload([inner])
    else:
        part.set_payload(head)
    return part


def block(**fields):
    one = MIMEBase("text", "plain")
    for name in list(one.keys()):
        del one[name]
    for name, value in fields.items():
        one[name.replace("_", "-")] = value
    return one


def mail(report_type, *parts):
    whole = MIMEMultipart("report", report_type=report_type)
    whole["From"] = "MAILER-DAEMON@mail.example"
    whole.attach(MIMEBase("text", "plain"))
    for part in parts:
        whole.attach(part)
    return whole.as_bytes()


def status(action="failed", code="5.1.1", kind="message/delivery-status"):
    part = MIMEBase(*kind.split("/"))
    part.set_payload(
        [
            block(Reporting_MTA="dns; mail.example"),
            block(Final_Recipient="rfc822; pat@example.org", Action=action, Status=code),
        ]
    )
    return part


def feedback(kind="abuse"):
    part = MIMEBase("message", "feedback-report")
    part.set_payload([block(Feedback_Type=kind, User_Agent="Loop/1.0", Version="1")])
    return part


@pytest.mark.parametrize("kind", ["message/rfc822", "text/rfc822-headers"])
@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (status(), Returned(ID, Kind.BOUNCE, "bounce_5.1.1", permanent=True)),
        (status(code="5.2.2"), Returned(ID, Kind.BOUNCE, "bounce_5.2.2")),
        (status(code="4.4.7"), Returned(ID, Kind.BOUNCE, "bounce_4.4.7")),
        (status(action="FAILED", code="5.1.1 (bad)"), Returned(ID, Kind.BOUNCE, "bounce_5.1.1", permanent=True)),
        (status(code=""), Returned(ID, Kind.BOUNCE, "bounce")),
        (status(action="delivered", code="2.0.0"), Returned(ID, Kind.DELIVERED)),
        (feedback(), Returned(ID, Kind.COMPLAINT, "complaint", permanent=True)),
        (feedback("fraud"), Returned(ID, Kind.COMPLAINT, "complaint", permanent=True)),
    ],
)
def test_reports_of_mail_servers_are_read(part, expected, kind):
    assert returned.from_mail(mail("delivery-status", part, original(kind=kind))) == expected


def test_a_report_as_postfix_writes_it():
    raw = f"""From: MAILER-DAEMON@mx.example (Mail Delivery System)
To: bounces@lantern.example
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="8F1.1774000000/mx.example"

This is a MIME-encapsulated message.

--8F1.1774000000/mx.example
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.

--8F1.1774000000/mx.example
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example
X-Postfix-Sender: rfc822; no-reply@lantern.example

Final-Recipient: rfc822; pat@example.org
Action: failed
Status: 5.1.1
Remote-MTA: dns; mail.example.org
Diagnostic-Code: smtp; 550 5.1.1 <pat@example.org>: Recipient address rejected

--8F1.1774000000/mx.example
Content-Description: Undelivered Message Headers
Content-Type: text/rfc822-headers

From: Lantern <no-reply@lantern.example>
Subject: Portal is not working
To: <pat@example.org>
Message-ID: <{ID}@lantern.example>

--8F1.1774000000/mx.example--
""".replace("\n", "\r\n").encode()

    assert returned.from_mail(raw) == Returned(ID, Kind.BOUNCE, "bounce_5.1.1", permanent=True)


NESTED = b"Content-Type: multipart/mixed; boundary=b0\n\n" + b"".join(
    b"--b%d\nContent-Type: multipart/mixed; boundary=b%d\n\n" % (n, n + 1) for n in range(20_000)
)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff\xfe\x00",
        b"Subject: Out of office\n\nI am away.",
        mail("delivery-status", status(), original("<someone@else.example>")),
        mail("delivery-status", status()),
        mail("delivery-status", status(action="delayed", code="4.4.1"), original()),
        mail("delivery-status", original()),
        mail("feedback-report", feedback("not-spam"), original()),
        b"Content-Type: multipart/report; boundary=x\n\n--x\nContent-Type: message/delivery-status\n\n",
        b"Content-Type: multipart/report; boundary=\n\n--\n",
        b"Content-Type: multipart/report; charset=\xff; boundary*0*=%%; boundary*1=a\n\n--a--",
        b"Content-Type: multipart/report; boundary=x\n\n--x\nContent-Type: text/rfc822-headers; charset=nonsense\n"
        b"Content-Transfer-Encoding: base64\n\n!!!!\n--x--",
        NESTED,
        NESTED.replace(b"multipart/mixed; boundary=b0\n", b"multipart/report; boundary=b0\n", 1),
        b"Content-Type: multipart/report; boundary=x\n\n"
        + b"--x\nContent-Type: message/delivery-status\n\nA: b\n\n" * 9999,
        b"X: " + b"y" * 2_000_000,
    ],
    ids=range(16),
)
def test_any_other_mail_is_passed_over(raw):
    with pytest.raises(Unreadable):
        returned.from_mail(raw)


def pipe(raw):
    out = io.StringIO()
    call_command("receive_bounces", stdin=io.BytesIO(raw), stdout=out)
    return out.getvalue().strip()


def test_the_command_takes_a_bounce_from_the_mail_server(row, heard):
    assert pipe(mail("delivery-status", status(), original())) == "bounce: taken"
    assert pipe(mail("delivery-status", status(), original())) == "bounce: nothing to change"

    assert now_of(row) == ("failed", "bounce_5.1.1")
    assert len(heard) == 1


def test_the_command_takes_a_complaint(row, heard):
    assert pipe(mail("feedback-report", feedback(), original())) == "complaint: taken"

    assert now_of(row) == ("failed", "complaint")


def test_the_command_passes_over_other_mail(row):
    assert pipe(b"Subject: Hello\n\nHello") == "passed over: no report about a mail of ours"
    assert now_of(row) == ("sent", "")


def test_a_mail_we_sent_comes_back_as_its_own_delivery(sink, heard):
    """The Message-ID on the wire is what a bounce brings back."""
    from portal_core.notify import delivery

    row = DeliveryFactory()
    delivery.deliver_due()
    message_id = sink.mails[0].message["Message-ID"]

    assert pipe(mail("delivery-status", status(), original(message_id))) == "bounce: taken"

    assert now_of(row) == ("failed", "bounce_5.1.1")
