"""What the server serves: HTTP through one thread hop, WebSockets on the hub."""

# ruff: noqa: E402 - Django has to be set up before anything that has models is imported

import os
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ops.settings")

import django

django.setup(set_prefix=False)

from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.urls import re_path

import helpdesk.routing
import portal_core.access.routing
import portal_core.notify.routing
import portal_core.scheduling.routing
import statuspage.routing
import telehealth.routing
import triage.routing
from ops import sentry
from ops.runtime.one_hop import OneHopHandler
from portal_core.directory.people import people_for_websocket
from statuspage.snapshot_asgi import SnapshotApp

sentry.start()


async def refuse(scope: Any, receive: Any, send: Any) -> None:
    """Nobody lives at this address."""
    await receive()
    await send({"type": "websocket.close", "code": 4404})


websocket_urlpatterns = [
    re_path("\0", refuse),  # type: ignore[arg-type]  # PostgreSQL looks for no such thing
    *portal_core.access.routing.websocket_urlpatterns,
    *portal_core.notify.routing.websocket_urlpatterns,
    *portal_core.scheduling.routing.websocket_urlpatterns,
    *helpdesk.routing.websocket_urlpatterns,
    *telehealth.routing.websocket_urlpatterns,
    *statuspage.routing.websocket_urlpatterns,
    *triage.routing.websocket_urlpatterns,
    re_path("", refuse),  # type: ignore[arg-type]
]

application = ProtocolTypeRouter(
    {
        "http": SnapshotApp(sentry.around(OneHopHandler())),
        "websocket": AllowedHostsOriginValidator(people_for_websocket(URLRouter(websocket_urlpatterns))),
    }
)
