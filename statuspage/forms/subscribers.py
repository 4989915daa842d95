"""Forms of subscribers: theirs and those of the staff who look after them."""

from django import forms
from django.utils.translation import gettext_lazy as _

from statuspage import queries
from statuspage.rules.addresses import usable


def component_choices() -> list[tuple[str, str]]:
    return [(row.id, row.name) for row in queries.components()]


class ChoiceForm(forms.Form):
    """Which parts of the service to hear of."""

    components = forms.MultipleChoiceField(
        label=_("Only about these parts"),
        help_text=_("Choose none to hear about everything."),
        required=False,
        choices=component_choices,
        widget=forms.CheckboxSelectMultiple,
    )


class SubscribeForm(ChoiceForm):
    email = forms.EmailField(
        label=_("Your e-mail address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email", "inputmode": "email"}),
        error_messages={"required": _("Enter your e-mail address, like name@example.org.")},
    )
    field_order = ["email", "components"]

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"].strip()
        if not usable(email):
            raise forms.ValidationError(_("We cannot send to this address. Write it like name@example.org."))
        return email
