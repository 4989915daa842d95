"""Every way into the portal, walked in a browser: by the patient on a phone, by the office at its desk, with letters
from the mailbox. Setting a user name and password by hand has a file of its own: test_credentials_by_hand.

All of it happens at an office of its own, and everybody in it takes part in one story only.
"""

import html
import json
import re
import time

import pyotp
import pytest
from playwright.sync_api import Page, expect

from tests.browser import assert_accessible, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]

PHONE = {"width": 390, "height": 844}
OWN = "seven quiet garden chairs"
NEW = "nine loud kitchen stools"
BORN = "1980-05-17"

# An office with a clerk and a manager, and the people of the stories: (first name, has e-mail, level, signs in since).
HOUSE = """
import datetime as dt, json
from django.contrib.auth import get_user_model
from portal_core.access.models import PortalAccess
from portal_core.directory.models import Office, Patient, Practice, RoleAssignment, Staff

practice = Practice.objects.get(slug="larkfield")
password = Staff.objects.get(user__username="olivia").user.password
user = lambda name, realm: get_user_model().objects.create(username=name, realm=realm, password=password)
office = Office.objects.create(practice=practice, name="Journey Lane", phone="+12175550177")
for name, role in (("clara", "office_staff"), ("max", "office_manager")):
    staff = Staff.objects.create(
        practice=practice, user=user(name, "staff"), first_name=name.title(), last_name="Hale",
        email=f"{name}@larkfield.example",
    )
    RoleAssignment.objects.create(staff=staff, role=role, office=office)
since = dt.datetime(2026, 1, 5, 15, tzinfo=dt.UTC)
charts = {}
for number, (first, last, mail, on, signs_in) in enumerate((
    ("Adam", "Journey", True, True, False), ("Rita", "Journey", True, True, True), ("Uma", "Journey", True, True, True),
    ("Petra", "Journey", False, True, False), ("Ivan", "Journey", True, True, False),
    ("Mona", "Journey", True, True, True), ("Anna", "Bulk", True, False, False),
    ("Bert", "Bulk", False, False, False), ("Cleo", "Bulk", True, True, False), ("Kim", "Young", False, False, False),
)):
    patient = Patient.objects.create(
        practice=practice, home_office=office, user=user(first.lower(), "patient") if signs_in else None,
        mrn=f"J-{number}", first_name=first, last_name=last,
        birth_date=dt.date(2019, 6, 1) if last == "Young" else dt.date(1980, 5, 17),
        email=f"{first.lower()}@journeys.example" if mail else "", email_since=since if mail else None, zip="62701",
    )
    PortalAccess.objects.create(
        patient=patient, level="can_access" if on else "none", enabled_at=since if on else None,
        enabled_by="Clara Hale" if on else "", first_access_at=since if signs_in else None,
        last_access_at=since if signs_in else None,
    )
    charts[first] = patient.public_id
print(json.dumps(charts))
"""


@pytest.fixture(scope="session")  # stolen tests come back: a module may begin twice
def charts(product) -> dict[str, str]:
    """First name → where the patient's chart stands."""
    ids = json.loads(product.shell(HOUSE).splitlines()[-1])
    return {name: f"{product.url}/desk/patients/{public_id}/" for name, public_id in ids.items()}


# --- what all of them do ----------------------------------------------------------------------------------------------
def on_a_phone(people, name: str) -> Page:
    return people.new_page(name, viewport=PHONE)


def fits(page: Page) -> None:
    """No barrier that axe sees, and nothing to scroll sideways for."""
    assert_accessible(page)
    assert page.evaluate("() => document.documentElement.scrollWidth - innerWidth") <= 0, page.url


