"""What `send` and `send_many` write down."""

from contextlib import suppress

import pytest
from django.db import connection, transaction
from django.template import TemplateDoesNotExist
from django.test.utils import CaptureQueriesContext

from portal_core import notify
from portal_core.kernel.errors import Invalid
from portal_core.kernel.models import AuditEvent
from portal_core.notify.models import Delivery, Message
from portal_core.notify.rendering import UNSUBSCRIBE_TOKEN
from tests.notify.factories import recipients

pytestmark = pytest.mark.django_db
PAT = notify.Recipient(key="patient:pat", email="pat@example.org", phone="+15551234567")


def test_send_promises_one_delivery_with_its_words():
    asked = notify.send("sample/outage", to=PAT, cause="incident:1", context={"what": "Messages"})

    row = Delivery.objects.select_related("message").get()
    assert asked == 1
    assert (row.cause, row.recipient_key, row.channel, row.address) == (
        "incident:1", "patient:pat", "email", "pat@example.org",
    )  # fmt: skip
    assert (row.state, row.attempts, row.urgency, row.claimed_by) == ("waiting", 0, 0, "")
    assert row.message.subject == "Störung: Messages"
    assert row.message.text.startswith("Hello – Messages is not working. It's us, not you.\n")
    assert row.message.html.startswith("<!DOCTYPE html>\n")
    assert row.message.sms == ""


def test_the_same_cause_recipient_and_channel_is_promised_once():
    """SP-02: each subscriber hears of one update once, however often the handler runs."""
    for _ in range(3):
        notify.send_many("sample/outage", recipients=recipients(5), cause="update:1", context={"what": "Portal"})

    assert Delivery.objects.count() == 5
    assert Message.objects.count() == 1


def test_another_cause_is_another_promise():
    for cause in ("update:1", "update:2"):
        notify.send("sample/outage", to=PAT, cause=cause, context={"what": "Portal"})

    assert sorted(Delivery.objects.values_list("cause", flat=True)) == ["update:1", "update:2"]


def test_each_channel_has_its_own_promise_and_missing_addresses_are_left_out():
    piet = notify.Recipient(key="patient:piet", phone="+15550000001")

    asked = notify.send_many(
        "sample/outage", recipients=[PAT, piet], cause="c", context={"what": "Portal"}, channels=("email", "sms")
    )

    assert asked == 3
    assert sorted(Delivery.objects.values_list("recipient_key", "channel")) == [
        ("patient:pat", "email"), ("patient:pat", "sms"), ("patient:piet", "sms"),
    ]  # fmt: skip
    assert Message.objects.get().sms == "Portal is not working. More: https://lantern.example/status/"


def test_nobody_reachable_is_told_to_the_caller():
    asked = notify.send("sample/outage", to=notify.Recipient(key="patient:piet"), cause="c", context={"what": "x"})

    assert asked == 0
    assert Message.objects.count() == Delivery.objects.count() == 0


def test_words_are_rendered_once_per_language():
    people = [*recipients(2), *[notify.Recipient(key=f"es:{n}", email="e@example.org", language="es") for n in (1, 2)]]

    notify.send_many("sample/outage", recipients=people, cause="c", context={"what": "Portal"})

    assert sorted(Message.objects.values_list("language", flat=True)) == ["en", "es"]
    assert Delivery.objects.filter(message__language="es").count() == 2


def test_a_thousand_recipients_cost_no_more_than_their_rows():
    with CaptureQueriesContext(connection) as queries:
        notify.send_many("sample/outage", recipients=iter(recipients(1000)), cause="c", context={"what": "Portal"})

    assert Delivery.objects.count() == 1000
    insert = f'INTO "{Delivery._meta.db_table}"'
    inserts = [query for query in queries if insert in query["sql"]]
    assert len(inserts) == {"sqlite": 20, "postgresql": 1}[connection.vendor]
    # savepoint, message looked for, looked for again, savepoint, insert, release; release
    assert len(queries) - len(inserts) == 7


def test_plain_text_is_not_html_escaped_and_gets_a_layout():
    notify.send("sample/plain", to=PAT, cause="c", context={"link": "https://lantern.example/a?b=1&c=2"})

    message = Message.objects.get()
    assert message.text == 'Open https://lantern.example/a?b=1&c=2 to go on & read "Pat\'s" page.\n'
    assert '<a href="https://lantern.example/a?b=1&amp;c=2"' in message.html
    assert "&amp; read &quot;Pat&#x27;s&quot; page." in message.html


