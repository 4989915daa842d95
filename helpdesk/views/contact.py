import hashlib
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from helpdesk import known_problems, queries
from helpdesk.access import ticket_token
from helpdesk.actions import tickets
from helpdesk.contracts import Intake
from helpdesk.enums import Category, Channel
from helpdesk.forms import ContactForm
from helpdesk.models import Ticket
from helpdesk.rules.device import device_facts
from helpdesk.rules.opening_words import moment_words
from portal_core.directory import queries as directory
from portal_core.directory.guards import PublicRequest, public_page
from portal_core.kernel import clock, idempotency
from portal_core.kernel.errors import AppError, TooMany
from portal_core.kernel.http import ratelimit
from portal_core.kernel.http.errors import onto, retry_later
from portal_core.kernel.ids import new_public_id

if TYPE_CHECKING:
    from portal_core.directory.models import Office


@public_page
@never_cache
@require_http_methods(["GET", "POST"])
def contact(request: PublicRequest) -> HttpResponse:
    """Contact us, without signing in (HD-01 to HD-03)."""
    offices = list(directory.contact_offices())
    form = ContactForm(request.POST or None, offices=offices, initial=_chosen(request))
    refusal: AppError | None = None
    if request.method == "POST" and form.is_valid():
        try:
            _not_too_often(request, form)
        except TooMany as refused:
            refusal = onto(form, refused)
        else:
            key = request.POST.get("idempotency_key") or new_public_id()
            public_id = idempotency.once(_scope(form), key, lambda: _open(request, form).public_id)
            messages.success(request, _("We received your message."))
            return redirect("helpdesk:ticket", token=ticket_token(Ticket.objects.get(public_id=public_id)))
    context = {"form": form, "problems": known_problems.current(), **_openings(offices)}
    status = refusal.status if refusal is not None else 422 if form.errors else 200
    return retry_later(render(request, "helpdesk/contact.html", context, status=status), refusal)


def _not_too_often(request: PublicRequest, form: ContactForm) -> None:
    """Raises TooMany."""
    ratelimit.hit("helpdesk:contact", ratelimit.client_address(request), limit=20, per=3600)
    if form.cleaned_data["email"]:
        ratelimit.hit("helpdesk:contact:email", form.cleaned_data["email"].casefold(), limit=6, per=3600)


def _openings(offices: "list[Office]") -> dict[str, Any]:
    """Who is there now (HD-11); with everybody gone, when the first one opens again."""
    now = clock.now()
    places = queries.places(offices, now=now)
    next_opening = ""
    if places and not any(place.opening.is_open for place in places):
        first = min(
            (place for place in places if place.opening.changes_at is not None),
            key=lambda place: place.opening.changes_at or now,
            default=None,
        )
        if first is not None and first.opening.changes_at is not None:
            next_opening = moment_words(first.opening.changes_at, now=now, zone=first.calendar.zone)
    return {"offices": offices, "places": places, "next_opening": next_opening}


def _scope(form: ContactForm) -> str:
    """Keys come from the browser: somebody else's with the same key must not lead to this person's ticket."""
    who = "\x1f".join(str(form.cleaned_data[name]) for name in ("name", "email", "phone", "body"))
    return f"helpdesk:contact:{hashlib.sha256(who.encode()).hexdigest()[:32]}"


def _chosen(request: PublicRequest) -> dict[str, str]:
    """An article links here with what it is about: `?about=TH_AV`."""
    about = request.GET.get("about", "")
    return {"category": about} if about in Category.values else {}


def _open(request: PublicRequest, form: ContactForm) -> Ticket:
    typed = form.cleaned_data
    intake = Intake(
        requester_kind=form.kind(),
        category=form.what(),
        channel=Channel.WEB,
        body=typed["body"],
        name=typed["name"],
        email=typed["email"],
        phone=typed["phone"],
        error_text=typed["error_text"],
        device=device_facts(
            request.headers.get("User-Agent", ""),
            screen=typed["screen"],
            language=request.headers.get("Accept-Language", ""),
        ),
    )
    return tickets.open_from_contact(intake=intake, office=typed["office"], placed=form.placed(), by=request.actor)
