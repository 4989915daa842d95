"""SP-02 in a browser: the forms in light, dark and on a phone; browser notifications from the button to the yes."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import expect

from portal_core.notify.transports import push
from tests.browser import assert_accessible
from tests.product import Product

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

# What a browser maker's push service would answer; everything else is the real page, script and service worker.
PUSH_SERVICE = """
Notification.requestPermission = async () => "granted";
PushManager.prototype.subscribe = async (options) => ({
  toJSON: () => ({
    endpoint: "https://push.example.org/send/1",
    keys: {
      p256dh: "BNcRdreALRFXTkOOUHK1EtK2wtaz5Ry4YfYCA_0QTpQtUbVlUls0VJXg7A8u-Ts1XbjhazAkj7I99e8QcYP7DkM",
      auth: "tBHItJI5svbpez7KI4CCXg",
    },
  }),
});
"""
# The last question asked one way: the tests share a product, and in either order each is to find its own.
CONFIRM_LINK = """
from portal_core.notify.models import Message
asked = Message.objects.filter(template="statuspage/subscription_confirm").order_by("-pk")
pushed = [one.payloads["push"]["url"] for one in asked if one.payloads.get("push")]
written = [one.text for one in asked if not one.payloads.get("push")]
print(*{way}[:1])
"""


@pytest.fixture(scope="module")
def with_push(prepared_data: Path) -> Iterator[Product]:
    product = Product(template=prepared_data, env={"VAPID_PRIVATE_KEY": push.new_private_key()}).start()
    yield product
    product.stop()


def confirm_link(product: Product, way: Literal["written", "pushed"]) -> str:
    """Where the last question asked this way leads; waits for the worker that asks it."""
    found: list[str] = []

    def asked() -> bool:
        found[:] = re.findall(r"http\S+/status/confirm/\S+", product.shell(CONFIRM_LINK.format(way=way)) or "")
        return bool(found)

    product.wait(asked)
    return found[0]


@pytest.mark.parametrize(
    "look",
    [{"color_scheme": "light"}, {"color_scheme": "dark"}, {"viewport": {"width": 390, "height": 800}}],
    ids=["light", "dark", "phone"],
)
def test_the_forms_are_accessible_and_fit(people, with_push, look):
    page = people.new_page("reader", **look)
    for way in ("email", "webhook"):
        page.goto(f"{with_push.url}/status/subscribe/?way={way}")
        page.locator("summary").click()
        assert_accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_without_javascript_from_the_address_to_the_yes(people, with_push):
    page = people.new_page("reader", java_script_enabled=False)
    page.goto(f"{with_push.url}/status/subscribe/")
    page.fill("input[name=email]", "reader@example.test")
    page.locator("summary").click()
    page.get_by_label("Telehealth").check()
    page.get_by_role("button", name="Subscribe").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("One more step")

    page.goto(confirm_link(with_push, "written"))
    expect(page.locator("dl")).to_contain_text("Telehealth")
    page.get_by_role("button", name="Confirm").click()
    expect(page.locator(".subscribe-who")).to_contain_text("Subscribed")
    expect(page.get_by_label("Telehealth")).to_be_checked()
    page.get_by_role("link", name="Stop all updates").click()
    page.get_by_role("button", name="Stop updates").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Updates stopped")


def test_a_browser_signs_up_for_notifications(people, with_push):
    page = people.new_page("reader", permissions=["notifications"])
    page.add_init_script(PUSH_SERVICE)
    page.goto(f"{with_push.url}/status/subscribe/?way=push")
    page.get_by_role("button", name="Allow notifications").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("One more step")
    scope = page.evaluate("navigator.serviceWorker.getRegistration().then(one => one.scope)")
    assert scope == f"{with_push.url}/"

    page.goto(confirm_link(with_push, "pushed"))
    page.get_by_role("button", name="Confirm").click()
    expect(page.locator(".subscribe-who")).to_contain_text("push.example.org")
    expect(page.locator(".subscribe-who")).to_contain_text("Subscribed")
