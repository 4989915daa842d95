"""The console in a browser: an incident declared by keyboard alone, and two operators who see each other."""

import re
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser import assert_accessible, sign_in
from tests.product import Product

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]

TEMPLATE = """
from portal_core.kernel.contracts import SYSTEM
from statuspage.actions import pages, templates
from statuspage.models import Component
part = Component.objects.get(slug="telehealth")
templates.save(
    title="Cameras stay dark", name="Cameras stay dark in video visits",
    body="Since {{ start }} cameras stay dark in video visits. {{ workaround }}",
    components={part.public_id: "major_outage"},
    by=SYSTEM,
)
"""
OVER = """
from portal_core.kernel.contracts import SYSTEM
from statuspage.actions import incidents
from statuspage.models import Incident
for incident in Incident.objects.filter(name="Cameras stay dark in video visits"):
    incidents.resolve(incident_id=incident.public_id, body="Done.", by=SYSTEM)
"""
SECONDS = 20


@pytest.fixture
def stage(product: Product) -> Iterator[Product]:
    """The shared product with the template; what is published from it does not outlive the test."""
    product.shell(TEMPLATE)
    yield product
    product.shell(OVER)


def test_an_incident_is_declared_by_keyboard_and_a_colleague_sees_who_is_here(people, stage):
    """SP-02: from the first key to the published page in under 20 seconds, typed at a person's pace."""
    omar, ines = people.new_page("omar"), people.new_page("ines")
    for page, name in ((omar, "omar"), (ines, "ines")):
        sign_in(page, name, stage.url)
        page.goto(f"{stage.url}/desk/status/")
    keys = omar.keyboard

    begun = time.monotonic()
    keys.press("n")
    expect(omar.locator("#id_template")).to_be_focused()
    keys.type("cameras", delay=60)
    keys.press("Enter")
    expect(omar.locator("[data-body]")).to_be_focused()
    keys.type("Call your office, they see you by phone.", delay=30)
    keys.press("Control+Enter")
    expect(omar.locator("dialog[open] [data-reach]")).to_contain_text("subscriber", ignore_case=True)
    expect(omar.locator("dialog[open] [data-go-on]")).to_be_focused()
    keys.press("Enter")
    omar.wait_for_url(re.compile(r"/desk/status/incidents/(?!new)\w+/$"))
    took = time.monotonic() - begun

    assert took < SECONDS
    expect(omar.get_by_text("Call your office, they see you by phone.").first).to_be_visible()
    status, shown = stage.get("/api/v2/summary.json")
    assert (status, "Cameras stay dark in video visits" in shown, "major_outage" in shown) == (200, True, True)

    # Ines hears of it without doing anything, goes there, and each sees the other.
    ines.get_by_role("link", name=re.compile("Cameras stay dark in video visits")).first.click()
    expect(omar.locator("#presence")).to_contain_text(re.compile(r"Ines.* is here"))
    ines.locator("[data-body]").press_sequentially("We found", delay=20)
    expect(omar.locator("#presence")).to_contain_text(re.compile(r"Ines.* is here, typing"))

    # States by number: the next component down is set by one key.
    row = omar.locator("[data-state-row]")
    row.nth(0).locator("input:checked").focus()
    keys.press("ArrowDown")
    keys.press("3")
    expect(row.nth(1).locator("input[value=partial_outage]")).to_be_checked()
    assert_accessible(omar)
