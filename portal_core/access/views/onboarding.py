"""The Patient Portal Onboarding Tool (PC-48 to PC-51)."""

from typing import TYPE_CHECKING

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal_core.access import queries
from portal_core.access.access import run_for
from portal_core.access.actions import onboarding, portal
from portal_core.access.enums import AccessLevel, InviteOutcome
from portal_core.access.forms import OnboardingForm
from portal_core.access.views.patient import SHARED, unasked_sharers
from portal_core.directory import access as directory_access
from portal_core.directory import queries as directory
from portal_core.directory.enums import Permission
from portal_core.directory.guards import StaffRequest, staff_page
from portal_core.kernel.errors import AppError, Conflict, Invalid, KeyUsed

if TYPE_CHECKING:
    from portal_core.directory.models import Patient

office_staff = staff_page(Permission.PORTAL_ACCESS)
PAGE = 50


@require_http_methods(["GET", "HEAD", "POST"])
@office_staff
def tool(request: StaffRequest) -> HttpResponse:
    """All patients with their portal status. What is looked for comes by POST: names do not stand in addresses."""
    form = OnboardingForm(
        request.POST if request.method == "POST" else None, offices=directory.offices(request.staff.practice_id)
    )
    wanted = form.wanted()
    found = queries.onboarding_filter(request.staff, text=wanted["q"], state=wanted["state"], office=wanted["office"])
    page = queries.onboarding_page(found, after=wanted["after"])
    directory_access.note_list_read(request.staff, shown=len(page.rows), searched=bool(wanted["q"].strip()))
    part = "#results" if request.headers.get("HX-Target") == "results" else ""
    return render(
        request,
        f"access/onboarding.html{part}",
        {"form": form, "wanted": wanted, "page": page, "counts": queries.onboarding_counts(request.staff)},
        status=422 if form.errors else 200,
    )


@require_POST
@office_staff
def enable(request: StaffRequest, public_id: str) -> HttpResponse:
    """A click on the red rectangle (PC-49)."""
    patient = directory_access.patient_for(request.staff, public_id, to=Permission.PORTAL_ACCESS)
    if shared := unasked_sharers(request, patient, AccessLevel.CAN_ACCESS):
        if request.headers.get("HX-Request") != "true":
            messages.error(request, str(SHARED))
            return redirect("access:patient", public_id=patient.public_id)
        return _row(request, patient, Conflict(SHARED), shared=shared)
    try:
        portal.set_level(patient=patient, level=AccessLevel.CAN_ACCESS, by=request.actor)
    except Invalid as refusal:
        return _row(request, patient, refusal)
    return _row(request, patient, said=_("Access is enabled. Now send the invitation."))


@require_POST
@office_staff
def invite(request: StaffRequest, public_id: str) -> HttpResponse:
    """A click on the e-mail address (PC-50)."""
    patient = directory_access.patient_for(request.staff, public_id, to=Permission.PORTAL_ACCESS)
    try:
        portal.resend_invitation(patient=patient, by=request.actor)
    except (Invalid, Conflict) as refusal:
        return _row(request, patient, refusal)
    return _row(request, patient, said=_("The invitation is on its way."))


@require_POST
@office_staff
def invite_many(request: StaffRequest) -> HttpResponse:
    """Everybody who is ticked, or everybody the list is narrowed down to."""
    form = OnboardingForm(request.POST, offices=directory.offices(request.staff.practice_id))
    wanted = form.wanted()
    if "everybody" in request.POST:
        found = queries.onboarding_filter(
            request.staff, text=wanted["q"], state=wanted["state"], office=wanted["office"]
        )
        ids = list(found.values_list("public_id", flat=True)[: onboarding.MOST + 1])
    else:
        ids = request.POST.getlist("patient")
    try:
        run_id = onboarding.begin(
            staff=request.staff, patient_ids=ids, key=request.POST.get("idempotency_key", ""), by=request.actor
        )
    except (Invalid, KeyUsed) as refusal:
        messages.error(request, str(refusal))
        return redirect("access:onboarding")
    return redirect("access:onboarding-run", public_id=run_id)


@require_safe
@office_staff
def run(request: StaffRequest, public_id: str) -> HttpResponse:
    """How far a run has come, what became of each patient, and what to do about those who got no invitation."""
    row = run_for(request.staff, public_id)
    counts = queries.run_progress(row)
    stuck = sum(many for outcome, many in counts.items() if outcome not in InviteOutcome.fine)
    wanted = request.GET.get("outcome", queries.STUCK if stuck else "all")
    page = Paginator(queries.run_results(row, request.staff, wanted), PAGE).get_page(request.GET.get("page"))
    directory_access.note_list_read(request.staff, shown=len(page.object_list), searched=False)
    total = sum(counts.values())
    pending = counts.get(InviteOutcome.PENDING, 0)
    part = "#progress" if request.headers.get("HX-Target") == "progress" else ""
    return render(
        request,
        f"access/onboarding_run.html{part}",
        {
            "run": row,
            "total": total,
            "settled": total - pending,
            "outcomes": [(outcome, counts[outcome]) for outcome in InviteOutcome if counts.get(outcome)],
            "stuck": stuck,
            "wanted": wanted,
            "page": page,
        },
    )


def _row(
    request: StaffRequest, patient: "Patient", refusal: AppError | None = None, said: str = "",
    shared: "list[queries.Sharer] | None" = None,
) -> HttpResponse:  # fmt: skip
    """The one row anew for htmx; without scripts, back to the list with the sentence on top."""
    if request.headers.get("HX-Request") != "true":
        if refusal is not None:
            messages.error(request, str(refusal))
        else:
            messages.success(request, said)
        return redirect("access:onboarding")
    page = queries.onboarding_page(queries.onboarding_filter(request.staff).filter(public_id=patient.public_id))
    if not page.rows:  # meanwhile dead, or moved to an office of others: no row of this list any more
        return HttpResponse("")
    context = {"row": page.rows[0], "refusal": refusal, "said": said, "shared": shared}
    return render(request, "access/parts/onboarding_row.html", context, status=422 if refusal is not None else 200)
