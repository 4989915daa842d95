"""What providers tell us. Closed by signature: nothing here trusts a caller before it is checked."""

import json

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from portal_core.kernel import clock
from portal_core.kernel.errors import Forbidden, Invalid
from portal_core.kernel.http import signatures
from portal_core.notify.actions import reports
from portal_core.notify.rules import returned

MAX_REPORT = 256 * 1024  # bytes


@login_not_required
@csrf_exempt
@require_POST
def twilio_status(request: HttpRequest) -> HttpResponse:
    """Twilio's status callback for texts and calls. Raises Forbidden for a wrong signature.

    An id we do not know is answered like any other: Twilio repeats what is refused, and a stranger learns nothing.
    Twilio signs no time, so an old report may come again; the transition table lets it change nothing.
    """
    from twilio.request_validator import RequestValidator

    _refuse_huge(request)
    # PUBLIC_URL, not the request's host: behind a proxy that is not the address Twilio signed.
    address = settings.PUBLIC_URL + request.get_full_path()
    signature = request.headers.get("X-Twilio-Signature", "")
    token = settings.TWILIO_AUTH_TOKEN
    if not token or not RequestValidator(token).validate(address, request.POST, signature):
        raise Forbidden
    reports.provider_reported(
        public_id=request.GET.get("delivery", "")[:40],
        status=request.POST.get("MessageStatus") or request.POST.get("CallStatus", ""),
        provider_id=(request.POST.get("MessageSid") or request.POST.get("CallSid", ""))[:64],
        error_code=request.POST.get("ErrorCode", ""),
    )
    return HttpResponse(status=204)


@login_not_required
@csrf_exempt
@require_POST
def mail_reports(request: HttpRequest, provider: str) -> HttpResponse:
    """Bounces and complaints as JSON (rules.returned.from_json), signed with one of EMAIL_HOOK_SECRETS.

    `provider` is for the eyes of who reads logs. Ids are remembered. Raises Forbidden for a wrong or old signature,
    Invalid for what is not of the form. Answered 204 whether or not we know the mail.
    """
    _refuse_huge(request)
    try:
        message_id = signatures.verify(
            settings.EMAIL_HOOK_SECRETS, headers=request.headers, body=request.body, now=clock.now()
        )
    except (signatures.BadSignature, signatures.BadSecret):
        raise Forbidden from None
    try:
        found = returned.from_json(json.loads(request.body))
    except (ValueError, RecursionError, returned.Unreadable):
        raise Invalid from None
    reports.mail_returned(reports=found, source="mail", key=message_id)
    return HttpResponse(status=204)


def _refuse_huge(request: HttpRequest) -> None:
    """Before anything is read: nobody's body is parsed or hashed that could not be a report."""
    length = request.headers.get("Content-Length", "")
    if len(request.body) > MAX_REPORT if not length.isdigit() else int(length) > MAX_REPORT:
        raise Invalid
