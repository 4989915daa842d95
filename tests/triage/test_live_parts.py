import pytest
from playwright.sync_api import expect

from tests.browser import sign_in

pytestmark = pytest.mark.browser


def test_a_live_part_leaves_alone_what_somebody_is_filling_in(people, product):
    """A nudge from a colleague's click must not turn the purpose just chosen back to the first one."""
    olivia = people.new_page("olivia")
    sign_in(olivia, "olivia", product.url)
    olivia.goto(f"{product.url}/triage/office/")
    olivia.get_by_role("link", name="Paula Okafor").first.click()
    expect(olivia.locator("[data-live-state]")).to_have_text("Live")
    purpose = olivia.get_by_label("What for?")
    olivia.wait_for_load_state("networkidle")
    chosen = "identity" if purpose.input_value() == "reset" else "reset"
    purpose.select_option(chosen)

    with olivia.expect_response(lambda answer: answer.request.headers.get("hx-request") == "true"):
        olivia.evaluate("document.body.dispatchEvent(new CustomEvent('live:ticket.changed'))")

    expect(olivia.locator(".htmx-request, .htmx-swapping, .htmx-settling")).to_have_count(0)
    expect(purpose).to_have_value(chosen)


def test_a_section_fills_itself_when_it_is_opened_and_stays_through_a_nudge(people, product):
    """Articles and colleagues come when somebody wants them, and without leaving the page."""
    olivia = people.new_page("olivia")
    sign_in(olivia, "olivia", product.url)
    olivia.goto(f"{product.url}/triage/office/")
    olivia.get_by_role("link", name="Paula Okafor").first.click()
    expect(olivia.locator("[data-live-state]")).to_have_text("Live")
    here = olivia.url

    olivia.locator("#help > summary").click()
    expect(olivia.locator("#help-body a[href^='/desk/help/']").first).to_be_visible()
    with olivia.expect_response(lambda answer: answer.request.headers.get("hx-target") == "tickets") as refreshed:
        olivia.evaluate("document.body.dispatchEvent(new CustomEvent('live:ticket.changed'))")

    assert "<html" not in refreshed.value.text()
    expect(olivia.locator("#help-body a[href^='/desk/help/']").first).to_be_visible()
    expect(olivia.locator("#tickets")).to_have_count(1)
    assert olivia.url == here
