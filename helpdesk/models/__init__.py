from helpdesk.models.calendars import BusinessHours, Holiday
from helpdesk.models.calls import DeskPhone, PhoneCall, VoiceLine, VoicemailAudio
from helpdesk.models.ticket import Ticket, TicketMessage

__all__ = [
    "BusinessHours",
    "DeskPhone",
    "Holiday",
    "PhoneCall",
    "Ticket",
    "TicketMessage",
    "VoiceLine",
    "VoicemailAudio",
]
