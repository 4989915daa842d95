from django.urls import path

from helpdesk.consumers import MessagesConsumer, TicketConsumer

websocket_urlpatterns = [
    path("ws/help/tickets/<str:token>/", TicketConsumer.as_asgi()),
    path("ws/portal/messages/", MessagesConsumer.as_asgi()),
    path("ws/portal/messages/<str:public_id>/", MessagesConsumer.as_asgi()),
]
