"""Planning work: when, what is touched, whether it comes back, and what is said while it is under way."""

import datetime as dt
from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext_lazy as _

from statuspage import queries
from statuspage.contracts import ComponentSummary
from statuspage.enums import ComponentStatus, MaintenanceStatus
from statuspage.forms.composing import BODY_MAX, NAME_MAX, AudiencesMixin
from statuspage.forms.honesty import HonestForm
from statuspage.forms.moments import PageTimeField
from statuspage.queries.lint import OVERRIDE_REASONS
from statuspage.rules import recurrence, windows

LENGTHS = [
    ("30", "30 min"),
    ("60", "1 hour"),
    ("120", "2 hours"),
    ("240", "4 hours"),
    ("480", "8 hours"),
    ("", "Until"),
]
REMINDERS = [("10080", "a week before"), ("1440", "a day before"), ("60", "an hour before"), ("15", "15 min before")]
REPEATS = [
    ("", "Once"), ("daily", "Every day"), ("weekly", "Every week"), ("nth", "Every month, on a weekday"),
    ("day", "Every month, on this day"),
]  # fmt: skip
DAYS = [("MO", "Mon"), ("TU", "Tue"), ("WE", "Wed"), ("TH", "Thu"), ("FR", "Fri"), ("SA", "Sat"), ("SU", "Sun")]
NTH = [("1", "first"), ("2", "second"), ("3", "third"), ("4", "fourth"), ("-1", "last")]
SHOWS = [
    (ComponentStatus.MAINTENANCE, "Under maintenance"), (ComponentStatus.DEGRADED, "Degraded performance"),
    (ComponentStatus.PARTIAL_OUTAGE, "Partial outage"), (ComponentStatus.MAJOR_OUTAGE, "Major outage"),
    ("", "What it shows anyway"),
]  # fmt: skip
AHEAD = dt.timedelta(days=3 * 366)


def words(**options: Any) -> forms.CharField:
    """What is said of planned work, to readers. `options`: of the field, e.g. its label."""
    return forms.CharField(
        max_length=BODY_MAX,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": _("Write what is done and what people will notice.")},
        **options,
    )


class WordsForm(AudiencesMixin):
    """A message about a maintenance."""

    body = words(label=_("Message to readers"))
    lint_reason = forms.ChoiceField(label=_("Publish it all the same?"), choices=OVERRIDE_REASONS, required=False)
    seen = forms.CharField(required=False, widget=forms.HiddenInput)
    draft = forms.CharField(required=False, max_length=12, widget=forms.HiddenInput)

    def all_texts(self) -> str:
        return "\n".join(str(self.cleaned_data.get(name) or "") for name in ("name", "body") if name in self.fields)


