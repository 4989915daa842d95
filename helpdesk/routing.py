from django.urls import path

from helpdesk.consumers import TicketConsumer

websocket_urlpatterns = [
    path("ws/help/tickets/<str:token>/", TicketConsumer.as_asgi()),
]
