"""Badges: small pictures of a state, read by people and by screen readers."""

from xml.etree import ElementTree as ET

import pytest

from statuspage.rules.badge import LABEL_MAX, badge
from statuspage.snapshot import render
from tests.statuspage import scenes

SVG = "{http://www.w3.org/2000/svg}"


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("tone", ["ok", "info", "warning", "danger", "neutral"])
def test_a_badge_says_its_words_and_can_be_read(tone):
    root = ET.fromstring(badge("Patient portal", "Operational", tone))

    assert (root.get("role"), root.get("aria-label")) == ("img", "Patient portal: Operational")
    assert root.findtext(f"{SVG}title") == "Patient portal: Operational"
    assert [text.text for text in root.iter(f"{SVG}text")] == ["Patient portal", "Operational"]
    for field in root.iter(f"{SVG}rect"):
        if (colour := field.get("fill")) is not None:
            assert 1.05 / (luminance(colour) + 0.05) >= 4.5
    assert not any(name in element.attrib for element in root.iter() for name in ("style", "onload", "href"))


def test_a_name_cannot_break_out_and_long_ones_are_cut():
    root = ET.fromstring(badge('"><script>' + "x" * 200, "Operational", "ok"))

    label = next(root.iter(f"{SVG}text")).text or ""
    assert label.startswith('"><script>')
    assert len(label) == LABEL_MAX
    assert root.find(f"{SVG}script") is None


def test_there_is_one_for_the_page_and_for_each_part_in_each_language():
    files = render.pictures(scenes.view(scenes.busy()))

    assert {path for path in files if path.startswith("status/badge")} == {
        "status/badge.svg",
        *(f"status/badge/{id}.svg" for id in ("portal", "video", "mail", "desk", "calendar", "ehr")),
    }
    assert files["status/badge.svg"][1] == "image/svg+xml"
    assert b"Larkfield Health Group: Partial System Outage" in files["status/badge.svg"][0]
    assert b"Telehealth: Major outage" in files["status/badge/video.svg"][0]
    assert "Telehealth: Caída grave".encode() in files["status/es/badge/video.svg"][0]
    assert b": Operational" in render.pictures(scenes.view(scenes.calm()))["status/badge.svg"][0]


def test_the_product_answers_with_them_before_anything_was_published(page, client):
    portal = page.components.get(slug="patient-portal")

    answer = client.get(f"/status/badge/{portal.public_id}.svg")

    assert (answer.status_code, answer["Content-Type"]) == (200, "image/svg+xml")
    assert b"Patient portal: Operational" in answer.content
    assert client.get("/status/badge.svg").status_code == 200
    assert client.get("/status/embed.js")["Content-Type"] == "text/javascript; charset=utf-8"
    assert client.get("/status/badge/nothinghere0.svg").status_code == 404
    assert client.post("/status/badge.svg").status_code == 405


@pytest.mark.parametrize(
    "path",
    ["/status/es/", "/status/uptime/", "/status/es/uptime/", "/status/embed/", "/status/history/2024-02/"],
)
def test_the_product_answers_with_the_pages_too(page, client, path):
    answer = client.get(path)

    assert answer.status_code == 200
    assert client.post(path).status_code == 405


@pytest.mark.parametrize("month", ["2999-01", "2026-13", "last"])
def test_a_month_that_is_none_is_not_found(page, client, month):
    assert client.get(f"/status/history/{month}/").status_code == 404
