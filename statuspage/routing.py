from django.urls import path

from statuspage.consumers import StatusConsumer

websocket_urlpatterns = [path("ws/status/", StatusConsumer.as_asgi(), name="ws-status")]
