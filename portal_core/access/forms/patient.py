"""What staff fill in about one patient's account. Whoever changes what an account hangs on types their own password."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal_core.access.forms.public import plain_address, username_letters, without_birth_date
from portal_core.accounts.queries import username_taken

if TYPE_CHECKING:
    from portal_core.directory.models import Patient


def own_password() -> forms.CharField:
    return forms.CharField(
        label=_("Your own password"),
        help_text=_("We ask so that nobody else does this at an open screen. It stands in the record that it was you."),
        max_length=256,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class UsernameForm(forms.Form):
    """The user name alone, for the check while it is typed (PC-53)."""

    username = forms.CharField(
        label=_("Patient's Username"),
        help_text=_("Letters, numbers, dots and dashes; at least 3. It turns green when it is valid and unique."),
        min_length=3,
        max_length=60,
        validators=[username_letters],
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, patient: "Patient", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.patient = patient

    def clean_username(self) -> str:
        name = without_birth_date(self.cleaned_data["username"], self.patient.birth_date)
        if username_taken(name):
            raise forms.ValidationError(_("That user name is not free. Add a number or a middle initial."))
        return name


class CredentialsForm(UsernameForm):
    """User name, and a password set by hand where the box is ticked (PC-53)."""

    by_hand = forms.BooleanField(label=_("Manually Set Patient's Portal Password"), required=False)
    password = forms.CharField(
        label=_("Password to tell the patient"),
        help_text=_("At least 12 characters. Take this one or type another."),
        max_length=256,
        required=False,
        strip=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )
    my_password = own_password()

    def __init__(self, *args: Any, patient: "Patient", **kwargs: Any) -> None:
        super().__init__(*args, patient=patient, **kwargs)
        if patient.user_id is not None:  # a user name is chosen once
            del self.fields["username"]
            self.fields["by_hand"].required = True
            self.fields["by_hand"].error_messages["required"] = _("Tick this to set a password.")

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if values.get("by_hand") and not values.get("password"):
            self.add_error("password", _("Type a password, at least 12 characters."))
        return values


class EmailChangeForm(forms.Form):
    """PC-42: how one knows who asks, and whether the new address counts at once."""

    email = forms.EmailField(
        label=_("New e-mail address"),
        max_length=254,
        validators=[plain_address],
        widget=forms.EmailInput(attrs={"autocomplete": "off", "inputmode": "email"}),
    )
    skip = forms.BooleanField(label=_("Do not wait 24 hours before the new address counts"), required=False)
    skip_reason = forms.CharField(
        label=_("Why can it not wait?"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    my_password = own_password()

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if values.get("skip"):
            if not values.get("skip_reason"):
                self.add_error("skip_reason", _("Say in a few words why it cannot wait."))
        else:
            values["skip_reason"] = ""
        return values
