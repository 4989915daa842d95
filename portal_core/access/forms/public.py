import datetime as dt
from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from portal_core.access.rules.matching import FourFields, plain_name
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


class LastNameForm(forms.Form):
    """Asked behind a link in a mail: programs that look for viruses open links and press what they find; a name they
    cannot know."""

    last_name = forms.CharField(
        label=_("Last name"),
        help_text=_("So that we know it is a person who presses the button, and not a program that checks mail."),
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "family-name"}),
    )

    def __init__(self, *args: Any, wanted: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.wanted = wanted

    def clean_last_name(self) -> str:
        typed: str = self.cleaned_data["last_name"]
        if plain_name(typed) != plain_name(self.wanted):
            raise forms.ValidationError(_("That is not the last name on file. Type it as your office knows it."))
        return typed


def without_birth_date(name: str, born: dt.date | None) -> str:
    """A user name, unless it holds the date of birth: it is shown to others and read aloud on the phone."""
    digits = "".join(letter for letter in name if letter.isdigit())
    if born is not None and any(f"{born:{form}}" in digits for form in ("%Y%m%d", "%m%d%Y", "%d%m%Y", "%m%d%y")):
        raise forms.ValidationError(_("Leave the date of birth out of the user name."))
    return name


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

    def __init__(self, *args: Any, has_username: bool, born: dt.date | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.born = born
        if has_username:  # a user name is chosen once (PC-46)
            del self.fields["username"]

    def clean_username(self) -> str:
        return without_birth_date(self.cleaned_data["username"], self.born)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if values.get("password") and values.get("again") and values["password"] != values["again"]:
            self.add_error("again", _("The two passwords differ. Type them again."))
        return values
