"""Words out of an e-mail: charsets, HTML to text, and what of an answer is new. Pure; whatever comes in is hostile.

Everything here is linear in its input: lines are looked at one by one, and no pattern can backtrack over more than one.
"""

import re
import unicodedata
from collections import Counter
from email.errors import HeaderParseError
from email.header import Header, decode_header
from html import escape
from html.parser import HTMLParser
from typing import Any

import nh3

MAX_TEXT = 100_000  # characters read of one part
MAX_HTML = 200_000
MAX_TAGS = 15_000
MAX_DEPTH = 400  # a parser of HTML takes a time that grows with the square of how deep it is
BODY = 20_000  # characters that become part of a conversation; the rest stays in the original

_TEXT_TAGS = {
    "p", "div", "br", "hr", "ul", "ol", "li", "table", "tr", "td", "th", "blockquote", "pre", "h1", "h2", "h3", "h4",
    "h5", "h6", "a",
}  # fmt: skip
_SHOWN_TAGS = (_TEXT_TAGS - {"a"}) | {"b", "strong", "i", "em", "u", "tbody", "thead", "code", "dl", "dt", "dd"}
_GONE_WITH_CONTENT = {"script", "style", "title", "template", "noscript", "iframe", "object", "svg", "math"}
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,15})")
_ANY_TAG = re.compile(r"<[^<>]{0,2000}>")
_LEFT_OPEN = {"p", "li", "td", "th", "tr", "br", "hr", "img", "input", "meta", "link", "col", "wbr", "dd", "dt"}
_KEPT = "\n\t\u200c\u200d"  # the joiners: emoji and some scripts are made with them
_BLOCKS = {"p", "div", "ul", "ol", "table", "tr", "blockquote", "pre", "h1", "h2", "h3", "h4", "h5", "h6"}


# --- characters -------------------------------------------------------------------------------------------------------
def decoded(data: bytes, charset: str | None) -> str:
    """Bytes as text: the charset they claim, else UTF-8, else Windows-1252, which takes almost anything."""
    data = data[: MAX_TEXT * 4]
    for name in (charset, "utf-8", "windows-1252"):
        try:
            if name:
                return clean(data.decode(name))
        except (LookupError, UnicodeError, ValueError):  # unknown, wrong, or not a text encoding at all
            continue
    return clean(data.decode("latin-1"))


def clean(text: str) -> str:
    """Without what no database keeps and no reader should meet: NUL and other controls, half surrogates, and the marks
    that turn the direction of writing around (a name that ends in gpj.exe would read as exe.jpg)."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(one for one in text if one in _KEPT or unicodedata.category(one) not in ("Cc", "Cs", "Cf"))


def header_text(value: Any, limit: int = 250) -> str:
    """A header's words on one line, encoded words decoded (RFC 2047)."""
    if value is None:
        return ""
    raw = str(value)[: limit * 12] if isinstance(value, Header) else unescaped(str(value)[: limit * 12])
    try:
        parts = decode_header(raw)
    except (HeaderParseError, ValueError, TypeError, AttributeError):
        parts = [(raw, None)]
    words = "".join(_part(part, name) for part, name in parts)
    return " ".join(clean(words).split())[:limit]


def _part(part: bytes | str, charset: str | None) -> str:
    if isinstance(part, str):
        return part
    if charset is None:
        # Between encoded words the library writes plain ones as Latin-1 with escapes; this undoes exactly that.
        return part.decode("raw-unicode-escape", "replace")
    return decoded(part, charset)


def unescaped(text: str) -> str:
    """The mail parser keeps bytes beyond ASCII in headers as half surrogates."""
    if text.isascii():
        return text
    try:
        return decoded(text.encode("utf-8", "surrogateescape"), "utf-8")
    except UnicodeError:
        return clean(text)


# --- HTML -------------------------------------------------------------------------------------------------------------
def shown_html(html: str) -> str:
    """HTML that staff may look at: structure and words. No attribute survives, hence no style, link, picture, address
    that would be fetched; nothing that runs."""
    return nh3.clean(_bounded(html), tags=_SHOWN_TAGS, clean_content_tags=_GONE_WITH_CONTENT, attributes={})