def test_the_unsubscribe_link_is_a_place_kept_free():
    notify.send(
        "sample/outage", to=PAT, cause="c", context={"what": "x"}, unsubscribe_url="https://lantern.example/u/1/"
    )

    assert Delivery.objects.get().unsubscribe_url == "https://lantern.example/u/1/"
    message = Message.objects.get()
    assert f"Unsubscribe: {UNSUBSCRIBE_TOKEN}" in message.text
    assert f'href="{UNSUBSCRIBE_TOKEN}"' in message.html


@pytest.mark.parametrize(
    "bad",
    [
        {"email": "pat@example.org\r\nBcc: all@example.org"}, {"email": "pat@example.org\n"}, {"email": "pat"},
        {"email": "<pat@example.org>"}, {"email": "a@b.org, c@d.org"}, {"email": "pat@example.org\0"},
        {"email": "ok@example.org", "unsubscribe_url": "https://x.example/>\r\nBcc: all@example.org"},
        {"email": "ok@example.org", "unsubscribe_url": "javascript:alert(1)"},
    ],
)  # fmt: skip
def test_an_address_that_could_break_out_of_its_header_is_refused(bad):
    with pytest.raises(Invalid, match="address"):
        notify.send("sample/outage", to=notify.Recipient(key="mallory", **bad), cause="c", context={"what": "x"})

    assert Delivery.objects.count() == Message.objects.count() == 0


def test_one_address_that_is_none_keeps_the_news_from_nobody_else():
    people = [notify.Recipient(key="staff:smith", email="dr smith at clinic.org"), PAT]

    asked = [
        notify.send_many("sample/outage", recipients=people, cause=cause, context={"what": "x"}, channels=channels)
        for cause, channels in (("c", ["email"]), ("d", ["email", "sms"]))
    ]

    assert asked == [1, 2]
    assert set(Delivery.objects.values_list("recipient_key", flat=True)) == {"patient:pat"}
    told = AuditEvent.objects.filter(action="notify:left-out").values_list("facts", flat=True)
    assert list(told) == [{"template": "sample/outage", "who": ["staff:smith"], "many": 1}] * 2


@pytest.mark.parametrize("phone", ["5551234567", "+1555", "+1 555 123 4567", "+15551234567\n"])
def test_a_phone_number_is_e164(phone):
    with pytest.raises(Invalid):
        notify.send(
            "sample/outage",
            to=notify.Recipient(key="x", phone=phone),
            cause="c",
            context={"what": "x"},
            channels=["sms"],
        )

    assert Delivery.objects.count() == 0


@pytest.mark.parametrize("subject", ["Hello\r\nBcc: all@example.org", "a\nb", "", "x" * 251, "a\x00b"])
def test_a_subject_is_one_line(subject):
    with pytest.raises(Invalid, match="subject"):
        notify.send("sample/subject", to=PAT, cause="c", context={"subject_line": subject})

    assert Delivery.objects.count() == Message.objects.count() == 0


@pytest.mark.parametrize("headers", [{"X-A": "a\r\nBcc: b"}, {"Bad Name": "a"}, {"X-A\r\nB": "a"}])
def test_further_headers_are_one_line_each(headers):
    with pytest.raises(Invalid):
        notify.send("sample/outage", to=PAT, cause="c", context={"what": "x"}, headers=headers)

    assert Delivery.objects.count() == Message.objects.count() == 0


def test_a_missing_template_promises_nothing():
    with pytest.raises(TemplateDoesNotExist):
        notify.send("sample/nothing", to=PAT, cause="c", context={})

    assert Delivery.objects.count() == 0


def test_an_unknown_channel_is_refused():
    with pytest.raises(ValueError, match="pigeon"):
        notify.send("sample/outage", to=PAT, cause="c", context={"what": "x"}, channels=["pigeon"])


def test_a_promise_falls_with_its_transaction():
    class Undo(Exception):
        pass

    with suppress(Undo), transaction.atomic():
        assert notify.send("sample/outage", to=PAT, cause="c", context={"what": "x"}) == 1
        raise Undo

    assert Delivery.objects.count() == 0


def test_one_wake_up_per_transaction(settings, django_capture_on_commit_callbacks):
    settings.OUTBOX_WAKE = True

    with django_capture_on_commit_callbacks() as wakes:
        for cause in ("a", "b", "c"):
            notify.send("sample/outage", to=PAT, cause=cause, context={"what": "x"})

    assert len(wakes) == 1


def test_the_package_can_be_imported_before_the_apps_are_ready():
    import subprocess
    import sys

    done = subprocess.run(
        [sys.executable, "-c", "from portal_core import notify; print(notify.Recipient.__name__)"],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip

    assert done.stdout == "Recipient\n"
