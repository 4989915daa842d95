from django.urls import path

from portal_core.accounts import views
from portal_core.kernel.enums import Realm

app_name = "accounts"
urlpatterns = [
    path("desk/sign-in/", views.sign_in, {"realm": Realm.STAFF}, name="sign-in-staff"),
    path("desk/sign-out/", views.sign_out, {"realm": Realm.STAFF}, name="sign-out-staff"),
    path("desk/password/", views.password, {"realm": Realm.STAFF}, name="password-staff"),
    path("portal/sign-in/", views.sign_in, {"realm": Realm.PATIENT}, name="sign-in-patient"),
    path("portal/sign-out/", views.sign_out, {"realm": Realm.PATIENT}, name="sign-out-patient"),
    path("portal/password/", views.password, {"realm": Realm.PATIENT}, name="password-patient"),
]
