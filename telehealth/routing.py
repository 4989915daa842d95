from django.urls import URLPattern, path

from telehealth.consumers import LinkVisitConsumer, PatientVisitConsumer, StaffVisitConsumer

websocket_urlpatterns: list[URLPattern] = [
    path("ws/desk/telehealth/<str:visit_id>/", StaffVisitConsumer.as_asgi()),
    path("ws/portal/telehealth/<str:visit_id>/", PatientVisitConsumer.as_asgi()),
    path("ws/telehealth/join/<str:token>/", LinkVisitConsumer.as_asgi()),
]
