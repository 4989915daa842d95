"""PC-59, with a real browser: the desk attaches a file, and the patient finds it, opens it and sends one back."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser import sign_in

pytestmark = pytest.mark.browser
NOTE = {"name": "How to prepare.txt", "mimeType": "text/plain", "buffer": b"Bring your insurance card."}
CARD = {"name": "card.txt", "mimeType": "text/plain", "buffer": b"Member 12345"}


def test_a_file_goes_to_the_patient_and_one_comes_back(people, product):
    pat, olivia = people.new_page("pat"), people.new_page("olivia")
    sign_in(pat, "pat", product.url)
    pat.goto(f"{product.url}/portal/requests/new/")
    pat.get_by_label("What is it about?").select_option("FORM")
    pat.get_by_label("Your message").fill("My new card.")
    pat.get_by_label("Attach files").set_input_files([CARD])
    pat.get_by_role("button", name="Send").click()
    expect(pat.get_by_text("card.txt").first).to_be_visible()
    place = re.search(r"/portal/requests/(\w+)/", pat.url)
    assert place is not None

    sign_in(olivia, "olivia", product.url)
    olivia.goto(f"{product.url}/triage/office/tickets/{place[1]}/")
    expect(olivia.get_by_text("card.txt").first).to_be_visible()
    olivia.get_by_label("Reply to the requester").fill("Thank you. Read this before you come.")
    olivia.locator("summary", has_text="Attach files").click()
    olivia.locator("#id_files").set_input_files([NOTE])
    olivia.locator("form.reply").get_by_role("button", name="Send").click()
    expect(olivia.get_by_role("heading", name="Files we sent")).to_be_visible()

    expect(pat.get_by_text("How to prepare.txt").first).to_be_visible()  # by itself, when the ten seconds are over
    with pat.context.expect_page() as opened:
        pat.get_by_role("link", name="Open How to prepare.txt").click()
    expect(opened.value.get_by_text("Bring your insurance card.")).to_be_visible()
    opened.value.close()
    pat.goto(f"{product.url}/portal/files/")
    with pat.expect_download() as saved:
        pat.get_by_role("link", name="Download How to prepare.txt").click()
    assert saved.value.suggested_filename == "How to prepare.txt"
    expect(olivia.get_by_text("Not opened yet")).to_be_visible()
    olivia.reload()
    expect(olivia.get_by_text("Opened by the patient")).to_be_visible()
    olivia.get_by_role("button", name="Take back How to prepare.txt").click()
    olivia.get_by_role("dialog").get_by_role("button", name="Take back").click()
    expect(olivia.get_by_text("Taken back. The patient had opened it already.")).to_be_visible()
    pat.reload()
    expect(pat.get_by_text("Taken back by the office.")).to_be_visible()
