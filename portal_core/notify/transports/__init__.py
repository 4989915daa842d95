"""The ways out: which transport carries which channel is decided by the settings alone."""

from django.conf import settings

from portal_core.notify.enums import Channel
from portal_core.notify.transports.base import Letter, Outcome, Parcel, Transport, TransportDown, TransportError


def open_transport(channel: Channel) -> Transport:
    """A transport for this channel; the caller closes it. Without a server or provider: the development mailbox."""
    if channel is Channel.EMAIL and settings.EMAIL_URL:
        from portal_core.notify.transports.email import SmtpTransport

        return SmtpTransport(settings.EMAIL_URL)
    if channel is Channel.SMS and settings.TWILIO_ACCOUNT_SID:
        from portal_core.notify.transports.sms import SmsTransport

        return SmsTransport()
    if channel is Channel.VOICE and settings.TWILIO_ACCOUNT_SID:
        from portal_core.notify.transports.voice import VoiceTransport

        return VoiceTransport()
    from portal_core.notify.transports.mailbox import MailboxTransport

    return MailboxTransport()


__all__ = ["Letter", "Outcome", "Parcel", "Transport", "TransportDown", "TransportError", "open_transport"]