def letter(product, address: str, subject: str) -> str:
    """The newest letter of that subject in the mailbox, as soon as it is there."""
    found: list[str] = []

    def arrived() -> bool:
        _status, page = product.get(f"/mailbox/?address={address}")
        items = re.findall(r'href="(/mailbox/[^"/]+/)".*?<strong>(.*?)</strong>', page, re.DOTALL)
        found[:] = [path for path, words in items if html.unescape(words) == subject]
        return bool(found)

    product.wait(arrived)
    _status, page = product.get(found[0])
    (text,) = re.findall(r'<pre class="letter-text">(.*?)</pre>', page, re.DOTALL)
    return html.unescape(re.sub(r"<[^>]+>", "", text))


def link(text: str, tree: str) -> str:
    (address,) = re.findall(rf"https?://\S+/portal/{tree}/[\w-]+/", text)
    return address


def enter(page: Page, url: str, username: str, password: str = OWN) -> None:
    """Through the patients' sign-in page."""
    page.goto(f"{url}/portal/sign-in/")
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in").click()


def greeted(page: Page, name: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"Hello, {name}")


def four_fields(page: Page, email: str, button: str, *, zip_code: str = "62701") -> None:
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Last name").fill("JOURNEY")
    page.get_by_label("Date of birth").fill(BORN)
    page.get_by_label("Home zip code").fill(zip_code)
    page.get_by_role("button", name=button).click()
    expect(page.locator("main")).to_contain_text("If those details match our records")


def choose(page: Page, *, username: str = "", password: str = OWN) -> None:
    """The page behind every link: a user name where there is none yet, and a password."""
    if username:
        page.get_by_label("User name").fill(username)
    page.get_by_label("New password", exact=True).fill(password)
    page.get_by_label("New password again").fill(password)
    page.get_by_role("button", name="Save password").click()
    page.wait_for_url("**/portal/sign-in/")
    expect(page.get_by_text("Your password is set.")).to_be_visible()


def portal_tab(page: Page, chart: str):
    """Patient Information → Patient Portal, in its dialog."""
    page.goto(chart)
    page.get_by_role("link", name="Edit patient information").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("link", name="Patient Portal", exact=True).click()
    expect(dialog).to_contain_text("Patient's Access Level")
    return dialog


def verified(page: Page, purpose: str, *methods: str) -> None:
    """The check of somebody who stands at the counter, on the request it is written on."""
    identity = page.locator("#identity")
    identity.get_by_label("What for?").select_option(purpose)
    identity.get_by_role("button", name="In the office").click()
    for method in ("Details match the record", *methods):
        identity.get_by_role("button", name=method).click()
        expect(identity.get_by_role("button", name=method)).to_have_attribute("aria-pressed", "true")
    identity.get_by_role("button", name="It is them").click()


# --- alone ------------------------------------------------------------------------------------------------------------
def test_a_patient_creates_the_account_alone(people, product, charts):
    """PC-30, PC-32, PC-43, PC-44: a slip of the pen is answered by mail only; with the right four the link comes."""
    page = on_a_phone(people, "adam")
    page.goto(f"{product.url}/portal/sign-in/")
    fits(page)
    page.get_by_role("link", name="I am a registered patient. Create my Patient Portal account").click()
    fits(page)
    four_fields(page, "adam@journeys.example", "Send me the link", zip_code="99999")
    letter(product, "adam@journeys.example", "Your Patient Portal account could not be verified")

    page.goto(f"{product.url}/portal/activate/")
    four_fields(page, "Adam@Journeys.example", "Send me the link")
    fits(page)
    page.goto(link(letter(product, "adam@journeys.example", "Set up your Patient Portal account"), "set-password"))
    page.get_by_label("User name").fill("rita")
    page.get_by_label("New password", exact=True).fill("short")
    page.get_by_label("New password again").fill("other")
    page.get_by_role("button", name="Save password").click()
    expect(page.locator("[data-error-summary]")).to_be_visible()
    fits(page)
    choose(page, username="adam.j")
    enter(page, product.url, "adam.j")
    greeted(page, "Adam")


