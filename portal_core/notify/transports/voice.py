from django.conf import settings
from twilio.twiml.voice_response import VoiceResponse

from portal_core.notify.transports.base import Parcel
from portal_core.notify.transports.twilio_client import TwilioTransport, status_callback

VOICES = {"en": "en-US", "es": "es-US"}


class VoiceTransport(TwilioTransport):
    """Phone calls: the text of the SMS is read out twice, so that one who picks up late still hears it."""

    def create(self, parcel: Parcel) -> str:
        spoken = VoiceResponse()
        language = VOICES.get(parcel.letter.language, VOICES["en"])
        spoken.say(parcel.letter.sms, language=language, loop=2)
        call = self.client.calls.create(
            to=parcel.address,
            from_=settings.TWILIO_FROM,
            twiml=str(spoken),
            status_callback=status_callback(parcel),
            status_callback_event=["completed"],
        )
        return str(call.sid)
