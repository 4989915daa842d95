"""The staff's side of the list: who is on it (masked), what became of each, taking lists over and handing them out."""

from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal_core.directory.enums import Permission
from portal_core.directory.guards import StaffRequest, staff_page
from portal_core.kernel import audit, clock
from statuspage import access
from statuspage.actions import subscribers as actions
from statuspage.enums import ImportState, SubscriberState, Way
from statuspage.errors import FileUnusable, ImportNotFound
from statuspage.forms.subscribers import FilterForm, ImportForm, SearchForm
from statuspage.queries import subscribers as queries
from statuspage.rules.addresses import Unreadable
from statuspage.views.console import frame

FAULTS = {
    "email": gettext_lazy("not an e-mail address"),
    "phone": gettext_lazy("not a phone number"),
    "phone_kind": gettext_lazy("a number we cannot reach this way"),
    "slack": gettext_lazy("not a Slack webhook address"),
    "teams": gettext_lazy("not a Teams webhook address"),
    "way": gettext_lazy("a way that cannot be imported"),
    "component": gettext_lazy("a component we do not know"),
    "group": gettext_lazy("a group we do not know, or two of that name"),
    "incident": gettext_lazy("an incident we do not know"),
    "kinds": gettext_lazy("kinds of news we do not know"),
    "quiet": gettext_lazy("not quiet hours: two times like 22:00, then yes or no"),
    "language": gettext_lazy("a language we do not write in"),
    "time_zone": gettext_lazy("not a time zone"),
    "impact": gettext_lazy("not an impact"),
}


@require_safe
@staff_page(Permission.STATUS_PUBLISH)
def subscribers(request: StaffRequest) -> HttpResponse:
    """The list: counts by state and way, filters, pages by key."""
    form = FilterForm(request.GET)
    form.is_valid()
    way, state = form.cleaned_data.get("way", ""), form.cleaned_data.get("state", "")
    lines, after = queries.lines(way=way, state=state, before=request.GET.get("before", ""))
    counts = queries.counts()
    context = {
        "form": form, "search": SearchForm(), "lines": lines, "after": after, "way": way, "state": state,
        "table": _table(counts), "states": SubscriberState.labels, "first": not request.GET.get("before"),
    }  # fmt: skip
    return frame.page(request, "subscribers", context)


@never_cache
@require_POST
@staff_page(Permission.STATUS_PUBLISH)
def search(request: StaffRequest) -> HttpResponse:
    """By exact address, through the blind index; the search is in the ledger, what was typed is not."""
    form = SearchForm(request.POST)
    found = queries.found_by_address(form.cleaned_data["q"]) if form.is_valid() else []
    if form.is_valid():
        audit.record("subscriber:search", by=request.actor, at=clock.now(), found=len(found))
    if len(found) == 1:
        return redirect("statuspage:console-subscriber", subscriber_id=found[0].id)
    context = {"search": form, "lines": found, "searched": True}
    return frame.page(request, "subscribers_found", context, status=200 if form.is_valid() else 422)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Permission.STATUS_PUBLISH)
def subscriber(request: StaffRequest, subscriber_id: str) -> HttpResponse:
    """One subscription, the only page that shows an address in clear; its opening is in the ledger."""
    row = access.subscriber_for_staff(subscriber_id)
    if request.method == "POST":
        _act(request, subscriber_id)
        return redirect("statuspage:console-subscriber", subscriber_id=subscriber_id)
    audit.record("subscriber:read", by=request.actor, target=row, at=clock.now())
    try:
        address, contact = row.address, row.contact
    except Unreadable:
        address, contact = "", ""
    context = {
        "row": row, "address": address, "contact": contact, "line": queries.line(row), "state": row.state,
        "lines": queries.in_words(queries.wish_of(row)), "states": SubscriberState,
    }  # fmt: skip
    return frame.page(request, "subscriber", context)


@require_POST
@staff_page(Permission.STATUS_PUBLISH)
def export(request: StaffRequest) -> HttpResponseBase:
    """CSV, streamed. POST, because it is a deed that the ledger keeps."""
    form = FilterForm(request.POST)
    form.is_valid()
    rows = actions.export_rows(
        way=form.cleaned_data.get("way", ""), state=form.cleaned_data.get("state", ""), by=request.actor
    )
    answer = StreamingHttpResponse(rows, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="subscribers.csv"'
    answer["Cache-Control"] = "no-store"
    return answer


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Permission.STATUS_PUBLISH)
def import_file(request: StaffRequest) -> HttpResponse:
    """A CSV file, looked at first."""
    form = ImportForm(request.POST, request.FILES) if request.method == "POST" else ImportForm()
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            import_id = actions.preview_import(file=file, consent=form.cleaned_data["consent"], by=request.actor)
        except FileUnusable as refusal:
            form.add_error("file", str(refusal))
        else:
            return redirect("statuspage:console-import", import_id=import_id)
    context = {"form": form, "imports": queries.imports()}
    return frame.page(request, "subscribers_import", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Permission.STATUS_PUBLISH)
def import_page(request: StaffRequest, import_id: str) -> HttpResponse:
    """What a file would do, the go-ahead, and how far it is."""
    row = queries.import_by_id(import_id)
    if row is None:
        raise ImportNotFound
    if request.method == "POST":
        act = actions.discard_import if request.POST.get("act") == "discard" else actions.start_import
        act(import_id=import_id, by=request.actor)
        return redirect("statuspage:console-import", import_id=import_id)
    context = {
        "row": row, "states": ImportState,
        "fresh": row.usable - row.known, "faults": [(line, FAULTS.get(code, code)) for line, code in row.faults],
    }  # fmt: skip
    return frame.page(request, "subscribers_import_page", context)


def _act(request: StaffRequest, subscriber_id: str) -> None:
    if request.POST.get("act") == "reactivate":
        done = actions.reactivate(subscriber_ids=[subscriber_id], by=request.actor)
        said = _("It gets news again.")
    else:
        done = actions.remove(subscriber_ids=[subscriber_id], by=request.actor)
        said = _("Unsubscribed. The address is deleted after 30 days.")
    if done:
        messages.success(request, said)
    else:
        messages.info(request, _("Nothing to do: somebody was faster, or it never confirmed."))


def _table(counts: dict[tuple[str, str], int]) -> list[tuple[str, list[int], int]]:
    """Rows of ways that anybody uses, columns of states, and the sum at the end; the last row is all of them."""
    table = []
    for way in Way:
        numbers = [counts.get((state, way), 0) for state in SubscriberState]
        if any(numbers):
            table.append((str(way.label), numbers, sum(numbers)))
    columns = [sum(column) for column in zip(*(numbers for _label, numbers, _sum in table), strict=True)]
    sums = columns or [0] * len(SubscriberState)
    return [*table, (_("All"), sums, sum(sums))]
