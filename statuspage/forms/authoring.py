"""Templates, corrections, postmortems, and writing down what happened before."""

import datetime as dt
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from statuspage.enums import ComponentStatus, EventKind, IncidentStatus, MaintenanceStatus
from statuspage.forms.composing import BODY_MAX, NAME_MAX, ComponentsMixin
from statuspage.forms.honesty import HonestForm
from statuspage.forms.moments import PageTimeField

STATUSES = [row for row in IncidentStatus.choices if row[0] != IncidentStatus.POSTMORTEM]


class TemplateForm(ComponentsMixin):
    title = forms.CharField(
        label=_("Title of the template"),
        max_length=120,
        help_text=_("What operators type to find it. Readers never see it."),
    )
    kind = forms.ChoiceField(label=_("For"), choices=EventKind.choices, initial=EventKind.INCIDENT)
    name = forms.CharField(label=_("Name of the event"), max_length=NAME_MAX, required=False)
    body = forms.CharField(label=_("Message"), max_length=BODY_MAX, widget=forms.Textarea(attrs={"rows": 6}))
    status = forms.ChoiceField(label=_("State"), choices=STATUSES, initial=IncidentStatus.INVESTIGATING)

    def clean(self) -> dict[str, Any]:
        values = dict(super().clean() or self.cleaned_data)
        if values.get("kind") == EventKind.MAINTENANCE:
            values["status"] = MaintenanceStatus.SCHEDULED
        return values


class CorrectForm(HonestForm):
    body = forms.CharField(label=_("The right words"), max_length=BODY_MAX, widget=forms.Textarea(attrs={"rows": 6}))


class PostmortemForm(HonestForm):
    body = forms.CharField(
        label=_("What happened, and what we change"),
        max_length=100_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 18}),
        help_text=_("What readers noticed, when, why, and what we change. Nobody is blamed or named."),
    )
    quiet = forms.BooleanField(label=_("Publish without telling subscribers"), required=False)


class PastForm(HonestForm, ComponentsMixin):
    """A finished incident that was never on the page: when it began, what was said, when it was over."""

    name = forms.CharField(label=_("What was wrong, in a few words"), max_length=NAME_MAX)
    started_at = PageTimeField(label=_("Began"))
    body = forms.CharField(label=_("What happened"), max_length=BODY_MAX, widget=forms.Textarea(attrs={"rows": 4}))
    resolved_at = PageTimeField(label=_("Was over"))
    ending = forms.CharField(
        label=_("How it ended"),
        max_length=BODY_MAX,
        initial="This incident was resolved.",  # as it is kept: `rules.sentences` says it in other languages
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def clean(self) -> dict[str, Any]:
        values = dict(super().clean() or self.cleaned_data)
        start, end = values.get("started_at"), values.get("resolved_at")
        if start and end and end <= start:
            self.add_error("resolved_at", _("It must end after it began."))
        if not self.errors and not self.chosen():
            raise forms.ValidationError(_("Choose what was touched, and how badly."))
        return values

    def updates(self) -> list[tuple[dt.datetime, str, str]]:
        values = self.cleaned_data
        return [
            (values["started_at"], str(IncidentStatus.INVESTIGATING), values["body"]),
            (values["resolved_at"], str(IncidentStatus.RESOLVED), values["ending"]),
        ]

    def chosen(self) -> dict[str, str]:
        return {key: value for key, value in super().chosen().items() if value != ComponentStatus.OPERATIONAL}
