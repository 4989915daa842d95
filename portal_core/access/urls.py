from django.urls import path

from portal_core.access import views
from portal_core.access.enums import HelpFlow

app_name = "access"
urlpatterns = [
    path("portal/", views.home, name="home"),
    path("portal/activate/", views.ask_for_help, {"flow": HelpFlow.ACTIVATE}, name="activate"),
    path("portal/forgot-password/", views.ask_for_help, {"flow": HelpFlow.FORGOT}, name="forgot-password"),
    path("portal/set-password/<str:token>/", views.set_password, name="set-password"),
]
