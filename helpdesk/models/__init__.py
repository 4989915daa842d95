from helpdesk.models.calendars import BusinessHours, Holiday
from helpdesk.models.ticket import Ticket, TicketMessage

__all__ = ["BusinessHours", "Holiday", "Ticket", "TicketMessage"]
