from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal_core.access.enums import PortalState, Reason

if TYPE_CHECKING:
    from portal_core.directory.models import Office


class OnboardingForm(forms.Form):
    """What the onboarding tool's list is narrowed down to."""

    q = forms.CharField(
        label=_("Find a patient"),
        required=False,
        max_length=120,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off", "spellcheck": "false"}),
    )
    state = forms.ChoiceField(
        label=_("Show"),
        required=False,
        choices=[
            ("", _("Everybody")),
            (PortalState.INACTIVE.value, _("Inactive")),
            (PortalState.UNACTIVATED.value, _("Unactivated: not signed in yet")),
            (PortalState.ACTIVE.value, _("Active")),
            (Reason.NOT_ENABLED.value, _("Access not enabled")),
            (Reason.NO_EMAIL.value, _("No e-mail on file")),
            (Reason.NO_ZIP.value, _("No zip code on file")),
        ],
    )
    office = forms.ChoiceField(label=_("Office"), required=False)
    after = forms.CharField(required=False, max_length=20, widget=forms.HiddenInput)

    def __init__(self, *args: Any, offices: "Iterable[Office]", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["office"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _("All my offices")), *((office.public_id, office.name) for office in offices)]

    def wanted(self) -> dict[str, str]:
        """The values to narrow down by; empty ones where the form says nothing or nonsense."""
        given = self.cleaned_data if self.is_bound and self.is_valid() else {}
        return {name: given.get(name, "") for name in self.fields}
