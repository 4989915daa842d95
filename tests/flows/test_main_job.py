"""The story that must always run: a patient cannot get in, her office proves who she is, IT sees flags and no chart,
one incident, everybody hears of it once, and each patient is asked whether it is really over."""

import html
import json
import re
from collections import Counter

import pytest
from playwright.sync_api import Page, expect

from tests.browser import assert_accessible, sign_in
from tests.product import Product

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]

OFFICE = "Larkfield Main Street"
KIND = "MSG_NOT_RECEIVED"
NAME = "Secure message e-mails are late"
# A reader of this story's own: one who gets much mail within the hour gets a digest, and other tests publish too.
SUBSCRIBER = "reader.of.the.main.job@example.test"
SUBSCRIBE = f"""
from portal_core.kernel.contracts import SYSTEM
from statuspage.actions import subscribers
subscribers.import_confirmed(email="{SUBSCRIBER}", consent="asked for it", by=SYSTEM)
"""
# Four patients of the office Oscar manages. One he flags before our eyes; the others are flagged by the same actions,
# so that the story does not show the same pages four times.
FLAGGED_BEFORE_OUR_EYES, *FLAGGED_MEANWHILE = ("Pereira", "Maddox", "Wallace", "Abbott")
FLAG_MEANWHILE = f"""
from helpdesk.actions import tickets
from helpdesk.contracts import Intake
from helpdesk.enums import Category, Channel, RequesterKind
from ops.demo.desk import relay_example
from portal_core.directory.models import Patient, Staff
oscar = Staff.objects.get(user__username="oscar")
office = oscar.role_assignments.get(role="office_manager").office
for surname in {FLAGGED_MEANWHILE}:
    call = Intake(
        requester_kind=RequesterKind.PATIENT, category=Category.{KIND}, channel=Channel.PHONE,
        body="No e-mail about a new message since this morning.",
    )
    ticket = tickets.log_call(intake=call, office=office, staff=oscar, call_seconds=120, by=oscar.actor)
    patient = Patient.objects.filter(home_office=office, last_name=surname).order_by("pk")[0]
    relay_example(staff=oscar, ticket=ticket, patient=patient)
"""
PATS_ADDRESS = "pat@patients.example"
PHONE = {"width": 390, "height": 844}


def write_to_the_office(pat: Page, url: str) -> None:
    """Pat on her phone, not signed in; ends on her own ticket page."""
    pat.goto(f"{url}/help/contact/")
    pat.get_by_label("A patient, or somebody who helps one").check()
    pat.select_option("select[name=category]", KIND)
    pat.fill("textarea[name=body]", "The e-mail about a new message never comes.")
    pat.select_option("select[name=office]", label=OFFICE)
    pat.fill("input[name=name]", "Pat Lindqvist")
    pat.fill("input[name=email]", PATS_ADDRESS)
    pat.locator("main form").get_by_role("button", name="Send").click()
    expect(pat.locator("#ticket-live")).to_contain_text("Received")


def log_a_call(desk: Page, url: str, surname: str) -> None:
    """HD-13: the same ticket by keyboard, with the patient found on the way; ends on the ticket."""
    desk.goto(f"{url}/triage/office/")
    desk.keyboard.press("c")
    desk.wait_for_url("**/calls/new/")
    desk.locator("input[name=q]").fill(surname)
    desk.keyboard.press("Enter")
    desk.locator("button[name=pick]").first.click()
    expect(desk.get_by_text("Portal:")).to_be_visible()
    desk.locator("label.kind", has=desk.locator(f"input[value={KIND}]")).click()
    desk.locator("textarea[name=body]").fill("No e-mail about a new message since this morning.")
    desk.get_by_role("button", name="Log the call and open the ticket").click()
    desk.wait_for_url("**/triage/office/tickets/*/")


