from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser import sign_in
from tests.product import Product

pytestmark = pytest.mark.browser

# A request of these tests' own: on the demo's, others verify, reply and solve.
CALLED = """
from helpdesk.actions import tickets
from helpdesk.contracts import Intake
from helpdesk.enums import Category, Channel, RequesterKind
from portal_core.directory.models import Patient, Staff
olivia = Staff.objects.get(user__username="olivia")
patient = Patient.objects.filter(home_office=olivia.role_assignments.get().office, deceased=False).latest("pk")
intake = Intake(
    requester_kind=RequesterKind.PATIENT, category=Category.LOGIN_PWD, channel=Channel.PHONE, body="It says no.",
    name=patient.name,
)
print(tickets.log_call(
    intake=intake, office=patient.home_office, staff=olivia, patient=patient, by=olivia.actor
).public_id)
"""

HEARD = """() => document.body.addEventListener("live:mailbox.changed", (event) => {
  if (event.detail.last) document.body.dataset.heard = "last";
})"""


@pytest.fixture
def olivia(people: Any, product: Product) -> Page:
    """Olivia on the page of a request she logged."""
    page: Page = people.new_page("olivia")
    sign_in(page, "olivia", product.url)
    page.goto(f"{product.url}/triage/office/tickets/{product.shell(CALLED)}/")
    expect(page.locator("[data-live-state]")).to_have_text("Live")
    return page


def test_a_live_part_leaves_alone_what_somebody_is_filling_in(olivia):
    """A nudge from a colleague's click must not turn the purpose just chosen back to the first one."""
    purpose = olivia.get_by_label("What for?")
    olivia.wait_for_load_state("networkidle")
    chosen = "identity" if purpose.input_value() == "reset" else "reset"
    purpose.select_option(chosen)

    with olivia.expect_response(lambda answer: answer.request.headers.get("hx-request") == "true"):
        olivia.evaluate("document.body.dispatchEvent(new CustomEvent('live:ticket.changed'))")

    expect(olivia.locator(".htmx-request, .htmx-swapping, .htmx-settling")).to_have_count(0)
    expect(purpose).to_have_value(chosen)


def test_a_section_fills_itself_when_it_is_opened_and_stays_through_a_nudge(olivia):
    """Articles and colleagues come when somebody wants them, and without leaving the page."""
    here = olivia.url

    olivia.locator("#help > summary").click()
    expect(olivia.locator("#help-body a[href^='/desk/help/']").first).to_be_visible()
    with olivia.expect_response(lambda answer: answer.request.headers.get("hx-target") == "tickets") as refreshed:
        olivia.evaluate("document.body.dispatchEvent(new CustomEvent('live:ticket.changed'))")

    assert "<html" not in refreshed.value.text()
    expect(olivia.locator("#help-body a[href^='/desk/help/']").first).to_be_visible()
    expect(olivia.locator("#tickets")).to_have_count(1)
    assert olivia.url == here


def test_news_that_comes_while_an_answer_is_on_its_way_is_asked_for(people, product):
    """The mailbox replaces itself: what it hears between its question and the answer concerns the next one."""
    page, sockets, asked = people.new_page("reader"), [], []
    page.route_web_socket("**/ws/mailbox/", lambda socket: sockets.append(socket))
    with page.expect_response(lambda answer: answer.request.headers.get("hx-request") == "true"):
        page.goto(f"{product.url}/mailbox/")  # it asks when its socket opens
    page.wait_for_load_state("networkidle")
    expect(page.locator(".htmx-request, .htmx-settling")).to_have_count(0)
    page.evaluate(HEARD)
    page.route("**/mailbox/", lambda route: asked.append(route))  # held until the test lets them go

    with page.expect_request(lambda request: request.headers.get("hx-request") == "true"):
        sockets[0].send('{"type": "mailbox.changed"}')
    sockets[0].send('{"type": "mailbox.changed", "last": true}')
    page.locator("body[data-heard=last]").wait_for()
    with page.expect_request(lambda request: request.headers.get("hx-request") == "true"):
        asked[0].continue_()
