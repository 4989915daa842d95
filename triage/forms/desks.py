"""Whose request it really is."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from helpdesk.enums import RequesterKind
from portal_core.directory.queries import offices

if TYPE_CHECKING:
    from portal_core.directory.models import Staff


class ToITDeskForm(forms.Form):
    """It is not from a patient."""

    kind = forms.ChoiceField(
        label=_("Who wrote this?"),
        choices=[
            (RequesterKind.PROVIDER.value, _("A provider")),
            (RequesterKind.STAFF.value, _("Somebody who works at an office")),
        ],
        widget=forms.RadioSelect,
    )


class ToOfficeDeskForm(forms.Form):
    """It is from a patient."""

    office = forms.ChoiceField(label=_("The patient's office"))

    def __init__(self, staff: "Staff", *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offices = {row.public_id: row for row in offices(staff.practice_id)}
        field = self.fields["office"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(key, row.name) for key, row in self.offices.items()]
