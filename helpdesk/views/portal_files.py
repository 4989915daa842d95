"""A patient's files: all the office sent, and one of them in a tab or on their own device (PC-59)."""

from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from helpdesk import access, queries
from helpdesk.actions import sent_files
from helpdesk.forms import FileSearchForm
from helpdesk.rules.file_words import is_shown
from portal_core.access.enums import ProxyScope
from portal_core.directory.guards import PatientRequest, for_proxies, patient_page
from portal_core.kernel import audit

if TYPE_CHECKING:
    from helpdesk.models import Attachment

# Nothing in a file runs, loads or sends anything. A PDF is drawn by the browser's own viewer, which a sandbox closes.
NOTHING_RUNS = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
POLICIES = {
    "application/pdf": f"{NOTHING_RUNS}; object-src 'self'",
}
SANDBOX = f"{NOTHING_RUNS}; img-src 'self'; sandbox"


@patient_page
@for_proxies(ProxyScope.FILES)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: PatientRequest) -> HttpResponse:
    """Your files: newest first. A name to look for is posted: it may be about their health."""
    if request.method == "POST" and not request.POST.get("q", "").strip():
        return redirect("helpdesk:files")
    form = FileSearchForm(request.POST if request.method == "POST" else None)
    context: dict[str, object] = {"form": form, "own": request.acting is None}
    text = form.cleaned_data["q"] if form.is_bound and form.is_valid() else ""
    if text:
        found = queries.files_named(request.patient, text)
        context |= {"files": found, "text": text}
    else:
        page = queries.files_page(request.patient, request.GET.get("page", ""))
        context |= {"page": page, "files": [queries.as_read(row) for row in page.object_list]}
    audit.record(
        "file:list", by=request.actor, target=request.patient, practice_id=request.patient.practice_id,
        shown=len(context["files"]),  # type: ignore[arg-type]
    )  # fmt: skip
    return render(request, "helpdesk/files.html", context, status=422 if form.errors else 200)


@patient_page
@for_proxies(ProxyScope.FILES)
@never_cache
@require_safe
def show(request: PatientRequest, public_id: str) -> HttpResponse:
    """In a tab of its own, where browsers can show it; else it is saved."""
    return _handed_out(request, public_id, saved=False)


@patient_page
@for_proxies(ProxyScope.FILES)
@never_cache
@require_safe
def save(request: PatientRequest, public_id: str) -> HttpResponse:
    return _handed_out(request, public_id, saved=True)


def _handed_out(request: PatientRequest, public_id: str, *, saved: bool) -> HttpResponse:
    found = access.file_of_patient(request.patient, public_id, own=request.acting is None)
    return answer(sent_files.open_file(attachment=found, saved=saved, by=request.actor), saved=saved)


def answer(row: "Attachment", *, saved: bool) -> HttpResponse:
    """The bytes, as what they were found to be, never as what the sender called them."""
    inline = not saved and is_shown(row.kind)
    kind = row.kind if inline else "application/octet-stream"
    reply = HttpResponse(bytes(row.data), content_type="text/plain; charset=utf-8" if kind == "text/plain" else kind)
    reply["Content-Disposition"] = content_disposition_header(as_attachment=not inline, filename=row.name) or ""
    reply["X-Content-Type-Options"] = "nosniff"
    reply["Cross-Origin-Resource-Policy"] = "same-origin"
    reply["Content-Security-Policy"] = POLICIES.get(kind, SANDBOX)
    return reply
