from portal_core.access.forms.newcomers import AddPatientForm, RegistrationForm
from portal_core.access.forms.onboarding import OnboardingForm
from portal_core.access.forms.patient import CredentialsForm, EmailChangeForm, UsernameForm
from portal_core.access.forms.proxy import ProxyForm
from portal_core.access.forms.public import FourFieldsForm, LastNameForm, PinForm, SetPasswordForm

__all__ = [
    "AddPatientForm", "CredentialsForm", "EmailChangeForm", "FourFieldsForm", "LastNameForm", "OnboardingForm",
    "PinForm", "ProxyForm", "RegistrationForm", "SetPasswordForm", "UsernameForm",
]  # fmt: skip
