"""Chromium for the tests: one browser, one context per person, and an eye on everything that goes wrong in a page."""

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Response, expect, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "test-results"
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream", "--autoplay-policy=no-user-gesture-required",
]  # fmt: skip
# The first that is there. The headless shell draws the same pages with less around them, in two thirds of the time.
PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
PASSWORD = "demo-please-change"
PATIENCE = 20_000  # milliseconds; waits end when what they wait for is there, so this costs only failing tests
expect.set_options(timeout=PATIENCE)
PATIENTS = ("pat", "paula", "piet")
# A refusal of ours (a form with errors, a page of someone else's) is logged by Chromium as a failed load.
OUR_REFUSAL = re.compile(r"Failed to load resource: the server responded with a status of 4\d\d")
# Somebody went on to the next page before htmx had its answer; a request that fails says htmx:sendError beside it.
LEFT_EARLY = re.compile(r"htmx:(afterRequest|sendAbort), ")


class People:
    """Makes a page for each person and remembers what their browsers complained about."""

    def __init__(self, browser: Browser, results: Path) -> None:
        self._browser = browser
        self._results = results
        self._contexts: dict[str, BrowserContext] = {}
        self.problems: list[str] = []

    def new_page(self, name: str = "someone", **options: Any) -> Page:
        """A page in a context of its own; `options` go to the context (viewport, color_scheme, java_script_enabled)."""
        label = name if name not in self._contexts else f"{name}-{len(self._contexts)}"
        context = self._browser.new_context(**{"permissions": ["camera", "microphone"], "locale": "en-GB"} | options)
        context.set_default_timeout(PATIENCE)
        self._contexts[label] = context
        context.on("page", lambda page: self._watch(label, page))
        return context.new_page()

    def forgive(self, pattern: str) -> None:
        """Forget complaints that match: for tests that break things on purpose."""
        self.problems = [problem for problem in self.problems if not re.search(pattern, problem)]

    def close(self, *, failed: bool) -> None:
        for name, context in self._contexts.items():
            if failed:
                self._results.mkdir(parents=True, exist_ok=True)
                for number, page in enumerate(context.pages):
                    page.screenshot(path=self._results / f"{name}-{number}.png")
            context.close()

    def _watch(self, name: str, page: Page) -> None:
        page.on("console", lambda message: self._heard(name, message))
        page.on("pageerror", lambda error: self.problems.append(f"{name}: uncaught {error}"))
        page.on("response", lambda response: self._answered(name, response))

    def _heard(self, name: str, message: ConsoleMessage) -> None:
        if message.type == "error" and not (OUR_REFUSAL.search(message.text) or LEFT_EARLY.match(message.text)):
            self.problems.append(f"{name}: console: {message.text}")

    def _answered(self, name: str, response: Response) -> None:
        part = response.request.resource_type in ("script", "stylesheet", "image", "font", "manifest")
        if response.status >= 500 or (part and response.status >= 400):
            self.problems.append(f"{name}: {response.status} for {response.url}")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = next(filter(None, map(shutil.which, PROGRAMS)), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def people(request: Any, chromium: Browser) -> Iterator[People]:
    """`people.new_page("olivia")`; console errors, CSP violations and broken parts fail the test."""
    crew = People(chromium, RESULTS / re.sub(r"[^\w.-]+", "_", request.node.nodeid))
    yield crew
    failed = getattr(request.node, "call_failed", False)
    problems = list(crew.problems)
    crew.close(failed=failed or bool(problems))
    assert problems == [] or failed, "the browser complained:\n" + "\n".join(problems)


@pytest.fixture
def new_page(people: People) -> Callable[..., Page]:
    return people.new_page


def sign_in(page: Page, username: str, url: str, password: str = PASSWORD) -> None:
    """Through the sign-in page of the person's realm, as they would."""
    realm = "portal" if username in PATIENTS else "desk"
    page.goto(f"{url}/{realm}/sign-in/")
    page.fill("input[name=username]", username)
    page.fill("input[name=password]", password)
    page.click("main button[type=submit]")
    page.wait_for_url(lambda address: "/sign-in/" not in address)


# Ends transitions instead of awaiting them: a page that is not being drawn never finishes one.
SETTLED = """() => document.getAnimations().forEach(one => one instanceof CSSTransition && one.finish())"""


def assert_accessible(page: Page, *, without: tuple[str, ...] = (), only: tuple[str, ...] = ()) -> None:
    """axe finds nothing serious or critical on the page now. `without`, `only`: rule ids to leave out, to run."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)  # a script tag would be refused by our own Content-Security-Policy
    # A live part that was put in while axe looked has colours on their way; what is really wrong is so twice.
    grave = _grave(page, without, only) and _grave(page, without, only)
    assert grave == [], f"{page.url}\n" + "\n".join(grave)


def _grave(page: Page, without: tuple[str, ...], only: tuple[str, ...]) -> list[str]:
    page.evaluate(SETTLED)  # a colour on its way from light to dark has neither's contrast
    rules = {"runOnly": {"type": "rule", "values": list(only)}} if only else {}
    found = page.evaluate("options => axe.run(document, options)", {"resultTypes": ["violations"]} | rules)
    return [
        f"{violation['id']} ({violation['impact']}): {violation['help']}\n    "
        + "\n    ".join(str(node["html"])[:200] for node in violation["nodes"])
        for violation in found["violations"]
        if violation["impact"] in ("serious", "critical") and violation["id"] not in without
    ]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: Any, call: Any) -> Any:
    report = yield
    if call.when == "call":
        item.call_failed = report.failed
    return report
