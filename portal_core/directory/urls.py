from django.urls import path

from portal_core.directory import api
from portal_core.directory.views import colleagues, dead_letters, home, ledger, offices, patients, settings

app_name = "directory"
urlpatterns = [
    path("desk/", home.desk, name="desk"),
    path("desk/hat/", home.hat, name="hat"),
    path("desk/me/", settings.me, name="me"),
    path("desk/patients/", patients.patient_list, name="patient-list"),
    path("desk/patients/<str:public_id>/", patients.patient_detail, name="patient"),
    path("desk/patients/<str:public_id>/edit/", patients.patient_edit, name="patient-edit"),
    path("desk/settings/staff/", settings.staff_list, name="staff-list"),
    path("desk/settings/staff/new/", colleagues.new, name="staff-new"),
    path("desk/settings/staff/<str:public_id>/", settings.staff_detail, name="staff"),
    path("desk/settings/staff/<str:public_id>/contact/", colleagues.contact, name="staff-contact"),
    path("desk/settings/staff/<str:public_id>/link/", colleagues.link, name="staff-link"),
    path("desk/settings/staff/<str:public_id>/close/", colleagues.close, name="staff-close"),
    path("desk/settings/staff/<str:public_id>/reopen/", colleagues.reopen, name="staff-reopen"),
    path("desk/welcome/<str:secret>/", colleagues.welcome, name="welcome"),
    path("desk/settings/staff/<str:public_id>/clear-pause/", settings.clear_pause, name="staff-clear-pause"),
    path("desk/settings/staff/<str:public_id>/roles/<str:role>/revoke/", settings.role_revoke, name="role-revoke"),
    path(
        "desk/settings/staff/<str:public_id>/roles/<str:role>/<str:office>/revoke/",
        settings.role_revoke,
        name="office-role-revoke",
    ),
    path("desk/settings/staff/<str:public_id>/teletherapy/", settings.teletherapy, name="teletherapy"),
    path("desk/settings/staff/<str:public_id>/waiting-room/", settings.waiting_room, name="waiting-room"),
    path("desk/settings/offices/", offices.index, name="offices"),
    path("desk/settings/offices/new/", offices.new, name="office-new"),
    path("desk/settings/offices/<str:public_id>/", offices.edit, name="office"),
    path("desk/settings/telehealth/", settings.telehealth, name="telehealth"),
    path("desk/settings/registration/", settings.registration, name="registration"),
    path("desk/settings/patient-line/", settings.patient_line, name="patient-line"),
    path("desk/settings/parents/", settings.proxy_ages, name="proxy-ages"),
    path("desk/settings/sign-in/", settings.sign_in_rules, name="sign-in-rules"),
    path("desk/dead-letters/", dead_letters.dead_letters, name="dead-letters"),
    path("desk/ledger/", ledger.ledger, name="ledger"),
    path("api/v1/settings/", api.PortalSettings.as_view(), name="api-settings"),
]
