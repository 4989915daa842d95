"""Shape and wording of the lists of the two desks, and of what is done there to many or put aside."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from helpdesk.enums import SnoozeReason, Turn
from statuspage.contracts import IncidentSummary
from triage.forms.tickets import ENDS, PATIENT_CATEGORIES, TEXT_MAX, TicketForm, area

if TYPE_CHECKING:
    from portal_core.directory.models import Office


class FilterForm(TicketForm):
    """What the list is narrowed to; `triage.rules.views` reads the same words."""

    turn = forms.ChoiceField(label=_("Whose move"), choices=[("", _("Anybody's")), *Turn.choices], required=False)
    who = forms.ChoiceField(
        label=_("Owner"),
        choices=[
            ("", _("Anybody")),
            ("mine", _("Me")),
            ("nobody", _("Nobody yet")),
            ("mentions", _("Notes name me")),
            ("resting", _("Put aside")),
        ],
        required=False,
    )
    category = forms.ChoiceField(label=_("About"), choices=[("", _("Anything")), *PATIENT_CATEGORIES], required=False)
    office = forms.ChoiceField(label=_("Office"), required=False)

    def __init__(self, mine: "Sequence[Office]", *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", _("All of mine")), *((row.public_id, row.name) for row in mine)]
        self.fields["office"].choices = choices  # type: ignore[attr-defined]


class FlagFilterForm(FilterForm):
    """The same for the flags at IT."""

    turn = forms.ChoiceField(
        label=_("Whose move"),
        choices=[("", _("Anybody's")), (Turn.IT, Turn.IT.label), (Turn.OFFICE, Turn.OFFICE.label)],
        required=False,
    )
    who = forms.ChoiceField(
        label=_("Who works on it"),
        choices=[("", _("Anybody")), ("mine", _("Me")), ("nobody", _("Nobody yet"))],
        required=False,
    )


class ViewForm(TicketForm):
    name = forms.CharField(label=_("Keep this view as"), max_length=40)


class BulkForm(TicketForm):
    """One deed for many tickets; what the deed needs is asked for by the deed."""

    NEEDS: ClassVar = {"hand_over": "office", "categorise": "category", "solve": "resolution", "link": "incident"}

    do = forms.ChoiceField(
        choices=[
            ("take", _("Take")),
            ("hand_over", _("Hand over")),
            ("categorise", _("Change the kind")),
            ("solve", _("Solve")),
            ("link", _("Link to the incident")),
        ]
    )
    office = forms.ChoiceField(label=_("To the office"), required=False)
    category = forms.ChoiceField(label=_("New kind"), choices=PATIENT_CATEGORIES, required=False)
    resolution = forms.ChoiceField(label=_("How did they end?"), choices=ENDS, required=False)
    incident = forms.ChoiceField(label=_("Incident"), required=False)

    def __init__(self, places: "Sequence[Office]", incidents: list[IncidentSummary], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offices = {row.public_id: row for row in places}
        self.fields["office"].choices = [(key, row.name) for key, row in self.offices.items()]  # type: ignore[attr-defined]
        self.fields["incident"].choices = [(one.id, one.name) for one in incidents]  # type: ignore[attr-defined]

    @property
    def what(self) -> str:
        return str(dict(self.fields["do"].choices)[self.cleaned_data["do"]])  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        needed = self.NEEDS.get(cleaned.get("do", ""))
        if needed and not cleaned.get(needed):
            self.add_error(needed, _("Choose one."))
        return cleaned


class BulkFlagForm(TicketForm):
    do = forms.ChoiceField(choices=[("accept", _("Accept")), ("link", _("Link to the incident"))])
    incident = forms.ChoiceField(label=_("Incident"), required=False)

    def __init__(self, incidents: list[IncidentSummary], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["incident"].choices = [(one.id, one.name) for one in incidents]  # type: ignore[attr-defined]

    @property
    def what(self) -> str:
        return str(dict(self.fields["do"].choices)[self.cleaned_data["do"]])  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("do") == "link" and not cleaned.get("incident"):
            self.add_error("incident", _("Choose one."))
        return cleaned


class CannedForm(TicketForm):
    """A prepared answer. `place`: "it", "all" offices, or one office's public id."""

    place = forms.ChoiceField(label=_("For"))
    title = forms.CharField(label=_("Name"), max_length=80)
    body = forms.CharField(label=_("Text"), max_length=TEXT_MAX, widget=area(5))

    def __init__(self, places: list[tuple[str, str]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["place"].choices = places  # type: ignore[attr-defined]


class DuplicateForm(TicketForm):
    flag = forms.ChoiceField(label=_("The older flag of this office"))

    def __init__(self, older: list[tuple[str, str]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["flag"].choices = older  # type: ignore[attr-defined]


class SnoozeFlagForm(TicketForm):
    hours = forms.ChoiceField(
        label=_("Come back"),
        choices=[
            ("1", _("in an hour")),
            ("4", _("in four hours")),
            ("24", _("tomorrow at this time")),
            ("72", _("in three days")),
        ],
    )
    reason = forms.CharField(label=_("What are you waiting for?"), max_length=200)


class SnoozeForm(TicketForm):
    """Until when a ticket rests although the move is ours."""

    reason = forms.ChoiceField(label=_("What are you waiting for?"), choices=SnoozeReason.choices)
    hours = forms.ChoiceField(
        label=_("Come back"),
        choices=[
            ("2", _("in two hours")),
            ("24", _("tomorrow at this time")),
            ("72", _("in three days")),
            ("168", _("in a week")),
        ],
    )
