from django.urls import path

from portal_core.access.enums import HelpFlow
from portal_core.access.views import doors, onboarding

app_name = "access"
urlpatterns = [
    path("portal/", doors.home, name="home"),
    path("portal/activate/", doors.ask_for_help, {"flow": HelpFlow.ACTIVATE}, name="activate"),
    path("portal/activate/pin/", doors.pin, name="pin"),
    path("portal/forgot-password/", doors.ask_for_help, {"flow": HelpFlow.FORGOT}, name="forgot-password"),
    path("portal/set-password/<str:token>/", doors.set_password, name="set-password"),
    path("desk/onboarding/", onboarding.tool, name="onboarding"),
    path("desk/onboarding/invite/", onboarding.invite_many, name="onboarding-invite-many"),
    path("desk/onboarding/runs/<str:public_id>/", onboarding.run, name="onboarding-run"),
    path("desk/onboarding/<str:public_id>/enable/", onboarding.enable, name="onboarding-enable"),
    path("desk/onboarding/<str:public_id>/invite/", onboarding.invite, name="onboarding-invite"),
]
