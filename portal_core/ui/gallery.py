"""What `/ui/` shows: one template part per component; the markup shown beside it is the file itself."""

import datetime as dt
import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from django import forms
from django.contrib.staticfiles import finders
from django.core.paginator import Paginator
from django.http import HttpRequest
from django.template.loader import get_template
from django.utils.safestring import SafeString

THEMES = ("light", "dark")

# slug of `ui/gallery/<slug>.html`, title, what to know before using it
EXHIBITS = (
    ("colours", "Colours", "Tokens only: a page never names a colour. All pairs keep 4.5 : 1 in both themes."),
    ("type", "Type", "The reader's own system font. One h1 per page, in block heading."),
    ("buttons", "Buttons", "One primary button per view. A pressed submit button turns busy and cannot be sent twice."),
    ("badges", "Badges", "A state in three languages: shape, colour and word."),
    ("avatars", "Small things", "Initials, live state, keys, times in the reader's zone."),
    ("icons", "Icons", "Decoration beside words; give a label where there are none."),
    ("cards", "Cards", "One subject each. The whole card may be a link."),
    ("notices", "Notices", "Stand in the page, beside what they are about. Say what to do next."),
    ("toasts", "Toasts", "From Django messages or an HX-Trigger toast. Good news leaves by itself, trouble stays."),
    ("forms", "Forms", "Label, hint, error beside the field; a summary with the focus; optional fields are marked."),
    ("tables", "Tables", "class stackable with data-label on each cell: a row becomes a card on a phone."),
    ("lists", "Lists and facts", "A list to choose from (in a split-view with its detail), and a definition list."),
    ("timeline", "Timeline", "Newest first; the ring takes the tone, the word carries it."),
    ("steps", "Steps and checklists", "Where one is, and what is still to do."),
    ("figures", "Figures", "A number with its name; how far along."),
    ("charts", "Charts", "SVG with a name, a tooltip per day and a table for those who would rather read."),
    ("navigation", "Navigation", "Tabs are links. Menus are details elements and work without scripts."),
    ("dialogs", "Dialogs", "The browser's own dialog; the same content works as a page of its own."),
    ("waiting", "Empty and loading", "Say what belongs here and how it gets here."),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Exhibit:
    slug: str
    title: str
    note: str
    samples: tuple[tuple[str, SafeString], ...]
    markup: str


class SampleForm(forms.Form):
    name = forms.CharField(label="Your name")
    email = forms.EmailField(label="E-mail", help_text="We only use it to answer you.", required=False)
    office = forms.ChoiceField(label="Your office", choices=[("", "Choose…"), ("n", "North"), ("s", "South")])
    reach = forms.ChoiceField(
        label="How may we reach you?",
        choices=[("mail", "E-mail"), ("phone", "Phone")],
        widget=forms.RadioSelect,
        initial="mail",
    )
    words = forms.CharField(label="What happened?", widget=forms.Textarea, required=False)
    agree = forms.BooleanField(label="Someone else may see this screen")


def exhibits(request: HttpRequest) -> list[Exhibit]:
    """Every component, rendered by day and by night."""
    return [_exhibit(request, slug, title, note) for slug, title, note in EXHIBITS]


def _exhibit(request: HttpRequest, slug: str, title: str, note: str) -> Exhibit:
    part = get_template(f"ui/gallery/{slug}.html")
    samples = tuple((theme, SafeString(part.render(_facts(theme), request))) for theme in THEMES)
    source: str = part.template.source  # type: ignore[attr-defined]
    return Exhibit(slug, title, note, samples, source.removeprefix("{% load ui %}\n").strip())


def _facts(theme: str) -> dict[str, Any]:
    typed = {"name": "", "email": "pat@", "office": "n", "reach": "phone", "words": "The e-mail never came."}
    first = dt.date(2026, 9, 1)
    tones = {
        12: ("warning", "E-mails late for 2 hours"),
        40: ("danger", "Video down for 25 minutes"),
        63: ("info", "Maintenance"),
    }
    days = [
        {"date": first + dt.timedelta(number), "tone": tone, "text": text}
        for number in range(75)
        for tone, text in [("neutral", "no figures") if number < 4 else tones.get(number, ("ok", ""))]
    ]  # fmt: skip
    return {
        "theme": theme,
        "form": SampleForm(typed, auto_id=f"{theme}_%s"),
        "icons": icon_names(),
        "now": dt.datetime(2026, 11, 22, 14, 5, tzinfo=dt.UTC),
        "days": days,
        "points": [("Mon", 12), ("Tue", 18), ("Wed", 9), ("Thu", 31), ("Fri", 24), ("Sat", 6), ("Sun", 4)],
        "page": Paginator(range(95), 20).page(2),
    }


@cache
def icon_names() -> tuple[str, ...]:
    """The icons of the sprite, in its order."""
    path = finders.find("ui/icons/sprite.svg")
    if not path:
        return ()
    with open(path, encoding="utf-8") as sprite:
        return tuple(re.findall(r'<symbol id="([\w-]+)"', sprite.read()))
