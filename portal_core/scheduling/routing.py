from django.urls import URLPattern, path

from portal_core.scheduling.consumers import ScheduleConsumer

websocket_urlpatterns: list[URLPattern] = [path("ws/desk/schedule/", ScheduleConsumer.as_asgi())]
