"""The desk by keyboard, two people on one ticket, and words that survive: in a real browser."""

import pytest
from playwright.sync_api import expect

from tests.browser import assert_accessible, sign_in

pytestmark = pytest.mark.browser

MATE = """
from portal_core.accounts.actions import credentials
from portal_core.accounts.models import User
from portal_core.directory.models import RoleAssignment, Staff
olivia = Staff.objects.get(user__username="olivia")
mira = Staff.objects.create(practice=olivia.practice, first_name="Mira", last_name="Mate", email="mira@staff.example")
mira.user = User.objects.create(username="mira", realm="staff", password=olivia.user.password)
mira.save()
RoleAssignment.objects.create(staff=mira, role="office_staff", office=olivia.role_assignments.get().office)
"""


def test_two_people_work_one_list_by_keyboard(people, product):
    """§4.1: keys the same in list and ticket; presence on both; soft claim; a draft on another device; Ctrl-K; undo."""
    product.shell(MATE)
    olivia, mira = people.new_page("olivia"), people.new_page("mira")
    for page, name in ((olivia, "olivia"), (mira, "mira")):
        sign_in(page, name, product.url)
        page.goto(f"{product.url}/triage/office/?who=nobody")
        expect(page.locator("[data-live-state]")).to_have_text("Live")

    # j moves the cursor, the deeds above the list are those of its row, r opens it with the cursor in the reply.
    olivia.keyboard.press("j")
    row = olivia.locator("[data-row]").first
    expect(row).to_be_focused()
    expect(olivia.locator("[data-row-deeds]")).to_be_visible()
    who = row.locator("strong").inner_text()
    ticket = row.get_attribute("data-row")
    olivia.keyboard.press("r")
    olivia.wait_for_url(f"**/tickets/{ticket}/?who=nobody")
    reply = olivia.get_by_label("Reply to the requester")
    expect(reply).to_be_focused()

    # Mira sees her on the list; the first words claim the ticket, and it leaves Mira's "nobody's".
    expect(mira.locator(f"[data-people-at='{ticket}']")).to_contain_text("is here")
    reply.press_sequentially("We call you")
    expect(olivia.locator("[data-kept]").first).to_have_text("Kept. You have this one now.")
    expect(mira.locator(f"[data-row='{ticket}']")).to_have_count(0)

    # Mira on the same ticket: both see each other, and Mira is told who has it.
    mira.goto(f"{product.url}/triage/office/tickets/{ticket}/")
    expect(olivia.locator(f".ticket [data-people-at='{ticket}']")).to_contain_text("Mira Mate is here")
    mira.get_by_label("Reply to the requester").press_sequentially("Hello")
    expect(mira.locator("[data-kept]").first).to_contain_text("has this one: talk before you send.")
    expect(olivia.locator(f".ticket [data-people-at='{ticket}']")).to_contain_text("Mira Mate is writing")
    assert_accessible(olivia)

    # The words are there on another device.
    phone = people.new_page("olivia", viewport={"width": 390, "height": 844})
    sign_in(phone, "olivia", product.url)
    phone.goto(f"{product.url}/triage/office/tickets/{ticket}/")
    expect(phone.get_by_label("Reply to the requester")).to_have_value("We call you")
    assert_accessible(phone)

    # Sent, and taken back by its key; then found by typing its name.
    olivia.get_by_role("button", name="Send", exact=True).click()
    olivia.get_by_role("button", name="Undo").click()
    expect(olivia.get_by_label("Reply to the requester")).to_have_value("We call you")
    expect(olivia.locator("[data-live-state]")).to_have_text("Live")  # keys work once the page's scripts have come
    olivia.keyboard.press("Control+k")
    olivia.get_by_role("combobox", name="What do you want to do?").fill("all tickets")
    olivia.keyboard.press("Enter")
    olivia.wait_for_url("**/triage/office/?who=nobody")
    expect(olivia.locator("[data-row]").filter(has_text=who)).to_have_count(0)
