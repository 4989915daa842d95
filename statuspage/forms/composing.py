"""What an operator fills in to publish: the message, what is touched, who is told what, and when readers hear more."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from statuspage import queries
from statuspage.contracts import AudienceWording, ComponentSummary
from statuspage.enums import COMPUTED, UNRESOLVED, Audience, ComponentStatus, Impact, IncidentStatus
from statuspage.forms.moments import PageTimeField
from statuspage.queries.lint import OVERRIDE_REASONS

NAME_MAX, BODY_MAX = 255, 25_000

# In the order of the number keys 1 to 5.
STATES: tuple[tuple[str, str], ...] = (
    (ComponentStatus.OPERATIONAL, "Operational"),
    (ComponentStatus.DEGRADED, "Degraded"),
    (ComponentStatus.PARTIAL_OUTAGE, "Partial"),
    (ComponentStatus.MAJOR_OUTAGE, "Major"),
    (ComponentStatus.MAINTENANCE, "Maintenance"),
)
PROMISES = [("", "No promise"), ("15", "in 15 min"), ("30", "in 30 min"), ("60", "in 1 hour"), ("120", "in 2 hours")]
INTERNAL = (Audience.STAFF, Audience.IT)


class KeepOrChoose(forms.ChoiceField):
    """A choice whose first entry means "leave it"; cleaned to "" for that."""

    LEAVE = "leave"

    def __init__(self, *, leave: str, choices: Any, **kwargs: Any) -> None:
        super().__init__(choices=[(self.LEAVE, leave), *choices], initial=self.LEAVE, **kwargs)

    def clean(self, value: Any) -> str:
        chosen = str(super().clean(value or self.LEAVE))
        return "" if chosen == self.LEAVE else chosen


class ComponentsMixin(forms.Form):
    """One row of states per component: no change, or one of the five."""

    def __init__(self, *args: Any, members: Sequence[ComponentSummary] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.members = queries.components() if members is None else members
        for member in self.members:
            well = member.status == ComponentStatus.OPERATIONAL
            self.fields[f"component_{member.id}"] = KeepOrChoose(
                label=member.name,
                leave="No change" if well else f"Now: {member.label}",
                choices=STATES,
                widget=forms.RadioSelect,
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


class AudiencesMixin(forms.Form):
    """Texts beside the public one. Nobody outside the practice ever sees them."""

    def __init__(self, *args: Any, offices: Sequence[tuple[str, str]] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for audience in INTERNAL:
            self._add(f"text_{audience}", f"To tell {'IT' if audience == Audience.IT else 'staff of the practice'}")
        self.offices = list(offices)
        for public_id, name in self.offices:
            self._add(f"text_office_{public_id}", f"To tell the office {name}")

    def _add(self, name: str, label: str) -> None:
        self.fields[name] = forms.CharField(
            label=label, max_length=BODY_MAX, required=False, widget=forms.Textarea(attrs={"rows": 3})
        )

    def audience_fields(self) -> list[tuple[str, list[forms.BoundField]]]:
        """(heading, fields) of each internal audience."""
        groups = [("Staff of the practice", [self["text_staff"]]), ("IT", [self["text_it"]])]
        if self.offices:
            groups.insert(
                1, ("Single offices", [self[f"text_office_{public_id}"] for public_id, _name in self.offices])
            )
        return groups

    def texts(self) -> tuple[AudienceWording, ...]:
        """The internal texts that were written."""
        found = [(str(audience), "", self.cleaned_data.get(f"text_{audience}", "")) for audience in INTERNAL]
        found += [
            (str(Audience.OFFICE), public_id, self.cleaned_data.get(f"text_office_{public_id}", ""))
            for public_id, _name in self.offices
        ]
        return tuple(
            AudienceWording(audience=audience, office_id=office, body=body.strip())
            for audience, office, body in found
            if body.strip()
        )


class MessageForm(AudiencesMixin, ComponentsMixin):
    """What an update and a declaration share. `seen`, `draft` and the key travel as hidden fields."""

    body = forms.CharField(
        label=_("Message to readers"),
        max_length=BODY_MAX,
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"required": _("Write what happens and what people can do meanwhile.")},
    )
    next_update = forms.ChoiceField(
        label=_("Readers hear more"), choices=PROMISES, required=False, widget=forms.RadioSelect
    )
    quiet = forms.BooleanField(
        label=_("Only change the page, tell no subscriber"),
        required=False,
        help_text=_("For small corrections. Those who wait for news will not get a message."),
    )
    lint_reason = forms.ChoiceField(label=_("Publish it all the same?"), choices=OVERRIDE_REASONS, required=False)
    publish_at = PageTimeField(label=_("At"), required=False)
    seen = forms.CharField(required=False, widget=forms.HiddenInput)
    draft = forms.CharField(required=False, max_length=12, widget=forms.HiddenInput)
    template = forms.CharField(required=False, max_length=120)

    def promised(self, now: dt.datetime) -> dt.datetime | None:
        """When readers were promised more, counted from `now`."""
        minutes = self.cleaned_data.get("next_update")
        return now + dt.timedelta(minutes=int(minutes)) if minutes else None

    def all_texts(self) -> str:
        """Everything the public would read, as one text."""
        return "\n".join(str(self.cleaned_data.get(name) or "") for name in ("name", "body") if name in self.fields)


class DeclareForm(MessageForm):
    name = forms.CharField(
        label=_("What is wrong, in a few words"),
        max_length=NAME_MAX,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": _("Give it a name that readers understand, e.g. “Reset e-mails arrive late”.")},
    )
    status = forms.ChoiceField(
        label=_("State"),
        choices=[(value.value, value.label) for value in UNRESOLVED],
        initial=IncidentStatus.INVESTIGATING,
        widget=forms.RadioSelect,
    )
    impact_override = KeepOrChoose(label=_("Impact"), leave=str(_("As the components say")), choices=Impact.choices)


class UpdateForm(MessageForm):
    status = forms.ChoiceField(
        label=_("State"),
        choices=[row for row in IncidentStatus.choices if row[0] != IncidentStatus.POSTMORTEM],
        widget=forms.RadioSelect,
    )
    impact_override = KeepOrChoose(
        label=_("Impact"),
        leave=str(_("Leave it")),
        choices=[(COMPUTED, _("As the components say")), *Impact.choices],
        required=False,
    )


class StateForm(forms.Form):
    status = forms.ChoiceField(label=_("State"), choices=ComponentStatus.choices)


def as_typed(form: forms.Form) -> dict[str, str]:
    """The form's values for a draft, as they were typed, without what belongs to one sending only."""
    skip = {"idempotency_key", "csrfmiddlewaretoken", "do", "seen", "draft", "template", "lint_reason"}
    data: Mapping[str, Any] = form.data
    return {
        name: str(data[name])
        for name in form.fields
        if name not in skip and data.get(name) not in (None, "", KeepOrChoose.LEAVE)
    }
