"""The design system in a real browser, served by the product itself: accessible, calm, and alive."""

import json

import pytest
from playwright.sync_api import expect

from tests.browser import assert_accessible, sign_in

pytestmark = pytest.mark.browser

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 800}
REFUSED = "/no/such/page/"


@pytest.fixture
def page(people, product):
    """A page on the gallery."""
    page = people.new_page("someone", viewport=DESK, reduced_motion="reduce")
    page.goto(product.url + "/ui/")
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
@pytest.mark.parametrize("path", ["/", "/ui/", REFUSED])
def test_pages_are_accessible_and_fit(people, product, path, viewport, scheme):
    """WCAG 2.2 AA as far as axe sees it: contrast, names, landmarks, targets."""
    page = people.new_page("someone", viewport=viewport, color_scheme=scheme, reduced_motion="reduce")
    page.goto(product.url + path)
    assert_accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert page.locator("h1").count() == 1


@pytest.mark.parametrize("path", ["/", "/ui/"])
def test_pages_work_without_scripts(people, product, path):
    page = people.new_page("someone", java_script_enabled=False)
    page.goto(product.url + path)
    assert page.locator("h1").is_visible()
    assert page.locator("[data-theme-toggle]").is_hidden(), "a button that does nothing must not be shown"


def test_forced_colours_keep_the_icons(people, product):
    page = people.new_page("someone", forced_colors="active")
    page.goto(product.url + "/")
    assert page.locator(".choice .icon").first.bounding_box()["width"] > 20
    assert_accessible(page)


# --- theme ----------------------------------------------------------------------------------------------------------
def test_theme_is_chosen_kept_and_painted_at_once(page, product):
    paper = "getComputedStyle(document.documentElement).backgroundColor"
    assert page.evaluate(paper) == "rgb(251, 248, 243)"
    page.click("[data-theme-toggle]")
    expect(page.locator("html")).to_have_css("background-color", "rgb(15, 24, 28)")
    page.goto(product.url + "/")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert page.evaluate(paper) == "rgb(15, 24, 28)"
    assert page.locator("[data-theme-toggle]").get_attribute("aria-pressed") == "true"


# --- dialogs, menus, keys -------------------------------------------------------------------------------------------
def test_dialog_opens_closes_and_gives_the_focus_back(page):
    opener = page.locator("[data-opens-dialog=light-dialog]")
    opener.click()
    dialog = page.locator("#light-dialog")
    assert dialog.is_visible()
    page.keyboard.press("Escape")
    assert dialog.is_hidden()
    assert opener.evaluate("button => button === document.activeElement")
    opener.click()
    dialog.get_by_role("button", name="Stay").click()
    assert dialog.is_hidden()


def test_menu_closes_by_escape_and_by_a_click_elsewhere(page):
    menu = page.locator("[data-theme=light] details.menu")
    menu.locator("summary").click()
    assert menu.get_attribute("open") == ""
    page.keyboard.press("Escape")
    assert menu.get_attribute("open") is None
    menu.locator("summary").click()
    page.locator("h1").click()
    assert menu.get_attribute("open") is None


def test_question_mark_lists_the_keys_and_they_can_be_switched_off(page):
    """WCAG 2.1.4"""
    page.evaluate("""() => {
        const button = document.createElement("button");
        button.type = "button"; button.dataset.key = "t"; button.textContent = "Take it";
        button.addEventListener("click", () => button.dataset.pressed = Number(button.dataset.pressed ?? 0) + 1);
        document.querySelector("main").prepend(button);
    }""")
    pressed = "document.querySelector('[data-key=t]').dataset.pressed"
    page.keyboard.press("t")
    assert page.evaluate(pressed) == "1"
    page.locator("#light_words").press("t")
    assert page.evaluate(pressed) == "1", "typing is not pressing"
    page.locator("h1").click()
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keys on this page")
    assert dialog.locator("dl").inner_text().split("\n") == ["t", "Take it", "?", "This list"]
    assert_accessible(page)
    dialog.get_by_label("Use single keys in this browser").uncheck()
    dialog.get_by_role("button", name="Close").click()
    page.keyboard.press("t")
    assert page.evaluate(pressed) == "1"


def test_confirm_asks_once_more(page):
    page.evaluate("""() => {
        window.sent = 0;
        const form = document.createElement("form");
        form.method = "post"; form.dataset.confirm = "Withdraw access?";
        form.innerHTML = '<button class="button button-danger">Withdraw</button>';
        form.addEventListener("submit", (event) => { event.preventDefault(); window.sent += 1; });
        document.querySelector("main").prepend(form);
    }""")
    press = page.locator("main > form button")
    press.click()
    dialog = page.get_by_role("dialog", name="Withdraw access?")
    dialog.get_by_role("button", name="Cancel").click()
    assert page.evaluate("sent") == 0
    press.click()
    dialog.get_by_role("button", name="Withdraw").click()
    assert page.evaluate("sent") == 1


# --- forms ----------------------------------------------------------------------------------------------------------
def test_a_form_is_sent_once_however_often_it_is_pressed(page):
    posts = []

    def answer(route):
        posts.append(route.request.method)
        route.fulfill(status=204)  # the page stays, as it does while a slow answer is on its way

    page.route("**/slow/", answer)
    page.evaluate("""() => {
        const form = document.createElement("form");
        form.method = "post"; form.action = "/slow/";
        form.innerHTML = '<button class="button" name="way" value="now">Send</button>';
        document.querySelector("main").prepend(form);
    }""")
    button = page.locator("main > form button")
    button.dblclick()
    page.locator("main > form button[aria-busy=true]").wait_for()
    page.evaluate("document.querySelector('main > form').requestSubmit()")
    page.evaluate("fetch('/healthz')")  # whatever the form would have sent has left before this
    assert posts == ["POST"]


