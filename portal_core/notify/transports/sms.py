import datetime as dt

from django.conf import settings

from portal_core.notify.transports.base import Parcel
from portal_core.notify.transports.twilio_client import TwilioTransport, status_callback

LOOKED_AT = 20  # newest texts to the same number
CLOCKS_DIFFER = dt.timedelta(minutes=1)


class SmsTransport(TwilioTransport):
    """Text messages. Before one is sent again, Twilio is asked whether it has it: after a time-out or a crash that is
    the only way to know."""

    def create(self, parcel: Parcel) -> str:
        if parcel.again and (known := self._known(parcel)):
            return known
        message = self.client.messages.create(
            to=parcel.address,
            from_=settings.TWILIO_FROM,
            body=parcel.letter.sms,
            status_callback=status_callback(parcel),
        )
        return str(message.sid)

    def _known(self, parcel: Parcel) -> str:
        """The sid of a text to this number with these words since the message was made; "" if there is none.

        Not searched by date sent: what Twilio has queued has none yet. A trial account writes a line before the words.
        """
        for message in self.client.messages.list(to=parcel.address, limit=LOOKED_AT):
            made: dt.datetime | None = message.date_created
            since = parcel.letter.created_at.replace(microsecond=0) - CLOCKS_DIFFER
            if made is not None and made >= since and (message.body or "").endswith(parcel.letter.sms):
                return str(message.sid)
        return ""
