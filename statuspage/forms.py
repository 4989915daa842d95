from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from statuspage import queries
from statuspage.enums import UNRESOLVED, ComponentStatus, Impact, IncidentStatus
from statuspage.rules.addresses import usable

NAME_MAX, BODY_MAX = 255, 25_000


def component_choices() -> list[tuple[str, str]]:
    return [(row.id, row.name) for row in queries.components()]


class ChoiceForm(forms.Form):
    """Which parts of the service to hear of."""

    components = forms.MultipleChoiceField(
        label=_("Only about these parts"),
        help_text=_("Choose none to hear about everything."),
        required=False,
        choices=component_choices,
        widget=forms.CheckboxSelectMultiple,
    )


class SubscribeForm(ChoiceForm):
    email = forms.EmailField(
        label=_("Your e-mail address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email", "inputmode": "email"}),
        error_messages={"required": _("Enter your e-mail address, like name@example.org.")},
    )
    field_order = ["email", "components"]

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"].strip()
        if not usable(email):
            raise forms.ValidationError(_("We cannot send to this address. Write it like name@example.org."))
        return email


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
