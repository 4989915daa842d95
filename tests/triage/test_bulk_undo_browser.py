"""Two tickets ticked, taken and given back without the mouse; then what a provider wrote, by the same keys."""

import pytest
from playwright.sync_api import expect

from tests.browser import assert_accessible, sign_in

pytestmark = pytest.mark.browser


def test_many_are_taken_back_and_a_provider_answered_by_keyboard(people, product):
    """TR-09, HD-17: the keys of the list, of the undo, and of IT's page."""
    olivia = people.new_page("olivia")
    sign_in(olivia, "olivia", product.url)
    olivia.goto(f"{product.url}/triage/office/?who=nobody")
    expect(olivia.locator("[data-live-state]")).to_have_text("Live")
    rows = olivia.locator("[data-row]").count()
    for key in ("j", "x", "j", "x"):
        olivia.keyboard.press(key)
    expect(olivia.locator("[data-bulk-count]")).to_have_text("2")
    olivia.get_by_role("button", name="Take them").click()
    expect(olivia.locator("[data-undo]")).to_contain_text("2 tickets: Taken.")
    expect(olivia.locator("[data-undo-left]")).to_contain_text("(")
    assert_accessible(olivia)
    olivia.keyboard.press("y")
    expect(olivia.get_by_text("2 tickets stand as before. Nobody outside heard of it.")).to_be_visible()
    olivia.goto(f"{product.url}/triage/office/?who=nobody")
    expect(olivia.locator("[data-row]")).to_have_count(rows)

    ian = people.new_page("ian")
    sign_in(ian, "ian", product.url)
    ian.goto(f"{product.url}/triage/it/")
    ian.locator("#provider-tickets .list a").first.click()
    expect(ian.locator("[data-live-state]")).to_have_text("Live")
    ian.keyboard.press("r")
    reply = ian.get_by_label("Reply to the requester")
    expect(reply).to_be_focused()
    reply.fill("We look")  # one save: a second would say "Kept." over what the first said
    expect(ian.locator("[data-kept]").first).to_have_text("Kept. You have this one now.")
    expect(ian.locator("#ticket-state")).to_contain_text("Yours")  # the live part came by itself
    expect(reply).to_have_value("We look")
    assert_accessible(ian)
