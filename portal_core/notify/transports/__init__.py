"""The ways out: which transport carries which channel is decided by the settings alone."""

from django.conf import settings

from portal_core.notify.enums import Channel
from portal_core.notify.transports.base import Letter, Outcome, Parcel, Transport, TransportDown, TransportError


def open_transport(channel: Channel) -> Transport:
    """A transport for this channel; the caller closes it. Without a server or provider the demo has its mailbox;
    elsewhere what is promised waits."""
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
    return _without()


def is_there(channel: Channel) -> bool:
    """Whether this installation has the channel at all. Mail always; texts and calls need a provider, or the demo."""
    return channel not in (Channel.SMS, Channel.VOICE) or bool(settings.TWILIO_ACCOUNT_SID) or _shows()


def _shows() -> bool:
    return bool(settings.DEMO or settings.DEBUG)


def _without() -> Transport:
    from portal_core.notify.transports.mailbox import MailboxTransport
    from portal_core.notify.transports.nowhere import NoWayOut

    return MailboxTransport() if _shows() else NoWayOut()


def _open_posting(channel: Channel) -> Transport:
    from portal_core.notify.transports.chat import SlackTransport, TeamsTransport
    from portal_core.notify.transports.push import PushTransport
    from portal_core.notify.transports.webhook import WebhookTransport

    if channel is Channel.PUSH:
        return PushTransport() if settings.VAPID_PRIVATE_KEY else _without()
    if channel is Channel.SLACK:
        return SlackTransport()
    if channel is Channel.TEAMS:
        return TeamsTransport()
    return WebhookTransport()


__all__ = ["Letter", "Outcome", "Parcel", "Transport", "TransportDown", "TransportError", "is_there", "open_transport"]
