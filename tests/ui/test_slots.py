"""Slots and navigation: filled from above, in order, and never a door shown to those who may not pass."""

import logging

import pytest
from django.utils.safestring import mark_safe

from portal_core.ui import slots
from portal_core.ui.slots import Link
from tests.ui.factories import Someone, draw, make_request


@pytest.fixture(autouse=True)
def _own_slots(monkeypatch):
    """Registrations of the product stay outside, ours stay inside."""
    monkeypatch.setattr(slots, "_providers", type(slots._providers)(list))
    monkeypatch.setattr(slots, "_links", type(slots._links)(list))


def test_slot_shows_providers_by_order_then_by_registration():
    slots.register("banner", lambda request: "c", order=200)
    slots.register("banner", lambda request: "a")
    slots.register("banner", lambda request: "b")
    slots.register("banner", lambda request: "first ", order=1)
    assert draw('{% slot "banner" %}', make_request()) == "first abc"


def test_a_slot_nobody_fills_is_empty():
    assert draw('{% slot "nothing" %}', make_request()) == ""
    assert draw('{% slot "nothing" %}') == ""


def test_the_same_provider_counts_once():
    def provider(request):
        return "x"

    slots.register("banner", provider)
    slots.register("banner", provider)
    assert slots.render("banner", make_request()) == "x"


def test_providers_get_the_facts_they_name_and_no_others():
    slots.register("panels", lambda request: mark_safe("<i>plain</i>"))
    slots.register("panels", lambda request, patient: mark_safe(f"<b>{patient}</b>"))
    slots.register("panels", lambda request, **facts: ",".join(sorted(facts)))
    drawn = draw('{% slot "panels" patient=who office=7 %}', make_request(), who="Pat")
    assert drawn == "<i>plain</i><b>Pat</b>office,patient"


def test_a_broken_provider_is_left_out_and_recorded(caplog):
    def broken(request):
        raise ValueError("nothing works")

    slots.register("banner", broken)
    slots.register("banner", lambda request: "still here")
    with caplog.at_level(logging.ERROR, "portal_core.ui.slots"):
        assert slots.render("banner", make_request()) == "still here"
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert "nothing works" in caplog.text


# --- navigation -----------------------------------------------------------------------------------------------------
def titles(request):
    return [item.title for item in slots.nav("desk", request)]


def test_nav_shows_only_what_this_person_may_use():
    slots.register_nav("desk", Link("Gallery", "ui:gallery", "desk.it", "flag", 20))
    slots.register_nav("desk", Link("Home", "ui:home", None, "home", 10))
    assert titles(make_request(staff=Someone(permissions=("desk.it",)))) == ["Home", "Gallery"]
    assert titles(make_request(staff=Someone(permissions=("desk.office",)))) == ["Home"]


def test_nobody_signed_in_sees_open_links_only():
    slots.register_nav("desk", Link("Gallery", "ui:gallery", "desk.it"))
    slots.register_nav("desk", Link("Home", "ui:home"))
    assert titles(make_request()) == ["Home"]
    assert titles(make_request(staff=None)) == ["Home"]


def test_the_longest_fitting_address_is_the_current_one():
    slots.register_nav("desk", Link("Home", "ui:home"))
    slots.register_nav("desk", Link("Gallery", "ui:gallery"))
    current = {item.title: item.current for item in slots.nav("desk", make_request("/ui/anything/"))}
    assert current == {"Home": False, "Gallery": True}


def test_a_link_to_a_page_that_is_not_installed_is_left_out():
    slots.register_nav("desk", Link("Ghost", "ghost:page"))
    assert slots.nav("desk", make_request()) == []


def test_a_link_counts_once_and_may_carry_a_number():
    link = Link("Home", "ui:home", count=lambda request: "3")
    slots.register_nav("desk", link)
    slots.register_nav("desk", link)
    assert [(item.title, item.count) for item in slots.nav("desk", make_request())] == [("Home", "3")]
