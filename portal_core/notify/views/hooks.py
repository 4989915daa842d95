"""What providers tell us. Closed by signature: nothing here trusts a caller before it is checked."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from portal_core.kernel.errors import Forbidden
from portal_core.notify.actions import reports


@login_not_required
@csrf_exempt
@require_POST
def twilio_status(request: HttpRequest) -> HttpResponse:
    """Twilio's status callback for texts and calls. Raises Forbidden for a wrong signature.

    An id we do not know is answered like any other: Twilio repeats what is refused, and a stranger learns nothing.
    """
    from twilio.request_validator import RequestValidator

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
