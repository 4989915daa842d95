"""What a manager types to change one row of the decision table."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from triage.enums import OfficeStep, RelayReason
from triage.rules.edits import TEXT_MAX, levels_for, owners_for
from triage.rules.table import Route


class RouteForm(forms.Form):
    """One row. What ships cannot be taken away, so only what may be added is asked for."""

    owner = forms.ChoiceField(label=_("Who starts?"))
    level = forms.ChoiceField(label=_("How sure must the office be?"))
    more_steps = forms.MultipleChoiceField(label=_("Steps to add"), required=False, widget=forms.CheckboxSelectMultiple)
    more_reasons = forms.MultipleChoiceField(
        label=_("Reasons to add"), required=False, widget=forms.CheckboxSelectMultiple
    )
    office_does = forms.CharField(
        label=_("The office does"), max_length=TEXT_MAX, widget=forms.Textarea(attrs={"rows": 3})
    )
    relay_when = forms.CharField(label=_("To IT when"), max_length=TEXT_MAX, widget=forms.Textarea(attrs={"rows": 2}))
    note = forms.CharField(label=_("Why do you change it?"), max_length=160, required=False)

    def __init__(self, base: Route, row: Route, *args: Any, **kwargs: Any) -> None:
        self.base = base
        steps = [step for step in OfficeStep if step not in base.steps and step != OfficeStep.RELAY]
        reasons = [reason for reason in RelayReason if reason not in base.reasons] if base.goes_to_it else []
        initial = {
            "owner": row.owner,
            "level": row.level,
            "more_steps": [step.value for step in steps if step in row.steps],
            "more_reasons": [reason.value for reason in reasons if reason in row.reasons],
            "office_does": row.office_does,
            "relay_when": row.relay_when,
        }
        super().__init__(*args, **{"initial": initial, **kwargs})
        choices: dict[str, list[tuple[Any, Any]]] = {
            "owner": [(owner.value, owner.label) for owner in owners_for(base)],
            "level": [(level.value, level.label) for level in levels_for(base)],
            "more_steps": [(step.value, step.label) for step in steps],
            "more_reasons": [(reason.value, reason.label) for reason in reasons],
        }
        for name, options in choices.items():
            if options:
                self.fields[name].choices = options  # type: ignore[attr-defined]
            else:
                del self.fields[name]

    def values(self) -> dict[str, Any]:
        """The edit, as `rules.edits` reads it."""
        got = self.cleaned_data
        return {
            "owner": got["owner"],
            "level": got["level"],
            "steps": [*(str(step) for step in self.base.steps), *got.get("more_steps", [])],
            "reasons": [*(str(reason) for reason in self.base.reasons), *got.get("more_reasons", [])],
            "office_does": got["office_does"].strip(),
            "relay_when": got["relay_when"].strip(),
        }