def verify(desk: Page, *, purpose: str, proof: str | None = None) -> None:
    """The checklist: details against the chart, a proof where the purpose asks for one, then "It is them"."""
    identity = desk.locator("#identity")
    identity.get_by_label("What for?").select_option(purpose)
    identity.get_by_role("button", name="On the phone").click()
    for method in filter(None, ("Details match the record", proof)):
        identity.get_by_role("button", name=method).click()
        expect(identity.get_by_role("button", name=method)).to_have_attribute("aria-pressed", "true")
    identity.get_by_role("button", name="It is them").click()
    expect(identity).to_contain_text("Verified")


def flag(desk: Page) -> None:
    """Tick what the office did, then relay."""
    open_steps = desk.locator("#playbook button[aria-pressed=false]")
    for left in range(open_steps.count(), 0, -1):
        open_steps.first.click()
        expect(open_steps).to_have_count(left - 1)
    desk.get_by_role("link", name="Flag to IT").click()
    packet = desk.locator("details#flag")
    packet.get_by_label("does not receive a secure message e-mail").check()
    packet.locator("textarea[name=error_text]").fill("none")
    packet.locator("input[name=page]").fill("the e-mail that tells of a new message")
    packet.locator("input[name=device]").fill("iPhone, Safari")
    packet.locator("input[name=impact]").first.check()
    packet.get_by_role("button", name="Send the flag").click()
    expect(desk.locator("#flags")).to_contain_text("Flag to IT")


def subjects(product: Product, address: str) -> Counter[str]:
    """Subjects in the development mailbox for one address."""
    letters = product.get(f"/mailbox/?address={address}")[1].partition('id="letters"')[2]
    return Counter(html.unescape(found) for found in re.findall(r"<strong[^>]*>([^<]*)</strong>", letters))


@pytest.fixture(params=["embedded", pytest.param("scaled", marks=pytest.mark.services)])
def quiet_product(request: pytest.FixtureRequest) -> Product:
    """Either product, with nothing open on the status page; the embedded one is shared by tests that publish."""
    if request.param == "embedded":
        mine: Product = request.getfixturevalue("fresh_product")
        return mine.start()
    shared: Product = request.getfixturevalue("scaled_product")
    return shared


