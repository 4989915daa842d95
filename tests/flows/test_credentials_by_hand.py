"""A patient without e-mail: put on file, given a user name and password by hand, and in by an own password."""

import pytest
from playwright.sync_api import expect

from tests.browser import assert_accessible, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]
OWN = "seven quiet garden chairs"


def test_from_the_patient_list_to_the_first_sign_in(people, product):
    """PC-33, PC-35, PC-45, PC-52…54, C3, C4: in the dialog, with the user name turning green, and the forced change."""
    olivia, patient = people.new_page("olivia"), people.new_page("quentin")
    sign_in(olivia, "olivia", product.url)
    olivia.goto(f"{product.url}/desk/patients/")
    olivia.get_by_role("link", name="Add a patient").click()
    for label, value in (("First name", "Quentin"), ("Last name", "Nomail"), ("Date of birth", "1950-03-04")):
        olivia.get_by_label(label).fill(value)
    olivia.get_by_role("button", name="Save").click()
    chart = olivia.url
    olivia.get_by_role("link", name="Edit patient information").click()
    dialog = olivia.get_by_role("dialog")
    dialog.get_by_role("link", name="Patient Portal", exact=True).click()
    dialog.get_by_role("button", name="Enable for manual sign-in only").click()
    expect(dialog).to_contain_text("Manual sign-in only: no self-service reset.")

    # Nothing is set for somebody nobody verified: the check is made on a request, then the dialog goes on.
    dialog.get_by_text("Set user name and password by hand").click()
    dialog.get_by_role("button", name="They are in the office").click()
    identity = olivia.locator("#identity")
    identity.get_by_label("What for?").select_option("credentials")
    identity.get_by_role("button", name="In the office").click()
    for method in ("Details match the record", "Photo ID seen in person"):
        identity.get_by_role("button", name=method).click()
        expect(identity.get_by_role("button", name=method)).to_have_attribute("aria-pressed", "true")
    identity.get_by_role("button", name="It is them").click()
    expect(identity).to_contain_text("Verified")
    olivia.goto(chart)
    olivia.get_by_role("link", name="Edit patient information").click()
    dialog.get_by_role("link", name="Patient Portal", exact=True).click()
    dialog.get_by_text("Set user name and password by hand").click()
    expect(dialog).to_contain_text("It holds until")
    name = dialog.get_by_label("Patient's Username")
    name.fill("olivia")
    expect(dialog.locator("#username-verdict")).to_contain_text("not free")
    name.fill("quentin.n")
    expect(dialog.locator("#username-verdict")).to_contain_text("Valid and unique")
    assert_accessible(olivia)
    dialog.get_by_label("Manually Set Patient's Portal Password").check()
    told = dialog.get_by_label("Password to tell the patient").input_value()
    dialog.get_by_label("Your own password").fill("demo-please-change")
    dialog.get_by_role("button", name="Save").click()
    expect(olivia.get_by_text("never by e-mail or message").first).to_be_visible()
    expect(olivia.locator("main")).to_contain_text("quentin.n")

    patient.goto(f"{product.url}/portal/sign-in/")
    patient.get_by_label("Username").fill("quentin.n")
    patient.get_by_label("Password", exact=True).fill(told)
    patient.get_by_role("button", name="Sign in").click()
    patient.wait_for_url("**/portal/password/")
    patient.get_by_label("Current password").fill(told)
    patient.get_by_label("New password", exact=True).fill(OWN)
    patient.get_by_label("New password again").fill(OWN)
    patient.get_by_role("button", name="Save new password").click()
    expect(patient.get_by_role("heading", level=1)).to_contain_text("Hello, Quentin")
