"""The delivery board in a browser: it moves while mails leave, and hands out who has not been reached."""

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import WebSocket, expect

from tests.browser import assert_accessible, sign_in
from tests.product import Product

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

NAME = "Letters arrive late on the board"
# Somebody who hears at once, and somebody who sleeps: that one's message waits for the morning.
READERS = """
import datetime as dt
from portal_core.kernel import clock
from portal_core.kernel.contracts import SYSTEM
from statuspage.actions import subscribers
from statuspage.models import Subscriber
for email in ("awake@board.test", "asleep@board.test"):
    subscribers.import_confirmed(email=email, consent="on paper", by=SYSTEM)
now = clock.now()
sleeper = next(row for row in Subscriber.objects.all() if row.address == "asleep@board.test")
sleeper.time_zone, sleeper.quiet_bypass = "Etc/UTC", False
sleeper.quiet_from, sleeper.quiet_until = ((now + dt.timedelta(hours=h)).time().replace(microsecond=0) for h in (-1, 2))
sleeper.save()
"""
OVER = f"""
from portal_core.kernel.contracts import SYSTEM
from statuspage.actions import incidents
from statuspage.models import Incident, Subscriber
for row in Subscriber.objects.all():
    if row.address.endswith("@board.test"):
        row.delete()
for incident in Incident.objects.filter(name="{NAME}", resolved_at=None):
    incidents.resolve(incident_id=incident.public_id, body="Done.", deliver=False, by=SYSTEM)
"""


@pytest.fixture
def readers(product: Product) -> Iterator[Product]:
    """The shared product with two readers; neither they nor what they were told about outlive the test."""
    product.shell(READERS)
    yield product
    product.shell(OVER)


def test_the_board_moves_while_mails_leave_and_says_who_has_not_been_reached(people, readers):
    """SP-02: published in one window, watched in the other."""
    board = people.new_page("omar")
    heard: list[str] = []

    def listen(socket: WebSocket) -> None:
        socket.on("framereceived", lambda frame: heard.append(str(frame)))

    board.on("websocket", listen)
    sign_in(board, "omar", readers.url)
    board.goto(f"{readers.url}/desk/status/deliveries/")
    console = board.context.new_page()
    console.goto(f"{readers.url}/desk/status/incidents/new/")
    console.locator("#id_name").fill(NAME)
    console.locator("[data-body]").fill("They arrive an hour late. Look into the portal meanwhile.")
    console.locator("[data-publish]").click()
    console.locator("dialog[open] [data-go-on]").click()
    console.wait_for_url(re.compile(r"/desk/status/incidents/(?!new)\w+/$"))

    row = board.get_by_role("row", name=re.compile(NAME))
    expect(row.locator("[data-label=Queued]")).to_contain_text(re.compile(r"^\s*[1-9]"))
    expect(row.locator("[data-label=Sent]")).to_have_text(re.compile(r"^[1-9]\d*$"))
    assert any("deliveries.changed" in frame for frame in heard)
    assert_accessible(board)

    row.get_by_role("link", name=NAME).click()
    people_left = board.get_by_role("region", name="Subscribers who have not been reached")
    expect(people_left.get_by_role("row", name="a•••@b•••.test")).to_have_count(1)
    with board.expect_download() as handed:
        board.get_by_role("link", name="Download as CSV").click()
    lines = list(csv.reader(Path(handed.value.path()).read_text().splitlines()))
    assert handed.value.suggested_filename.startswith("not-reached-")
    # Other tests of the shared product may have left subscribers who cannot be reached.
    assert [line[1:4] for line in lines if "@b•••" in line[2]] == [["email", "a•••@b•••.test", "Waiting"]]
    assert "asleep" not in str(lines)
