"""What requesters fill in: before they are signed in, in the portal, and on the page of one request."""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from helpdesk.contracts import Placed
from helpdesk.enums import STAFF_CATEGORIES, Category, RequesterKind
from helpdesk.rules.sentences import SENTENCE_GROUPS, SENTENCES

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

    def placed(self) -> Placed:
        """Whether they named the office, or it is the main one because they named none."""
        return Placed.CHOSEN if self.data.get("office") in self.offices else Placed.MAIN


def _office_choices(offices: "Sequence[Office]") -> list[tuple[str, Any]]:
    """One flat list, or one group per practice where there are several."""
    groups = [(name, list(rows)) for name, rows in groupby(offices, key=lambda office: office.practice.name)]
    if len(groups) == 1:
        return [(office.public_id, _office_label(office)) for office in groups[0][1]]
    return [(name, [(office.public_id, _office_label(office)) for office in rows]) for name, rows in groups]


def _office_label(office: "Office") -> str:
    return f"{office.name}, {office.city}" if office.city and office.city not in office.name else office.name


class ReplyForm(forms.Form):
    body = forms.CharField(
        label=_("Write to us"),
        help_text=_("Do not write medical details or passwords here."),
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off"}),
    )


class RequestForm(forms.Form):
    """A signed-in patient writes to their office: about their care, or about what does not work (HD-13, HD-15)."""

    CARE: ClassVar[dict[Category, Any]] = {
        Category.ECONSULT: _("A question for my clinician"),
        Category.APPT: _("An appointment"),
        Category.REFILL: _("A refill"),
        Category.FORM: _("A form or a letter"),
        Category.RESULT_MISSING: _("A result or report"),
        Category.BILLING: _("A bill or a payment"),
    }
    FILES: ClassVar[dict[Category, Any]] = {
        Category.ATTACH_MISSING: _("A file that is missing"),
        Category.ATTACH_OPEN: _("A file that does not open"),
    }
    # Whoever is signed in has not forgotten their password, and has reached the site.
    NOT_HERE = frozenset(
        {
            Category.LOGIN_PWD, Category.LOGIN_UID, Category.LOCKED, Category.NOT_SETUP, Category.REG_PIN,
            Category.WRONG_PORTAL, Category.SITE_DOWN, *STAFF_CATEGORIES,
        }
    )  # fmt: skip

    category = forms.ChoiceField(label=_("What is it about?"))
    error_text = forms.CharField(
        label=_("What does the screen say?"),
        help_text=_("If there is an error message: its exact words."),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2, "autocomplete": "off"}),
    )
    body = forms.CharField(
        label=_("Your message"), max_length=5000, widget=forms.Textarea(attrs={"rows": 7, "autocomplete": "off"})
    )
    screen = forms.CharField(required=False, max_length=20, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["category"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _("Choose what fits best")), *self._kinds()]

    @property
    def about_the_portal(self) -> str:
        """The kinds with which there may be something on the screen to tell."""
        care = {*self.CARE, Category.OTHER, Category.FEEDBACK, Category.PRIVACY_REQ, Category.RECORD_WRONG}
        return " ".join(code for _title, rows in self._kinds() for code, _words in rows if code not in care)

    def _kinds(self) -> Iterator[tuple[Any, list[tuple[str, Any]]]]:
        """Their care first; the other subjects are those of the contact form."""
        known = {**self.CARE, **self.FILES}
        groups = sorted(SENTENCE_GROUPS, key=lambda group: Category.APPT not in group[1])
        for title, rows in groups:
            care = self.CARE if Category.APPT in rows else {}
            kinds = [*care, *(code for code in rows if code not in self.CARE and code not in self.NOT_HERE)]
            if kinds:
                yield title, [(code.value, known.get(code, SENTENCES.get(code))) for code in kinds]


class RequestReplyForm(forms.Form):
    body = forms.CharField(
        label=_("Your answer"), max_length=5000, widget=forms.Textarea(attrs={"rows": 4, "autocomplete": "off"})
    )


class RatingForm(forms.Form):
    """ "Did we help you?" `round` is the solving that was asked about."""

    solved = forms.ChoiceField(choices=[("yes", "yes"), ("no", "no")])
    round = forms.IntegerField(min_value=0, max_value=30000)
    comment = forms.CharField(
        label=_("Anything you want to add?"),
        help_text=_("Do not write medical details or passwords here."),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "autocomplete": "off"}),
    )


class AnswerForm(forms.Form):
    """ "Is it fixed for you?" """

    works = forms.ChoiceField(choices=[("yes", "yes"), ("no", "no")])
