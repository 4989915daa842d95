"""A requester's own page of a request: whoever holds the link may read it, answer, and say whether it works."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from helpdesk import access, queries
from helpdesk.actions import tickets
from helpdesk.articles import article_for
from helpdesk.enums import Category, TicketState
from helpdesk.forms import AnswerForm, ReplyForm
from helpdesk.models import Ticket
from portal_core.directory.guards import PublicRequest, public_page
from portal_core.kernel import idempotency
from portal_core.kernel.errors import Conflict, Invalid
from portal_core.kernel.http import ratelimit
from portal_core.kernel.ids import new_public_id


@public_page
@never_cache
@require_safe
def ticket(request: PublicRequest, token: str) -> HttpResponse:
    """Reading changes nothing: mail scanners open every link they see."""
    ticket = access.ticket_by_token(token)
    part = "helpdesk/ticket.html#live" if request.headers.get("HX-Request") else "helpdesk/ticket.html"
    return _page(request, ticket, token, ReplyForm(), template=part)


@public_page
@require_POST
def reply(request: PublicRequest, token: str) -> HttpResponse:
    ticket = access.ticket_by_token(token)
    form = ReplyForm(request.POST)
    if not form.is_valid():
        return _page(request, ticket, token, form, status=422)
    ratelimit.hit("helpdesk:reply", ticket.public_id, limit=30, per=3600)
    key = request.POST.get("idempotency_key") or new_public_id()
    try:
        idempotency.once(
            f"helpdesk:reply:{ticket.public_id}",
            key,
            lambda: (
                tickets.reply(ticket=ticket, body=form.cleaned_data["body"], by=tickets.requester_of(ticket)).public_id
            ),
        )
    except Conflict as refusal:
        form.add_error(None, str(refusal))
        return _page(request, access.ticket_by_token(token), token, form, status=refusal.status)
    return redirect("helpdesk:ticket", token=token)


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


def _page(
    request: PublicRequest,
    ticket: Ticket,
    token: str,
    form: ReplyForm,
    *,
    status: int = 200,
    template: str = "helpdesk/ticket.html",
) -> HttpResponse:
    context = {
        "ticket": ticket,
        "token": token,
        "thread": queries.public_thread(ticket),
        "form": form,
        "asks": ticket.state == TicketState.CLOSE_LOOP,
        "waits": ticket.state == TicketState.WAIT_INCIDENT,
        "closed": ticket.state == TicketState.CLOSED,
        "article": article_for(Category(ticket.category), practice_id=ticket.practice_id) if ticket.is_live else None,
    }
    return render(request, template, context, status=status)