def test_a_patient_sets_a_forgotten_password_anew(people, product, charts):
    """PC-31, PC-43: the link works once and for the newest e-mail only; the old password is over."""
    page = on_a_phone(people, "rita")
    page.goto(f"{product.url}/portal/sign-in/")
    page.get_by_role("link", name="I forgot my password").click()
    four_fields(page, "rita@journeys.example", "Send me the link")
    address = link(letter(product, "rita@journeys.example", "Set a new Patient Portal password"), "set-password")
    page.goto(address)
    expect(page.locator("main")).to_contain_text("rita")
    choose(page, password=NEW)
    enter(page, product.url, "rita", "demo-please-change")
    expect(page.locator("[data-error-summary]")).to_be_visible()
    enter(page, product.url, "rita", NEW)
    greeted(page, "Rita")

    page.goto(address)
    expect(page.get_by_role("heading", level=1)).to_have_text("This link no longer works")
    fits(page)
    page.get_by_role("link", name="Get a new link").click()
    expect(page.get_by_label("Home zip code")).to_be_visible()


def test_a_forgotten_user_name_comes_by_mail(people, product, charts):
    """PC-43, PC-44: the same four fields; the user name goes to the address on file."""
    page = on_a_phone(people, "uma")
    page.goto(f"{product.url}/portal/sign-in/")
    page.get_by_role("link", name="I forgot my user name").click()
    four_fields(page, "uma@journeys.example", "Send me my user name")
    text = letter(product, "uma@journeys.example", "Your Patient Portal user name")
    assert "\n\numa\n\n" in text
    enter(page, product.url, "uma", "demo-please-change")
    greeted(page, "Uma")


def test_a_newcomer_registers_on_the_website(people, product, charts):
    """PC-36, PC-37: unconfirmed at first, and after the link in the e-mail access is on by itself."""
    page, clara = on_a_phone(people, "nora"), people.new_page("clara")
    page.goto(f"{product.url}/portal/sign-in/")
    page.get_by_role("link", name="I am a new patient. Register").click()
    page.get_by_role("combobox", name="Office").select_option(label="Journey Lane")
    for label, value in (
        ("First name", "Nora"), ("Last name", "Newcomer"), ("Date of birth", "1990-02-03"),
        ("E-mail address", "nora@journeys.example"), ("Home zip code", "62701"),
    ):  # fmt: skip
        page.get_by_label(label).fill(value)
    fits(page)
    page.get_by_role("button", name="Register").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Check your e-mail")
    text = letter(product, "nora@journeys.example", "Confirm your e-mail address for the Patient Portal")
    sign_in(clara, "clara", product.url)
    clara.goto(f"{product.url}/desk/registrations/")
    row = clara.get_by_role("row", name="Newcomer, Nora")
    expect(row).to_contain_text("Not confirmed yet")

    page.goto(link(text, "register"))
    page.get_by_label("Last name").fill("Newcomer")
    fits(page)
    page.get_by_role("button", name="Yes, this is my address").click()
    choose(page, username="nora.n")
    enter(page, product.url, "nora.n")
    greeted(page, "Nora")
    clara.reload()
    expect(row).to_contain_text("Confirmed")
    row.get_by_role("link", name="Newcomer, Nora").click()
    expect(clara.locator("#portal-status")).to_have_attribute("data-portal-state", "active")


# --- with the office --------------------------------------------------------------------------------------------------
def test_an_invitation_leads_to_the_first_sign_in(people, product, charts):
    """PC-33, PC-46, PC-47, PC-57, PC-58: sent from the tab, tracked there; the icon turns when the patient is in."""
    clara, page = people.new_page("clara"), on_a_phone(people, "ivan")
    sign_in(clara, "clara", product.url)
    dialog = portal_tab(clara, charts["Ivan"])
    dialog.get_by_role("button", name="Send invitation/reset email").click()
    expect(dialog).to_contain_text("The e-mail is on its way to the address on file.")
    assert_accessible(clara)

    page.goto(link(letter(product, "ivan@journeys.example", "Set up your Patient Portal account"), "set-password"))
    fits(page)
    choose(page, username="ivan.j")
    enter(page, product.url, "ivan.j")
    greeted(page, "Ivan")
    clara.goto(charts["Ivan"])
    expect(clara.locator("#portal-status")).to_have_attribute("data-portal-state", "active")
    expect(clara.locator("#portal-status")).to_contain_text("The patient has opened it and set a password.")


