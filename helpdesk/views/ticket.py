"""A requester's own page of a request: whoever holds the link may read it, answer, and say whether it works."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from helpdesk import access, queries
from helpdesk.actions import tickets
from helpdesk.articles import article_for
from helpdesk.enums import ENDED, Category, TicketState
from helpdesk.forms import AnswerForm, RatingForm, ReplyForm
from helpdesk.models import Ticket
from portal_core.directory.guards import PublicRequest, public_page
from portal_core.kernel import idempotency
from portal_core.kernel.errors import Conflict, Invalid, TooMany
from portal_core.kernel.http import ratelimit
from portal_core.kernel.http.errors import onto, retry_later
from portal_core.kernel.ids import new_public_id


@public_page
@never_cache
@require_safe
def ticket(request: PublicRequest, token: str) -> HttpResponse:
    """Reading changes nothing: mail scanners open every link they see."""
    ticket = access.ticket_by_token(token)
    if joined := queries.went_on_in(ticket):
        return redirect("helpdesk:ticket", token=access.ticket_token(joined))
    part = "helpdesk/ticket.html#live" if request.headers.get("HX-Request") else "helpdesk/ticket.html"
    return _page(request, ticket, token, ReplyForm(), template=part)


@public_page
@require_POST
def reply(request: PublicRequest, token: str) -> HttpResponse:
    ticket = access.ticket_by_token(token)
    form = ReplyForm(request.POST)
    if not form.is_valid():
        return _page(request, ticket, token, form, status=422)
    key = request.POST.get("idempotency_key") or new_public_id()
    body, by = form.cleaned_data["body"], tickets.requester_of(ticket)

    def write() -> str:
        if queries.is_over(ticket):
            fresh: str = tickets.follow_up(ticket=ticket, body=body, by=by).public_id
            return fresh
        tickets.reply(ticket=ticket, body=body, by=by)
        return str(ticket.public_id)

    try:
        ratelimit.hit("helpdesk:reply", ticket.public_id, limit=30, per=3600)
        shown = idempotency.once(f"helpdesk:reply:{ticket.public_id}", key, write, of=body)
    except (Conflict, TooMany) as refusal:
        onto(form, refusal)
        page = _page(request, access.ticket_by_token(token), token, form, status=refusal.status)
        return retry_later(page, refusal)
    if shown == ticket.public_id:
        return redirect("helpdesk:ticket", token=token)
    return redirect("helpdesk:ticket", token=access.ticket_token(queries.ticket_by_id(shown)))


@public_page
@require_POST
def answer(request: PublicRequest, token: str) -> HttpResponse:
    """ "Yes, it works" or "No, still broken"."""
    ticket = access.ticket_by_token(token)
    form = AnswerForm(request.POST)
    if not form.is_valid():
        raise Invalid
    verb = tickets.confirm_fixed if form.cleaned_data["works"] == "yes" else tickets.still_broken
    verb(ticket=ticket, by=tickets.requester_of(ticket))
    return redirect("helpdesk:ticket", token=token)


@public_page
@require_POST
def rate(request: PublicRequest, token: str) -> HttpResponse:
    """ "Did we help you?" One press; the words are optional."""
    ticket = access.ticket_by_token(token)
    form = RatingForm(request.POST)
    if not form.is_valid():
        if "comment" in form.errors:
            return _page(request, ticket, token, ReplyForm(), rating=form, status=422)
        raise Invalid
    try:
        ratelimit.hit("helpdesk:rate", ticket.public_id, limit=20, per=3600)
    except TooMany as refusal:
        onto(form, refusal)
        page = _page(request, ticket, token, ReplyForm(), rating=form, status=refusal.status)
        return retry_later(page, refusal)
    got = form.cleaned_data
    tickets.rate(
        ticket=ticket, solved=got["solved"] == "yes", comment=got["comment"], round=got["round"],
        by=tickets.requester_of(ticket),
    )  # fmt: skip
    return redirect(reverse("helpdesk:ticket", args=[token]) + "#rate")


def _page(
    request: PublicRequest,
    ticket: Ticket,
    token: str,
    form: ReplyForm,
    *,
    rating: RatingForm | None = None,
    status: int = 200,
    template: str = "helpdesk/ticket.html",
) -> HttpResponse:
    thread = queries.public_thread(ticket)
    queries.count_files(ticket, thread)
    given = queries.last_rating(ticket) if ticket.state in ENDED else None
    context = {
        "ticket": ticket,
        "token": token,
        "thread": thread,
        "form": form,
        "asks": ticket.state == TicketState.CLOSE_LOOP,
        "waits": ticket.state == TicketState.WAIT_INCIDENT,
        "closed": queries.is_over(ticket),
        "rateable": ticket.state in ENDED,
        "rating": given if given is not None and given.round == ticket.reopened_count else None,
        "rating_form": rating or RatingForm(),
        "rate_url": reverse("helpdesk:ticket-rate", args=[token]),
        "shown": ticket.merged_into or ticket,
        "article": article_for(Category(ticket.category), practice_id=ticket.practice_id) if ticket.is_live else None,
    }
    return render(request, template, context, status=status)
