from portal_core.access.models.access import AccessToken, HelpAttempt, PortalAccess, RegistrationPin
from portal_core.access.models.email_change import EmailChange
from portal_core.access.models.onboarding import OnboardingResult, OnboardingRun
from portal_core.access.models.proxy import ProxyGrant, ProxyPerson
from portal_core.access.models.registration import Registration

__all__ = [
    "AccessToken", "EmailChange", "HelpAttempt", "OnboardingResult", "OnboardingRun", "PortalAccess", "ProxyGrant",
    "ProxyPerson", "Registration",
    "RegistrationPin",
]  # fmt: skip
