"""The development mailbox: everything that would have left, for people who try the product without a mail server."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from csp.decorators import csp_update
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.html import escape
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_GET

from portal_core.kernel.errors import NotFound
from portal_core.notify import queries
from portal_core.notify.forms import MailboxFilter
from portal_core.notify.models import Delivery
from portal_core.notify.rendering import UNSUBSCRIBE_TOKEN

View = Callable[..., HttpResponseBase]

# The letter may show its own inline styles and open links in a new tab; no script, no network, no forms.
LETTER_CSP = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; "
    "img-src data:; base-uri 'none'; frame-ancestors 'self'"
)


def demo_page(view: View) -> View:
    """Open to everybody in the demo; elsewhere there is no such page."""

    @login_not_required
    @never_cache
    @require_GET
    @wraps(view)
    def shown(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not settings.DEMO:
            raise NotFound
        return view(request, *args, **kwargs)

    return shown


@demo_page
def mailbox(request: HttpRequest) -> HttpResponse:
    form = MailboxFilter(request.GET)
    address = form.cleaned_data["address"] if form.is_valid() else ""
    rows = queries.mailbox(address, limit=queries.NEWEST + 1)
    values = {
        "form": form,
        "address": address,
        "rows": rows[: queries.NEWEST],
        "more": len(rows) > queries.NEWEST,
        "sends": bool(settings.EMAIL_URL or settings.TWILIO_ACCOUNT_SID),
    }
    part = "#letters" if request.headers.get("HX-Request") == "true" else ""
    return render(request, f"notify/mailbox.html{part}", values)


@demo_page
@csp_update({"frame-src": "'self'"})  # type: ignore[arg-type]  # typed for views without arguments
def letter(request: HttpRequest, public_id: str) -> HttpResponse:
    delivery = _letter(public_id)
    text = delivery.message.text.replace(UNSUBSCRIBE_TOKEN, delivery.unsubscribe_url)
    return render(request, "notify/letter.html", {"delivery": delivery, "message": delivery.message, "text": text})


@demo_page
@xframe_options_sameorigin
def letter_html(request: HttpRequest, public_id: str) -> HttpResponse:
    delivery = _letter(public_id)
    html = delivery.message.html.replace(UNSUBSCRIBE_TOKEN, escape(delivery.unsubscribe_url))
    # Links in a mail open beside it, as they do in a mail program.
    response = HttpResponse(html.replace("<head>", '<head><base target="_blank">', 1))
    response["Content-Security-Policy"] = LETTER_CSP
    return response


def _letter(public_id: str) -> Delivery:
    delivery = queries.mailbox_letter(public_id)
    if delivery is None:
        raise NotFound
    return delivery