def length_of(start: dt.datetime, end: dt.datetime) -> dict[str, Any]:
    """The values of a WindowForm for a window: a usual length by its name, any other by its end."""
    minutes = str(int((end - start).total_seconds() // 60))
    named = minutes in dict(LENGTHS)
    return {
        "scheduled_for": start, "length": minutes if named else "", "scheduled_until": None if named else end,
    }  # fmt: skip


class WindowForm(forms.Form):
    """From when until when. The end is the start and a length, or a moment of its own."""

    scheduled_for = PageTimeField(label=_("Begins"))
    length = forms.ChoiceField(
        label=_("Takes"), choices=LENGTHS, initial="60", required=False, widget=forms.RadioSelect
    )
    scheduled_until = PageTimeField(
        label=_("Ends"), required=False, help_text=_("Only needed where the length is “Until”.")
    )

    def clean(self) -> dict[str, Any]:
        values = dict(super().clean() or self.cleaned_data)
        start, length = values.get("scheduled_for"), values.get("length")
        if start is not None and length:
            values["scheduled_until"] = start + dt.timedelta(minutes=int(length))
        end = values.get("scheduled_until")
        if start is not None and end is None and "scheduled_until" not in self.errors:
            self.add_error("scheduled_until", _("Say how long it takes, or when it ends."))
        elif start is not None and end is not None and end <= start:
            self.add_error("scheduled_until", _("It must end after it begins."))
        return values


class PlanForm(WindowForm):
    """What is done, when, and what it touches."""

    name = forms.CharField(
        label=_("What is done, in a few words"),
        max_length=NAME_MAX,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": _("Give it a name that readers understand, e.g. “New phone lines”.")},
    )
    components = forms.MultipleChoiceField(
        label=_("What is touched"), required=False, widget=forms.CheckboxSelectMultiple
    )
    component_status = forms.ChoiceField(
        label=_("While it is under way, these show"), choices=SHOWS, required=False, initial=ComponentStatus.MAINTENANCE
    )
    reminders = forms.MultipleChoiceField(
        label=_("Remind subscribers"),
        choices=REMINDERS,
        required=False,
        initial=["1440", "60"],
        widget=forms.CheckboxSelectMultiple,
    )
    silent = forms.BooleanField(label=_("Show it, but never mail anybody about it"), required=False)

    field_order = ["name", "body", "components", "scheduled_for", "length", "scheduled_until"]

    def __init__(self, *args: Any, members: Sequence[ComponentSummary] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.members = queries.components() if members is None else members
        self.fields["components"].choices = [(row.id, row.name) for row in self.members]  # type: ignore[attr-defined]

    def minutes(self) -> int:
        """Its length."""
        span = self.cleaned_data["scheduled_until"] - self.cleaned_data["scheduled_for"]
        return int(span.total_seconds() // 60)


class RepeatForm(forms.Form):
    """How often it comes back."""

    repeat = forms.ChoiceField(label=_("Comes back"), choices=REPEATS, required=False, widget=forms.RadioSelect)
    weekdays = forms.MultipleChoiceField(
        label=_("On these days"), choices=DAYS, required=False, widget=forms.CheckboxSelectMultiple
    )
    nth = forms.ChoiceField(label=_("On the"), choices=NTH, required=False, initial="1")
    weekday = forms.ChoiceField(label=_("Weekday"), choices=DAYS, required=False, initial="SU")

    def clean(self) -> dict[str, Any]:
        values = dict(super().clean() or self.cleaned_data)
        if values.get("repeat") == "weekly" and not values.get("weekdays"):
            self.add_error("weekdays", _("Choose at least one day of the week."))
        return values

    def rule(self, zone: str) -> str:
        """The RRULE of what was chosen; "" for work that happens once."""
        values = self.cleaned_data
        first = values["scheduled_for"].astimezone(ZoneInfo(zone))
        return {
            "": "",
            "daily": "FREQ=DAILY",
            "weekly": f"FREQ=WEEKLY;BYDAY={','.join(values['weekdays'])}",
            "nth": f"FREQ=MONTHLY;BYDAY={values['nth'] or '1'}{values['weekday'] or 'SU'}",
            "day": f"FREQ=MONTHLY;BYMONTHDAY={first.day}",
        }[values.get("repeat") or ""]

    def next_dates(self, zone: str, count: int = 5) -> list[dt.datetime]:
        """The first starts of a series; none for work that happens once, or while the form is not whole."""
        values = self.cleaned_data
        if not values.get("repeat") or not values.get("scheduled_for") or "weekdays" in self.errors:
            return []
        first = values["scheduled_for"]
        found = recurrence.occurrences(
            self.rule(zone), first_at=first, zone=zone, after=first - dt.timedelta(seconds=1), until=first + AHEAD
        )
        return found[:count]


class ScheduleForm(RepeatForm, WordsForm, PlanForm):
    auto_start = forms.BooleanField(label=_("Begin by itself"), required=False, initial=True)
    auto_complete = forms.BooleanField(label=_("End by itself"), required=False, initial=True)

    def clean(self) -> dict[str, Any]:
        """A series has one text and goes by the clock: what it cannot keep is refused, never dropped."""
        values = super().clean()
        if values.get("repeat"):
            for name in ("auto_start", "auto_complete"):
                if not values.get(name):
                    self.add_error(name, _("Work that comes back goes by the clock. Tick this, or plan single dates."))
            for name in [name for name in self.fields if name.startswith("text_") and (values.get(name) or "").strip()]:
                self.add_error(
                    name, _("Work that comes back has one text for all. Empty this, and write it on each date.")
                )
        return values


class EditForm(PlanForm):
    """Changing what is planned. Subscribers are told in words of their own, and only if that is ticked."""

    body = words(label=_("What is done, and what people will notice"))
    tell = forms.BooleanField(label=_("Tell subscribers about this change"), required=False)
    notice = forms.CharField(
        label=_("What they are told"),
        max_length=BODY_MAX,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Only sent if the box above is ticked."),
    )
    lint_reason = forms.ChoiceField(label=_("Save it all the same?"), choices=OVERRIDE_REASONS, required=False)
    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = dict(REMINDERS)
        others = [row for row in self.initial.get("reminders", ()) if row not in known]
        self.fields["reminders"].choices = [  # type: ignore[attr-defined]
            *((row, f"{windows.in_words(dt.timedelta(minutes=int(row)))} before") for row in others), *REMINDERS,
        ]  # fmt: skip

    def clean(self) -> dict[str, Any]:
        values = dict(super().clean() or self.cleaned_data)
        if values.get("tell") and not (values.get("notice") or "").strip():
            self.add_error("notice", _("Write what subscribers should know about this change."))
        if values.get("tell") and values.get("silent"):
            self.add_error("tell", _("Silent work mails nobody. Untick this, or “never mail anybody”."))
        return values

    def notice_to_send(self) -> str:
        """Empty unless subscribers are to be told."""
        return str(self.cleaned_data["notice"]) if self.cleaned_data["tell"] else ""

    def public_text(self) -> str:
        return "\n\n".join(filter(None, (self.cleaned_data["body"], self.notice_to_send())))


class EditSeriesForm(RepeatForm, EditForm):
    """The same for a date and all that follow, and how often they come."""

    KEEP = "keep"

    def __init__(self, *args: Any, now: str, **kwargs: Any) -> None:
        """`now`: the rule as it stands."""
        super().__init__(*args, **kwargs)
        self.present = now
        kept = (self.KEEP, f"As now: {recurrence.in_words(now)}")
        self.fields["repeat"].choices = [kept, *REPEATS[1:]]  # type: ignore[attr-defined]
        self.fields["repeat"].initial = self.KEEP

    def rule(self, zone: str) -> str:
        kept = self.cleaned_data.get("repeat") in ("", None, self.KEEP)
        return self.present if kept else super().rule(zone)


class ProgressForm(WordsForm):
    """The next message about a maintenance: it begins, is checked, is done, or there is simply news."""

    status = forms.ChoiceField(label=_("State"), choices=MaintenanceStatus.choices, widget=forms.RadioSelect)
    quiet = forms.BooleanField(label=_("Only change the page, tell no subscriber"), required=False)

    def __init__(self, *args: Any, states: Sequence[str] = tuple(MaintenanceStatus.values), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["status"].choices = [  # type: ignore[attr-defined]
            (value, label) for value, label in MaintenanceStatus.choices if value in states
        ]


class RescheduleForm(HonestForm, WindowForm):
    body = forms.CharField(
        label=_("Message to readers"),
        max_length=BODY_MAX,
        widget=forms.Textarea(attrs={"rows": 3}),
        initial="This work was moved to another time.",  # kept so, said in other languages by `rules.sentences`
    )


class CancelForm(HonestForm):
    body = forms.CharField(
        label=_("Message to readers"),
        max_length=BODY_MAX,
        widget=forms.Textarea(attrs={"rows": 3}),
        initial="This work will not take place.",
    )
