"""A message from the office to its patient and back, in two real browsers: it comes while the page is open."""

import pytest
from playwright.sync_api import expect

from tests.browser import assert_accessible, sign_in

pytestmark = pytest.mark.browser


def test_a_message_is_written_read_and_answered_while_both_look_on(people, product):
    """PC-06, PC-10, PC-58."""
    pat, olivia = people.new_page("pat", viewport={"width": 390, "height": 844}), people.new_page("olivia")
    sign_in(pat, "pat", product.url)
    sign_in(olivia, "olivia", product.url)
    pat.goto(f"{product.url}/portal/messages/")
    expect(pat.locator("[data-live]")).to_have_count(1)
    assert_accessible(pat)

    # From pat's own page: a form with the field of PC-10.
    patient_id = product.shell(
        "from portal_core.directory.models import Patient\nprint(Patient.objects.get(user__username='pat').public_id)"
    ).strip().splitlines()[-1]  # fmt: skip
    olivia.goto(f"{product.url}/desk/patients/{patient_id}/")
    olivia.get_by_role("link", name="Write to this patient").click()
    olivia.get_by_label("Subject").fill("Your letter")
    olivia.get_by_label("Message to Patient:").fill("It lies at the front desk.")
    assert_accessible(olivia)
    olivia.get_by_role("button", name="Send", exact=True).click()
    expect(olivia.get_by_text("Not read by the patient yet")).to_be_visible()

    # It stands in pat's list without a reload, says so in a word, and the desk sees when it is read.
    row = pat.get_by_role("link", name="Your letter")
    expect(row).to_contain_text("Unread")
    row.click()
    expect(pat.get_by_text("It lies at the front desk.")).to_be_visible()
    expect(olivia.get_by_text("Read by the patient")).to_be_visible()

    pat.get_by_label("Your answer").fill("Thank you, I will fetch it.")
    pat.get_by_role("button", name="Send").click()
    expect(olivia.locator("#thread")).to_contain_text("Thank you, I will fetch it.")
