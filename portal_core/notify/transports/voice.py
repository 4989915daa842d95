from django.conf import settings
from twilio.twiml.voice_response import VoiceResponse

from portal_core.notify.transports.base import Parcel
from portal_core.notify.transports.twilio_client import TwilioTransport, status_callback

# Which voice reads which language; others are read by the English one.
VOICES = {
    "en": "en-US", "es": "es-US", "de": "de-DE", "fr": "fr-FR", "it": "it-IT", "pt": "pt-BR", "pl": "pl-PL",
    "nl": "nl-NL", "ru": "ru-RU", "ar": "arb", "hi": "hi-IN", "ja": "ja-JP", "ko": "ko-KR", "zh": "cmn-CN",
}  # fmt: skip


class VoiceTransport(TwilioTransport):
    """Phone calls: the text is read out twice, so that one who picks up late still hears it.

    That of the payload "voice" ({"text": …}: no addresses in it, nobody can click in a call), else that of the SMS.
    """

    def create(self, parcel: Parcel) -> str:
        spoken = VoiceResponse()
        language = VOICES.get(parcel.letter.language.partition("-")[0], VOICES["en"])
        text = parcel.letter.payloads.get("voice", {}).get("text") or parcel.letter.sms
        spoken.say(text, language=language, loop=2)
        call = self.client.calls.create(
            to=parcel.address,
            from_=settings.TWILIO_FROM,
            twiml=str(spoken),
            status_callback=status_callback(parcel),
            status_callback_event=["completed"],
        )
        return str(call.sid)
