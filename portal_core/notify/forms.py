from django import forms
from django.utils.translation import gettext_lazy as _


class MailboxFilter(forms.Form):
    address = forms.CharField(label=_("Address or phone number"), max_length=320, required=False)
