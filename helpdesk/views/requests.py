"""A signed-in patient and their office: one conversation with its files, which whoever merely holds a link never sees,
and a new one (PC-59). The list of them is `views.messages`."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from helpdesk import access, known_problems, queries
from helpdesk.actions import messages as secure
from helpdesk.actions import received_files, tickets
from helpdesk.contracts import Intake
from helpdesk.enums import ENDED, Category, Channel, RequesterKind, Resolution, TicketState
from helpdesk.forms import AnswerForm, RatingForm, RequestForm, RequestReplyForm
from helpdesk.models import Ticket
from helpdesk.rules.device import device_facts
from portal_core.directory.guards import PatientRequest, patient_page
from portal_core.kernel import audit, clock, idempotency
from portal_core.kernel.errors import AppError, Invalid, NotFound, TooMany
from portal_core.kernel.http import ratelimit
from portal_core.kernel.http.errors import onto, retry_later
from portal_core.kernel.ids import new_public_id

PER_HOUR = 30


@patient_page
@never_cache
@require_safe
def show(request: PatientRequest, public_id: str) -> HttpResponse:
    ticket = access.ticket_of_patient(request.patient, public_id)
    joined = queries.went_on_in(ticket)
    if joined is not None and joined.patient_id == request.patient.pk:
        return redirect("helpdesk:request", public_id=joined.public_id)
    if request.headers.get("HX-Request"):
        return _page(request, ticket, RequestReplyForm(), template="helpdesk/request.html#live")
    audit.record("ticket:read", by=request.actor, target=ticket, practice_id=ticket.practice_id)
    body = missing_words() if "missing" in request.GET else ""
    return _page(request, ticket, RequestReplyForm(initial={"body": body}), opened=request.method == "GET")


@patient_page
@require_POST
def reply(request: PatientRequest, public_id: str) -> HttpResponse:
    ticket = access.ticket_of_patient(request.patient, public_id)
    form = RequestReplyForm(request.POST)
    if not form.is_valid():
        return _page(request, ticket, form, status=422)

    def write() -> str:
        files = received_files.uploaded(request.FILES.getlist("files"))
        body, by = form.cleaned_data["body"], request.actor
        if queries.is_over(ticket):
            return str(tickets.follow_up(ticket=ticket, body=body, files=files, by=by).public_id)
        tickets.reply(ticket=ticket, body=body, files=files, by=by)
        return str(ticket.public_id)

    done = _once(request, form, f"helpdesk:answer:{ticket.public_id}", write)
    if isinstance(done, AppError):
        page = _page(request, access.ticket_of_patient(request.patient, public_id), form, status=done.status)
        return retry_later(page, done)
    return redirect("helpdesk:request", public_id=done)


@patient_page
@require_POST
def answer(request: PatientRequest, public_id: str) -> HttpResponse:
    """ "Yes, it works" or "No, still broken"."""
    ticket = access.ticket_of_patient(request.patient, public_id)
    form = AnswerForm(request.POST)
    if not form.is_valid():
        raise Invalid
    verb = tickets.confirm_fixed if form.cleaned_data["works"] == "yes" else tickets.still_broken
    verb(ticket=ticket, by=request.actor)
    return redirect("helpdesk:request", public_id=public_id)


@patient_page
@require_POST
def rate(request: PatientRequest, public_id: str) -> HttpResponse:
    """ "Did we help you?" One press; the words are optional."""
    ticket = access.ticket_of_patient(request.patient, public_id)
    form = RatingForm(request.POST)
    if not form.is_valid():
        if "comment" in form.errors:
            return _page(request, ticket, RequestReplyForm(), rating=form, status=422)
        raise Invalid
    try:
        ratelimit.hit("helpdesk:rate", ticket.public_id, limit=20, per=3600)
    except TooMany as refusal:
        onto(form, refusal)
        return retry_later(_page(request, ticket, RequestReplyForm(), rating=form, status=refusal.status), refusal)
    got = form.cleaned_data
    tickets.rate(
        ticket=ticket, solved=got["solved"] == "yes", comment=got["comment"], round=got["round"], by=request.actor
    )
    return redirect(reverse("helpdesk:request", args=[public_id]) + "#rate")


@patient_page
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: PatientRequest) -> HttpResponse:
    """Write to the office. `?about=ATTACH_MISSING` chooses what it is about."""
    about = request.GET.get("about", "")
    initial = {"category": about, "body": missing_words() if about == Category.ATTACH_MISSING else ""}
    form = RequestForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_bound and form.is_valid():
        done = _once(request, form, f"helpdesk:ask:{request.patient.public_id}", lambda: _ask(request, form))
        if not isinstance(done, AppError):
            messages.success(request, _("Sent. The answer comes here, and we tell you when it is there."))
            return redirect("helpdesk:request", public_id=done)
        return retry_later(_new_page(request, form, status=done.status), done)
    return _new_page(request, form, status=422 if form.errors else 200)


def _new_page(request: PatientRequest, form: RequestForm, *, status: int) -> HttpResponse:
    office = request.patient.home_office
    context = {
        "form": form,
        "office": office,
        "opens": queries.office_opens_words(office, now=clock.now()),
        "problems": known_problems.current(),
    }
    return render(request, "helpdesk/request_new.html", context, status=status)


def _ask(request: PatientRequest, form: RequestForm) -> str:
    patient = request.patient
    got = form.cleaned_data
    device = device_facts(
        request.headers.get("User-Agent", ""), screen=got["screen"], language=request.headers.get("Accept-Language", "")
    )  # fmt: skip
    intake = Intake(
        requester_kind=RequesterKind.PATIENT, category=Category(got["category"]), channel=Channel.PORTAL,
        body=got["body"], error_text=got["error_text"], name=patient.name, email=patient.email.strip(),
        phone=patient.phone, device=device,
    )  # fmt: skip
    files = received_files.uploaded(request.FILES.getlist("files"))
    return str(tickets.open_from_portal(patient=patient, intake=intake, files=files, by=request.actor).public_id)


def _once(
    request: PatientRequest, form: RequestForm | RequestReplyForm, scope: str, deed: Callable[[], str]
) -> str | AppError:
    """Sent once, however often it is pressed; a refusal stands on the form, with the words that were typed."""
    try:
        ratelimit.hit("helpdesk:message", request.patient.public_id, limit=PER_HOUR, per=3600)
        asked = [form.cleaned_data, request.FILES.getlist("files")]
        return idempotency.once(scope, request.POST.get("idempotency_key") or new_public_id(), deed, of=asked)
    except NotFound:
        raise
    except AppError as refusal:
        return onto(form, refusal)


def missing_words() -> str:
    """ "A file is missing?" leads to words that have begun."""
    return _("I cannot find a file that you sent me. It should be: ")


def _page(
    request: PatientRequest,
    ticket: Ticket,
    form: RequestReplyForm,
    *,
    opened: bool = False,
    rating: RatingForm | None = None,
    status: int = 200,
    template: str = "helpdesk/request.html",
) -> HttpResponse:
    # Asked for first: what was new until now is marked so on the page.
    thread = queries.public_thread(ticket, signed_in=True)
    if opened:
        secure.mark_read(ticket=ticket, by=request.actor)
    queries.hang_files(request.patient, thread)
    asked = ticket.state in ENDED and ticket.resolution != Resolution.NOT_NEEDED
    given = queries.last_rating(ticket) if asked else None
    context = {
        "ticket": ticket,
        "shown": ticket.merged_into or ticket,
        "thread": thread,
        "reads_here": queries.reads_in_portal(ticket),
        "form": form,
        "asks": ticket.state == TicketState.CLOSE_LOOP,
        "closed": queries.is_over(ticket),
        "rateable": asked,
        "rating": given if given is not None and given.round == ticket.reopened_count else None,
        "rating_form": rating or RatingForm(),
        "rate_url": reverse("helpdesk:request-rate", args=[ticket.public_id]),
    }
    if template == "helpdesk/request.html":
        context["opens"] = queries.opens_words(ticket, now=clock.now())
    return render(request, template, context, status=status)
