"""What holds for every template and style sheet of the house."""

import re
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


@pytest.mark.parametrize("path", PAGES, ids=named)
def test_no_inline_script_or_style(path):
    """The Content-Security-Policy refuses them; a page that has one is broken in the browser."""
    text = without_comments(path.read_text())
    assert re.findall(r"<style\b", text) == []
    assert re.findall(r"""\sstyle\s*=\s*["'{]""", text) == []
    assert re.findall(r"""\son[a-z]+\s*=\s*["'{]""", text) == []
    assert re.findall(r"javascript:", text) == []
    assert [
        tag for tag in re.findall(r"<script\b[^>]*>", text) if "src=" not in tag and "application/json" not in tag
    ] == []
    assert re.findall(r"\shx-on[:\s=-]|\shx-vals\s*=\s*['\"]js:", text) == [], "htmx may not evaluate (allowEval)"


@pytest.mark.parametrize("path", PAGES, ids=named)
def test_nothing_is_loaded_from_elsewhere(path):
    text = without_comments(path.read_text())
    assert (
        re.findall(
            r"""<(?:script|link|img|iframe|video|audio)\b[^>]*(?:src|href)\s*=\s*["'](?:https?:)?//[^"']*""", text
        )
        == []
    )


@pytest.mark.parametrize("path", PAGES, ids=named)
def test_every_icon_named_is_drawn(path):
    used = re.findall(r"""\{%\s*icon\s+["']([\w-]+)["']""", path.read_text())
    used += re.findall(r"""\bicon=["']([\w-]+)["']""", path.read_text())
    assert set(used) - set(icon_names()) == set()


@pytest.mark.parametrize("path", PAGES, ids=named)
def test_static_files_named_exist(path):
    for name in re.findall(r"""\{%\s*static\s+["']([^"']+)["']""", path.read_text()):
        assert finders.find(name), name


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
