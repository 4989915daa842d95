from django.conf import settings

from portal_core.notify.transports.base import Parcel
from portal_core.notify.transports.twilio_client import TwilioTransport, status_callback


class SmsTransport(TwilioTransport):
    """Text messages."""

    def create(self, parcel: Parcel) -> str:
        message = self.client.messages.create(
            to=parcel.address,
            from_=settings.TWILIO_FROM,
            body=parcel.letter.sms,
            status_callback=status_callback(parcel),
        )
        return str(message.sid)
