"""A help article as it is read: parsed from a file, shown from Markdown, found by what somebody types."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final

from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify
from markdown_it import MarkdownIt
from markdown_it.token import Token

from helpdesk.enums import Audience, Category
from helpdesk.rules.platforms import PLATFORMS
from helpdesk.rules.words import words_of

SHIPPED: Final = 0  # the version of what comes with the product
ENOUGH: Final = 2.0  # a suggestion scores at least this
BY_CATEGORY: Final = 4.0
WEIGHTS: Final = (("title", 3.0), ("keywords", 2.5), ("summary", 1.5), ("body", 0.5))
_SMALL_WORDS: Final = (
    "a about after all also am an and any are as at be been before but by can cannot could did do does doing for from "
    "get gets got had has have he her him his how i if in into is it its just like me my no not now of on once one "
    "or our out please re s she so some t than that the their them then there they this to too try tried up us use "
    "very want was we went were what when where which who why will with would you your"
)
STOP_WORDS: Final = frozenset(_SMALL_WORDS.split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Guide:
    """One article in the version that is read. `body` is Markdown; `version` 0 is the text that ships."""

    slug: str
    audience: Audience
    title: str
    summary: str
    body: str
    icon: str = "help"
    keywords: str = ""  # words people use for it that the text does not
    categories: frozenset[Category] = frozenset()
    order: int = 100
    version: int = SHIPPED
    practice_id: int | None = None

    @property
    def about(self) -> str:
        """The kind of request to start with when it did not help; empty when it fits none."""
        return min(self.categories, default=Category.OTHER).value if self.categories else ""

    def html(self) -> SafeString:
        return render(self.body)


def parse(text: str, *, slug: str, audience: Audience) -> Guide:
    """A file of `helpdesk/library`: lines `name: value`, a line `---`, then Markdown. Raises ValueError, KeyError."""
    head, _line, body = text.partition("\n---\n")
    facts = {name.strip(): value.strip() for name, _colon, value in (line.partition(":") for line in head.splitlines())}
    return Guide(
        slug=slug,
        audience=audience,
        title=facts["title"],
        summary=facts["summary"],
        body=body.strip(),
        icon=facts.get("icon", "help"),
        keywords=facts.get("keywords", ""),
        categories=frozenset(Category(code) for code in facts.get("categories", "").split()),
        order=int(facts.get("order", "100")),
    )


# --- as a page --------------------------------------------------------------------------------------------------------
_markdown = MarkdownIt("commonmark", {"html": False}).enable("table").disable(["image"])
_PLATFORMS = "<p>{platforms}</p>\n"
_END: Final = Token("", "", 0)


@lru_cache(maxsize=256)
def render(body: str) -> SafeString:
    """Markdown as HTML. No HTML of the writer's own, no pictures; links within the site or to https alone. A paragraph
    `{platforms}` becomes the list of supported systems (HD-18)."""
    tokens = _markdown.parse(body)
    _tame(tokens)
    html = str(_markdown.renderer.render(tokens, _markdown.options, {}))
    html = html.replace("<table>", '<div class="table-wrap"><table>').replace("</table>", "</table></div>")
    return mark_safe(html.replace(_PLATFORMS, platforms_table()))  # noqa: S308 - made by the renderer, HTML is off


def _tame(tokens: Iterable[Token]) -> None:
    """Headings begin below the page's own and can be linked to; links that lead elsewhere say nothing of where one came
    from."""
    anchors = Counter[str]()
    for token, following in pairwise([*tokens, _END]):
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(max(int(token.tag[1]), 2), 4)}"
        if token.type == "heading_open":
            anchor = anchor_of(following.content)
            anchors[anchor] += 1
            token.attrSet("id", anchor if anchors[anchor] == 1 else f"{anchor}-{anchors[anchor]}")
        if token.type == "link_open":
            target = str(token.attrGet("href") or "")
            if not re.match(r"(?:/(?!/)|#|https://|tel:\+?[0-9-]+$)", target):
                token.attrSet("href", "#")
            elif target.startswith("https://"):
                token.attrSet("rel", "noopener noreferrer")
        _tame(token.children or ())


def anchor_of(heading: str) -> str:
    """The id of a heading: `about-you-forgot-your-password`. The prefix keeps it apart from other ids of the page."""
    return f"about-{slugify(heading)}"


def platforms_table() -> str:
    """The supported systems as a table that a phone stacks; made of our own words only."""
    rows = "".join(
        f'<tr><th scope="row">{one.name}</th><td data-label="Works from version">{one.since or "no version"}</td>'
        f'<td data-label="On">{one.systems}</td><td data-label="Video visits">{one.video}</td></tr>'
        for one in PLATFORMS
    )
    head = "".join(f'<th scope="col">{title}</th>' for title in ("Browser", "Works from version", "On", "Video visits"))
    table = f'<table class="stackable"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'
    return f'<div class="table-wrap">{table}</div>'


# --- suggestions ------------------------------------------------------------------------------------------------------
def rank(guides: Sequence[Guide], text: str, *, category: str = "", limit: int = 3) -> list[Guide]:
    """The guides that fit what somebody types best, best first; a kind of request chosen speaks for its articles. The
    rarer a word is among the guides, the more it says."""
    words = {stem(word) for word in words_of(text[:2000])} - STOP_WORDS
    words = {word for word in words if len(word) > 2}
    texts = [_stems(guide) for guide in guides]
    known: Counter[str] = Counter(word for parts in texts for word in set().union(*parts))
    scored = []
    for guide, parts in zip(guides, texts, strict=True):
        score = BY_CATEGORY if category and category in guide.categories else 0.0
        for word in words:
            weight = max(
                (weight for part, (_name, weight) in zip(parts, WEIGHTS, strict=True) if word in part), default=0
            )
            score += weight * math.log((len(guides) + 1) / (known[word] or 1))
        if score >= ENOUGH:
            scored.append((-score, guide.order, guide.slug, guide))
    return [guide for *_rest, guide in sorted(scored, key=lambda row: row[:3])[:limit]]


def stem(word: str) -> str:
    """Roughly the same word whatever its ending: "attachments" → "attach", "signing" → "sign"."""
    for ending in ("ations", "ation", "ments", "ment", "ing", "ies", "ied", "ed", "es", "s", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word.removesuffix(ending)
    return word


@lru_cache(maxsize=512)
def _stems(guide: Guide) -> tuple[frozenset[str], ...]:
    return tuple(frozenset(stem(word) for word in words_of(getattr(guide, name))) for name, _weight in WEIGHTS)
