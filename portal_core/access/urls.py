from django.urls import path

from portal_core.access.api import contact as contact_api
from portal_core.access.api import onboarding as onboarding_api
from portal_core.access.api import patient as api
from portal_core.access.api import proxies as proxies_api
from portal_core.access.enums import HelpFlow
from portal_core.access.views import doors, newcomers, onboarding, patient, proxies

app_name = "access"
PATIENT = "desk/patients/<str:public_id>/"
API, API_PATIENT = "api/v1/", "api/v1/patients/<str:public_id>/"
urlpatterns = [
    path("portal/", doors.home, name="home"),
    path("portal/activate/", doors.ask_for_help, {"flow": HelpFlow.ACTIVATE}, name="activate"),
    path("portal/activate/pin/", doors.pin, name="pin"),
    path("portal/forgot-password/", doors.ask_for_help, {"flow": HelpFlow.FORGOT}, name="forgot-password"),
    path("portal/set-password/<str:token>/", doors.set_password, name="set-password"),
    path("portal/forgot-username/", doors.ask_for_help, {"flow": HelpFlow.USERNAME}, name="forgot-username"),
    path("portal/email-change/<str:secret>/", doors.stop_email_change, name="stop-email-change"),
    path("portal/register/", newcomers.register, name="register"),
    path("portal/register/<str:secret>/", newcomers.confirm, name="confirm-registration"),
    path("desk/registrations/", newcomers.registrations, name="registrations"),
    path("desk/registrations/<str:public_id>/checked/", newcomers.checked, name="registration-checked"),
    path("desk/add-patient/", newcomers.add, name="add-patient"),
    path(f"{PATIENT}portal/", patient.tab, name="patient"),
    path(f"{PATIENT}portal/level/", patient.level, name="patient-level"),
    path(f"{PATIENT}portal/send/", patient.send, name="patient-send"),
    path(f"{PATIENT}portal/username/", patient.check_username, name="patient-check-username"),
    path(f"{PATIENT}portal/credentials/", patient.credentials, name="patient-credentials"),
    path(f"{PATIENT}portal/clear-pause/", patient.clear_pause, name="patient-clear-pause"),
    path(f"{PATIENT}portal/end-hold/", patient.end_hold, name="patient-end-hold"),
    path(f"{PATIENT}proxies/new/", proxies.add, name="proxy-add"),
    path(f"{PATIENT}proxies/<str:grant_id>/end/", proxies.end, name="proxy-end"),
    path(f"{PATIENT}proxies/<str:grant_id>/clear-pause/", proxies.clear_pause, name="proxy-clear-pause"),
    path(f"{PATIENT}proxies/<str:grant_id>/link/", proxies.link, name="proxy-link"),
    path("portal/proxy/<str:secret>/", proxies.welcome, name="proxy-welcome"),
    path("portal/acting-for/", proxies.choose, name="proxy-choose"),
    path(f"{PATIENT}email/", patient.change_email, name="patient-email"),
    path("desk/onboarding/", onboarding.tool, name="onboarding"),
    path("desk/onboarding/invite/", onboarding.invite_many, name="onboarding-invite-many"),
    path("desk/onboarding/runs/<str:public_id>/", onboarding.run, name="onboarding-run"),
    path("desk/onboarding/<str:public_id>/enable/", onboarding.enable, name="onboarding-enable"),
    path("desk/onboarding/<str:public_id>/invite/", onboarding.invite, name="onboarding-invite"),
    path(f"{API}patients/", onboarding_api.Patients.as_view(), name="api-patients"),
    path(f"{API}patients/search/", onboarding_api.PatientSearch.as_view(), name="api-search"),
    path(f"{API}patients/counts/", onboarding_api.PatientCounts.as_view(), name="api-counts"),
    path(f"{API}invitations/", onboarding_api.Runs.as_view(), name="api-runs"),
    path(f"{API}invitations/<str:public_id>/", onboarding_api.Run.as_view(), name="api-run"),
    path(f"{API}registrations/", onboarding_api.Registrations.as_view(), name="api-registrations"),
    path(
        f"{API}registrations/<str:public_id>/checked/",
        onboarding_api.RegistrationChecked.as_view(),
        name="api-registration-checked",
    ),
    path(API_PATIENT, contact_api.PatientContact.as_view(), name="api-contact"),
    path(f"{API_PATIENT}portal/", api.Portal.as_view(), name="api-portal"),
    path(f"{API_PATIENT}portal/level/", api.PortalLevel.as_view(), name="api-level"),
    path(f"{API_PATIENT}portal/links/", api.PortalLinks.as_view(), name="api-links"),
    path(f"{API_PATIENT}portal/username/", api.PortalUsername.as_view(), name="api-username"),
    path(f"{API_PATIENT}portal/credentials/", api.PortalCredentials.as_view(), name="api-credentials"),
    path(f"{API_PATIENT}portal/email/", api.PortalEmail.as_view(), name="api-email"),
    path(f"{API_PATIENT}portal/email/release/", api.PortalEmailRelease.as_view(), name="api-email-release"),
    path(f"{API_PATIENT}portal/pause/", api.PortalPause.as_view(), name="api-pause"),
    path(f"{API_PATIENT}portal/proofs/", api.PortalProofs.as_view(), name="api-proofs"),
    path(f"{API_PATIENT}portal/attempts/", api.PortalAttempts.as_view(), name="api-attempts"),
    path(f"{API_PATIENT}portal/deliveries/", api.PortalDeliveries.as_view(), name="api-deliveries"),
    path(f"{API_PATIENT}proxies/", proxies_api.Proxies.as_view(), name="api-proxies"),
    path(f"{API_PATIENT}proxies/<str:grant_id>/end/", proxies_api.ProxyEnd.as_view(), name="api-proxy-end"),
    path(f"{API_PATIENT}proxies/<str:grant_id>/link/", proxies_api.ProxyLink.as_view(), name="api-proxy-link"),
]
