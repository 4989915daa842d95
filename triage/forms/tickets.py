"""Shape and wording of what people at the two desks type."""

import datetime as dt
from collections.abc import Collection
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from helpdesk.enums import RESOLUTIONS_BY_HAND, Category
from statuspage.contracts import IncidentSummary
from triage.contracts import FlagDraft
from triage.enums import Impact, RefusalCode, RelayReason
from triage.rules.phi import phi_lint

TEXT_MAX = 4000
PATIENT_CATEGORIES = [(value, label) for value, label in Category.choices if not value.startswith("STAFF_")]

ENDS = [(one.value, one.label) for one in RESOLUTIONS_BY_HAND]


def area(rows: int, **attrs: Any) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows, **attrs})


class TicketForm(forms.Form):
    """Base: several forms share one page, so each has its own prefix for ids."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("auto_id", f"{type(self).__name__.lower()}_%s")
        super().__init__(*args, **kwargs)


class ReplyForm(TicketForm):
    body = forms.CharField(label=_("Reply to the requester"), max_length=TEXT_MAX, widget=area(3))
    expects_answer = forms.BooleanField(label=_("Wait for their answer"), required=False)


class NoteForm(TicketForm):
    body = forms.CharField(label=_("Internal note"), max_length=TEXT_MAX, widget=area(2))


class SearchForm(TicketForm):
    q = forms.CharField(
        label=_("Find the patient"),
        max_length=120,
        help_text=_("Name, date of birth, record number, e-mail, or the end of a phone number."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )


class FindForm(forms.Form):
    """The search of a desk."""

    q = forms.CharField(label=_("Find"), min_length=2, max_length=120)
    state = forms.ChoiceField(
        label=_("Tickets"),
        required=False,
        choices=[("", _("All")), ("live", _("Open")), ("done", _("Solved"))],
    )
    after = forms.CharField(required=False, max_length=20, widget=forms.HiddenInput)


class CategoryForm(TicketForm):
    category = forms.ChoiceField(label=_("Kind of request"), choices=PATIENT_CATEGORIES)


class SolveForm(TicketForm):
    resolution = forms.ChoiceField(label=_("How did it end?"), choices=ENDS)
    note = forms.CharField(label=_("Note for colleagues"), max_length=TEXT_MAX, required=False, widget=area(2))


def soft_stop(form: forms.Form, cleaned: dict[str, Any], fields: tuple[str, ...], known: Collection[str]) -> None:
    """Stop once what seems to name the patient or their health on its way to IT; `phi_needed` sends it as it stands."""
    if cleaned.get("phi_needed"):
        return
    for name in fields:
        found = phi_lint(str(cleaned.get(name) or ""), known)
        if found:
            kinds = ", ".join(dict.fromkeys(finding.what for finding in found))
            form.add_error(
                name, _("This looks like %(what)s. Take it out, or tick “It is needed” below.") % {"what": kinds}
            )


class FlagForm(TicketForm):
    """The relay packet (TR-06). The rules name what is missing, not the fields: a refusal has a code."""

    category = forms.ChoiceField(label=_("What is it about?"), choices=PATIENT_CATEGORIES)
    reason = forms.ChoiceField(
        label=_("Why does it go to IT?"),
        choices=RelayReason.choices,
        widget=forms.RadioSelect,
        required=False,
    )
    error_text = forms.CharField(
        label=_("Exact words of the error"),
        help_text=_("As it stands on the screen, or “none”."),
        max_length=1000,
        required=False,
        widget=area(2),
    )
    page = forms.CharField(
        label=_("Page or step"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"placeholder": _("e.g. the e-mail with the reset link")}),
    )
    happened_at = forms.DateTimeField(
        label=_("When"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
    )
    device = forms.CharField(label=_("Device and browser"), max_length=200, required=False)
    impact = forms.ChoiceField(
        label=_("Who is affected?"), choices=Impact.choices, widget=forms.RadioSelect, required=False
    )
    ok_to_contact = forms.BooleanField(label=_("IT may call the patient"), required=False)
    contact_number = forms.CharField(label=_("Number to call"), max_length=32, required=False)
    contact_window = forms.CharField(
        label=_("Best time"),
        max_length=80,
        required=False,
        widget=forms.TextInput(attrs={"placeholder": _("e.g. until 5 pm")}),
    )
    note = forms.CharField(
        label=_("Anything else IT needs"),
        help_text=_("No names, dates of birth or record numbers: IT must not know who it is."),
        max_length=1000,
        required=False,
        widget=area(2),
    )
    incident_denied = forms.BooleanField(label=_("This is something else than the known incident"), required=False)
    phi_needed = forms.BooleanField(label=_("It is needed: send it as it stands"), required=False)

    # Asked for, yet not refused by the field: the rules refuse by code and name the fix.
    ruled = ("reason", "error_text", "page", "happened_at", "device", "impact")
    use_required_attribute = False

    def __init__(self, *args: Any, known: Collection[str] = (), **kwargs: Any) -> None:
        self.known = known  # the patient's own details, which IT must not read
        super().__init__(*args, **kwargs)
        self._demand(True)

    def full_clean(self) -> None:
        self._demand(False)
        super().full_clean()
        self._demand(True)

    def _demand(self, shown: bool) -> None:
        for name in self.ruled:
            self.fields[name].required = shown

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        soft_stop(self, cleaned, ("error_text", "page", "device", "contact_window", "note"), self.known)
        return cleaned

    def draft(self) -> FlagDraft:
        """What was typed, also when parts of it are not valid: the rules then name what is missing."""
        got = self.cleaned_data
        return FlagDraft(
            category=got.get("category") or Category.OTHER,
            reason=got.get("reason", ""),
            error_text=got.get("error_text", ""),
            page=got.get("page", ""),
            happened_at=got.get("happened_at"),
            device=got.get("device", ""),
            ok_to_contact=got.get("ok_to_contact", False),
            contact_number=got.get("contact_number", ""),
            contact_window=got.get("contact_window", ""),
            impact=got.get("impact", ""),
            note=got.get("note", ""),
            incident_denied=got.get("incident_denied", False),
        )


class ToITForm(TicketForm):
    text = forms.CharField(label=_("Write to IT"), max_length=TEXT_MAX, widget=area(2))
    phi_needed = forms.BooleanField(label=_("It is needed: send it as it stands"), required=False)

    def __init__(self, *args: Any, known: Collection[str] = (), **kwargs: Any) -> None:
        self.known = known
        super().__init__(*args, **kwargs)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        soft_stop(self, cleaned, ("text",), self.known)
        return cleaned


class AnswerForm(TicketForm):
    text = forms.CharField(
        label=_("Answer to the office"),
        help_text=_("A fix, or what they should tell the patient."),
        max_length=TEXT_MAX,
        widget=area(3),
    )


class AskForm(TicketForm):
    text = forms.CharField(label=_("Question to the office"), max_length=TEXT_MAX, widget=area(2))


class DeclineForm(TicketForm):
    code = forms.ChoiceField(label=_("Why it goes back"), choices=RefusalCode.choices)
    note = forms.CharField(label=_("What to do instead"), max_length=TEXT_MAX, required=False, widget=area(2))


class LinkForm(TicketForm):
    incident = forms.ChoiceField(label=_("Incident"))

    def __init__(self, incidents: list[IncidentSummary], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["incident"].choices = [(one.id, one.name) for one in incidents]  # type: ignore[attr-defined]


def local_now(zone: str) -> dt.datetime:
    """The present minute on the clock of an office."""
    import zoneinfo

    return timezone.localtime(timezone.now(), zoneinfo.ZoneInfo(zone)).replace(second=0, microsecond=0)
