from django.urls import URLPattern, URLResolver, path

from telehealth.views import entrances, links, rooms

app_name = "telehealth"

urlpatterns: list[URLPattern | URLResolver] = [
    path("desk/telehealth/me/", entrances.own_room, name="own-room"),
    path("desk/telehealth/start/<str:appointment_id>/", entrances.start, name="start"),
    path("desk/telehealth/appointment/<str:appointment_id>/", entrances.provider_entrance, name="provider-entrance"),
    path("desk/telehealth/<str:visit_id>/", rooms.staff_room, name="staff-room"),
    path("desk/telehealth/<str:visit_id>/end/", rooms.staff_end, name="staff-end"),
    path("desk/telehealth/<str:visit_id>/pulse/", rooms.staff_pulse, name="staff-pulse"),
    path("portal/telehealth/join/<str:appointment_id>/", entrances.patient_join, name="patient-join"),
    path("portal/telehealth/room/<str:slug>/", entrances.patient_stable_room, name="patient-stable-room"),
    path("portal/telehealth/<str:visit_id>/", rooms.patient_room, name="patient-room"),
    path("portal/telehealth/<str:visit_id>/end/", rooms.patient_end, name="patient-end"),
    path("portal/telehealth/<str:visit_id>/pulse/", rooms.patient_pulse, name="patient-pulse"),
    path("telehealth/join/<str:token>/", links.landing, name="join"),
    path("telehealth/join/<str:token>/room/", links.room, name="join-room"),
    path("telehealth/join/<str:token>/end/", links.end, name="join-end"),
    path("telehealth/room/<str:slug>/", links.stable_room, name="stable-room"),
    path("telehealth/me/", links.me, name="me"),
    path("telehealth/help/", links.troubleshooting, name="help"),
]
