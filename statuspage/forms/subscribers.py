"""Forms of subscribers: theirs and those of the staff who look after them."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from statuspage.contracts import Preferences
from statuspage.enums import Impact, SubscriberState, Way
from statuspage.errors import AddressUnusable
from statuspage.queries import subscribers as queries
from statuspage.rules.addresses import Unusable, normalise, usable

FILE_MAX = 50 * 1024 * 1024
ZONES = (
    ("America/New_York", _("Eastern (New York)")),
    ("America/Chicago", _("Central (Chicago)")),
    ("America/Denver", _("Mountain (Denver)")),
    ("America/Phoenix", _("Arizona (Phoenix)")),
    ("America/Los_Angeles", _("Pacific (Los Angeles)")),
    ("America/Anchorage", _("Alaska (Anchorage)")),
    ("Pacific/Honolulu", _("Hawaii (Honolulu)")),
    ("America/Puerto_Rico", _("Atlantic (Puerto Rico)")),
    ("America/Mexico_City", _("Mexico City")),
    ("America/Bogota", _("Bogotá")),
    ("Europe/London", _("London")),
    ("Europe/Berlin", _("Berlin, Madrid, Paris")),
    ("Asia/Kolkata", _("India")),
    ("Asia/Manila", _("Manila")),
    ("Etc/UTC", _("UTC")),
)
REGIONS = (
    ("US", _("United States (+1)")),
    ("CA", _("Canada (+1)")),
    ("PR", _("Puerto Rico (+1)")),
    ("MX", _("Mexico (+52)")),
    ("GB", _("United Kingdom (+44)")),
    ("ES", _("Spain (+34)")),
    ("DE", _("Germany (+49)")),
)
KINDS = {"incidents": _("Incidents"), "maintenances": _("Planned maintenance")}
CHANGES = ("component_changes", _("Every change of a part's state"))
# The name of the address's field by way: what browsers fill in differs.
FIELD_OF = {
    Way.EMAIL: "email",
    Way.SMS: "phone",
    Way.VOICE: "phone",
    Way.WEBHOOK: "url",
    Way.SLACK: "url",
    Way.TEAMS: "url",
    Way.PUSH: "subscription",
}


class ChoiceForm(forms.Form):
    """What to hear of: parts, kinds of news, how bad, when, in which words."""

    components = forms.MultipleChoiceField(required=False)
    groups = forms.MultipleChoiceField(required=False)
    incident = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)
    kinds = forms.MultipleChoiceField(
        label=_("What to hear of"),
        help_text=_("Choose none to hear of all of these."),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    minimum_impact = forms.ChoiceField(
        label=_("How bad must an incident be?"), required=False, choices=list(queries.IMPACT_WORDS.items())
    )
    quiet_from = forms.TimeField(
        label=_("Quiet from"), required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    quiet_until = forms.TimeField(
        label=_("Quiet until"), required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    quiet_bypass = forms.ChoiceField(
        label=_("During quiet hours"),
        required=False,
        choices=[("critical", _("Tell me of critical problems all the same")), ("", _("Tell me nothing, only after"))],
    )
    language = forms.ChoiceField(label=_("Language"), required=False, choices=lambda: settings.LANGUAGES)
    time_zone = forms.ChoiceField(label=_("Time zone"), required=False)

    def __init__(self, *args: Any, way: str = Way.EMAIL, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.way = Way(way)
        self.parts = queries.choices()
        self._choices_of("components", [pair for group in self.parts for pair in group.members])
        self._choices_of("groups", [(group.id, group.name) for group in self.parts if group.id])
        self._choices_of("kinds", [*KINDS.items(), CHANGES] if way == Way.WEBHOOK else list(KINDS.items()))
        self._choices_of("time_zone", self._zones())

    def _choices_of(self, name: str, choices: list[tuple[str, Any]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    def _zones(self) -> list[tuple[str, Any]]:
        page, own = queries.time_zone(), str(self.initial.get("time_zone") or "")
        more = [zone for zone in dict.fromkeys((page, own)) if zone and zone not in dict(ZONES)]
        names = dict(ZONES)
        first = _("The page's own: %(zone)s") % {"zone": names.get(page, page.replace("_", " "))}
        return [("", first), *ZONES, *((zone, zone.replace("_", " ")) for zone in more if zone != page)]

    @property
    def chosen_parts(self) -> set[str]:
        """Ids of groups and parts that are ticked, as typed."""
        return {str(value) for name in ("components", "groups") for value in self[name].value() or ()}

    @property
    def incident_name(self) -> str:
        return queries.incident_name(str(self["incident"].value() or "")) if self["incident"].value() else ""

    @property
    def touched(self) -> bool:
        """Whether anything but the address differs from what a calm reader sees: then it is shown."""
        names = ("components", "groups", "kinds", "quiet_from", "quiet_until")
        return (self.is_bound and any(self.data.get(name) for name in names)) or any(
            self.errors.get(name) for name in (*names, "time_zone", "language", "minimum_impact", "quiet_bypass")
        )  # fmt: skip

    def clean_incident(self) -> str:
        public_id = str(self.cleaned_data["incident"])
        if public_id and not queries.incident_name(public_id):
            raise forms.ValidationError(_("This incident does not exist any more."))
        return public_id

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        if ("quiet_from" in values and "quiet_until" in values) and bool(values["quiet_from"]) != bool(
            values["quiet_until"]
        ):
            missing = "quiet_until" if values["quiet_from"] else "quiet_from"
            self.add_error(missing, _("Give both ends of your quiet hours, or leave both empty."))
        return values

    def wish(self) -> dict[str, Any]:
        """What actions.subscribers take, but for the address."""
        values = self.cleaned_data
        default = {name for name, _label in KINDS.items()}
        kinds = set(values["kinds"]) or default
        return {
            "component_ids": values["components"],
            "group_ids": values["groups"],
            "incident_id": values["incident"],
            "language": values["language"],
            "time_zone": values["time_zone"],
            "preferences": Preferences(
                incidents="incidents" in kinds,
                maintenances="maintenances" in kinds,
                component_changes="component_changes" in kinds,
                minimum_impact=values["minimum_impact"] or Impact.NONE,
                quiet_from=values["quiet_from"],
                quiet_until=values["quiet_until"],
                quiet_bypass=values["quiet_bypass"] == "critical" or values["quiet_from"] is None,
            ),
        }


class AddressMixin(forms.Form):
    """The address of one way, as the field its kind wants."""

    way: Way

    def add_address(self) -> None:
        name = FIELD_OF[self.way]
        self.fields[name] = _address_field(self.way)
        if self.way in (Way.SMS, Way.VOICE):
            self.fields["region"] = forms.ChoiceField(
                label=_("Country"), required=False, choices=REGIONS, help_text=_("For numbers without a +.")
            )
        self.order_fields([name, "region", "contact", *self.fields])

    @property
    def address_field(self) -> forms.BoundField:
        return self[FIELD_OF[self.way]]

    def clean_address(self) -> None:
        """Says beside the field what is wrong with it, in the words of its way."""
        name = FIELD_OF[self.way]
        if name not in self.cleaned_data:
            return
        try:
            self.cleaned_data[name] = normalise(self.way, self.cleaned_data[name], region=self.number_region)
        except Unusable as error:
            self.add_error(name, AddressUnusable.messages.get(error.code, AddressUnusable.message))

    @property
    def address(self) -> str:
        return str(self.cleaned_data[FIELD_OF[self.way]])

    @property
    def number_region(self) -> str:
        return str(self.cleaned_data.get("region") or "US")


class SubscribeForm(AddressMixin, ChoiceForm):
    """An address first; everything else may be left as it is."""

    def __init__(self, *args: Any, way: str = Way.EMAIL, **kwargs: Any) -> None:
        super().__init__(*args, way=way, **kwargs)
        if self.way in (Way.WEBHOOK, Way.SLACK, Way.TEAMS):
            self.fields["contact"] = forms.EmailField(
                label=_("Your e-mail address"),
                help_text=_("We write there when the posts stop getting through, and to send you this page's link."),
                required=self.way == Way.WEBHOOK,
                max_length=254,
                widget=forms.EmailInput(attrs={"autocomplete": "email"}),
                error_messages={"required": _("Enter your e-mail address, like name@example.org.")},
            )
        self.add_address()

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        self.clean_address()
        if values.get("contact") and not usable(values["contact"]):
            self.add_error("contact", AddressUnusable.message)
        return values


class ManageLinkForm(AddressMixin):
    """An address, to send the link of its settings to."""

    def __init__(self, *args: Any, way: str = Way.EMAIL, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.way = Way(way)
        self.add_address()

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        self.clean_address()
        return values


class CodeForm(forms.Form):
    code = forms.CharField(
        label=_("Code"),
        max_length=20,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True, "class": "input-code"}
        ),
        error_messages={"required": _("Enter the six digits.")},
    )


class FilterForm(forms.Form):
    """The staff's list: by way, by state, or one address."""

    way = forms.ChoiceField(label=_("Way"), required=False, choices=[("", _("Every way")), *Way.choices])
    state = forms.ChoiceField(
        label=_("State"), required=False, choices=[("", _("Every state")), *SubscriberState.choices]
    )


