"""Publishing while the database is away: a page that needs no session, no database and no cache server.

What proves the operator is a code printed beforehand (`manage.py statuspage_codes`); each works once.
"""

import threading
import time

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from portal_core.directory.guards import public_page
from portal_core.kernel.errors import Conflict, Invalid, NotFound, TooMany
from portal_core.kernel.http.ratelimit import client_address, neighbourhood
from statuspage.actions import journal
from statuspage.errors import CodeUnknown
from statuspage.forms.break_glass import BreakGlassForm
from statuspage.queries import subscribers as queries
from statuspage.snapshot import codes
from statuspage.snapshot.html import Place
from statuspage.views.language import in_language_asked_for

TRIES, PER = 10, 60.0  # wrong codes per address and minute, counted in this process: the cache may be away too


class Tries:
    """Counts wrong codes per address; forgets them after a minute."""

    def __init__(self) -> None:
        self._seen: dict[str, list[float]] = {}
        self._lock = threading.Lock()

    def check(self, address: str) -> None:
        with self._lock:
            since = time.monotonic() - PER
            self._seen = {who: kept for who, when in self._seen.items() if (kept := [at for at in when if at > since])}
            if len(self._seen.get(address, ())) >= TRIES:
                raise TooMany(retry_after=int(PER))

    def note(self, address: str) -> None:
        with self._lock:
            self._seen.setdefault(address, []).append(time.monotonic())


tries = Tries()


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@public_page
@in_language_asked_for
def break_glass(request: HttpRequest) -> HttpResponse:
    """SP-07: the form, and what it publishes. Answers 404 where no codes were printed."""
    if not codes.unused():
        raise NotFound
    form = BreakGlassForm(request.POST if request.method == "POST" else None, facts=journal.last_facts())
    status = 422 if request.method == "POST" else 200
    if request.method == "POST":
        # The code first: without one, a stranger learns nothing from the other answers.
        label = _owner(request)
        if not label:
            form.add_error("code", str(CodeUnknown.message))
            status = CodeUnknown.status
        elif form.is_valid():
            try:
                _publish(form, label)
            except (Invalid, Conflict, NotFound, CodeUnknown) as refusal:
                form.add_error(None, str(refusal))
                status = refusal.status
            else:
                return redirect(_status_page())
    context = {"form": form, "status_page": _status_page(), "languages": settings.LANGUAGES}
    return render(request, "statuspage/break_glass.html", context, status=status)


def _status_page() -> str:
    """The published page in the language of this answer."""
    return Place(queries.language()).base


def _owner(request: HttpRequest) -> str:
    address = neighbourhood(client_address(request))
    tries.check(address)
    label = codes.owner(request.POST.get("code", ""))
    if not label:
        tries.note(address)
    return label


def _publish(form: BreakGlassForm, label: str) -> None:
    # Used up before it publishes: two presses of one button are one message. A refusal costs a code, never a double.
    journal.check(**(said := _said(form)))
    if not codes.use(form.cleaned_data["code"]):
        raise CodeUnknown
    journal.publish(**said, by=label, via="break-glass")


def _said(form: BreakGlassForm) -> "journal.Said":
    return {
        "name": form.cleaned_data["name"] if not form.incident_id() else "",
        "body": form.cleaned_data["body"],
        "components": form.chosen(),
        "status": form.cleaned_data["status"],
        "incident_id": form.incident_id(),
    }
