"""Text messages as the provider hands them over. Closed by its signature: nothing here trusts a caller before that."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from twilio.twiml.messaging_response import MessagingResponse

from helpdesk.actions import inbound_texts, text_media
from portal_core.directory.guards import public_page
from portal_core.kernel.errors import Invalid
from portal_core.notify.transports import telephony


@public_page
@csrf_exempt
@require_POST
def incoming(request: HttpRequest) -> HttpResponse:
    """One text. Twilio repeats what is not answered and signs no time: the message's id makes a replay harmless. Raises
    Forbidden for a wrong signature."""
    telephony.check_genuine(request)
    sid, sender = request.POST.get("MessageSid", ""), request.POST.get("From", "")
    if not sid or not sender:
        raise Invalid
    said = request.POST.get("NumMedia", "0")
    pictures = int(said[:2]) if said.isdigit() else 0
    media = [
        (request.POST.get(f"MediaUrl{number}", ""), request.POST.get(f"MediaContentType{number}", ""))
        for number in range(min(pictures, text_media.MOST))
    ]
    answer = inbound_texts.receive(
        sid=sid,
        sender=sender,
        recipient=request.POST.get("To", ""),
        body=request.POST.get("Body", ""),
        pictures=pictures,
        media=media,
    )
    reply = MessagingResponse()
    if answer:
        reply.message(answer)
    return HttpResponse(str(reply), content_type="text/xml")
