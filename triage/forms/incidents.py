"""What IT types of an incident: the public reads it."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from statuspage.contracts import ComponentSummary, IncidentSummary
from statuspage.enums import UNRESOLVED, ComponentStatus, IncidentStatus
from statuspage.queries import lint_facts
from statuspage.queries.lint import OVERRIDE_REASONS, Verdict, verdict
from triage.forms.tickets import TEXT_MAX, TicketForm, area


class PublicForm(forms.Form):
    """Words that go out to the public. What must not go out stops it until a reason is chosen."""

    lint_reason = forms.ChoiceField(label=_("Publish it all the same?"), choices=OVERRIDE_REASONS, required=False)

    def look(self, *, name: str = "", **about: Any) -> Verdict:
        """The verdict of the status page's honesty check; what stops becomes an error of this valid form. `about`: what
        `lint_facts` is asked for."""
        values = self.cleaned_data
        said = verdict(values["body"], lint_facts(**about), name=name, reason=values["lint_reason"])
        if said.blocked:
            self.add_error("lint_reason", _("Change the text, or say why it should go out as it is."))
        return said


class DeclareForm(PublicForm):
    """An incident from flags: the public reads name and message."""

    name = forms.CharField(label=_("Title the public reads"), max_length=255)
    component = forms.ChoiceField(label=_("What is affected?"))
    status = forms.ChoiceField(
        label=_("How badly?"),
        choices=[
            (value, label)
            for value, label in ComponentStatus.choices
            if value not in (ComponentStatus.OPERATIONAL, ComponentStatus.MAINTENANCE)
        ],
        widget=forms.RadioSelect,
    )
    body = forms.CharField(
        label=_("First message"),
        help_text=_("What people notice, what they can do meanwhile, when you write again. No names, no details."),
        max_length=TEXT_MAX,
        widget=area(4),
    )

    def __init__(self, components: list[ComponentSummary], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["component"].choices = [  # type: ignore[attr-defined]
            (row.id, f"{row.group}: {row.name}" if row.group else row.name) for row in components
        ]


class MergeIncidentForm(PublicForm):
    """One incident is part of another; the public reads these words at its end."""

    into = forms.ChoiceField(label=_("Part of"))
    body = forms.CharField(label=_("Last message of this one"), max_length=TEXT_MAX, widget=area(2))

    def __init__(self, others: list[IncidentSummary], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["into"].choices = [(one.id, one.name) for one in others]  # type: ignore[attr-defined]


class UpdateForm(PublicForm):
    status = forms.ChoiceField(
        label=_("State"),
        choices=[(value, label) for value, label in IncidentStatus.choices if value in UNRESOLVED],
    )
    body = forms.CharField(label=_("Message to subscribers"), max_length=TEXT_MAX, widget=area(3))


class ResolveForm(PublicForm, TicketForm):
    body = forms.CharField(label=_("Last message"), max_length=TEXT_MAX, widget=area(3))
