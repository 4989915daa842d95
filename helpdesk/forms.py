import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import groupby
from typing import TYPE_CHECKING, Any, ClassVar

import phonenumbers
from django import forms
from django.core.validators import RegexValidator
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _

from helpdesk.contracts import ArticleDraft, Placed
from helpdesk.enums import STAFF_CATEGORIES, Audience, Category, RequesterKind
from helpdesk.rules.hours import Span, parse_spans
from helpdesk.rules.keeping import LONGEST, SHORTEST
from helpdesk.rules.sentences import SENTENCE_GROUPS, SENTENCES
from helpdesk.rules.sla import Promises, Target

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


class KeepingForm(forms.Form):
    """For how many days originals are kept."""

    mail_days = forms.IntegerField(
        label=_("E-mails as they came: days"),
        help_text=_("A week at least, ten years at most."),
        min_value=SHORTEST,
        max_value=LONGEST,
    )
    recording_days = forms.IntegerField(
        label=_("Messages on the phone, the sound of them: days"),
        help_text=_("What was written down about a call stays."),
        min_value=SHORTEST,
        max_value=LONGEST,
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


def _office_choices(offices: "Sequence[Office]") -> list[tuple[str, Any]]:
    """One flat list, or one group per practice where there are several."""
    groups = [(name, list(rows)) for name, rows in groupby(offices, key=lambda office: office.practice.name)]
    if len(groups) == 1:
        return [(office.public_id, _office_label(office)) for office in groups[0][1]]
    return [(name, [(office.public_id, _office_label(office)) for office in rows]) for name, rows in groups]


def _office_label(office: "Office") -> str:
    return f"{office.name}, {office.city}" if office.city and office.city not in office.name else office.name


class WeekForm(forms.Form):
    """An ordinary week (HD-11): for each day one span or several, on the clock of the place. A day left empty is
    closed; an end of 00:00 is midnight."""

    def __init__(
        self, *args: Any, spans: Mapping[int, tuple[Span, ...]] | None = None, columns: int = 2, **kwargs: Any
    ) -> None:
        """`columns`: spans a day may have; more where more are kept."""
        super().__init__(*args, **kwargs)
        spans = spans or {}
        self.columns = max([columns, *(len(rows) for rows in spans.values())])
        for day in range(7):
            for column in range(self.columns):
                kept = spans.get(day, ())[column] if column < len(spans.get(day, ())) else (None, None)
                for end, value in zip(("from", "to"), kept, strict=True):
                    words = _("%(day)s, opens") if end == "from" else _("%(day)s, closes")
                    self.fields[f"d{day}_{column}_{end}"] = forms.TimeField(
                        label=words % {"day": WEEKDAYS[day]},
                        required=False,
                        initial=value,
                        input_formats=["%H:%M", "%H:%M:%S", "%I:%M %p", "%I %p"],
                        widget=forms.TimeInput(format="%H:%M", attrs={"type": "time", "step": 300}),
                    )

    def days(self) -> list[dict[str, Any]]:
        """For the page: each day with its pairs of fields and what is wrong with it."""
        rows = []
        for day in range(7):
            pairs = [(self[f"d{day}_{n}_from"], self[f"d{day}_{n}_to"]) for n in range(self.columns)]
            faults = [error for pair in pairs for field in pair for error in field.errors]
            rows.append({"name": WEEKDAYS[day], "pairs": pairs, "faults": list(dict.fromkeys(faults))})
        return rows

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        self.spans: dict[int, tuple[Span, ...]] = {}
        for day in range(7):
            found: list[Span] = []
            for column in range(self.columns):
                start, end = values.get(f"d{day}_{column}_from"), values.get(f"d{day}_{column}_to")
                field = f"d{day}_{column}_to"
                if self.errors.keys() & {field, f"d{day}_{column}_from"} or start is end is None:
                    continue
                if start is None or end is None:
                    self.add_error(field, _("Give both times, or none."))
                    continue
                try:
                    parse_spans({str(day): [[str(start), str(end)]]})
                except ValueError:
                    self.add_error(field, _("It closes before it opens. For midnight write 12:00 AM."))
                    continue
                found.append((start, end))
            self.spans[day] = tuple(sorted(found))
            try:
                parse_spans({str(day): [[str(start), str(end)] for start, end in found]})
            except ValueError:
                self.add_error(f"d{day}_1_from", _("These hours overlap."))
        return values

    def with_monday_copied(self) -> "WeekForm":
        """The same form, Tuesday to Friday as Monday; nothing is saved by it."""
        typed = {name: str(self.data.get(name, "")) for name in self.fields}
        for name, value in list(typed.items()):
            if name.startswith("d0_"):
                typed |= {f"d{day}{name[2:]}": value for day in range(1, 5)}
        return WeekForm(initial=typed, columns=self.columns)


class HolidayForm(forms.Form):
    """A day off."""

    date = forms.DateField(label=_("Day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    name = forms.CharField(
        label=_("What is it?"),
        max_length=80,
        required=False,
        widget=forms.TextInput(attrs={"placeholder": _("e.g. Staff training")}),
    )
    place = forms.ChoiceField(label=_("For whom?"), required=False)
    works = forms.BooleanField(
        label=_("They work on that day"),
        help_text=_("Of a day off for everybody: this office, or IT, is there all the same."),
        required=False,
    )

    def __init__(self, *args: Any, offices: "Sequence[Office]", today: dt.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offices = {office.public_id: office for office in offices}
        self.today = today
        field = self.fields["place"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [
            ("", _("Every office and IT")),
            ("it", _("IT support alone")),
            *((key, office.name) for key, office in self.offices.items()),
        ]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if values.get("works") and not values.get("place"):
            self.add_error("place", _("Choose the office that works on that day, or IT."))
        if not values.get("works") and "name" not in self.errors and not values.get("name"):
            self.add_error("name", _("Say what it is, so that others know."))
        return values

    def clean_date(self) -> dt.date:
        date: dt.date = self.cleaned_data["date"]
        if date < self.today:
            raise forms.ValidationError(_("That day is over. Choose one that is still to come."))
        if date > self.today + dt.timedelta(days=3 * 366):
            raise forms.ValidationError(_("That is more than three years ahead."))
        return date

    def office(self) -> "Office | None":
        return self.offices.get(self.cleaned_data["place"])


class HelpSearchForm(forms.Form):
    """What somebody looks for in the help."""

    q = forms.CharField(label=_("What do you need help with?"), max_length=300, required=False)


class FileSearchForm(forms.Form):
    """A part of the name of a file. Posted: it may be about somebody's health."""

    q = forms.CharField(label=_("Find a file by its name"), max_length=120)


class FeedbackForm(forms.Form):
    """ "Did this help?" """

    helped = forms.ChoiceField(choices=[("yes", "yes"), ("no", "no")])
    comment = forms.CharField(
        label=_("What was missing?"),
        help_text=_("No names and nothing medical, please."),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "autocomplete": "off"}),
    )


class ArticleForm(forms.Form):
    """A help article as its writer sees it."""

    title = forms.CharField(label=_("Title"), max_length=120, help_text=_("As the reader would say it."))
    slug = forms.SlugField(
        label=_("Short name"), max_length=60, help_text=_("Stands in the address, for example: cannot-print.")
    )
    audience = forms.ChoiceField(label=_("For whom?"))
    summary = forms.CharField(label=_("In one sentence"), max_length=240)
    body = forms.CharField(
        label=_("Text"),
        help_text=_("Markdown: ## heading, 1. step, **bold**, [words](/address/), tables with |."),
        max_length=20000,
        widget=forms.Textarea(attrs={"rows": 18, "spellcheck": "true"}),
    )
    categories = forms.MultipleChoiceField(
        label=_("Offered with these kinds of request"),
        required=False,
        choices=Category.choices,
        widget=forms.CheckboxSelectMultiple,
    )
    note = forms.CharField(label=_("What did you change?"), max_length=160, required=False)

    def __init__(self, *args: Any, audiences: "Sequence[Audience]", fixed_slug: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["audience"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(one.value, one.label) for one in audiences]
        if fixed_slug:
            del self.fields["slug"]
        self.fixed_slug = fixed_slug

    def clean_slug(self) -> str:
        slug: str = self.cleaned_data["slug"].lower()
        if slug in ("suggest", "new"):
            raise forms.ValidationError(_("Choose another short name."))
        return slug

    def draft(self) -> ArticleDraft:
        got = self.cleaned_data
        return ArticleDraft(
            slug=self.fixed_slug or got["slug"],
            audience=Audience(got["audience"]),
            title=got["title"],
            summary=got["summary"],
            body=got["body"],
            categories=tuple(got["categories"]),
            note=got["note"],
        )


class WireNumberField(forms.CharField):
    """A phone number as the phone network writes it: typed as people write them, kept as +12175550101."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.TextInput(attrs={"type": "tel", "inputmode": "tel", "autocomplete": "off"})
        super().__init__(max_length=32, required=False, widget=widget, **kwargs)

    def clean(self, value: Any) -> str:
        text = str(super().clean(value)).strip()
        if not text:
            return ""
        try:
            number = phonenumbers.parse(text, "US")
        except phonenumbers.NumberParseException:
            number = None
        if number is None or not phonenumbers.is_possible_number(number):
            raise forms.ValidationError(_("Enter a phone number with area code."))
        return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


QUARTER = Decimal("0.25")


class HoursField(forms.DecimalField):
    """Hours to a quarter, kept as minutes."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.NumberInput(attrs={"inputmode": "decimal"})
        super().__init__(min_value=QUARTER, max_value=200, step_size=QUARTER, widget=widget, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return f"{value / 60:g}" if isinstance(value, int) else value


class PromisesForm(forms.Form):
    """By when a request is answered and solved, in business hours."""

    urgent_first = HoursField(label=_("Urgent: first answer, in hours"))
    urgent_resolve = HoursField(label=_("Urgent: solved, in hours"))
    normal_first = HoursField(label=_("All others: first answer, in hours"))
    normal_resolve = HoursField(label=_("All others: solved, in hours"))

    WHY: ClassVar[dict[str, Any]] = {
        "range": _("Choose between a quarter of an hour and 200 hours, in quarters."),
        "before_answer": _("A request cannot be solved before it is answered. Give this at least as long."),
        "slower": _("Urgent requests may not wait longer than the others."),
    }

    def promises(self) -> Promises:
        got = {name: int(hours * 60) for name, hours in self.cleaned_data.items()}
        return Promises(
            urgent=Target(got["urgent_first"], got["urgent_resolve"]),
            normal=Target(got["normal_first"], got["normal_resolve"]),
        )

    def blame(self, faults: Sequence[tuple[str, str]]) -> None:
        for name, code in faults:
            self.add_error(name, self.WHY[code])


class PhoneLineForm(forms.Form):
    """The practice's line, and where it rings for each office and IT."""

    number = WireNumberField(
        label=_("Number of the line"),
        help_text=_("The number at Twilio that patients and providers call. Leave empty for none."),
    )
    transcribe = forms.BooleanField(
        label=_("Have messages written down"),
        help_text=_("Twilio turns English messages into words. Only with an agreement that covers patients' data."),
        required=False,
    )

    def __init__(
        self, *args: Any, offices: "Sequence[Office]", numbers: Mapping[int | None, str], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.places: dict[str, Office | None] = {f"desk_{office.public_id}": office for office in offices}
        self.places["desk_it"] = None
        for name, office in self.places.items():
            kept = numbers.get(office.pk if office is not None else None, "")
            label = office.name if office is not None else _("IT support")
            self.fields[name] = WireNumberField(label=label, initial=kept)

    def desks(self) -> list[Any]:
        return [self[name] for name in self.places]
