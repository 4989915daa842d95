"""What an office writes to its patient in the portal."""

from django import forms
from django.utils.translation import gettext_lazy as _

from triage.forms.tickets import TEXT_MAX, TicketForm, area


class WriteForm(TicketForm):
    """PC-10."""

    subject = forms.CharField(
        label=_("Subject"),
        help_text=_("The patient sees it in the list of messages. It is never in an e-mail or a text."),
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    body = forms.CharField(label=_("Message to Patient:"), max_length=TEXT_MAX, widget=area(7, autocomplete="off"))
    expects_answer = forms.BooleanField(
        label=_("I wait for their answer"),
        help_text=_("Without it the message is done once sent; an answer brings it back to the desk all the same."),
        required=False,
    )
    notify = forms.BooleanField(label=_("Tell them that a message waits in the portal"), required=False)
    belongs = forms.BooleanField(label=_("It belongs to the ticket it began from"), required=False)
