import datetime as dt
from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from portal_core.access.rules.matching import FourFields
from portal_core.kernel import clock

username_letters = RegexValidator(r"^[A-Za-z0-9._-]+$", _("Use letters, numbers, dots and dashes only."))
plain_address = RegexValidator(r'^[^\s"<>()\[\]\\,;:@]+@[^\s"<>()\[\]\\,;:@]+$', _("Enter a valid email address."))


class FourFieldsForm(forms.Form):
    """The four fields of PC-44. Whether they match is never said here."""

    email = forms.EmailField(
        label=_("E-mail address"),
        help_text=_("The one your office has on file."),
        max_length=254,
        validators=[plain_address],
        widget=forms.EmailInput(attrs={"autocomplete": "email", "inputmode": "email"}),
    )
    last_name = forms.CharField(
        label=_("Last name"), max_length=80, widget=forms.TextInput(attrs={"autocomplete": "family-name"})
    )
    birth_date = forms.DateField(
        label=_("Date of birth"),
        widget=forms.DateInput(attrs={"type": "date", "autocomplete": "bday"}, format="%Y-%m-%d"),
    )
    zip_code = forms.CharField(
        label=_("Home zip code"),
        max_length=16,
        widget=forms.TextInput(attrs={"autocomplete": "postal-code", "inputmode": "text"}),
    )

    def clean_birth_date(self) -> dt.date:
        born: dt.date = self.cleaned_data["birth_date"]
        if born > clock.now().date() or born.year < 1880:
            raise forms.ValidationError(_("Enter the date you were born, for example 1980-05-17."))
        return born

    def typed(self) -> FourFields:
        return FourFields(**self.cleaned_data)


class PinForm(forms.Form):
    """What stands on the slip from the office, and two details that do not."""

    pin = forms.CharField(
        label=_("PIN"),
        help_text=_("Eight letters and digits, as on the slip from your office."),
        max_length=16,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false", "autofocus": True}
        ),
    )
    last_name = forms.CharField(
        label=_("Last name"), max_length=80, widget=forms.TextInput(attrs={"autocomplete": "family-name"})
    )
    birth_date = forms.DateField(
        label=_("Date of birth"),
        widget=forms.DateInput(attrs={"type": "date", "autocomplete": "bday"}, format="%Y-%m-%d"),
    )


class SetPasswordForm(forms.Form):
    username = forms.CharField(
        label=_("User name"),
        help_text=_("You sign in with it. Letters, numbers, dots and dashes; at least 3."),
        min_length=3,
        max_length=60,
        validators=[username_letters],
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}),
    )
    password = forms.CharField(
        label=_("New password"),
        max_length=256,
        strip=False,
        help_text=_("At least 12 characters. A few words in a row are easy to remember and hard to guess."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label=_("New password again"),
        max_length=256,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, has_username: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if has_username:  # a user name is chosen once (PC-46)
            del self.fields["username"]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if values.get("password") and values.get("again") and values["password"] != values["again"]:
            self.add_error("again", _("The two passwords differ. Type them again."))
        return values
