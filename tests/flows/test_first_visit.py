"""A first visit: Carla starts it from her schedule, Pat joins, they see and hear each other, either one ends it."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser import assert_accessible, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

PATIENCE = 30_000  # two browsers, their encoders and the product share two cores

# Every connection a page makes is kept where the test can ask it what arrived.
WATCH = """
window.connections = [];
window.RTCPeerConnection = new Proxy(window.RTCPeerConnection, {
  construct(target, given) {
    const made = new target(...given);
    window.connections.push(made);
    return made;
  },
});
"""
ARRIVED = """async () => {
  const got = { frames: 0, samples: 0, energy: 0 };
  const connection = window.connections.at(-1);
  if (connection?.connectionState !== "connected") return got;
  for (const entry of (await connection.getStats()).values()) {
    if (entry.type !== "inbound-rtp") continue;
    if (entry.kind === "video") got.frames = entry.framesDecoded;
    if (entry.kind === "audio") [got.samples, got.energy] = [entry.totalSamplesReceived, entry.totalAudioEnergy];
  }
  return got;
}"""
SHOWN = "() => { const it = document.getElementById('remote'); return it.videoWidth > 0 && !it.paused; }"
MORE = f"""async (before) => {{
  const now = await ({ARRIVED})();
  return now.frames >= before.frames + 5 && now.samples >= before.samples + 8000 && now.energy > before.energy;
}}"""

# The demo's visit is shared by all tests of the session; each takes its place with an appointment of its own.
APPOINT = """
import datetime as dt
from portal_core.directory.models import Patient
from portal_core.kernel import clock, ids
from portal_core.kernel.contracts import SYSTEM
from portal_core.scheduling import queries
from portal_core.scheduling.actions import appointments
from portal_core.scheduling.enums import AppointmentType
from portal_core.scheduling.models import Appointment

pat = Patient.objects.get(user__username="pat")
old = next(row for row in Appointment.objects.with_people().filter(patient=pat, telehealth=True).order_by("-id"))
for row in queries.upcoming(pat):
    appointments.cancel(appointment=row, reason="", by=SYSTEM)
