"""What holds for every template and style sheet of the house."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders

from portal_core.ui.gallery import icon_names

ROOT = Path(settings.BASE_DIR)
APPS = ("helpdesk", "statuspage", "telehealth", "triage", "portal_core", "ops")
MAIL = "templates/notify/"  # mail programs know no style sheets: its style stands inline, and no policy applies there


def files(pattern: str) -> list[Path]:
    return sorted(path for app in APPS for path in (ROOT / app).rglob(pattern))


PALETTES = ("tokens.css", "telehealth.css")  # the second: a video room is dark by day and by night

PAGES = [path for path in files("*.html") if MAIL not in path.as_posix()]
SHEETS = files("*.css")


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def without_comments(text: str) -> str:
    return re.sub(r"\{#.*?#\}|\{% comment %\}.*?\{% endcomment %\}|<!--.*?-->", "", text, flags=re.DOTALL)


def found(pattern: str, *, but: Callable[[str], bool] = lambda hit: False) -> dict[str, list[str]]:
    """Template → what of it matches, comments left out; templates where nothing does are not named."""
    hits = {named(path): re.findall(pattern, without_comments(path.read_text())) for path in PAGES}
    return {name: left for name, all_ in hits.items() if (left := [hit for hit in all_ if not but(hit)])}


def test_no_inline_script_or_style():
    """The Content-Security-Policy refuses them; a page that has one is broken in the browser."""
    assert found(r"<style\b") == {}
    assert found(r"""\sstyle\s*=\s*["'{]""") == {}
    assert found(r"""\son[a-z]+\s*=\s*["'{]""") == {}
    assert found(r"javascript:") == {}
    assert found(r"<script\b[^>]*>", but=lambda tag: "src=" in tag or "application/json" in tag) == {}
    assert found(r"\shx-on[:\s=-]|\shx-vals\s*=\s*['\"]js:") == {}, "htmx may not evaluate (allowEval)"


def test_nothing_is_loaded_from_elsewhere():
    assert found(r"""<(?:script|link|img|iframe|video|audio)\b[^>]*(?:src|href)\s*=\s*["'](?:https?:)?//[^"']*""") == {}


def test_every_icon_named_is_drawn():
    drawn = set(icon_names())
    assert found(r"""\{%\s*icon\s+["']([\w-]+)["'](?!\|)""", but=drawn.__contains__) == {}
    assert found(r"""\bicon=["']([\w-]+)["']""", but=drawn.__contains__) == {}


def test_static_files_named_exist():
    assert found(r"""\{%\s*static\s+["']([^"']+)["']""", but=lambda name: bool(finders.find(name))) == {}


@pytest.mark.parametrize("path", [path for path in SHEETS if path.name not in PALETTES], ids=named)
def test_style_sheets_name_no_colours_of_their_own(path):
    """Only the tokens do; a colour written elsewhere is wrong in one of the two themes. Two are the same in both."""
    text = re.sub(r"@media print \{.*", "", path.read_text(), flags=re.DOTALL)
    allowed = {"#1f1404", "#fff3d6", "#000", "#fff"}
    assert set(re.findall(r"#[0-9a-fA-F]{3,8}\b(?=[^{]*[;}])", text)) - allowed == set()


def test_the_two_dark_themes_are_one():
    """The system's preference and the reader's own choice must look alike."""
    tokens = (ROOT / "portal_core/ui/static/ui/css/tokens.css").read_text()

    def block(selector: str) -> dict[str, str]:
        body = tokens[tokens.index(selector + " {") :]
        return dict(re.findall(r"([\w-]+):\s*([^;]+);", body[body.index("{") : body.index("}")]))

    dark = block('[data-theme="dark"]')
    assert dark == block(':root:not([data-theme="light"])')
    assert set(dark) == set(block('[data-theme="light"]'))


def test_every_token_used_is_defined():
    text = "\n".join(path.read_text() for path in SHEETS)
    assert set(re.findall(r"var\((--[\w-]+)\)", text)) - set(re.findall(r"(--[\w-]+)\s*:", text)) == set()