def test_a_pin_opens_the_portal_without_any_mail(people, product, charts):
    """PC-56, TR-04: verified at the counter, a slip is printed; with it, a name and a birthday the patient is in."""
    clara, page = people.new_page("clara"), on_a_phone(people, "petra")
    sign_in(clara, "clara", product.url)
    dialog = portal_tab(clara, charts["Petra"])
    dialog.get_by_text("Give them a registration PIN").click()
    dialog.get_by_role("button", name="They are in the office").click()
    verified(clara, "pin", "Photo ID seen in person")
    clara.get_by_role("button", name="Print a registration PIN").click()
    pin = clara.locator("[data-pin]").inner_text()
    assert re.fullmatch(r"[2-9A-Z]{4}-[2-9A-Z]{4}", pin)
    assert_accessible(clara)

    page.goto(f"{product.url}/portal/activate/")
    page.get_by_role("link", name="Use the PIN instead").click()
    fits(page)
    for code in ("ZZZZ-9999", pin.lower().replace("-", " ")):
        page.get_by_label("PIN", exact=True).fill(code)
        page.get_by_label("Last name").fill("Journey")
        page.get_by_label("Date of birth").fill(BORN)
        page.get_by_role("button", name="Go on").click()
        if code == "ZZZZ-9999":
            expect(page.locator("[data-error-summary]")).to_be_visible()
    choose(page, username="petra.j")
    enter(page, product.url, "petra.j")
    greeted(page, "Petra")


def test_a_parent_acts_for_a_child(people, product, charts):
    """Granted after a check that a second person approved; an own sign-in, and every page says whom they look at."""
    clara, max_, page = people.new_page("clara"), people.new_page("max"), on_a_phone(people, "dana")
    sign_in(clara, "clara", product.url)
    portal_tab(clara, charts["Kim"]).get_by_role("link", name="Let somebody act for the patient").click()
    page_of_grant = clara.url
    clara.get_by_role("button", name="They are in the office").click()
    verified(clara, "proxy", "Photo ID seen in person", "Personally known, in person", "Authority document seen")
    expect(clara.locator("#identity")).to_contain_text("Second person needed")
    sign_in(max_, "max", product.url)
    max_.goto(clara.url)
    max_.locator("#identity").get_by_role("button", name="Approve").click()
    expect(max_.locator("#identity")).to_contain_text("Verified")

    clara.goto(page_of_grant)
    expect(clara.locator("main")).to_contain_text("works once")
    clara.get_by_label("Name of the person").fill("Dana Young")
    clara.get_by_label("Their e-mail address").fill("dana@journeys.example")
    clara.get_by_label("Your own password").fill("demo-please-change")
    assert_accessible(clara)
    clara.get_by_role("button", name="Save and send the e-mail").click()
    expect(clara.get_by_role("region", name="People who act for this patient")).to_contain_text("Invited")

    text = letter(product, "dana@journeys.example", "You can act for somebody in the Patient Portal")
    assert "Kim" not in text
    page.goto(link(text, "proxy"))
    fits(page)
    choose(page, username="dana.y")
    enter(page, product.url, "dana.y")
    greeted(page, "Dana Young")
    expect(page.get_by_label("You act for somebody")).to_contain_text("You are viewing Kim Young")
    fits(page)