class SearchForm(forms.Form):
    """Posted, never in an address bar: what is searched for is an address."""

    q = forms.CharField(
        label=_("Exact address"),
        max_length=500,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": _("Enter the whole address or number.")},
    )


class ImportForm(forms.Form):
    file = forms.FileField(
        label=_("CSV file"),
        help_text=_("In UTF-8, up to 50 MB. The first line names the columns; only “address” is needed."),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,text/csv"}),
        error_messages={"required": _("Choose a CSV file.")},
    )
    consent = forms.CharField(
        label=_("Where and when did these people agree?"),
        help_text=_("For the record, e.g. “Paper form at intake, 2024 to 2026”. Kept with each of them."),
        max_length=200,
        error_messages={"required": _("Say where and when these people agreed. Without that, leave them out.")},
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > FILE_MAX:
            raise forms.ValidationError(_("This file is larger than 50 MB. Split it."))
        return file


def _address_field(way: Way) -> forms.CharField:
    match way:
        case Way.EMAIL:
            return forms.EmailField(
                label=_("Your e-mail address"),
                max_length=254,
                widget=forms.EmailInput(attrs={"autocomplete": "email", "inputmode": "email"}),
                error_messages={"required": _("Enter your e-mail address, like name@example.org.")},
            )
        case Way.SMS | Way.VOICE:
            return forms.CharField(
                label=_("Your mobile number") if way == Way.SMS else _("Your phone number"),
                max_length=40,
                widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel", "inputmode": "tel"}),
                error_messages={"required": _("Enter your number with its area code, like (202) 555-0143.")},
            )
        case Way.PUSH:
            return forms.CharField(
                label=_("This browser"),
                max_length=2000,
                widget=forms.HiddenInput,
                error_messages={"required": _("Your browser has not agreed yet. Press the button again.")},
            )
        case _:
            labels = {
                Way.WEBHOOK: _("Address of your webhook"),
                Way.SLACK: _("Slack webhook address"),
                Way.TEAMS: _("Teams webhook address"),
            }
            return forms.CharField(
                label=labels[way],
                max_length=500,
                widget=forms.TextInput(attrs={"type": "url", "autocomplete": "off", "inputmode": "url"}),
                error_messages={"required": _("Paste the address. It begins with https://.")},
            )
