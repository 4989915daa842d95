from helpdesk.models.calendars import BusinessHours, Holiday
from helpdesk.models.calls import DeskPhone, PhoneCall, VoiceLine, VoicemailAudio
from helpdesk.models.mail import Attachment, InboundMail, InboundText, TextOptOut
from helpdesk.models.search import SearchEntry
from helpdesk.models.ticket import Ticket, TicketMessage

__all__ = [
    "Attachment",
    "BusinessHours",
    "DeskPhone",
    "Holiday",
    "InboundMail",
    "InboundText",
    "PhoneCall",
    "SearchEntry",
    "TextOptOut",
    "Ticket",
    "TicketMessage",
    "VoiceLine",
    "VoicemailAudio",
]
