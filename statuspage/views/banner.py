"""The strip on every page that tells of an open incident (SP-01). Reads the snapshot in memory, never the database."""

from django.http import HttpRequest
from django.template.loader import render_to_string

from statuspage.snapshot import memory


def banner(request: HttpRequest) -> str:
    """Safe HTML, or "" when nothing is wrong, nothing is known yet, or the page itself is the status page."""
    if request.path.startswith("/status/"):
        return ""
    loaded = memory.current()
    incidents = loaded.summary["incidents"] if loaded is not None else []
    if not incidents:
        return ""
    facts = {"incident": incidents[0], "more": len(incidents) - 1, "staff": getattr(request, "staff", None) is not None}
    return render_to_string("statuspage/banner.html", facts)
