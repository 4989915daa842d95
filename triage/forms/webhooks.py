"""What an administrator types about a webhook."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from triage.enums import NewsKind


class WebhookForm(forms.Form):
    """Where to, and what it hears of."""

    name = forms.CharField(
        label=_("Name"),
        max_length=80,
        help_text=_("For you and your colleagues, e.g. “Practice management”."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    url = forms.CharField(
        label=_("Address"),
        max_length=500,
        help_text=_("Begins with https://. It has to be reachable from the internet."),
        widget=forms.TextInput(attrs={"type": "url", "inputmode": "url", "autocomplete": "off", "spellcheck": "false"}),
    )
    events = forms.MultipleChoiceField(
        label=_("What it hears of"), choices=NewsKind.choices, widget=forms.CheckboxSelectMultiple
    )

    def refuse_address(self, why: Any) -> None:
        self.add_error("url", why)