def test_errors_take_the_focus(people, product):
    page = people.new_page("someone")
    page.goto(product.url + "/portal/sign-in/")
    page.fill("input[name=username]", "nobody-at-all")
    page.fill("input[name=password]", "wrong")
    page.click("main button[type=submit]")
    page.wait_for_selector("[data-error-summary]")
    assert page.evaluate("document.activeElement.matches('[data-error-summary]')")
    assert page.input_value("input[name=username]") == "nobody-at-all"


# --- toasts ---------------------------------------------------------------------------------------------------------
def test_toast_of_an_htmx_answer_is_text_and_can_be_dismissed(page):
    hostile = "<img src=x onerror=alert(1)>"
    page.evaluate("detail => htmx.trigger(document.body, 'toast', detail)", {"text": hostile, "tone": "warning"})
    toast = page.locator("[data-toasts] .toast-warning")
    assert toast.locator("p").inner_text() == hostile
    assert toast.get_attribute("role") == "alert"
    assert_accessible(page)
    toast.get_by_role("button", name="Dismiss").click()
    assert toast.count() == 0


def test_a_refused_htmx_request_says_why_and_changes_nothing(people, page):
    page.evaluate("htmx.ajax('GET', '/no/such/page/', 'h1').catch(() => {})")
    toast = page.locator("[data-toasts] .toast-warning p")
    toast.wait_for()
    assert toast.inner_text() == "We could not find that page or record."
    assert page.locator("h1").inner_text() == "Components"
    people.forgive("Response Status Error Code 404")


# --- live -----------------------------------------------------------------------------------------------------------
LISTEN = """() => {
    window.heard = [];
    for (const name of ["live:ticket.changed", "live:resync"])
        document.body.addEventListener(name, (event) => {
            window.heard.push([name, event.detail]);
            document.body.dataset.heard = window.heard.length;
        });
    const part = document.createElement("div");
    part.dataset.live = "/ws/test/";
    part.setAttribute("hx-trigger", "live:ticket.changed from:body");
    const mark = document.createElement("span");
    mark.dataset.liveState = "";
    document.querySelector("main").prepend(part, mark);
    document.dispatchEvent(new CustomEvent("htmx:afterSettle"));
}"""


def test_live_tells_the_page_reconnects_and_catches_up(page):
    sockets, said = [], []

    def far_end(socket):
        sockets.append(socket)
        socket.on_message(lambda text: said.append(json.loads(text)))

    page.route_web_socket("**/ws/test/", far_end)
    page.reload()  # routes of sockets hold for pages loaded after them
    page.evaluate(LISTEN)
    mark = page.locator("main > [data-live-state]")
    page.locator("main > [data-live-state][data-state=open]").wait_for()
    assert mark.inner_text() == "Live"

    page.locator("body[data-heard='2']").wait_for()  # what happened between the page's making and the socket's opening
    assert page.evaluate("heard.map(([name]) => name)") == ["live:resync", "live:ticket.changed"]

    sockets[0].send("not json")
    sockets[0].send(json.dumps({"type": 7}))
    sockets[0].send(json.dumps({"type": "ticket.changed", "id": "abc"}))
    page.locator("body[data-heard='3']").wait_for()
    assert page.evaluate("heard[2]") == ["live:ticket.changed", {"type": "ticket.changed", "id": "abc"}]

    sockets[0].close(code=1012)
    page.locator("main > [data-live-state][data-state=reconnecting]").wait_for()
    assert mark.inner_text() == "Reconnecting…"
    page.locator("body[data-heard='5']").wait_for()
    assert page.evaluate("heard.slice(3).map(([name]) => name)") == ["live:resync", "live:ticket.changed"]
    assert len(sockets) == 2

    sockets[1].send(json.dumps({"type": "resync"}))
    page.locator("body[data-heard='7']").wait_for()


def test_live_asks_whether_a_silent_line_is_still_there(page):
    said = []

    def far_end(socket):
        socket.on_message(lambda text: said.append(json.loads(text)))

    page.clock.install()
    page.route_web_socket("**/ws/test/", far_end)
    page.reload()
    page.evaluate(LISTEN)
    page.locator("main > [data-live-state][data-state=open]").wait_for()
    page.clock.run_for(20_500)
    assert said == [{"type": "ping"}]
    page.clock.run_for(8_500)  # no answer: the line is dead although nobody said so
    page.locator("main > [data-live-state][data-state=reconnecting]").wait_for()


# --- desk -----------------------------------------------------------------------------------------------------------
def test_desk_navigation_folds_on_a_phone(people, product):
    page = people.new_page("olivia", viewport=PHONE)
    sign_in(page, "olivia", product.url)
    page.goto(product.url + "/desk/patients/")
    nav = page.locator(".desk-nav nav")
    assert nav.is_hidden()
    page.locator(".desk-nav > summary").click()
    assert nav.is_visible()
    page.set_viewport_size(DESK)
    nav.wait_for(state="visible")
    assert page.locator(".desk-nav > summary").is_hidden()
    assert page.locator(".desk-nav [aria-current=page]").count() == 1


def test_rows_become_cards_on_a_phone_and_stay_a_table_for_screen_readers(people, product):
    page = people.new_page("olivia", viewport=PHONE)
    page.goto(product.url + "/ui/")
    table = page.locator("#tables [data-theme=light] table")
    assert table.get_attribute("role") == "table"
    assert table.locator("tbody tr").first.evaluate("row => getComputedStyle(row).display") == "grid"
    label = table.locator("td").first.evaluate("cell => getComputedStyle(cell, '::before').content")
    assert label == '"About"'