made = appointments.book(
    clinician=old.clinician, office=old.office, patient=pat, type=AppointmentType.INDIVIDUAL, start=old.start,
    end=old.end, telehealth=True, key=ids.new_public_id(), by=SYSTEM,
)
print(made.public_id)
"""


def watched(people: Any, name: str, **options: Any) -> Page:
    page = people.new_page(name, **options)
    page.context.set_default_timeout(PATIENCE)
    page.context.add_init_script(WATCH)
    return page


def in_phase(page: Page, *phases: str) -> None:
    page.wait_for_selector(",".join(f"[data-phase={phase}]" for phase in phases), timeout=PATIENCE)


def sees_and_hears(page: Page) -> None:
    """At least five more frames decoded and half a second more sound, and not silence, than there was before."""
    before = page.evaluate(ARRIVED)
    page.wait_for_function(MORE, arg=before, timeout=PATIENCE, polling=250)
    page.wait_for_function(SHOWN, timeout=PATIENCE)


def carla_starts(carla: Page, url: str) -> None:
    carla.goto(f"{url}/desk/schedule/")
    carla.locator("li.schedule-booked a", has_text="Pat Lindqvist").click()
    dialog = carla.get_by_role("dialog")
    expect(dialog.get_by_role("heading", name="Pat Lindqvist")).to_be_visible(timeout=PATIENCE)
    dialog.get_by_role("button", name="Start Telehealth Session").click()
    carla.wait_for_url("**/desk/telehealth/*/")


def join(page: Page) -> None:
    prejoin = page.get_by_role("dialog", name="Select Your Camera and Microphone")
    expect(prejoin).to_be_visible(timeout=PATIENCE)
    button = prejoin.get_by_role("button", name="Join Session")
    expect(button).to_be_enabled(timeout=PATIENCE)
    assert prejoin.get_by_label("Camera", exact=True).input_value()
    assert prejoin.get_by_label("Microphone", exact=True).input_value()
    page.wait_for_function("() => document.getElementById('preview').videoWidth > 0", timeout=PATIENCE)
    page.wait_for_function("() => document.getElementById('meter').value > 0", timeout=PATIENCE)
    button.click()


def ended(page: Page, sentence: str) -> None:
    farewell = page.get_by_role("dialog", name="Your Telehealth Session Has Ended")
    expect(farewell).to_be_visible(timeout=PATIENCE)
    expect(farewell).to_contain_text(sentence)
    assert page.evaluate("() => document.getElementById('local').srcObject") is None  # the camera is off


def rejoin(page: Page) -> None:
    page.get_by_role("button", name="Rejoin Session").click()


def test_a_first_visit_from_schedule_and_portal(people, running_product):
    """TH-08, TH-10, TH-12…17: started from the schedule, joined from the portal, ended and rejoined by both."""
    url = running_product.url
    running_product.shell(APPOINT)
    carla, pat = watched(people, "carla"), watched(people, "pat", viewport={"width": 390, "height": 844})
    sign_in(carla, "carla", url)
    sign_in(pat, "pat", url)

    carla_starts(carla, url)
    join(carla)
    in_phase(carla, "waiting")
    assert_accessible(carla)
    pat.goto(f"{url}/portal/")
    pat.get_by_role("button", name="Join Session").click()
    join(pat)

    for page in (carla, pat):
        in_phase(page, "live")
        sees_and_hears(page)
    assert_accessible(pat)
    small, large = (carla.locator(name).bounding_box() for name in ("#self", "#remote"))
    assert small["x"] - large["x"] < 60  # TH-13: oneself upper left,
    assert small["y"] - large["y"] < 60
    assert small["width"] < large["width"] / 3  # the other larger

    carla.get_by_role("button", name="Mute microphone").click()
    expect(carla.get_by_role("button", name="Mute microphone")).to_have_attribute("aria-pressed", "true")
    expect(pat.locator("#peer-note")).to_have_text("Carla Reyes has switched off the microphone.", timeout=PATIENCE)

    pat.get_by_role("button", name="End session").click()
    ended(pat, "You ended the session.")
    ended(carla, "Pat Lindqvist ended the session.")

    rejoin(carla)
    in_phase(carla, "waiting")
    expect(pat.locator("#ended-note")).to_have_text("Carla Reyes has selected Rejoin and is waiting for you.")
    assert pat.evaluate(ARRIVED)["frames"] == 0  # TH-17: one alone is not enough
    rejoin(pat)
    for page in (carla, pat):
        in_phase(page, "live")
        sees_and_hears(page)

    carla.get_by_role("button", name="End session").click()
    ended(carla, "You ended the session.")
    ended(pat, "Carla Reyes ended the session.")


def test_a_first_visit_by_the_direct_link(people, product):
    """TH-31…34: the patient holds nothing but the link; no cookie of the portal, no sign-in."""
    url = product.url
    product.shell(APPOINT)
    carla, guest = watched(people, "carla"), watched(people, "guest")
    sign_in(carla, "carla", url)
    carla.goto(f"{url}/desk/schedule/")
    carla.locator("li.schedule-booked a", has_text="Pat Lindqvist").click()
    link = carla.get_by_label("Direct link for the patient").input_value()
    assert link.startswith(f"{url}/telehealth/join/")

    guest.goto(link)
    expect(guest.get_by_role("link", name="Login as a provider")).to_be_visible()
    guest.get_by_role("button", name="Join as patient").click()
    join(guest)
    in_phase(guest, "waiting")  # early, and connected when the clinician comes
    carla_starts(carla, url)
    join(carla)

    for page in (guest, carla):
        in_phase(page, "live")
        sees_and_hears(page)
    assert {cookie["name"] for cookie in guest.context.cookies()} <= {"csrftoken"}

    carla.get_by_role("button", name="End session").click()
    ended(guest, "Carla Reyes ended the session.")
    ended(carla, "You ended the session.")


def test_a_reload_and_a_signalling_outage_do_not_end_the_session(people, product):
    """TH-18: F5 brings one back in; media goes on while the socket is away, and the socket comes back by itself."""
    url = product.url
    product.shell(APPOINT)
    carla, pat = watched(people, "carla"), watched(people, "pat")
    carla.context.add_init_script(SOCKETS)
    sign_in(carla, "carla", url)
    sign_in(pat, "pat", url)
    carla_starts(carla, url)
    join(carla)
    pat.goto(f"{url}/portal/")
    pat.get_by_role("button", name="Join Session").click()
    join(pat)
    for page in (carla, pat):
        in_phase(page, "live")

    carla.evaluate("() => window.sockets.at(-1).close()")
    carla.wait_for_function("() => window.sockets.filter(one => one.readyState === 1).length === 1", timeout=PATIENCE)
    sees_and_hears(carla)
    assert carla.evaluate("() => window.connections.length") == 1  # the same connection all along

    pat.reload()
    join(pat)
    for page in (carla, pat):
        in_phase(page, "live")
        sees_and_hears(page)
    pat.get_by_role("button", name="End session").click()
    ended(carla, "Pat Lindqvist ended the session.")


SOCKETS = """
window.sockets = [];
window.WebSocket = new Proxy(window.WebSocket, {
  construct(target, given) {
    const made = new target(...given);
    window.sockets.push(made);
    return made;
  },
});
"""
