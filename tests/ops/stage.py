"""A small stage for the server's machinery: one socket, a few views and a task, served by the product's own runtime.

python -m tests.ops.stage PORT             the server (embedded when REDIS_URL is empty)
python -m celery -A tests.ops.stage worker
"""

# ruff: noqa: E402 - Django has to be set up before anything that has models is imported
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.ops.stage_settings")

import django

django.setup(set_prefix=False)

from asgiref.sync import sync_to_async
from celery import shared_task
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.conf import settings
from django.db import connection, transaction
from django.http import FileResponse, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.urls import path, re_path
from django.views.decorators.csrf import csrf_exempt

from ops.asgi import refuse
from ops.celery import app
from ops.runtime.one_hop import OneHopHandler
from portal_core.directory.guards import public_page
from portal_core.kernel.errors import Conflict, NotFound
from portal_core.kernel.realtime import push
from portal_core.kernel.realtime.consumer import LiveConsumer
from portal_core.kernel.realtime.hub import hub


# --- task -------------------------------------------------------------------------------------------------------------
@shared_task(name="stage.nudge")
def nudge(group: str, text: str) -> None:
    push(group, {"type": "nudge", "text": text})


@shared_task(name="stage.stubborn", bind=True, max_retries=3)
def stubborn(self: Any, group: str) -> None:
    """Fails twice, each time asking to be tried again in half a second."""
    if self.request.retries < 2:
        raise self.retry(countdown=0.5)
    push(group, {"type": "nudge", "text": f"try {self.request.retries + 1}"})


@shared_task(name="stage.slow")
def slow(file: str) -> None:
    """Says that it began, works for most of a second, and says that it ended."""
    Path(file).write_text("begun")
    time.sleep(0.7)
    Path(file).write_text("ended")


# --- socket -----------------------------------------------------------------------------------------------------------
class Stage(LiveConsumer):
    async def join_groups(self) -> list[str]:
        group = self.scope["url_route"]["kwargs"]["group"]
        if group == "secret":
            raise NotFound
        return [group]

    async def on_say(self, message: dict[str, Any]) -> None:
        await self.send_json({"type": "said", "text": message["text"]})

    async def on_quarrel(self, message: dict[str, Any]) -> None:
        raise Conflict

    async def on_transport(self, message: dict[str, Any]) -> None:
        await self.send_json({"type": "transport", "raw": self.transport is not None})

    async def on_close(self) -> None:
        group = self.scope["url_route"]["kwargs"]["group"]
        await sync_to_async(push)("gone", {"type": "gone", "from": group, "left": group in hub().groups})


# --- views ------------------------------------------------------------------------------------------------------------
@public_page
def tell(request: HttpRequest, group: str) -> HttpResponse:
    """?text= once, or ?count= numbered ones, or ?size= characters; by=task sends it through the queue."""
    texts = [request.GET.get("text", "x" * int(request.GET.get("size", 0)))]
    if "count" in request.GET:
        texts = [str(number) for number in range(int(request.GET["count"]))]
    for text in texts:
        if request.GET.get("by") == "task":
            nudge.delay(group, text)
        else:
            push(group, {"type": "nudge", "text": text})
    return HttpResponse("told")


@public_page
def tell_in_vain(request: HttpRequest, group: str) -> HttpResponse:
    with transaction.atomic():
        push(group, {"type": "nudge", "text": "never"})
        transaction.set_rollback(True)
    return HttpResponse("rolled back")


@public_page
def retry(request: HttpRequest, group: str) -> HttpResponse:
    stubborn.delay(group)
    return HttpResponse("queued")


@public_page
def begin_slow(request: HttpRequest) -> HttpResponse:
    slow.delay(request.GET["file"])
    return HttpResponse("queued")


@public_page
def where(request: HttpRequest) -> JsonResponse:
    """Which thread serves, on which database connection."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"thread": threading.current_thread().name, "connection": id(connection.connection)})


@public_page
def nap(request: HttpRequest) -> HttpResponse:
    time.sleep(float(request.GET["seconds"]))
    return HttpResponse("rested")


@csrf_exempt
@public_page
def echo(request: HttpRequest) -> HttpResponse:
    answer = HttpResponse(request.body or request.GET.get("text", "").encode(), status=201)
    answer.set_cookie("one", "1", httponly=True)
    answer.set_cookie("two", "2")
    answer["X-Two-Words"] = "häus"
    return answer


@public_page
async def asynchronous(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"async {request.GET.get('text', '')}")


@public_page
def parts(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse((f"part {number}\n" for number in range(3)), content_type="text/plain")


@public_page
def async_parts(request: HttpRequest) -> StreamingHttpResponse:
    async def make() -> Any:
        for number in range(3):
            yield f"part {number}\n"

    return StreamingHttpResponse(make(), content_type="text/plain")


@public_page
def endless(request: HttpRequest) -> StreamingHttpResponse:
    """A stream that notes in ?file= when its reader has gone."""
    file = Path(request.GET["file"])

    async def make() -> Any:
        import asyncio

        try:
            while True:
                yield b"tick\n"
                await asyncio.sleep(0.02)
        finally:
            file.write_text("reader left")

    return StreamingHttpResponse(make(), content_type="text/plain")


@public_page
def file(request: HttpRequest) -> FileResponse:
    return FileResponse(Path(__file__).open("rb"), filename="stage.txt")


@public_page
def boom(request: HttpRequest) -> HttpResponse:
    raise ZeroDivisionError


@public_page
def healthy(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


urlpatterns = [
    path("healthz", healthy),
    path("tell/<group>", tell),
    path("tell-in-vain/<group>", tell_in_vain),
    path("retry/<group>", retry),
    path("slow", begin_slow),
    path("where", where),
    path("nap", nap),
    path("echo", echo),
    path("async", asynchronous),
    path("parts", parts),
    path("async-parts", async_parts),
    path("endless", endless),
    path("file", file),
    path("boom", boom),
]
handler404 = "portal_core.kernel.http.errors.page_not_found"
handler500 = "portal_core.kernel.http.errors.server_error"


def main(port: int) -> None:
    from ops.runtime import daphne_server
    from ops.runtime.embedded_celery import EmbeddedCelery

    routes = [path("ws/stage/<group>/", Stage.as_asgi()), re_path("", refuse)]
    application = ProtocolTypeRouter(
        {"http": OneHopHandler(), "websocket": AllowedHostsOriginValidator(URLRouter(routes))}
    )
    tasks = EmbeddedCelery(app) if settings.EMBEDDED else None
    if tasks is not None:
        tasks.start()
    daphne_server.serve(
        application, host="127.0.0.1", port=port, behind_proxy=False, on_listening=print,
        on_stop=tasks.stop if tasks is not None else lambda: None,
    )  # fmt: skip


if __name__ == "__main__":
    # One module, one set of views and tasks: not `__main__` beside `tests.ops.stage`.
    from tests.ops import stage

    stage.main(int(sys.argv[1]))
