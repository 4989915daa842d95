"""What a patient types is theirs: it survives a session that ended, and the next person in the tab never sees it."""

import pytest
from playwright.sync_api import expect

from tests.browser import sign_in

pytestmark = pytest.mark.browser

WORDS = "It hurts when I climb stairs."
NEW = "/portal/requests/new/"


def test_a_draft_outlives_the_session_and_is_nobody_elses(people, product):
    tab = people.new_page("pat", viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    body = tab.get_by_label("Your message")
    sign_in(tab, "pat", product.url)
    tab.goto(product.url + NEW)
    tab.get_by_label("What is it about?").select_option("FORM")
    body.fill(WORDS)

    tab.context.clear_cookies(name="patient_session")
    tab.get_by_role("button", name="Send").click()
    tab.wait_for_url(lambda address: "/sign-in/" in address)
    sign_in(tab, "pat", product.url)
    tab.goto(product.url + NEW)
    expect(body).to_have_value(WORDS)

    tab.get_by_label("What is it about?").select_option("FORM")
    tab.get_by_role("button", name="Send").click()
    expect(tab.get_by_text(WORDS)).to_be_visible()
    tab.goto(product.url + NEW)
    expect(body).to_have_value("")

    body.fill(WORDS)
    tab.context.clear_cookies(name="patient_session")
    sign_in(tab, "olivia", product.url)
    assert WORDS not in tab.evaluate("() => JSON.stringify(sessionStorage)")
