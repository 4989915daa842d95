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
    if channel in Channel.posted and settings.OUTBOUND_POSTS:
        return _open_posting(channel)
    from portal_core.notify.transports.mailbox import MailboxTransport

    return MailboxTransport()


def _open_posting(channel: Channel) -> Transport:
    from portal_core.notify.transports.chat import SlackTransport, TeamsTransport
    from portal_core.notify.transports.mailbox import MailboxTransport
    from portal_core.notify.transports.push import PushTransport
    from portal_core.notify.transports.webhook import WebhookTransport

    if channel is Channel.PUSH:
        return PushTransport() if settings.VAPID_PRIVATE_KEY else MailboxTransport()
    if channel is Channel.SLACK:
        return SlackTransport()
    if channel is Channel.TEAMS:
        return TeamsTransport()
    return WebhookTransport()


__all__ = ["Letter", "Outcome", "Parcel", "Transport", "TransportDown", "TransportError", "open_transport"]
