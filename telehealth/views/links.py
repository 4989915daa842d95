"""Public doors: signed links, a clinician's stable room, "my waiting room". None of them touches a session."""

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal_core.directory.guards import PublicRequest, public_page
from portal_core.kernel import clock
from portal_core.kernel.http import ratelimit
from telehealth import access, queries
from telehealth.actions import visits
from telehealth.enums import Role
from telehealth.errors import NotEligible
from telehealth.views.rooms import end_and_return, render_room

LINKS_PER_MINUTE = 60  # by one address: a waiting family behind one router, but nobody who guesses


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@public_page
def landing(request: PublicRequest, token: str) -> HttpResponse:
    """Where a join link lands (TH-33): "Join as patient" by the link itself, or "Login as a provider"."""
    ratelimit.hit("telehealth:link", ratelimit.client_address(request), limit=LINKS_PER_MINUTE, per=60)
    appointment = access.appointment_of_token(token)
    reasons = queries.sentences(queries.verdict(appointment), Role.CLIENT)
    if request.method == "POST" and not reasons:
        try:
            visits.prepare(appointment=appointment, role=Role.CLIENT, by=access.link_actor(appointment))
        except NotEligible as refusal:  # the window closed between the look and the press
            reasons = refusal.facts["reasons"]
        else:
            return HttpResponseRedirect(reverse("telehealth:join-room", args=[token]))
    entrance = reverse("telehealth:provider-entrance", args=[appointment.public_id])
    return _unindexed(
        render(
            request,
            "telehealth/join.html",
            {
                "clinician": appointment.clinician,
                "office": appointment.office,
                "when": queries.say(appointment.start, appointment, clock.now()),
                "reasons": reasons,
                "provider_url": f"/desk/sign-in/?{urlencode({'next': entrance})}",
            },
            status=409 if reasons and request.method == "POST" else 200,
        )
    )


@never_cache
@require_safe
@public_page
def room(request: PublicRequest, token: str) -> HttpResponse:
    """The client's room by direct link; needs no portal session."""
    ratelimit.hit("telehealth:link", ratelimit.client_address(request), limit=LINKS_PER_MINUTE, per=60)
    landing_url = reverse("telehealth:join", args=[token])
    if queries.visit_of(access.appointment_of_token(token)) is None:
        return HttpResponseRedirect(landing_url)
    return _unindexed(
        render_room(
            request,
            access.seat_of_token(token),
            socket=f"/ws/telehealth/join/{token}/",
            end_url=reverse("telehealth:join-end", args=[token]),
            leave_url=landing_url,
        )
    )


@require_POST
@public_page
def end(request: PublicRequest, token: str) -> HttpResponse:
    return end_and_return(access.seat_of_token(token), reverse("telehealth:join-room", args=[token]))


@require_safe
@public_page
def stable_room(request: PublicRequest, slug: str) -> HttpResponse:
    """A clinician's own address (TH-32, C7). Says nothing of whose it is, or whether it exists, before sign-in."""
    next_url = reverse("telehealth:patient-stable-room", args=[slug])
    return render(
        request,
        "telehealth/stable_room_public.html",
        {
            "patient_url": f"/portal/sign-in/?{urlencode({'next': next_url})}",
            "provider_url": reverse("telehealth:own-room"),
        },
    )


@require_safe
@public_page
def me(request: PublicRequest) -> HttpResponse:
    """One address for every clinician: on to the staff realm, which asks for a sign-in (TH-32)."""
    return HttpResponseRedirect(reverse("telehealth:own-room"))


@require_safe
@public_page
def troubleshooting(request: PublicRequest) -> HttpResponse:
    """Troubleshooting Telehealth Connection Issues (TH-09, TH-11, TH-18, TH-20)."""
    return render(request, "telehealth/troubleshooting.html")


def _unindexed(response: HttpResponse) -> HttpResponse:
    # The address itself is the key. (The house's Referrer-Policy, same-origin, already keeps it from other sites.)
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response
