import datetime as dt
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext_lazy as _

from portal_core.directory import queries as directory
from portal_core.directory.enums import Permission
from portal_core.scheduling.enums import AppointmentType
from portal_core.scheduling.models import Appointment

if TYPE_CHECKING:
    from portal_core.directory.models import Office, Patient, Staff

MOST_CANDIDATES = 8


class WhenForm(forms.Form):
    """A day, a time and a length, as the clock on the office's wall shows them."""

    date = forms.DateField(label=_("Date"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    time = forms.TimeField(label=_("Scheduled time"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))
    minutes = forms.IntegerField(
        label=_("Minutes"),
        min_value=5,
        max_value=24 * 60,
        error_messages={"max_value": _("At most 24 hours (1440 minutes); book longer absences day by day.")},
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )

    def zone(self) -> ZoneInfo:
        raise NotImplementedError

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        day, time, minutes = values.get("date"), values.get("time"), values.get("minutes")
        if day is None or time is None or minutes is None:
            return values
        zone = self.zone()
        start = dt.datetime.combine(day, time, tzinfo=zone)
        if start.astimezone(dt.UTC).astimezone(zone).replace(tzinfo=None) != start.replace(tzinfo=None):
            self.add_error("time", _("That time does not exist: the clocks go forward that night. Choose a later one."))
            return values
        values["start"] = start.astimezone(dt.UTC)
        values["end"] = values["start"] + dt.timedelta(minutes=minutes)
        return values


class BookForm(WhenForm):
    """A new appointment for one clinician (PC-61, PC-62, PC-64)."""

    client = forms.CharField(
        label=_("Client"),
        required=False,
        max_length=120,
        help_text=_("Name, date of birth or record number. Leave empty for events, vacations and groups."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    patient = forms.CharField(required=False, max_length=20, widget=forms.HiddenInput)
    type = forms.ChoiceField(label=_("Type"), choices=AppointmentType.choices, initial=AppointmentType.INDIVIDUAL)
    office = forms.ChoiceField(label=_("Office"))
    telehealth = forms.BooleanField(label=_("Telehealth session"), required=False)
    field_order = ("client", "patient", "type", "date", "time", "minutes", "office", "telehealth")

    def __init__(self, *args: Any, staff: "Staff", clinician: "Staff", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.staff, self.clinician = staff, clinician
        self.candidates: list[Patient] = []  # who else the typed name could mean
        self.chosen: Patient | None = None
        self.offices = {office.public_id: office for office in self._offices()}
        choices: forms.ChoiceField = self.fields["office"]  # type: ignore[assignment]
        choices.choices = [(key, office.name) for key, office in self.offices.items()]
        if not clinician.has_telehealth:
            del self.fields["telehealth"]  # PC-62: absent, and the page says how to get it

    def _offices(self) -> list["Office"]:
        """The clinician's offices that the person at the desk may book for."""
        theirs = {row.office_id for row in self.clinician.role_assignments.all() if row.role in ("clinician", "intern")}
        mine = self.staff.offices_for(Permission.SCHEDULE)
        return [
            office
            for office in directory.offices(self.clinician.practice_id).select_related("practice")
            if (None in theirs or office.pk in theirs) and (mine is None or office.pk in mine)
        ]

    def zone(self) -> ZoneInfo:
        office = self.offices.get(self.cleaned_data.get("office", ""))
        return ZoneInfo(office.zone if office is not None else self.clinician.practice.time_zone)

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        kind = values.get("type")
        typed, picked = values.get("client", "").strip(), values.get("patient", "")
        if kind in AppointmentType.without_client:
            if typed or picked:
                self.add_error("client", _("This type of appointment has no client. Clear this or change the type."))
            return values
        self._find_client(typed, picked)
        if kind in AppointmentType.with_client and self.chosen is None and not self.has_error("client"):
            self.add_error("client", _("Who is the appointment for? Type a name or record number."))
        return values

    def _find_client(self, typed: str, picked: str) -> None:
        if picked:
            self.chosen = directory.search_patients(self.staff, "").filter(public_id=picked).first()
            if self.chosen is None:
                self.add_error("client", _("That client was not found at your offices. Search again."))
        elif typed:
            found = list(directory.search_patients(self.staff, typed)[: MOST_CANDIDATES + 1])
            if len(found) == 1:
                self.chosen = found[0]
            elif not found:
                self.add_error("client", _("Nobody at your offices matches that. Check the spelling."))
            else:
                self.candidates = found[:MOST_CANDIDATES]
                self.add_error("client", _("More than one client matches. Choose one below, or type more."))


class EditForm(WhenForm):
    """The edit tab of an existing appointment (PC-63). Nothing counts until it is saved (PC-66)."""

    telehealth = forms.TypedChoiceField(
        label=_("Telehealth Session?"),
        choices=[("yes", _("Yes")), ("no", _("No"))],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, appointment: Appointment, **kwargs: Any) -> None:
        local = appointment.local_start
        kwargs.setdefault(
            "initial",
            {
                "date": local.date(),
                "time": local.time(),
                "minutes": appointment.minutes,
                "telehealth": "yes" if appointment.telehealth else "no",
            },
        )
        super().__init__(*args, **kwargs)
        self.appointment = appointment
        if not appointment.clinician.has_telehealth:
            del self.fields["telehealth"]  # PC-62

    def zone(self) -> ZoneInfo:
        return self.appointment.zone


class CancelForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        max_length=200,
        help_text=_("Seen by staff only. Leave out clinical details."),
    )
