"""`history.atom` and `history.rss` in Statuspage's form (research §2.5), and a JSON Feed: one entry per incident or
maintenance, revised in place."""

import datetime as dt
import re
from email.utils import format_datetime
from functools import lru_cache
from html import escape
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

from statuspage.rules.api_v2 import incident_url, revised_at
from statuspage.rules.derive import IncidentView, View

ENTRIES_MAX = 25
_ATOM = "http://www.w3.org/2005/Atom"
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
# Characters XML 1.0 cannot carry at all, not even escaped.
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def entries(view: View) -> list[IncidentView]:
    """Incidents and maintenances, the last announced first; whatever is open or still to come stays however old."""
    lively = {row.facts.id for row in (*view.active, *view.underway, *view.upcoming)}
    rows = sorted(
        (*view.incidents, *view.maintenances), key=lambda row: (row.facts.created_at, row.facts.number), reverse=True
    )
    return [*rows[:ENTRIES_MAX], *(row for row in rows[ENTRIES_MAX:] if row.facts.id in lively)]


def atom(view: View) -> bytes:
    """The Atom feed. An entry is known to readers by its id and `updated`."""
    host = _host(view)
    feed = ET.Element("feed", {"xmlns": _ATOM, _XML_LANG: "en-US"})
    _text(feed, "id", f"tag:{host},2005:/history")
    ET.SubElement(feed, "link", rel="alternate", type="text/html", href=view.facts.page.url)
    ET.SubElement(feed, "link", rel="self", type="application/atom+xml", href=f"{root(view)}/history.atom")
    _text(feed, "title", _title(view))
    _text(feed, "updated", _iso(_newest(view)))
    _text(ET.SubElement(feed, "author"), "name", view.facts.page.name)
    for row in entries(view):
        entry = ET.SubElement(feed, "entry")
        _text(entry, "id", f"tag:{host},2005:Incident/{row.facts.number}")
        _text(entry, "published", _iso(row.facts.created_at))
        _text(entry, "updated", _iso(revised_at(row.facts)))
        ET.SubElement(entry, "link", rel="alternate", type="text/html", href=incident_url(view, row.facts.id))
        _text(entry, "title", row.facts.name)
        _text(entry, "content", content(row, view.facts.page.time_zone)).set("type", "html")
    return _bytes(feed)


def rss(view: View) -> bytes:
    """The RSS 2.0 feed."""
    document = ET.Element("rss", version="2.0")
    channel = ET.SubElement(document, "channel")
    _text(channel, "title", _title(view))
    _text(channel, "link", view.facts.page.url)
    _text(channel, "description", "Statuspage")
    _text(channel, "pubDate", format_datetime(_newest(view)))
    for row in entries(view):
        item = ET.SubElement(channel, "item")
        _text(item, "title", row.facts.name)
        _text(item, "description", content(row, view.facts.page.time_zone))
        _text(item, "pubDate", format_datetime(revised_at(row.facts)))
        _text(item, "link", incident_url(view, row.facts.id))
        _text(item, "guid", incident_url(view, row.facts.id))
    return _bytes(document)


def json_feed(view: View) -> dict[str, Any]:
    """The same as JSON Feed 1.1."""
    return {
        "version": "https://jsonfeed.org/version/1.1",
        "title": _title(view),
        "home_page_url": view.facts.page.url,
        "feed_url": f"{root(view)}/history.json",
        "language": "en-US",
        "authors": [{"name": view.facts.page.name, "url": view.facts.page.url}],
        "items": [
            {
                "id": f"tag:{_host(view)},2005:Incident/{row.facts.number}",
                "url": incident_url(view, row.facts.id),
                "title": row.facts.name,
                "content_html": content(row, view.facts.page.time_zone),
                "date_published": _iso(row.facts.created_at),
                "date_modified": _iso(revised_at(row.facts)),
                "tags": [row.label, *(component.name for component in row.components)],
            }
            for row in entries(view)
        ],
    }


def content(row: IncidentView, zone: str) -> str:
    """The HTML of one event, newest update first. Parsers take the state from the first <strong>."""
    parts = [_paragraph(update.label, update.facts.body, update.facts.display_at, zone) for update in row.updates]
    return "".join([*parts, *_window(row, zone)])


@lru_cache(maxsize=2048)  # three feeds say the same, and most of it again at the next publication
def _paragraph(label: str, body: str, at: dt.datetime, zone: str) -> str:
    at = at.astimezone(ZoneInfo(zone))
    text = escape(body).replace("\r\n", "\n").replace("\n", "<br>")
    return f"<p><small>{_when(at)} {at:%Z}</small><br><strong>{escape(label)}</strong> - {text}</p>"


def _window(row: IncidentView, zone: str) -> list[str]:
    """When a maintenance is planned for; last, so that the first <strong> stays the state."""
    begin, end = row.facts.scheduled_for, row.facts.scheduled_until
    if begin is None or end is None:
        return []
    begin, end = begin.astimezone(ZoneInfo(zone)), end.astimezone(ZoneInfo(zone))
    until = f"<var data-var='time'>{end:%H:%M}</var>" if begin.date() == end.date() else _when(end)
    word = "Was planned for" if row.facts.cancelled_at else "Planned for"
    return [f"<p><small>{word} {_when(begin)} - {until} {end:%Z}</small></p>"]


def _when(at: dt.datetime) -> str:
    return f"{at:%b} <var data-var='date'>{at.day}</var>, <var data-var='time'>{at:%H:%M}</var>"


def _title(view: View) -> str:
    return f"{view.facts.page.name} Status - Incident History"


def _newest(view: View) -> dt.datetime:
    return max((revised_at(row.facts) for row in entries(view)), default=view.facts.page.updated_at)


def _iso(at: dt.datetime) -> str:
    return at.astimezone(dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _host(view: View) -> str:
    return urlsplit(view.facts.page.url).hostname or "localhost"


def root(view: View) -> str:
    """Scheme and host, without a slash."""
    parts = urlsplit(view.facts.page.url)
    return f"{parts.scheme}://{parts.netloc}"


def _text(parent: ET.Element, name: str, text: str) -> ET.Element:
    element = ET.SubElement(parent, name)
    element.text = _FORBIDDEN.sub("", text)
    return element


def _bytes(document: ET.Element) -> bytes:
    text: bytes = ET.tostring(document, encoding="utf-8", xml_declaration=True)
    return text
