"""How a practice sets the desk up: hours, days off, answer times, the phone line, how long originals are kept."""

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

import phonenumbers
from django import forms
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _

from helpdesk.rules.hours import Span, parse_spans
from helpdesk.rules.keeping import LONGEST, SHORTEST
from helpdesk.rules.sla import Promises, Target

if TYPE_CHECKING:
    from portal_core.directory.models import Office


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