def test_many_are_invited_at_once(people, product, charts):
    """PC-48 to PC-51: the red rectangle, the e-mail, then everybody in the list with a bar and a word on each."""
    clara = people.new_page("clara")
    sign_in(clara, "clara", product.url)
    clara.goto(f"{product.url}/desk/onboarding/")
    clara.get_by_label("Find a patient").fill("Bulk")
    rows = clara.locator("#results tbody tr")
    expect(rows).to_have_count(3)
    anna = rows.filter(has_text="Bulk, Anna")
    anna.get_by_role("button", name="Not enabled").click()
    clara.get_by_role("dialog").get_by_role("button", name="Yes, enable access").click()
    expect(anna).to_contain_text("Access is enabled. Now send the invitation.")
    expect(anna).to_have_attribute("data-portal-state", "unactivated")
    anna.get_by_role("button", name="anna@journeys.example").click()
    expect(anna).to_contain_text("The invitation is on its way.")
    assert_accessible(clara)

    clara.get_by_role("button", name="Invite everybody in this list").click()
    clara.get_by_role("dialog").get_by_role("button", name="Invite everybody in this list").click()
    progress = clara.locator("#progress")
    expect(progress).to_contain_text("Done.")
    for line in (
        "Invitation on its way 1", "Was invited within the last day; not sent again 1", "Bulk, Bert",
        "Access is not enabled: click the red rectangle first",
    ):  # fmt: skip
        expect(progress).to_contain_text(line)
    assert_accessible(clara)
    for name in ("anna", "cleo"):
        letter(product, f"{name}@journeys.example", "Set up your Patient Portal account")


# --- the second step --------------------------------------------------------------------------------------------------
def test_the_second_step_is_set_up_and_a_lost_phone_survived(people, product, charts):
    """An app is added, a recovery code opens the door once, the app again, and at last it is taken off."""
    page = on_a_phone(people, "mona")
    enter(page, product.url, "mona", "demo-please-change")
    greeted(page, "Mona")
    to_security(page)
    page.get_by_role("link", name="Set up the second step").click()
    page.get_by_text("The app cannot see it?").click()
    app = pyotp.TOTP(page.locator("details code").inner_text().replace(" ", ""))
    fits(page)
    page.get_by_role("textbox", name="Code").fill("000000")
    page.get_by_role("button", name="Turn it on").click()
    expect(page.locator("[data-error-summary]")).to_be_visible()
    page.get_by_role("textbox", name="Code").fill(app.now())
    page.get_by_role("button", name="Turn it on").click()
    codes = page.locator(".code-list code").all_inner_texts()
    assert len(set(codes)) == 10
    fits(page)
    page.get_by_role("link", name="I have kept them").click()
    expect(page.locator("main")).to_contain_text("10 recovery codes left.")

    for code, opens in ((codes[0], True), (codes[0], False), (app.at(time.time() + app.interval), True)):
        sign_out(page)
        enter(page, product.url, "mona", "demo-please-change")
        expect(page.get_by_role("heading", level=1)).to_have_text("One more step")
        page.get_by_role("textbox", name="Code").fill(code)
        page.get_by_role("button", name="Sign in").click()
        if opens:
            greeted(page, "Mona")
        else:
            expect(page.locator("[data-error-summary]")).to_be_visible()
    to_security(page)
    expect(page.locator("main")).to_contain_text("9 recovery codes left.")
    page.get_by_role("button", name="Remove").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.locator("main")).to_contain_text("It takes two minutes and a phone.")
    sign_out(page)
    enter(page, product.url, "mona", "demo-please-change")
    greeted(page, "Mona")


def to_security(page: Page) -> None:
    page.locator(".user-menu summary").click()
    page.get_by_role("link", name="Sign-in and security").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Sign-in and security")


def sign_out(page: Page) -> None:
    """If there is anybody to sign out: after a wrong code there is not."""
    menu = page.locator(".user-menu summary")
    if menu.count():
        menu.click()
        page.get_by_role("button", name="Sign out", exact=True).click()
        page.wait_for_url("**/portal/sign-in/")
