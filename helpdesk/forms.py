import re
from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from helpdesk.enums import SENTENCE_GROUPS, Category, RequesterKind

if TYPE_CHECKING:
    from portal_core.directory.models import Office

plain_address = RegexValidator(r'^[^\s"<>()\[\]\\,;:@]+@[^\s"<>()\[\]\\,;:@]+$', _("Enter a valid email address."))


def a_phone(text: str) -> None:
    """Seven to fifteen digits, written as people write them, with or without an extension."""
    number = re.sub(r"(?i)\s*(?:ext\.?|x)\s*[0-9]{1,6}$", "", text.strip())
    if not re.fullmatch(r"[0-9+() ./-]+", number) or not 7 <= sum(char.isdigit() for char in number) <= 15:
        raise forms.ValidationError(_("Enter a phone number with area code."))


class ContactForm(forms.Form):
    """Contact us (HD-01). Asks for nothing that would prove who somebody is: that is the office's talk with them."""

    who = forms.ChoiceField(
        label=_("Who are you?"),
        choices=[
            (RequesterKind.PATIENT.value, _("A patient, or somebody who helps one")),
            (RequesterKind.PROVIDER.value, _("A provider or staff of a practice")),
        ],
        initial=RequesterKind.PATIENT.value,
        widget=forms.RadioSelect,
    )
    category = forms.ChoiceField(
        label=_("What happened?"),
        choices=[
            ("", _("Choose what fits best")),
            *((title, [(code.value, text) for code, text in rows.items()]) for title, rows in SENTENCE_GROUPS),
        ],
    )
    error_text = forms.CharField(
        label=_("What does the screen say?"),
        help_text=_("If there is an error message: its exact words."),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2, "autocomplete": "off"}),
    )
    body = forms.CharField(
        label=_("Tell us more"),
        help_text=_("What did you want to do, and when did it stop? Do not write medical details or passwords here."),
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 5, "autocomplete": "off"}),
    )
    office = forms.ChoiceField(label=_("Which office do you go to?"), required=False)
    name = forms.CharField(label=_("Your name"), max_length=160, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    phone = forms.CharField(
        label=_("Phone number"),
        help_text=_("Your office calls you back on it. Give this or an e-mail address."),
        required=False,
        max_length=32,
        validators=[a_phone],
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel", "inputmode": "tel"}),
    )
    email = forms.EmailField(
        label=_("E-mail address"),
        help_text=_("You get a link to follow what happens."),
        required=False,
        max_length=254,
        validators=[plain_address],
        widget=forms.EmailInput(attrs={"autocomplete": "email", "inputmode": "email"}),
    )
    screen = forms.CharField(required=False, max_length=20, widget=forms.HiddenInput)

    def __init__(self, *args: Any, offices: "Sequence[Office]", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offices = {office.public_id: office for office in offices}
        field = self.fields["office"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _("I do not know")), *_office_choices(offices)]

    def clean_office(self) -> "Office | None":
        """The office chosen; for "I do not know" the main one of the practice that runs this site."""
        return self.offices.get(self.cleaned_data["office"]) or next(iter(self.offices.values()), None)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        typed = self.data.get("phone") or self.data.get("email")
        if not typed or not ({"phone", "email"} & self.errors.keys() or values.get("phone") or values.get("email")):
            self.add_error("phone", _("Give a phone number or an e-mail address, so that we can answer."))
        if values.get("who") and values.get("category") and values.get("office") is None:
            self.add_error(None, _("No office is open for messages yet. Please call."))
        return values

    def kind(self) -> RequesterKind:
        return RequesterKind(self.cleaned_data["who"])

    def what(self) -> Category:
        return Category(self.cleaned_data["category"])


class ReplyForm(forms.Form):
    body = forms.CharField(
        label=_("Write to us"),
        help_text=_("Do not write medical details or passwords here."),
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off"}),
    )


class AnswerForm(forms.Form):
    """ "Is it fixed for you?" """

    works = forms.ChoiceField(choices=[("yes", "yes"), ("no", "no")])


def _office_choices(offices: "Sequence[Office]") -> list[tuple[str, Any]]:
    """One flat list, or one group per practice where there are several."""
    groups = [(name, list(rows)) for name, rows in groupby(offices, key=lambda office: office.practice.name)]
    if len(groups) == 1:
        return [(office.public_id, _office_label(office)) for office in groups[0][1]]
    return [(name, [(office.public_id, _office_label(office)) for office in rows]) for name, rows in groups]


def _office_label(office: "Office") -> str:
    return f"{office.name}, {office.city}" if office.city and office.city not in office.name else office.name
