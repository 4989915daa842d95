"""The front door, the layouts, the page of refusals and the gallery, as a browser without scripts gets them."""

import re

import pytest
from django.contrib import messages
from django.template.loader import render_to_string
from django.test import override_settings

from portal_core.ui import slots
from portal_core.ui.gallery import EXHIBITS, icon_names
from portal_core.ui.slots import Link
from tests.ui.factories import Someone, make_request

pytestmark = pytest.mark.django_db


@pytest.fixture
def own_slots(monkeypatch):
    monkeypatch.setattr(slots, "_providers", type(slots._providers)(list))
    monkeypatch.setattr(slots, "_links", type(slots._links)(list))


def test_front_door_offers_four_ways_and_sets_no_cookie(client):
    page = client.get("/")
    assert page.status_code == 200
    assert re.findall(r'<a class="card choice[^"]*" href="([^"]+)"', page.content.decode()) == [
        "/portal/", "/help/contact/", "/status/", "/desk/",
    ]  # fmt: skip
    assert page.cookies == {}


@pytest.mark.parametrize("demo", [True, False])
def test_the_demo_leads_to_its_mailbox_and_a_real_house_does_not(client, settings, demo):
    settings.DEMO = demo
    assert ('href="/mailbox/"' in client.get("/").content.decode()) is demo


def test_front_door_shows_the_banner(client, own_slots):
    slots.register("banner", lambda request: '<div class="banner banner-warning">E-mails are late</div>')
    assert client.get("/").content.decode().count("E-mails are late") == 1


@pytest.mark.parametrize("path", ["/", "/ui/", "/favicon.ico"])
def test_public_pages_take_no_posts(client, path):
    assert client.post(path).status_code == 405


def test_favicon_is_the_lantern(client):
    answer = client.get("/favicon.ico")
    assert (answer.status_code, answer["Location"]) == (302, "/static/ui/icons/lantern.svg")


def test_every_layout_has_one_main_and_a_way_past_the_navigation(own_slots):
    for layout in ("public", "portal", "desk"):
        page = render_to_string(f"ui/{layout}.html", request=make_request())
        assert page.count("<main ") == 1
        assert '<a class="skip-link" href="#main">' in page
        assert "<h1" not in page, "an empty heading is worse than none"


@pytest.mark.parametrize("layout", ["portal", "desk"])
def test_signed_in_layouts_hand_htmx_the_csrf_token(layout):
    page = render_to_string(f"ui/{layout}.html", request=make_request())
    assert re.search(r"""hx-headers='\{"X-CSRFToken": "\w{64}"\}'""", page)


def test_desk_names_the_person_the_role_and_the_way_out(own_slots):
    slots.register_nav("desk", Link("Components", "ui:gallery", "desk.office", "list"))
    someone = Someone(
        name="Olivia <Moreno>", permissions=("desk.office",), roles=("Office staff", "Scheduler", "Scheduler")
    )
    page = render_to_string("ui/desk.html", request=make_request("/ui/", staff=someone))
    assert "Olivia &lt;Moreno&gt;" in page
    assert "Office staff, Scheduler<" in page
    assert 'action="/desk/sign-out/"' in page
    assert re.search(r'href="/ui/"\s+aria-current="page"', page)


def test_messages_are_shown_with_their_tone(client):
    request = make_request()
    request._messages = messages.storage.default_storage(request)
    messages.success(request, "Saved & sent")
    messages.error(request, "<b>No</b>")
    page = render_to_string("ui/public.html", request=request)
    assert re.findall(r'class="toast (toast-\w+)"', page) == ["toast-success", "toast-error"]
    assert "<p>Saved &amp; sent</p>" in page
    assert "<p>&lt;b&gt;No&lt;/b&gt;</p>" in page


def test_refusals_have_a_page_with_the_number_to_mention(client):
    page = client.get("/no/such/page/")
    text = page.content.decode()
    assert page.status_code == 404
    assert "<h1>Not found</h1>" in text
    assert "data-refusal" in text
    assert f"<code>{page['X-Request-ID']}</code>" in text


# --- gallery --------------------------------------------------------------------------------------------------------
def test_gallery_shows_every_component_by_day_and_by_night(client):
    page = client.get("/ui/")
    text = page.content.decode()
    assert page.status_code == 200
    shown = [exhibit.slug for exhibit in page.context["exhibits"]]
    assert shown == [slug for slug, _title, _note in EXHIBITS]
    assert text.count('data-theme="light"') == text.count('data-theme="dark"') == len(EXHIBITS)
    for exhibit in page.context["exhibits"]:
        assert all(sample.strip() for _theme, sample in exhibit.samples), exhibit.slug
        assert exhibit.markup, exhibit.slug


def test_gallery_has_a_template_for_each_exhibit_and_no_others(settings):
    folder = settings.BASE_DIR / "portal_core/ui/templates/ui/gallery"
    assert {path.stem for path in folder.glob("*.html")} == {slug for slug, _title, _note in EXHIBITS}


def test_gallery_shows_every_icon(client):
    text = client.get("/ui/").content.decode()
    assert len(icon_names()) > 60
    for name in icon_names():
        assert f"sprite.svg#{name}&quot;" in text or f'sprite.svg#{name}"' in text


@override_settings(DEMO=False, DEBUG=False)
def test_gallery_is_not_there_in_production(client):
    assert client.get("/ui/").status_code == 404