def test_the_main_job(people, quiet_product):
    """HD-01 HD-05 HD-07 TR-01 TR-03…06 TR-10 SP-01…04 SP-07: the whole story, live, in both modes."""
    url = quiet_product.url
    quiet_product.shell(SUBSCRIBE)
    pat, status = people.new_page("pat", viewport=PHONE), people.new_page("subscriber")
    olivia, oscar, ian = people.new_page("olivia"), people.new_page("oscar"), people.new_page("ian")

    # Everybody has their page open before anything happens.
    status.goto(f"{url}/status/")
    expect(status.get_by_role("heading", level=1)).to_be_visible()
    expect(status.locator("#status")).to_contain_text("No ongoing issues")
    for page, name in ((olivia, "olivia"), (oscar, "oscar"), (ian, "ian")):
        sign_in(page, name, url)
    olivia.goto(f"{url}/triage/office/")
    ian.goto(f"{url}/triage/it/")
    for page in (olivia, ian):
        expect(page.locator("[data-live-state]")).to_have_text("Live")
    before = ian.locator("#flag-list li").count()

    # 1, 2. Pat writes; her ticket appears on her own office's desk without a reload.
    write_to_the_office(pat, url)
    olivia.get_by_role("link", name=re.compile("Pat Lindqvist.*Secure message e-mail not received")).click()
    olivia.get_by_role("button", name="Take").click()
    expect(pat.locator("#ticket-live")).to_contain_text("We are working on it")
    olivia.get_by_label("Find the patient").fill("Lindqvist")
    olivia.get_by_role("button", name="Find").click()
    olivia.get_by_role("button", name="This one").first.click()
    expect(olivia.locator("#patient")).to_contain_text("Active")

    # 3. Without a live attestation the button does not exist; with one it works once.
    expect(olivia.get_by_role("button", name="Send reset link")).to_have_count(0)
    verify(olivia, purpose="reset", proof="Called back on the number on file")
    olivia.get_by_role("button", name="Send reset link").click()
    expect(olivia.get_by_role("button", name="Send reset link")).to_have_count(0)

    # 4, 5. It does not arrive: flags, live on the console, initials and no chart.
    verify(olivia, purpose="identity")
    flag(olivia)
    expect(ian.locator("#flag-list li")).to_have_count(before + 1)
    assert "Lindqvist" not in ian.content()
    assert "/desk/patients/" not in ian.content()
    quiet_product.shell(FLAG_MEANWHILE)
    log_a_call(oscar, url, FLAGGED_BEFORE_OUR_EYES)
    verify(oscar, purpose="identity")
    flag(oscar)
    expect(ian.locator("#proposals")).to_contain_text("5 flags")
    assert_accessible(ian)
    ian.get_by_role("link", name="Declare incident").click()
    expect(ian.locator("main")).to_contain_text("From 5 flags")
    ian.locator("input[name=name]").fill(NAME)
    ian.locator("textarea[name=body]").fill(
        "E-mails about new messages arrive late. Your messages are safe in the portal."
    )
    ian.get_by_role("button", name="Publish").click()
    ian.wait_for_url("**/triage/it/incidents/*/")

    # 6. The page changes under the reader's eyes; the API agrees; the sign-in page and the form know.
    expect(status.locator("#status")).to_contain_text(NAME)
    assert_accessible(status)
    summary = json.loads(quiet_product.get("/api/v2/summary.json")[1])
    assert [incident["name"] for incident in summary["incidents"]] == [NAME]
    assert [c["name"] for c in summary["incidents"][0]["components"]] == ["Secure message e-mail"]
    assert summary["status"]["indicator"] != "none"
    for path in ("/portal/sign-in/", "/help/contact/"):
        pat_elsewhere = pat.context.new_page()
        pat_elsewhere.goto(url + path)
        expect(pat_elsewhere.get_by_label("Service status")).to_contain_text(NAME)
        pat_elsewhere.close()
    expect(pat.locator("#ticket-live")).to_contain_text("a problem we know and are fixing")

    # 7. Update, resolve; subscribers hear each once, each patient is asked. News that has not left when newer come is
    # replaced by them, so on a busy machine each has to arrive before the next is published.
    quiet_product.wait(lambda: subjects(quiet_product, SUBSCRIBER)[f"{NAME} - Investigating"] > 0)
    ian.locator("form[action$='/update/'] select[name=status]").select_option("identified")
    ian.locator("form[action$='/update/'] textarea[name=body]").fill("The mail provider is catching up.")
    ian.get_by_role("button", name="Publish the update").click()
    expect(status.locator("#status")).to_contain_text("The mail provider is catching up.")
    quiet_product.wait(lambda: subjects(quiet_product, SUBSCRIBER)[f"Update: {NAME} - Identified"] > 0)
    ian.get_by_text("It is over: resolve").click()
    ian.locator("form[action$='/resolve/'] textarea[name=body]").fill("All delayed e-mails have been delivered.")
    ian.get_by_role("button", name="Resolve and tell everybody").click()
    expect(status.locator("#status")).to_contain_text("No ongoing issues")
    quiet_product.wait(lambda: any(each.startswith("Is it fixed") for each in subjects(quiet_product, PATS_ADDRESS)))
    pat.get_by_role("button", name="Yes, it works").click()
    expect(pat.locator("#ticket-live")).to_contain_text("Solved")
    expect(ian.locator("#linked")).to_contain_text("1 solved")

    quiet_product.wait(lambda: subjects(quiet_product, SUBSCRIBER)[f"Resolved: {NAME}"] > 0)
    assert subjects(quiet_product, SUBSCRIBER) == {
        f"{NAME} - Investigating": 1,
        f"Update: {NAME} - Identified": 1,
        f"Resolved: {NAME}": 1,
    }
    told = subjects(quiet_product, PATS_ADDRESS)
    assert sum(count for subject, count in told.items() if subject.startswith("Is it fixed for you?")) == 1
    assert sum(count for subject, count in told.items() if subject.startswith("Set a new Patient Portal password")) == 1
    assert "every chain holds" in quiet_product.manage("audit_verify")
