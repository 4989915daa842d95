"""SP-02: who hears of much within an hour gets one summary, by whichever way they chose."""

import datetime as dt

import pytest
import time_machine

from portal_core.kernel import outbox
from portal_core.notify.models import Delivery
from statuspage.actions import digests
from tests.statuspage.factories import declare, subscriber


@pytest.fixture
def noon():
    with time_machine.travel("2026-11-22 12:00:00Z", tick=False) as clock:
        yield clock


@pytest.fixture
def summary(page, settings, noon):
    """Two problems within the hour after one that was told of; what the summary says, in this language."""

    def told(language="en"):
        settings.STATUS_MAILS_PER_HOUR = 1
        for way in ("slack", "teams", "push", "voice"):
            subscriber(f"x-{way}@example.test", way=way, language=language)
        for name, state in (
            ("Mail", "degraded_performance"),
            ("Phones", "degraded_performance"),
            ("Video", "partial_outage"),
        ):
            declare(name, secure_message_e_mail=state)
            outbox.drain()
        noon.shift(dt.timedelta(hours=1, seconds=1))
        assert digests.send_due() == 4
        return Delivery.objects.select_related("message").filter(message__template="statuspage/digest")

    return told


def test_a_summary_has_a_body_for_every_way_that_is_held(summary):
    rows = summary()

    assert sorted(row.channel for row in rows) == ["push", "slack", "teams", "voice"]
    bodies = rows[0].message.payloads
    assert bodies["slack"]["text"] == "Larkfield: 2 updates within an hour – Summary"
    shown = bodies["slack"]["attachments"][0]
    assert shown["color"] == "#d9730d"  # the worst of them is major
    assert shown["blocks"][1]["text"]["text"] == "Phones: Investigating\nVideo: Investigating"
    card = bodies["teams"]["attachments"][0]["content"]
    assert card["fallbackText"] == "Larkfield: 2 updates within an hour – Summary"
    assert bodies["push"]["title"] == "Summary: 2 updates within an hour"
    assert bodies["push"]["body"] == "Phones: Investigating Video: Investigating"
    assert bodies["push"]["url"].endswith("/status/")
    assert bodies["push"]["topic"] == rows[0].cause.partition(":")[2]
    assert bodies["voice"]["text"].startswith("This is a service notice. 2 updates within an hour. Summary.")


def test_a_summary_speaks_the_readers_language(summary):
    bodies = summary("es")[0].message.payloads

    assert bodies["push"]["title"] == "Resumen: 2 novedades en una hora"
