import datetime as dt
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal_core.access.enums import ProxyScope, Relationship
from portal_core.access.forms.patient import own_password
from portal_core.access.forms.public import plain_address


class ProxyForm(forms.Form):
    """Who may act for a patient, in what, from when to when."""

    name = forms.CharField(
        label=_("Name of the person"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    email = forms.EmailField(
        label=_("Their e-mail address"),
        help_text=_("Their own, not the patient's. They get a link there to choose a user name and a password."),
        max_length=254,
        validators=[plain_address],
        widget=forms.EmailInput(attrs={"autocomplete": "off", "inputmode": "email"}),
    )
    relationship = forms.ChoiceField(label=_("Who they are to the patient"), choices=Relationship.choices)
    scopes = forms.MultipleChoiceField(
        label=_("What they may do"), choices=ProxyScope.choices, widget=forms.CheckboxSelectMultiple
    )
    starts_on = forms.DateField(label=_("From"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    ends_on = forms.DateField(
        label=_("Last day"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    my_password = own_password()

    def __init__(self, *args: Any, today: dt.date, patient_email: str, own_from: int, **kwargs: Any) -> None:
        kwargs["initial"] = {
            "starts_on": today,
            "ends_on": today + dt.timedelta(days=365),
            "scopes": ProxyScope.values,
            "relationship": Relationship.PARENT,
        }
        super().__init__(*args, **kwargs)
        self.fields["ends_on"].help_text = _(
            "At most a year. For parents and guardians it ends by itself the day before the patient turns %(age)d."
        ) % {"age": own_from}
        self.patient_email = patient_email.strip().casefold()

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        if email.casefold() == self.patient_email:
            raise forms.ValidationError(_("That is the patient's own address. A proxy needs one of their own."))
        return email
