"""When a patient read what the office wrote in the portal."""

from django.db import models

from helpdesk.models.ticket import TicketMessage


class MessageReceipt(models.Model):
    """A secure message was opened by its patient, behind their sign-in; written once and never changed."""

    message = models.OneToOneField(TicketMessage, on_delete=models.CASCADE, related_name="receipt")
    read_at = models.DateTimeField()
