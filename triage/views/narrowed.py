"""What the lists of both desks share: addresses that keep the filter, and filters that somebody gave a name."""

from urllib.parse import parse_qsl, urlsplit

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from portal_core.directory.guards import StaffRequest
from triage import forms
from triage.actions import saved_views
from triage.rules.views import Wanted


def address(name: str, *args: str, narrowed: Wanted) -> str:
    """An address of a desk that keeps the filter."""
    query = narrowed.query
    return reverse(f"triage:{name}", args=args) + (f"?{query}" if query else "")


def asked_with(request: StaffRequest, desk: str) -> dict[str, str]:
    """The query of this page; for a button pressed on a page below `desk`, that page's."""
    if request.method == "GET":
        return request.GET.dict()
    came_from = urlsplit(request.headers.get("Referer", ""))
    return dict(parse_qsl(came_from.query)) if came_from.path.startswith(desk) else {}


def keep(request: StaffRequest, narrowed: Wanted, *, page: str, desk: str = "") -> HttpResponse:
    """Keep the filter on the page under a name."""
    form = forms.ViewForm(request.POST)
    if not form.is_valid() or narrowed == Wanted():
        messages.warning(request, _("Choose what to show first, and give it a name."))
    else:
        saved_views.save(staff=request.staff, name=form.cleaned_data["name"], wanted=narrowed, desk=desk)
        messages.success(request, _("Kept as “%(name)s”.") % {"name": form.cleaned_data["name"]})
    return redirect(address(page, narrowed=narrowed))


def drop(request: StaffRequest, *, page: str) -> HttpResponse:
    saved_views.remove(staff=request.staff, public_id=request.POST.get("view", ""))
    messages.success(request, _("The view is gone."))
    return redirect(f"triage:{page}")
