from django.urls import URLPattern, path

from triage.consumers import ITConsoleConsumer, OfficeDeskConsumer

websocket_urlpatterns: list[URLPattern] = [
    path("ws/triage/office/", OfficeDeskConsumer.as_asgi()),
    path("ws/triage/it/", ITConsoleConsumer.as_asgi()),
]
