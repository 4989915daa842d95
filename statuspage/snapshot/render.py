"""From a `View` to every file of a snapshot. The Django views fall back to the same functions, live."""

import json
from pathlib import Path

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext

from statuspage.rules.badge import badge
from statuspage.rules.derive import View
from statuspage.snapshot import html, machine

HTML, SVG, JAVASCRIPT = "text/html; charset=utf-8", "image/svg+xml", "text/javascript; charset=utf-8"
EMBED = "status/embed.js"
EMBED_SOURCE = Path(__file__).resolve().parent.parent / "static" / "statuspage" / "embed.js"

Files = dict[str, tuple[bytes, str]]

page, history, incident, uptime = html.page, html.history, html.incident, html.uptime


def files(view: View) -> Files:
    """Path → (bytes, content type) of everything that is published."""
    pages = {path: (body, HTML) for path, body in html.files(view)}
    return {**pages, **machine.files(view), **pictures(view)}


def pictures(view: View) -> Files:
    """The script that other sites load, and the state of the whole and of each component as badges."""
    out: Files = {EMBED: (_script(), JAVASCRIPT)}
    for code in html.languages():
        base = html.Place(code).base[1:]
        with translation.override(code):
            words = gettext("Operational") if view.calm else view.headline
            out[f"{base}badge.svg"] = (badge(view.facts.page.name, words, view.tone), SVG)
            for row in view.components:
                out[f"{base}badge/{row.facts.id}.svg"] = (badge(row.facts.name, row.label, row.tone), SVG)
    return out


def _script() -> bytes:
    """The script with its words in every language that we speak, the default one first."""
    words = []
    for code in sorted(html.languages(), key=lambda code: code != settings.LANGUAGE_CODE):
        with translation.override(code):
            words.append(
                {
                    "language": code, "page": html.Place(code).base, "status": gettext("Service status"),
                    "more": gettext("See the status page"), "close": gettext("Hide"),
                    "others": " " + gettext("and others"), "next": gettext("Maintenance under way"),
                }
            )  # fmt: skip
    source, filled = EMBED_SOURCE.read_text(encoding="utf-8"), f"const WORDS = {json.dumps(words, ensure_ascii=False)};"
    return source.replace("const WORDS = [];", filled, 1).encode()
