"""The catalogues of translated words: what the sources say, what the catalogues know.

    python -m tests.house.catalogues

brings every `statuspage/locale/<language>/LC_MESSAGES/django.po` up to date (new words come in empty, forgotten ones
go) and compiles it. To add a language: make the folder, run this, fill in the words, run it again, and name the
language in settings.LANGUAGES. Needs no gettext programs.
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import polib
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parents[2]
APP = ROOT / "statuspage"
LOCALE = APP / "locale"
# What only operators read is in English.
OPERATORS = (
    "forms/authoring.py", "forms/composing.py", "forms/entry_points.py",
    "forms/honesty.py", "forms/maintenances.py", "forms/moments.py", "forms/operators.py", "forms/structure.py",
    "rules/lint.py",
    "rules/templating.py", "rules/recurrence.py", "management/", "migrations/",
    "views/board.py", "views/console/", "views/subscribers.py", "views/entry_points.py", "views/inside.py",
    "templates/statuspage/board", "templates/statuspage/console",
    "templates/statuspage/entry_points", "templates/statuspage/inside", "templates/statuspage/subscribers",
    "templates/statuspage/subscriptions/staff",
)  # fmt: skip
# The frame around the public pages.
FRAME = tuple(
    ROOT / "portal_core/ui/templates/ui" / name
    for name in ("base.html", "public.html", "parts/footer.html", "parts/messages.html", "parts/theme_toggle.html")
)
_NAMES = {"_", "gettext", "gettext_lazy", "gettext_noop"}
_COUNTED = {"ngettext", "ngettext_lazy"}
_WITH_CONTEXT = {"pgettext", "pgettext_lazy"}
_LITERAL = r"u?('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")"
_IN_TEMPLATE = re.compile(
    rf"(?<!\w)(_|gettext|ngettext|pgettext|npgettext)\(\s*{_LITERAL}(?:\s*,\s*{_LITERAL})?(?:\s*,\s*{_LITERAL})?"
)

# (context, singular, plural): the name of a message
Name = tuple[str, str, str]


def spoken() -> set[Name]:
    """Every word of the sources that readers can meet."""
    found: set[Name] = set()
    for path in sorted(APP.rglob("*.py")):
        if not _operators(path):
            found.update(in_python(path.read_text()))
    for path in [*sorted((APP / "templates").rglob("*.html")), *sorted((APP / "templates").rglob("*.txt")), *FRAME]:
        if not _operators(path):
            found.update(in_template(path.read_text()))
    return found


def _operators(path: Path) -> bool:
    return path.is_relative_to(APP) and str(path.relative_to(APP)).startswith(OPERATORS)


def in_python(text: str) -> Iterator[Name]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
            name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
            words = [part.value for part in node.args if isinstance(part, ast.Constant) and isinstance(part.value, str)]
            if name in _NAMES and words:
                yield "", words[0], ""
            elif name in _COUNTED and len(words) >= 2:
                yield "", words[0], words[1]
            elif name in _WITH_CONTEXT and len(words) >= 2:
                yield words[0], words[1], ""


def in_template(text: str) -> Iterator[Name]:
    for name, *literals in _IN_TEMPLATE.findall(templatize(text)):
        words = [str(ast.literal_eval(literal)) for literal in literals if literal]
        if name in ("_", "gettext"):
            yield "", words[0], ""
        elif name == "ngettext":
            yield "", words[0], words[1]
        elif name == "pgettext":
            yield words[0], words[1], ""
        else:
            yield words[0], words[1], words[2]


def catalogues() -> list[Path]:
    return sorted(LOCALE.glob("*/LC_MESSAGES/django.po"))


def names(catalogue: polib.POFile) -> set[Name]:
    return {(row.msgctxt or "", row.msgid, row.msgid_plural or "") for row in catalogue if not row.obsolete}


def update(path: Path) -> int:
    """Bring one catalogue up to date and compile it; return how many words wait for a translation."""
    old = polib.pofile(str(path), wrapwidth=110)
    known = {(row.msgctxt or "", row.msgid, row.msgid_plural or ""): row for row in old}
    new = polib.POFile(wrapwidth=110)
    new.metadata = old.metadata
    count = int((re.search(r"nplurals\s*=\s*(\d+)", old.metadata.get("Plural-Forms", "")) or ["", "2"])[1])
    for context, singular, plural in sorted(spoken()):
        row = known.get((context, singular, plural))
        entry = polib.POEntry(msgctxt=context or None, msgid=singular, flags=_flags(singular))
        if plural:
            entry.msgid_plural = plural
            entry.msgstr_plural = row.msgstr_plural if row is not None else dict.fromkeys(range(count), "")
        else:
            entry.msgstr = row.msgstr if row is not None else ""
        new.append(entry)
    new.save(str(path))
    new.save_as_mofile(str(path.with_suffix(".mo")))
    return len(new.untranslated_entries())


def _flags(text: str) -> list[str]:
    return ["python-format"] if re.search(r"%(\(\w+\))?[sd]", text) else []


if __name__ == "__main__":
    import django
    from django.conf import settings

    if not settings.configured:
        settings.configure(USE_I18N=True)
        django.setup()
    for catalogue in catalogues():
        missing = update(catalogue)
        sys.stdout.write(f"{catalogue.relative_to(ROOT)}: {missing} without a translation\n")
