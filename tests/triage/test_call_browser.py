"""The call screen by keyboard alone: from the ring to the ticket (HD-13)."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser import sign_in

pytestmark = pytest.mark.browser


def test_a_call_is_logged_without_touching_the_mouse(people, product):
    olivia = people.new_page("olivia")
    sign_in(olivia, "olivia", product.url)
    olivia.goto(f"{product.url}/triage/office/calls/new/")
    expect(olivia.get_by_role("timer")).to_be_visible()
    expect(olivia.get_by_label("Patient")).to_be_focused()

    olivia.keyboard.type("okafor")
    olivia.keyboard.press("Enter")
    first = olivia.locator("button[name=pick]").first
    expect(first).to_be_focused()
    olivia.keyboard.press("1")
    expect(olivia.get_by_text("Portal:")).to_be_visible()
    expect(olivia.locator("input[name=category]:checked")).to_be_focused()
    olivia.keyboard.press("ArrowDown")
    expect(olivia.locator("[data-script=LOGIN_UID]")).to_be_visible()
    expect(olivia.locator("[data-script=LOGIN_PWD]")).to_be_hidden()
    olivia.keyboard.press("x")
    expect(olivia.get_by_role("button", name="Go on")).to_be_visible()
    olivia.keyboard.press("Control+Enter")

    expect(olivia.get_by_role("heading", name="Calls")).to_be_visible()
    expect(olivia.get_by_role("heading", name="Okafor")).to_contain_text("Forgot user name")
    expect(olivia.locator("#ticket-state")).to_contain_text("Phone call")
    # Less than half a minute from the ring to the ticket: the length that the page counted stands on it.
    expect(olivia.locator("#ticket-state")).to_contain_text(re.compile(r"\s0 min"))