def html_to_text(html: str) -> str:
    """The words of HTML, line by line; quotes get their `>`, links say where they lead."""
    tame = nh3.clean(
        _bounded(html),
        tags=_TEXT_TAGS,
        clean_content_tags=_GONE_WITH_CONTENT,
        attributes={"a": {"href"}},
        url_schemes={"http", "https", "mailto"},
        link_rel=None,
    )
    reader = _Words()
    reader.feed(tame)
    reader.close()
    return reader.text()


def _bounded(html: str) -> str:
    """The HTML, or when it is built to keep a parser busy, its words alone."""
    html = html[:MAX_HTML]
    open_tags: Counter[str] = Counter()
    depth = 0
    for number, tag in enumerate(_TAG.finditer(html)):
        slash, name = tag.group(1), tag.group(2).lower()
        if name in _LEFT_OPEN:
            continue
        if not slash:
            open_tags[name] += 1
            depth += 1
        elif open_tags[name]:
            open_tags[name] -= 1
            depth -= 1
        if depth > MAX_DEPTH or number > MAX_TAGS:
            return escape(_ANY_TAG.sub(" ", html))
    return html


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[str] = []
        self.line: list[str] = []
        self.depth = 0  # of quotes
        self.verbatim = 0
        self.href = ""
        self.anchor: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "br" or tag in _BLOCKS:
            self._end_line()
        if tag == "li":
            self._end_line()
            self.line.append("- ")
        if tag == "hr":
            self._end_line()
            self.line.append("---")
            self._end_line()
        if tag == "blockquote":
            self.depth += 1
        if tag == "pre":
            self.verbatim += 1
        if tag == "a":
            self.href, self.anchor = dict(attrs).get("href") or "", []

    def handle_endtag(self, tag: str) -> None:
        if tag in _BLOCKS or tag == "li":
            self._end_line()
        if tag in ("p", "h1", "h2", "h3", "h4", "h5", "h6") and self.lines and self.lines[-1]:
            self.lines.append("")
        if tag in ("td", "th"):
            self.line.append(" ")
        if tag == "blockquote":
            self.depth = max(0, self.depth - 1)
        if tag == "pre":
            self.verbatim = max(0, self.verbatim - 1)
        if tag == "a" and self.href:
            words = "".join(self.anchor).strip()
            target = self.href.removeprefix("mailto:")
            if target and target.rstrip("/") != words.rstrip("/"):
                self.line.append(f" <{target[:300]}>")
            self.href = ""

    def handle_data(self, data: str) -> None:
        if self.href:
            self.anchor.append(data)
        if self.verbatim:
            first, *rest = data.split("\n")
            self.line.append(first)
            for one in rest:
                self._end_line(even_empty=True)
                self.line.append(one)
        else:
            self.line.append(re.sub(r"[ \t\n\xa0]+", " ", data))

    def _end_line(self, *, even_empty: bool = False) -> None:
        text = "".join(self.line).strip()
        self.line = []
        if text or even_empty:
            self.lines.append("> " * min(self.depth, 5) + text if self.depth else text)

    def text(self) -> str:
        self._end_line()
        return clean("\n".join(self.lines)[:MAX_TEXT]).strip()


# --- what is new in an answer -----------------------------------------------------------------------------------------
_WROTE = ("wrote", "escribió", "schrieb", "a écrit", "escreveu", "ha scritto")
_BEGINS_INTRODUCTION = re.compile(r"(?:On|El|Am|Le|Em|Il)\s+\S")
_ORIGINAL = re.compile(
    r"-{2,}\s?(?:Original Message|Original Appointment|Mensaje original|Ursprüngliche Nachricht)\s?-{2,}",
    re.IGNORECASE,
)
_RULE = re.compile(r"_{10,}")
_HEADER_LINE = re.compile(
    r"\*?(From|Sent|Date|To|Cc|Subject|De|Enviado|Enviado el|Fecha|Para|Asunto)\s?:\*?\s+\S", re.IGNORECASE
)
_FROM_LINE = re.compile(r"\*?(?:From|De|Von)\s?:\*?\s+\S", re.IGNORECASE)
_PHONE_SIGNATURE = re.compile(
    r"(?:Sent|Enviado|Gesendet) (?:from|via|using|desde|mi|von) [\w .'’&-]{2,60}\.?"
    r"|Get Outlook for (?:iOS|Android).{0,80}",
    re.IGNORECASE,
)


