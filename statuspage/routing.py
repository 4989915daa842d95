from django.urls import path

from statuspage.consumers import ConsoleConsumer, StatusConsumer

websocket_urlpatterns = [
    path("ws/status/", StatusConsumer.as_asgi(), name="ws-status"),
    path("ws/desk/status/", ConsoleConsumer.as_asgi(), name="ws-console"),
]
