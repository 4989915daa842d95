from helpdesk.models.ticket import Ticket, TicketMessage

__all__ = ["Ticket", "TicketMessage"]
