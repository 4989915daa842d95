from typing import TYPE_CHECKING, Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.core.validators import RegexValidator
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal_core.directory.enums import Role
from portal_core.directory.models import Office, Patient, Staff
from portal_core.directory.rules.ages import OLDEST, YOUNGEST, what_is_wrong
from portal_core.directory.rules.contact import CONTACT_FIELDS, contact_digest
from portal_core.directory.rules.ledger import AREAS

if TYPE_CHECKING:
    PatientModelForm = forms.ModelForm[Patient]
else:
    PatientModelForm = forms.ModelForm  # Django's own is not subscriptable when the program runs


class NamedChoiceField(forms.ModelChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, obj: Any) -> str:
        return str(obj.name)


class HatForm(forms.Form):
    hat = forms.ChoiceField(label=_("I work now as"), widget=forms.RadioSelect)

    def __init__(self, *args: Any, choices: list[tuple[str, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["hat"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices


class LedgerForm(forms.Form):
    """Sent by POST: whose record is looked for must not stand in an address."""

    since = forms.DateField(label=_("From"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    until = forms.DateField(label=_("To"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    who = forms.ChoiceField(label=_("Who"), required=False)
    about = forms.ChoiceField(label=_("About"), required=False, choices=[("", _("Everything")), *AREAS])
    record = forms.CharField(label=_("Patient's record number"), required=False, max_length=64)
    before = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1, widget=forms.HiddenInput)

    def __init__(self, *args: Any, people: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["who"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _("Everybody")), *people, ("system", _("The system itself"))]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and until < since:
            self.add_error("until", _("This is before the first day."))
        return cleaned


class PatientSearchForm(forms.Form):
    """Sent by POST: what is searched for is somebody's name and must not stand in an address."""

    q = forms.CharField(
        label=_("Find a patient"),
        required=False,
        max_length=120,
        help_text=_("Name, record number, e-mail, date of birth or the last digits of the phone number"),
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off", "spellcheck": "false"}),
    )
    after = forms.CharField(required=False, max_length=20, widget=forms.HiddenInput)


class PatientContactForm(PatientModelForm):
    birth_date = forms.DateField(
        label=_("Date of birth"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    # What the clerk saw when the form was opened: somebody else may have saved meanwhile.
    seen = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    class Meta:
        model = Patient
        fields = ["preferred_name", "birth_date", "email", "phone", "street", "city", "state", "zip", "language"]
        labels = {
            "preferred_name": _("Likes to be called"),
            "email": _("E-mail"),
            "phone": _("Phone"),
            "street": _("Street"),
            "city": _("City"),
            "state": _("State"),
            "zip": _("Home ZIP code"),
            "language": _("Language"),
        }
        help_texts = {
            "email": _("Portal access, invitations and password resets need it."),
            "zip": _("Checked together with e-mail, last name and date of birth."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["seen"].initial = self.initial["seen"] = contact_digest(self.instance)
        known = dict(settings.LANGUAGES)
        if self.instance.language:  # an import may have brought another one: keep it
            known.setdefault(self.instance.language, self.instance.language_shown)
        self.fields["language"].widget = forms.Select(choices=[("", _("Not known")), *known.items()])
        for name in self.fields:
            self.fields[name].widget.attrs["autocomplete"] = "off"  # the browser would offer the clerk's own data

    def compare_with(self, saved: Patient) -> None:
        """Somebody else saved first: say beside each field what is on file now, and take that as seen. What was typed
        stays."""
        assert isinstance(self.data, QueryDict)
        data = self.data.copy()
        data["seen"] = contact_digest(saved)
        self.data = data
        for name in CONTACT_FIELDS:
            on_file = getattr(saved, name)
            if self.cleaned_data.get(name) != on_file:
                self.add_error(name, _("Now on file: %(value)s") % {"value": on_file or _("nothing")})

    def clean_birth_date(self) -> Any:
        born = self.cleaned_data["birth_date"]
        if born is not None and born > timezone.now().date():
            raise forms.ValidationError(_("A date of birth lies in the past."))
        return born


class RoleForm(forms.Form):
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices)
    office = NamedChoiceField(
        label=_("Office"),
        queryset=Office.objects.none(),
        required=False,
        to_field_name="public_id",
        empty_label=_("Whole practice"),
        help_text=_("Office staff and office managers belong to one office; leading and IT roles to the practice."),
    )
    supervisor = NamedChoiceField(
        label=_("Supervisor"),
        queryset=Staff.objects.none(),
        required=False,
        to_field_name="public_id",
        empty_label=_("None"),
        help_text=_("For interns only."),
    )

    def __init__(self, *args: Any, offices: Any, supervisors: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, rows in (("office", offices), ("supervisor", supervisors)):
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)
            field.queryset = rows


class ContactForm(forms.Form):
    """How a colleague is called and reached."""

    first_name = forms.CharField(label=_("First name"), max_length=80)
    last_name = forms.CharField(label=_("Last name"), max_length=80)
    email = forms.EmailField(
        label=_("E-mail"),
        required=False,
        max_length=254,
        help_text=_("Links to sign in go there. Their own address, which nobody else reads."),
    )
    phone = forms.CharField(label=_("Phone"), required=False, max_length=32)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs["autocomplete"] = "off"  # the browser would offer one's own data


class ColleagueForm(ContactForm, RoleForm):
    """Somebody new with their first role; more can follow."""

    def __init__(self, *args: Any, roles: list[Role], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.order_fields(["first_name", "last_name", "email", "phone", "role", "office", "supervisor"])
        self.fields["email"].required = True
        role = self.fields["role"]
        assert isinstance(role, forms.ChoiceField)
        role.choices = [("", _("Choose a role")), *((one.value, one.label) for one in roles)]


class OfficeForm(forms.Form):
    """What patients and letters call an office, and where it is reached."""

    name = forms.CharField(label=_("Name"), max_length=160, help_text=_("Patients choose their office by it."))
    phone = forms.CharField(
        label=_("Phone"), required=False, max_length=32, help_text=_("Letters and pages tell patients to call it.")
    )
    street = forms.CharField(label=_("Street"), required=False, max_length=200)
    city = forms.CharField(label=_("City"), required=False, max_length=100)
    state = forms.CharField(label=_("State"), required=False, max_length=40)
    zip = forms.CharField(label=_("ZIP code"), required=False, max_length=16)
    time_zone = forms.CharField(
        label=_("Time zone"),
        required=False,
        max_length=64,
        help_text=_("Only where it differs from the practice's, for example America/Chicago."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs["autocomplete"] = "off"

    def clean_time_zone(self) -> str:
        name = str(self.cleaned_data["time_zone"])
        if name and name not in available_timezones():
            raise forms.ValidationError(_("Write it like America/Chicago or America/Los_Angeles."))
        return name


class WelcomeForm(forms.Form):
    """What somebody who works here signs in with."""

    username = forms.CharField(
        label=_("User name"),
        help_text=_("You sign in with it. Letters, numbers, dots and dashes; at least 3."),
        min_length=3,
        max_length=60,
        validators=[RegexValidator(r"^[A-Za-z0-9._-]+$", _("Use letters, numbers, dots and dashes only."))],
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}),
    )
    password = forms.CharField(
        label=_("New password"),
        max_length=256,
        strip=False,
        help_text=_("At least 12 characters. A few words in a row are easy to remember and hard to guess."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label=_("New password again"),
        max_length=256,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, has_username: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if has_username:  # it is chosen once
            del self.fields["username"]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if values.get("password") and values.get("again") and values["password"] != values["again"]:
            self.add_error("again", _("The two passwords differ. Type them again."))
        return values


class ProxyAgesForm(forms.Form):
    """From which birthdays parents and guardians see less, and nothing."""

    limited_from = forms.IntegerField(
        label=_("Appointments only, from this birthday on"),
        help_text=_(
            "Parents and guardians then see appointments and nothing else. The same age in both: no such time."
        ),
        min_value=0,
        max_value=OLDEST,
    )
    own_from = forms.IntegerField(
        label=_("No access any more, from this birthday on"),
        help_text=_("The age at which patients decide for themselves where you are: 18 in most states. 12 to 21."),
        min_value=YOUNGEST,
        max_value=OLDEST,
    )

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if {"limited_from", "own_from"} <= values.keys():
            for name, sentence in what_is_wrong(values["limited_from"], values["own_from"]).items():
                self.add_error(name, str(sentence))
        return values


class SwitchForm(forms.Form):
    """One yes/no. An unticked box sends nothing, which is a no."""

    enabled = forms.BooleanField(required=False)

    def __init__(self, *args: Any, label: Any, help_text: Any = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["enabled"].label = label
        self.fields["enabled"].help_text = help_text
