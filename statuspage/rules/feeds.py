"""`history.atom` and `history.rss` in Statuspage's form (research §2.5): one entry per incident, revised in place."""

import datetime as dt
from email.utils import format_datetime
from html import escape
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

from statuspage.rules.api_v2 import incident_url
from statuspage.rules.derive import IncidentView, View

ENTRIES_MAX = 25
_ATOM = "http://www.w3.org/2005/Atom"
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
# Characters XML 1.0 cannot carry at all, not even escaped.
_FORBIDDEN = dict.fromkeys([*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF])


def atom(view: View) -> bytes:
    """The Atom feed. An entry is known to readers by its id and `updated`."""
    host = _host(view)
    feed = ET.Element("feed", {"xmlns": _ATOM, _XML_LANG: "en-US"})
    _text(feed, "id", f"tag:{host},2005:/history")
    ET.SubElement(feed, "link", rel="alternate", type="text/html", href=view.facts.page.url)
    ET.SubElement(feed, "link", rel="self", type="application/atom+xml", href=f"{_root(view)}/history.atom")
    _text(feed, "title", _title(view))
    _text(feed, "updated", _iso(_newest(view)))
    _text(ET.SubElement(feed, "author"), "name", view.facts.page.name)
    for row in view.incidents[:ENTRIES_MAX]:
        entry = ET.SubElement(feed, "entry")
        _text(entry, "id", f"tag:{host},2005:Incident/{row.facts.number}")
        _text(entry, "published", _iso(row.facts.created_at))
        _text(entry, "updated", _iso(row.facts.updated_at))
        ET.SubElement(entry, "link", rel="alternate", type="text/html", href=incident_url(view, row.facts.id))
        _text(entry, "title", row.facts.name)
        _text(entry, "content", content(row, view.facts.page.time_zone)).set("type", "html")
    return _bytes(feed)


def rss(view: View) -> bytes:
    """The RSS 2.0 feed."""
    root = ET.Element("rss", version="2.0")
    channel = ET.SubElement(root, "channel")
    _text(channel, "title", _title(view))
    _text(channel, "link", view.facts.page.url)
    _text(channel, "description", "Statuspage")
    _text(channel, "pubDate", format_datetime(_newest(view)))
    for row in view.incidents[:ENTRIES_MAX]:
        item = ET.SubElement(channel, "item")
        _text(item, "title", row.facts.name)
        _text(item, "description", content(row, view.facts.page.time_zone))
        _text(item, "pubDate", format_datetime(row.facts.updated_at))
        _text(item, "link", incident_url(view, row.facts.id))
        _text(item, "guid", incident_url(view, row.facts.id))
    return _bytes(root)


def content(row: IncidentView, zone: str) -> str:
    """The HTML of one incident, newest update first. Parsers take the state from the first <strong>."""
    parts = []
    for update in row.updates:
        at = update.facts.display_at.astimezone(ZoneInfo(zone))
        body = escape(update.facts.body).replace("\r\n", "\n").replace("\n", "<br>")
        parts.append(
            f"<p><small>{at:%b} <var data-var='date'>{at.day}</var>, <var data-var='time'>{at:%H:%M}</var> "
            f"{at:%Z}</small><br><strong>{escape(update.label)}</strong> - {body}</p>"
        )
    return "".join(parts)


def _title(view: View) -> str:
    return f"{view.facts.page.name} Status - Incident History"


def _newest(view: View) -> dt.datetime:
    return max((row.facts.updated_at for row in view.incidents), default=view.facts.page.updated_at)


def _iso(at: dt.datetime) -> str:
    return at.astimezone(dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _host(view: View) -> str:
    return urlsplit(view.facts.page.url).hostname or "localhost"


def _root(view: View) -> str:
    parts = urlsplit(view.facts.page.url)
    return f"{parts.scheme}://{parts.netloc}"


def _text(parent: ET.Element, name: str, text: str) -> ET.Element:
    element = ET.SubElement(parent, name)
    element.text = text.translate(_FORBIDDEN)
    return element


def _bytes(root: ET.Element) -> bytes:
    text: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return text
