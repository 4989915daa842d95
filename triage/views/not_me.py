"""The patient's own word: "that was not me" by a link without signing in, "it is me" in their portal session."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from portal_core.directory.guards import PatientRequest, PublicRequest, patient_page, public_page
from portal_core.kernel.errors import NotFound
from triage.actions import notices, proofs, second_person


@public_page
@never_cache
@require_http_methods(["GET", "POST"])
def not_me(request: PublicRequest, token: str) -> HttpResponse:
    """GET asks and changes nothing: mail scanners open every link they see. POST says it."""
    if request.method == "POST":
        row = second_person.say_no(token=token)
        return render(request, "triage/not_me.html", {"said": True, "used": row.consumed_at is not None})
    notices.attestation_id_of(token)
    return render(request, "triage/not_me.html", {"said": False})


@patient_page
@require_POST
def is_it_me(request: PatientRequest, attempt_id: str) -> HttpResponse:
    """Their answer to the card on the portal's home. An old question is simply gone."""
    answer = request.POST.get("answer", "")
    if answer not in ("yes", "no"):
        raise NotFound
    proofs.answer_in_portal(
        patient=request.patient,
        attempt_id=attempt_id,
        yes=answer == "yes",
        session=request.session.session_key or "",
        by=request.actor,
    )
    return redirect("access:home")
