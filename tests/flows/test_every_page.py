"""Every page a person can reach by following links: it answers, it fits a phone, axe finds nothing grave."""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urldefrag, urljoin, urlparse

import pytest
from django.urls import Resolver404, resolve
from playwright.sync_api import Page

from tests.browser import assert_accessible, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]

STARTS = {
    "nobody": ["/", "/status/", "/status/subscribe/", "/help/", "/help/contact/", "/portal/sign-in/", "/desk/sign-in/"],
    "pat": ["/portal/"],
    "olivia": ["/triage/office/", "/desk/patients/"],
    "ian": ["/triage/it/"],
    "ines": ["/desk/status/"],
    "carla": ["/desk/schedule/"],
    "ana": ["/desk/settings/staff/"],
}
CREWS = [("nobody", "pat", "olivia", "carla"), ("ian", "ines", "ana")]  # who goes through the house together
MOST = 40  # pages per person; one of each kind is looked at, so this is only a net against an endless map
NOT_PAGES = re.compile(
    r"^/(api|static|hooks|healthz|readyz|metrics|history\.|maintenance\.)|/export/|/save/$|\.(json|atom|rss|svg|ics|csv|pdf)$"
)
PARTS = """() => [...new Set(
    [...document.querySelectorAll('body, body *')].flatMap(one => [one.localName, ...one.classList])
)]"""
CLOSED = re.compile(r"^/(portal|desk|triage)/(?!sign-in)")


def kind(address: str) -> str:
    """Pages of one view are of one kind, in each language; one of them is looked at."""
    path = urlparse(address).path
    try:
        found = resolve(path)
    except Resolver404:
        return path
    return f"{found.view_name} {found.kwargs.get('language', '')}"


class Judged:
    """What has been put before axe, by any worker of this run."""

    def __init__(self, place: Path) -> None:
        self._place = place
        place.mkdir(parents=True, exist_ok=True)

    def first(self, what: str) -> bool:
        """Whether nobody has had this before."""
        try:
            (self._place / hashlib.sha256(what.encode()).hexdigest()).touch(exist_ok=False)
        except FileExistsError:
            return False
        return True


def links(page, base: str, *, signed_in: bool) -> Iterator[str]:
    for href in page.eval_on_selector_all("a[href]", "links => links.map(link => link.getAttribute('href'))"):
        address = urldefrag(urljoin(page.url, href)).url
        path = urlparse(address).path
        # Public pages look the same to everybody: "nobody" looks at them, the others at what is behind their sign-in.
        if address.startswith(base + "/") and not NOT_PAGES.search(path) and bool(CLOSED.match(path)) is signed_in:
            yield address


@pytest.mark.parametrize("crew", CREWS, ids="-".join)
def test_every_page_answers_fits_a_phone_and_is_accessible(people, product, prepared_data, crew):
    """WCAG 2.2 AA as far as axe sees it, light and dark; no sideways scrolling at 390 px; no error in the console."""
    judged = Judged(prepared_data.with_name("judged"))
    for who in crew:
        page = people.new_page(who)
        _walk(page, who, product.url, judged)
        page.goto("about:blank")  # its live parts would go on asking
    # The mailbox shows letters in a frame that may run nothing, not even what axe would like to run there.
    people.forgive(r"Blocked script execution in '[^']*/mailbox/[^']*/html/'")


def _walk(page: Page, who: str, base: str, judged: Judged) -> None:
    """Visit one page of each kind; put before axe what nobody has yet."""
    if who != "nobody":
        sign_in(page, who, base)
    waiting = [base + path for path in STARTS[who]]
    seen: set[str] = set()
    while waiting and len(seen) < MOST:
        address = waiting.pop(0)
        if kind(address) in seen:
            continue
        seen.add(kind(address))
        page.set_viewport_size({"width": 1280, "height": 800})
        page.emulate_media(color_scheme="light", reduced_motion="reduce")
        answer = page.goto(address)
        assert answer is not None, address
        if not answer.headers.get("content-type", "").startswith("text/html"):
            continue
        assert answer.status == 200, f"{answer.status} for {address}"
        assert page.title().strip(), address
        assert page.locator("h1").count() == 1, f"{address} has {page.locator('h1').count()} main headings"
        waiting += [link for link in links(page, base, signed_in=who != "nobody") if kind(link) not in seen]
        if judged.first(kind(address)):
            assert_accessible(page)
            # The dark has other colours and nothing else: a page of nothing but known parts has been seen in it.
            if [name for name in page.evaluate(PARTS) if judged.first(f"dark {name}")]:
                page.emulate_media(color_scheme="dark", reduced_motion="reduce")
                assert_accessible(page, only=("color-contrast",))
        page.set_viewport_size({"width": 390, "height": 844})
        too_wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert too_wide <= 0, f"{address} scrolls sideways by {too_wide} px on a phone"
    assert len(seen) >= len(STARTS[who])
