from django.urls import path

from portal_core.notify.consumers import MailboxConsumer

websocket_urlpatterns = [path("ws/mailbox/", MailboxConsumer.as_asgi())]
