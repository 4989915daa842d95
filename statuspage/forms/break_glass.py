"""The form behind a break-glass code. It asks no database: what it offers comes from the last facts."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from statuspage.enums import UNRESOLVED, ComponentStatus, IncidentStatus
from statuspage.forms.composing import BODY_MAX, NAME_MAX, KeepOrChoose
from statuspage.rules.facts import Facts

NEW = "new"


class BreakGlassForm(forms.Form):
    code = forms.CharField(
        label=_("Code from your sheet"),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
        error_messages={"required": _("Type the next unused code of your sheet.")},
    )
    incident = forms.ChoiceField(label=_("What is this about?"))
    name = forms.CharField(
        label=_("What is wrong, in a few words"), max_length=NAME_MAX, required=False,
        help_text=_("Only for a new problem."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip
    status = forms.ChoiceField(
        label=_("State"), choices=[(row.value, row.label) for row in (*UNRESOLVED, IncidentStatus.RESOLVED)]
    )
    body = forms.CharField(
        label=_("Message"),
        max_length=BODY_MAX,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": _("Tell readers what happens and what they can do meanwhile.")},
    )

    def __init__(self, *args: Any, facts: Facts, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.slugs = [row.slug for row in facts.components]
        open_now = [(row.id, row.name) for row in facts.incidents if row.status in UNRESOLVED]
        incident = self.fields["incident"]
        if isinstance(incident, forms.ChoiceField):
            incident.choices = [*open_now, (NEW, _("A new problem"))]
        for row in facts.components:
            calm = row.status == ComponentStatus.OPERATIONAL
            now = _("Now: %(state)s") % {"state": ComponentStatus(row.status).label}
            self.fields[f"component_{row.slug}"] = KeepOrChoose(
                label=row.name, leave=str(_("No change") if calm else now), choices=ComponentStatus.choices,
            )  # fmt: skip

    def component_fields(self) -> list[forms.BoundField]:
        return [self[f"component_{slug}"] for slug in self.slugs]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if values.get("incident") == NEW and not values.get("name", "").strip():
            self.add_error("name", _("Give it a name that readers understand, e.g. “Reset e-mails arrive late”."))
        if values.get("incident") == NEW and values.get("status") == IncidentStatus.RESOLVED:
            self.add_error("status", _("A new problem cannot be resolved already."))
        return values

    def chosen(self) -> dict[str, str]:
        """Slug → status, of those that were chosen."""
        found = {slug: self.cleaned_data.get(f"component_{slug}", "") for slug in self.slugs}
        return {slug: status for slug, status in found.items() if status}

    def incident_id(self) -> str:
        """Empty for a new one."""
        return "" if self.cleaned_data["incident"] == NEW else str(self.cleaned_data["incident"])
