"""Practice settings: by when requests are answered and solved (HD-11)."""

import datetime as dt
import zoneinfo
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from helpdesk import queries
from helpdesk.actions import promises
from helpdesk.errors import PromisesChanged, PromisesMakeNoSense
from helpdesk.forms import PromisesForm
from helpdesk.rules import sla
from portal_core.directory import queries as directory
from portal_core.directory.enums import Permission
from portal_core.directory.guards import StaffRequest, staff_page
from portal_core.kernel import clock
from portal_core.kernel.errors import Conflict


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Permission.SETTINGS)
def settings_page(request: StaffRequest) -> HttpResponse:
    """POST do=ships: back to what ships."""
    versions = queries.promises(request.staff.practice_id)
    current = versions[0].promises if versions else sla.SHIPPED
    form, refused, status = PromisesForm(initial=_initial(current)), None, 200
    if request.method == "POST":
        ships = request.POST.get("do") == "ships"
        form = form if ships else PromisesForm(request.POST, initial=_initial(current))
        if ships or form.is_valid():
            wanted = sla.SHIPPED if ships else form.promises()
            try:
                promises.promise(promises=wanted, seen=_seen(request), staff=request.staff, by=request.actor)
            except PromisesMakeNoSense as error:
                form.blame(error.facts["faults"])
            except PromisesChanged as error:
                refused, status = error, error.status
            else:
                messages.success(request, _("Saved. It holds for requests that come in from now on."))
                return redirect("helpdesk:promises")
        if form.errors:
            status = 422
    with timezone.override(zoneinfo.ZoneInfo(request.staff.practice.time_zone)):
        return render(request, "helpdesk/promises.html", _context(request, form, current, refused), status=status)


def _context(
    request: StaffRequest, form: PromisesForm, current: sla.Promises, refused: Conflict | None
) -> dict[str, Any]:
    now, practice = clock.now(), request.staff.practice
    offices = directory.offices(practice.pk).select_related("practice")
    versions = queries.promises(practice.pk)
    return {
        "form": form,
        "error": refused,
        "seen": versions[0].number if versions else 0,
        "versions": [{"row": row, "words": _words(row.promises)} for row in versions],
        "as_shipped": current == sla.SHIPPED,
        "urgent": sorted(str(category.label) for category in sla.URGENT),
        "places": _examples(queries.places(list(offices), it_of=practice, now=now), current, now),
    }


def _examples(places: list[queries.Place], current: sla.Promises, now: dt.datetime) -> list[dict[str, str]]:
    """By when a request of now would be answered; places with the same answer share a line."""
    names: dict[tuple[str, str], list[str]] = {}
    for place in places:
        words = tuple(sla.explain(place.calendar, now, one.first, 0) for one in (current.urgent, current.normal))
        name = place.office.name if place.office is not None else _("IT support")
        names.setdefault((words[0], words[1]), []).append(name)
    if len(names) == 1:
        names = {words: [_("Every office and IT")] for words in names}
    return [{"name": ", ".join(who), "urgent": words[0], "normal": words[1]} for words, who in names.items()]


def _words(one: sla.Promises) -> str:
    return _("Urgent: %(a)s and %(b)s h; others: %(c)s and %(d)s h") % {
        "a": f"{one.urgent.first / 60:g}", "b": f"{one.urgent.resolve / 60:g}",
        "c": f"{one.normal.first / 60:g}", "d": f"{one.normal.resolve / 60:g}",
    }  # fmt: skip


def _initial(current: sla.Promises) -> dict[str, int]:
    return {
        "urgent_first": current.urgent.first, "urgent_resolve": current.urgent.resolve,
        "normal_first": current.normal.first, "normal_resolve": current.normal.resolve,
    }  # fmt: skip


def _seen(request: StaffRequest) -> int:
    seen = request.POST.get("seen", "")
    return int(seen) if seen.isdecimal() and len(seen) < 10 else -1
