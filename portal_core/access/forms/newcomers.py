from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal_core.access.forms.public import FourFieldsForm
from portal_core.kernel import clock

if TYPE_CHECKING:
    from portal_core.directory.models import Office

OWN_AGE = 18  # years; below that an adult sets it up with the office


def _phone() -> forms.CharField:
    return forms.CharField(
        label=_("Phone"),
        max_length=32,
        required=False,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel", "inputmode": "tel"}),
    )


class NewcomerForm(FourFieldsForm):
    """Name, the four fields, a phone number and the office: what both ways of becoming a patient ask for."""

    office = forms.ChoiceField(label=_("Office"))
    first_name = forms.CharField(
        label=_("First name"), max_length=80, widget=forms.TextInput(attrs={"autocomplete": "given-name"})
    )
    phone = _phone()

    field_order: tuple[str, ...] = ("office", "first_name", "last_name", "birth_date", "email", "zip_code", "phone")

    def __init__(self, *args: Any, offices: "Iterable[Office]", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offices = {office.public_id: office for office in offices}
        field = self.fields["office"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(public_id, office.name) for public_id, office in self.offices.items()]
        if len(self.offices) > 1:
            field.choices = [("", _("Choose the office")), *field.choices]

    def chosen(self) -> "Office":
        return self.offices[self.cleaned_data["office"]]


class RegistrationForm(NewcomerForm):
    """The electronic registration form (PC-36)."""

    # What people cannot see, only programs fill in.
    website = forms.CharField(
        label=_("Leave this empty"), required=False, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )

    field_order = (*NewcomerForm.field_order, "website")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].help_text = _("We send a link there to confirm it. Use one that only you read.")

    def clean_birth_date(self) -> Any:
        born, today = super().clean_birth_date(), clock.now().date()
        age = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
        if age < OWN_AGE:
            raise forms.ValidationError(_("For somebody under 18, an adult calls the office. They set it up together."))
        return born

    @property
    def is_by_a_program(self) -> bool:
        return bool(self.cleaned_data.get("website"))

    def as_typed(self) -> dict[str, str]:
        given = self.cleaned_data
        names = ("first_name", "last_name", "email", "zip_code", "phone")
        return {**{name: given[name].strip() for name in names}, "birth_date": given["birth_date"].isoformat()}


class AddPatientForm(NewcomerForm):
    """A new patient typed in by the office (PC-35)."""

    mrn = forms.CharField(
        label=_("Record number"),
        max_length=64,
        required=False,
        help_text=_("Leave it empty where there is none yet."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    may_activate = forms.BooleanField(
        label=_("Should the patient be able to activate portal without further confirmation"),
        required=False,
        help_text=_("Ticked: portal access is on from the start. It needs an e-mail address and a home zip code."),
    )

    field_order = (*NewcomerForm.field_order, "mrn", "may_activate")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].required = self.fields["zip_code"].required = False
        self.fields["email"].help_text = _("Make sure that nobody else reads that mailbox.")
        for name in ("first_name", "last_name", "birth_date", "email", "zip_code", "phone"):
            self.fields[name].widget.attrs["autocomplete"] = "off"  # the browser would offer the clerk's own data

    def values(self) -> dict[str, Any]:
        given = self.cleaned_data
        return {
            "birth_date": given["birth_date"], "email": given["email"], "zip": given["zip_code"],
            "phone": given["phone"],
        }  # fmt: skip
