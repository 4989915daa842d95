"""What people type while somebody is on the phone: at the office's desk, at IT, and about a ticket that is there."""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from helpdesk.enums import CallDirection, CallOutcome, Category, RequesterKind
from portal_core.directory.queries import offices
from triage.enums import RedFlag
from triage.forms.tickets import PATIENT_CATEGORIES, TEXT_MAX, TicketForm, area

if TYPE_CHECKING:
    from portal_core.directory.models import Staff

CALL_MAX = 6 * 3600  # seconds
# What patients call about most (HD-13, HD-15): one press each on the call screen.
FREQUENT = (
    Category.LOGIN_PWD,
    Category.LOGIN_UID,
    Category.NOT_SETUP,
    Category.LOCKED,
    Category.ATTACH_OPEN,
    Category.BROWSER,
    Category.MSG_NOT_RECEIVED,
    Category.ERROR_MSG,
    Category.TH_JOIN,
    Category.APPT,
)
# What practices call IT about (HD-07, HD-17).
FREQUENT_AT_IT = (
    Category.STAFF_ACCESS,
    Category.STAFF_HOWTO,
    Category.PROVIDER_PORTAL,
    Category.ERROR_MSG,
    Category.SITE_DOWN,
    Category.SLOW,
    Category.MSG_NOT_RECEIVED,
    Category.TH_AV,
)


class LoggedCall(forms.Form):
    """A phone call in half a minute (HD-13): everything but the kind of request can stay empty.

    `category` is one of `frequent`, any other by `more`. The length of the call: `minutes` where somebody corrects it,
    else what the line counted, else what the clock of the page counted (`call_seconds`; `stopped` where it stands),
    else the time since the page was opened (`began`, signed). `missed`: a call nobody answered, which this one returns.
    """

    frequent: tuple[Category, ...] = FREQUENT
    kinds: Sequence[tuple[str, str | Promise]] = PATIENT_CATEGORIES

    category = forms.ChoiceField(label=_("What is it about?"), required=False)
    more = forms.ChoiceField(label=_("Something else"), required=False)
    name = forms.CharField(label=_("Caller's name"), max_length=160, required=False)
    phone = forms.CharField(label=_("Call-back number"), max_length=32, required=False)
    office = forms.ChoiceField(label=_("Office"))
    error_text = forms.CharField(label=_("Exact words of an error"), max_length=1000, required=False, widget=area(1))
    body = forms.CharField(label=_("What they said"), max_length=TEXT_MAX, required=False, widget=area(2))
    device = forms.CharField(label=_("Device and browser"), max_length=120, required=False)
    red_flags = forms.MultipleChoiceField(label=_("Anything odd?"), required=False, choices=RedFlag.choices)
    call_seconds = forms.IntegerField(
        label=_("Seconds"), required=False, min_value=0, max_value=CALL_MAX, widget=forms.HiddenInput
    )
    stopped = forms.CharField(required=False, max_length=1, widget=forms.HiddenInput)
    minutes = forms.DecimalField(
        label=_("Minutes, if the clock is wrong"),
        required=False,
        min_value=0,
        max_value=CALL_MAX // 60,
        max_digits=5,
        decimal_places=1,
        widget=forms.NumberInput(attrs={"inputmode": "decimal", "step": "any"}),
    )
    began = forms.CharField(required=False, max_length=80, widget=forms.HiddenInput)
    missed = forms.CharField(required=False, max_length=20, widget=forms.HiddenInput)

    def __init__(self, staff: "Staff", office_ids: Collection[int] | None, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = offices(staff.practice_id)
        if office_ids is not None:
            rows = rows.filter(pk__in=office_ids)
        self.offices = {row.public_id: row for row in rows}
        others = [(value, label) for value, label in self.kinds if value not in self.frequent]
        self._choose("office", [(key, row.name) for key, row in self.offices.items()])
        self._choose("category", list(self.kinds))
        self._choose("more", [("", _("Choose")), *others])

    def _choose(self, name: str, choices: list[Any]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        values["category"] = values.get("more") or values.get("category")
        if not values["category"] and not self.errors.keys() & {"category", "more"}:
            self.add_error("category", _("Choose what it is about."))
        return values

    def seconds(self, *, heard: int | None, elapsed: int | None) -> int | None:
        """How long the call was. `heard`: what the line counted of a talk on a phone; `elapsed`: since the page was
        opened, as far as known. The clock of the page says how long the form was open, so the line knows better."""
        got = self.cleaned_data
        if got.get("minutes") is not None:
            return int(got["minutes"] * 60)
        if heard is not None:
            return heard
        return got["call_seconds"] if got.get("call_seconds") is not None else elapsed

    def most_asked(self) -> list[tuple[str, str | Promise]]:
        """One press each: code and words."""
        return [(code.value, code.label) for code in self.frequent]

    def chosen(self, *, otherwise: Category = Category.OTHER) -> str:
        """The kind that is chosen on the page as it is shown now."""
        value = self["more"].value() or self["category"].value()
        return value if value in dict(self.kinds) else otherwise


class CallForm(LoggedCall):
    """A patient, or somebody who helps one, calls the office."""

    q = forms.CharField(
        label=_("Patient"),
        max_length=120,
        required=False,
        help_text=_("Name, date of birth or record number. Leave empty if they stay unnamed."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )


class ITCallForm(LoggedCall):
    """Somebody calls IT (HD-07, HD-10, HD-17): people of a practice; patients are given to their office (TR-03)."""

    frequent = FREQUENT_AT_IT
    kinds = Category.choices

    who = forms.ChoiceField(
        label=_("They are"),
        choices=[
            (RequesterKind.PROVIDER.value, _("A provider")),
            (RequesterKind.STAFF.value, _("Somebody who works at an office")),
            (RequesterKind.PATIENT.value, _("A patient, or somebody who helps one")),
        ],
        initial=RequesterKind.PROVIDER.value,
        widget=forms.RadioSelect,
    )

    def __init__(self, staff: "Staff", *args: Any, **kwargs: Any) -> None:
        super().__init__(staff, None, *args, **kwargs)
        self.fields["office"].label = _("Their office")


class CallBackForm(TicketForm):
    """A call made or taken about a ticket that is there already (HD-08)."""

    direction = forms.ChoiceField(
        label=_("Who called?"), choices=CallDirection.choices, initial=CallDirection.OUT, widget=forms.RadioSelect
    )
    outcome = forms.ChoiceField(
        label=_("What came of it?"),
        choices=[
            (outcome.value, outcome.label)
            for outcome in (CallOutcome.TALKED, CallOutcome.NO_ANSWER, CallOutcome.LEFT_WORD)
        ],
        widget=forms.RadioSelect,
    )
    minutes = forms.IntegerField(
        label=_("Minutes"),
        required=False,
        min_value=0,
        max_value=CALL_MAX // 60,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    answered = forms.BooleanField(
        label=_("They answered what we had asked"),
        help_text=_("Nobody waits for them any longer and no reminder goes out. Where they called, that is so anyway."),
        required=False,
    )
    note = forms.CharField(label=_("Internal note"), max_length=TEXT_MAX, required=False, widget=area(2))
