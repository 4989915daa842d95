"""Forms of the operators' console."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from statuspage import queries
from statuspage.enums import UNRESOLVED, ComponentStatus, Impact, IncidentStatus

NAME_MAX, BODY_MAX = 255, 25_000


class KeepOrChoose(forms.ChoiceField):
    """A choice whose first entry means "leave it"; cleaned to "" for that."""

    LEAVE = "leave"

    def __init__(self, *, leave: str, choices: Any, **kwargs: Any) -> None:
        super().__init__(choices=[(self.LEAVE, leave), *choices], **kwargs)

    def clean(self, value: Any) -> str:
        chosen = str(super().clean(value or self.LEAVE))
        return "" if chosen == self.LEAVE else chosen


class ComponentsMixin(forms.Form):
    """One select per component: no change, or one of the five states."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.members = queries.components()
        for member in self.members:
            self.fields[f"component_{member.id}"] = KeepOrChoose(
                label=member.name,
                leave=str(_("No change")) if member.status == ComponentStatus.OPERATIONAL else f"Now: {member.label}",
                choices=ComponentStatus.choices,
            )

    def component_fields(self) -> list[forms.BoundField]:
        return [self[f"component_{member.id}"] for member in self.members]

    def chosen(self) -> dict[str, str]:
        """component id → status, of those that were chosen."""
        return {
            member.id: self.cleaned_data[f"component_{member.id}"]
            for member in self.members
            if self.cleaned_data.get(f"component_{member.id}")
        }


class DeclareForm(ComponentsMixin):
    name = forms.CharField(
        label=_("What is wrong, in a few words"),
        max_length=NAME_MAX,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True}),
        error_messages={"required": _("Give it a name that readers understand, e.g. “Reset e-mails arrive late”.")},
    )
    status = forms.ChoiceField(
        label=_("State"),
        choices=[(value.value, value.label) for value in UNRESOLVED],
        initial=IncidentStatus.INVESTIGATING,
    )
    body = forms.CharField(
        label=_("Message to readers"),
        help_text=_("What happens, whom it touches, what to do meanwhile. Never a patient's name."),
        max_length=BODY_MAX,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": _("Write what happens and what people can do meanwhile.")},
    )
    impact_override = KeepOrChoose(label=_("Impact"), leave=str(_("As the parts say")), choices=Impact.choices)


class UpdateForm(ComponentsMixin):
    status = forms.ChoiceField(
        label=_("State"), choices=[row for row in IncidentStatus.choices if row[0] != IncidentStatus.POSTMORTEM]
    )
    body = forms.CharField(
        label=_("Message to readers"),
        max_length=BODY_MAX,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": _("Write what is new.")},
    )
    seen = forms.CharField(required=False, widget=forms.HiddenInput)


class StateForm(forms.Form):
    status = forms.ChoiceField(label=_("State"), choices=ComponentStatus.choices)
