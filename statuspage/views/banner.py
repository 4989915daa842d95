"""The strip on every page that tells of an open incident (SP-01). Reads the snapshot in memory, never the database."""

from django.conf import settings
from django.http import HttpRequest
from django.template.loader import render_to_string

from portal_core.directory.enums import Permission
from statuspage.enums import EVENT_LABELS
from statuspage.snapshot import export, memory

TROUBLE = 3  # failed copies in a row before operators are told


def banner(request: HttpRequest) -> str:
    """Safe HTML, or "" when nothing is wrong, nothing is known yet, or the page itself is the status page."""
    if request.path.startswith("/status/"):
        return ""
    loaded = memory.current()
    incidents = loaded.summary["incidents"] if loaded is not None else []
    if not incidents:
        return ""
    # The word is chosen here: a snapshot is everybody's, this page is in its reader's language.
    incident = {**incidents[0], "label": EVENT_LABELS[incidents[0]["status"]]}
    facts = {"incident": incident, "more": len(incidents) - 1, "staff": getattr(request, "staff", None) is not None}
    return render_to_string("statuspage/banner.html", facts)


def copy_trouble(request: HttpRequest) -> str:
    """For operators: the copy of the page on another host is not being renewed."""
    staff = getattr(request, "staff", None)
    if not settings.STATUS_EXPORT or staff is None or not staff.may(Permission.STATUS_PUBLISH):
        return ""
    copy = export.state()
    if copy.failures < TROUBLE:
        return ""
    return render_to_string("statuspage/copy_trouble.html", {"error": copy.error, "age": copy.age()})
