"""English and Spanish are complete, and any other language is a catalogue away."""

import json
import re

import polib
import pytest
from django.conf import settings
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.utils import translation

from portal_core.kernel import clock
from statuspage.snapshot import html, machine, memory, render, store
from statuspage.views.banner import banner
from tests.house import catalogues
from tests.statuspage import scenes

CATALOGUES = catalogues.catalogues()
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%%|\{\w+\}|<[^>]+>")


def test_every_language_but_the_first_has_a_catalogue():
    known = {path.parts[-3] for path in CATALOGUES}

    assert known >= {code for code, _name in settings.LANGUAGES} - {settings.LANGUAGE_CODE}


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parts[-3])
def test_no_word_is_missing_forgotten_or_fuzzy(path):
    """When this fails: `python -m tests.house.catalogues`, then fill in what came in empty, then run it again."""
    catalogue = polib.pofile(str(path))
    spoken = catalogues.spoken()

    assert catalogues.names(catalogue) ^ spoken == set()
    assert [row.msgid for row in catalogue if not row.translated() or row.fuzzy] == []


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parts[-3])
def test_what_is_compiled_is_what_is_written(path):
    written = {(row.msgctxt, row.msgid): row.msgstr_plural or row.msgstr for row in polib.pofile(str(path))}
    compiled = {
        (row.msgctxt, row.msgid): row.msgstr_plural or row.msgstr for row in polib.mofile(str(path.with_suffix(".mo")))
    }

    assert compiled == written


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parts[-3])
def test_a_translation_keeps_every_placeholder_and_tag(path):
    for row in polib.pofile(str(path)):
        for text in [row.msgstr, *row.msgstr_plural.values()]:
            if text:
                assert sorted(PLACEHOLDER.findall(text)) == sorted(PLACEHOLDER.findall(row.msgid)), row.msgid


def test_the_pages_speak_spanish_and_the_operators_words_stay_as_they_are():
    body = html.page(scenes.view(scenes.busy()), "es").decode()

    assert '<html lang="es" dir="ltr">' in body
    for words in ("Caída parcial del sistema", "Incidentes activos", "Qué puede hacer mientras tanto", "22 nov"):
        assert words in body
    assert "Video visits do not start" in body
    assert "A relay server is full." in body


@pytest.mark.parametrize("scene", [scenes.calm, scenes.busy])
def test_no_english_is_left_on_a_spanish_page(scene):
    """What English says, and Spanish says otherwise, is nowhere on the Spanish pages."""
    foreign = {
        row.msgid for row in polib.pofile(str(CATALOGUES[0]))
        if len(row.msgid) > 12 and row.msgstr and row.msgstr != row.msgid and "%" not in row.msgid
    }  # fmt: skip
    own = " ".join(update.body for row in (*scene().incidents, *scene().maintenances) for update in row.updates)
    for path, body in html.files(scenes.view(scene())):
        if path.startswith("status/es/"):
            text = re.sub(r"<[^>]+>", "\n", body.decode())
            left = {words for words in foreign if words in text and words not in own}
            assert left == set(), path


def test_links_and_the_language_switch_stay_in_the_language():
    body = html.uptime(scenes.view(scenes.calm()), "es").decode()

    assert '<link rel="alternate" hreflang="en" href="/status/uptime/">' in body
    assert '<link rel="alternate" hreflang="es" href="/status/es/uptime/">' in body
    assert 'href="/status/es/history/"' in body
    assert 'href="/status/history/"' not in body


def test_programs_always_read_english():
    view = scenes.view(scenes.busy())
    with translation.override("es"):
        spanish = machine.files(view)

    assert spanish == machine.files(view)
    assert b"Partial System Outage" in spanish["api/v2/summary.json"][0]


def test_one_view_gives_the_same_files_whatever_language_is_active():
    view = scenes.view(scenes.busy())
    plain = render.files(view)
    with translation.override("es"):
        assert render.files(view) == plain


def test_the_banner_on_other_pages_is_in_its_readers_language():
    from statuspage.actions.snapshots import summary

    files = {"status/index.html": (b"x", render.HTML)}
    store.write(files, snapshot=1, written_at=clock.now(), summary=summary(scenes.view(scenes.busy())))
    memory.invalidate()
    with translation.override("es"):
        said = banner(RequestFactory().get("/portal/"))

    assert "Causa identificada." in said
    assert "Video visits do not start" in said


def test_the_banner_for_other_sites_speaks_every_language_that_has_a_catalogue(settings):
    def words() -> list[dict[str, str]]:
        script = render.pictures(scenes.view(scenes.calm()))[render.EMBED][0].decode()
        found: list[dict[str, str]] = json.loads(re.search(r"const WORDS = (\[.*\]);", script)[1])
        return found

    assert [(row["language"], row["page"], row["close"]) for row in words()] == [
        ("en", "/status/", "Hide"), ("es", "/status/es/", "Ocultar"),
    ]  # fmt: skip
    assert words()[1]["more"] == "Ver la página de estado"
    settings.LANGUAGES = [("en", "English"), ("es", "Español"), ("fr", "Français")]
    assert [(row["language"], row["page"]) for row in words()][2] == ("fr", "/status/fr/")


def test_mails_speak_spanish():
    facts = {"name": "Video", "label": "Resuelto", "when": "hoy", "body": "Listo.", "url": "https://x.example.test"}
    with translation.override("es"):
        text = render_to_string("notify/statuspage/incident_created.txt", facts)

    assert "Hay un problema: Video" in text
    assert "Sígalo aquí: https://x.example.test" in text


def test_the_way_from_a_spanish_page_to_the_form_stays_spanish(page, client):
    answer = client.get("/status/subscribe/?language=es")

    assert "Suscribirse a las novedades" in answer.content.decode()
    assert answer["Content-Language"] == "es"
    assert "Suscribirse a las novedades" in client.get("/status/subscribe/").content.decode()
    assert "Subscribe to Updates" in client.get("/status/subscribe/?language=en").content.decode()


def test_a_language_we_do_not_have_changes_nothing(page, client):
    answer = client.get("/status/subscribe/?language=tlh%0d%0a")

    assert answer.status_code == 200
    assert "django_language" not in answer.cookies
