from portal_core.access.models.access import AccessToken, HelpAttempt, PortalAccess, RegistrationPin
from portal_core.access.models.onboarding import OnboardingResult, OnboardingRun

__all__ = ["AccessToken", "HelpAttempt", "OnboardingResult", "OnboardingRun", "PortalAccess", "RegistrationPin"]