def without_signature(text: str) -> str:
    """Up to the signature mark ("-- ") or a phone's own last line, unless nothing would be left."""
    lines = text.rstrip().split("\n")
    for place, line in enumerate(lines):
        if line in ("-- ", "--") and place and len(lines) - place <= 25:
            lines = lines[:place]
            break
    while lines and (not lines[-1].strip() or _PHONE_SIGNATURE.fullmatch(lines[-1].strip()[:200])):
        lines.pop()
    return "\n".join(lines).strip() or text.strip()


def new_words(text: str) -> str:
    """What somebody wrote above (or between) what they answer to. When nothing would be left, everything."""
    lines = text.strip().split("\n")
    below = _Below(lines)
    end = next((place for place in range(len(lines)) if _answers_from(lines, place, below)), len(lines))
    kept = lines[:end]
    # Quoted lines at the end are the letter before; quoted lines above own words are what those words answer.
    while kept and (not kept[-1].strip() or kept[-1].lstrip().startswith(">")):
        kept.pop()
    if len(kept) < len(lines):
        kept = _without_introduction(kept)
    found = without_signature("\n".join(kept)) if kept else ""
    return found or text.strip()


class _Below:
    """Whether somebody answered between the lines: below a place quoted lines, and below those words of their own."""

    def __init__(self, lines: list[str]) -> None:
        self.last_own, self.next_quoted = -1, [len(lines)] * (len(lines) + 1)
        for place in range(len(lines) - 1, -1, -1):
            line = lines[place].strip()[:200]
            self.next_quoted[place] = place if line.startswith(">") else self.next_quoted[place + 1]
            own = line and not line.startswith(">") and not _PHONE_SIGNATURE.fullmatch(line)
            if self.last_own < 0 and own:
                self.last_own = place

    def __call__(self, place: int) -> bool:
        return self.next_quoted[place] < self.last_own


def _answers_from(lines: list[str], place: int, between_below: "_Below") -> bool:
    """The letter before begins here, and nothing of one's own comes after it."""
    line = lines[place].strip()[:400]
    if _ORIGINAL.fullmatch(line):
        return True
    if _introduces(lines, place):
        return not between_below(place)
    if _RULE.fullmatch(line):
        following = next((one.strip() for one in lines[place + 1 : place + 4] if one.strip()), "")
        return bool(_FROM_LINE.match(following[:400])) and _header_block(lines, place + 1)
    return bool(_FROM_LINE.match(line)) and _header_block(lines, place)


def _introduces(lines: list[str], place: int) -> bool:
    """ "On …, … wrote:", which mail programs break over up to three lines."""
    line = lines[place].strip()[:400]
    if not _BEGINS_INTRODUCTION.match(line):
        return False
    joined = " ".join(one.strip()[:200] for one in lines[place : place + 3])
    colon = joined.find(":", joined.lower().find(next((verb for verb in _WROTE if verb in joined.lower()), "\n")))
    ends = {len(" ".join(one.strip()[:200] for one in lines[place : place + more])) - 1 for more in (1, 2, 3)}
    return any(verb in joined.lower() for verb in _WROTE) and colon in ends


def _header_block(lines: list[str], place: int) -> bool:
    near = [line.strip()[:200] for line in lines[place : place + 8]]
    return sum(bool(_HEADER_LINE.match(line)) for line in near) >= 3


def _without_introduction(kept: list[str]) -> list[str]:
    for back in range(1, min(4, len(kept)) + 1):
        if _introduces(kept, len(kept) - back):
            return kept[: len(kept) - back]
    return kept


def shortened(text: str, limit: int = BODY) -> str:
    return text if len(text) <= limit else text[:limit].rstrip() + "\n[…]"
