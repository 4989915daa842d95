"""Liveness, which touches nothing; readiness, which asks each dependency; metrics. What they tell of the inside is for
this machine and for holders of METRICS_TOKEN; a stranger learns whether the product is ready, and nothing else."""

import asyncio
import ipaddress
import time
from collections.abc import Callable
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_safe

from ops import measures
from ops.celery import app as celery_app
from ops.runtime import embedded_celery
from portal_core.directory.guards import public_page
from portal_core.kernel.errors import NotFound
from portal_core.kernel.http.ratelimit import client_address

PATIENCE = 2  # seconds a dependency may take to answer
FORWARDED = ("X-Forwarded-For", "X-Real-IP", "Forwarded")  # what a proxy adds


@public_page
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers. No I/O: a database that is away must not get the process restarted."""
    return HttpResponse("ok\n", content_type="text/plain")


@public_page
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """{"ready": bool, "checks": {name: {"ok": bool, "ms": float}}}; 503 unless every dependency answers. Strangers get
    "ready" alone: which part has failed, and how slowly it answers, is not theirs to know."""
    checks = {name: _try(check) for name, check in CHECKS.items()}
    ready = all(result["ok"] for result in checks.values())
    told = {"ready": ready, "checks": checks} if _insider(request) else {"ready": ready}
    return JsonResponse(told, status=200 if ready else 503)


@public_page
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Figures for Prometheus. Raises NotFound for a stranger."""
    if not _insider(request):
        raise NotFound
    body, content_type = measures.render()
    return HttpResponse(body, content_type=content_type)


def _insider(request: HttpRequest) -> bool:
    """Who carries the token, or asks from this machine itself: not through a proxy on it, which forwards the world."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if settings.METRICS_TOKEN and scheme.lower() == "bearer":
        return constant_time_compare(token.strip(), settings.METRICS_TOKEN)
    if any(name in request.headers for name in FORWARDED):
        return False
    try:
        return ipaddress.ip_address(client_address(request)).is_loopback
    except ValueError:
        return False


def _try(check: Callable[[], None]) -> dict[str, Any]:
    begun = time.perf_counter()
    try:
        check()
    except Exception as error:  # noqa: BLE001 - whatever is wrong with a dependency, it is named and not raised
        # The type alone: messages of database drivers quote host names and users.
        return {"ok": False, "ms": _ms(begun), "error": type(error).__name__}
    return {"ok": True, "ms": _ms(begun)}


def _ms(begun: float) -> float:
    return round((time.perf_counter() - begun) * 1000, 1)


def _database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _migrations() -> None:
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise UnappliedMigrations


class UnappliedMigrations(Exception):
    """The database is older than the code; run `manage.py migrate`."""


def _cache() -> None:
    cache.set("readyz", "1", timeout=10)
    if cache.get("readyz") != "1":
        raise LookupError


def _channel_layer() -> None:
    layer = get_channel_layer()

    async def send() -> None:
        await asyncio.wait_for(layer.group_send("readyz", {"type": "readyz"}), PATIENCE)

    async_to_sync(send)()


def _queue() -> None:
    embedded_celery.check()
    with celery_app.connection_for_write(connect_timeout=PATIENCE) as broker:
        broker.ensure_connection(max_retries=0, timeout=PATIENCE)


CHECKS: dict[str, Callable[[], None]] = {
    "database": _database,
    "migrations": _migrations,
    "cache": _cache,
    "channel_layer": _channel_layer,
    "queue": _queue,
}
