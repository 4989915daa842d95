"""Desks, forms and the operators' console while Redis is away (SP-07): a cache that holds nothing, never a 500."""

import subprocess
import sys
import time

import pytest
from django.core.cache import cache

from helpdesk.models import Ticket
from ops.runtime import redis_cache
from portal_core.kernel.contracts import SYSTEM
from portal_core.kernel.http import ratelimit
from statuspage.actions import pages
from tests.helpdesk.factories import TicketFactory
from tests.product import ROOT
from tests.triage.factories import FlagFactory
from triage.actions import presence

PATH = "ops.runtime.redis_cache.ForgivingRedisCache"


@pytest.fixture
def redis_away(settings, monkeypatch):
    """Port 9 refuses: what a Redis that was stopped does."""
    monkeypatch.setattr(redis_cache.ForgivingClient, "_asked_again_at", 0.0)
    settings.CACHES = {"default": {"BACKEND": PATH, "LOCATION": "redis://127.0.0.1:9/0"}}


def test_a_cache_without_redis_is_empty_and_says_so_once(redis_away, caplog):
    begun = time.monotonic()

    assert cache.get("name", "nothing") == "nothing"
    assert cache.get_many(["a", "b"]) == {}
    assert cache.add("name", 1) is True
    assert cache.incr("name") == 1
    assert cache.get_or_set("name", lambda: [7], 60) == [7]
    assert (cache.delete("name"), cache.has_key("name"), cache.touch("name"), cache.clear()) == (False,) * 4
    cache.set("name", 1)
    cache.set_many({"a": 1})
    cache.delete_many(["a"])

    assert [record.message for record in caplog.records] == [
        "cache: Redis is away (ConnectionError); pages go on without it"
    ]
    assert time.monotonic() - begun < redis_cache.PAUSE


def test_it_asks_again_after_a_pause(redis_away, caplog, monkeypatch):
    cache.get("name")
    monkeypatch.setattr(redis_cache.ForgivingClient, "_asked_again_at", time.monotonic() - 0.01)
    cache.get("name")

    assert len(caplog.records) == 2


def test_desks_and_console_open_without_redis(redis_away, cast, staff_client):
    pages.set_up(name="Larkfield", by=SYSTEM)
    ticket, flag = TicketFactory(office=cast.north), FlagFactory(office=cast.north)

    for person, path in (
        (cast.olivia, "/triage/office/"),
        (cast.olivia, f"/triage/office/tickets/{ticket.public_id}/"),
        (cast.ines, "/triage/it/"),
        (cast.ines, f"/triage/it/flags/{flag.public_id}/"),
        (cast.ines, "/desk/status/"),
        (cast.omar, "/desk/status/"),
    ):
        assert staff_client(person).get(path).status_code == 200, path
    presence.here(room="office:x", socket="s", person_id="p", name="Pat", place="t", typing=True)
    presence.gone(room="office:x", socket="s")


def test_nobody_is_counted_and_nothing_typed_is_lost_without_redis(redis_away, cast, client):
    typed = {
        "who": "patient", "category": "LOGIN_PWD", "body": "I forgot it again.", "office": cast.south.public_id,
        "name": "Pat Patient", "email": "pat@patients.example", "idempotency_key": "key-1",
    }  # fmt: skip

    assert client.post("/help/contact/", typed).status_code == 302
    assert Ticket.objects.get().requester_name == "Pat Patient"
    assert client.get("/telehealth/join/no-such-link/").status_code == 404
    for _ in range(3):
        ratelimit.hit("contact", "203.0.113.5", limit=1, per=60)


def test_it_is_the_cache_of_the_scaled_mode(tmp_path):
    ask = (
        "from django.core.cache import cache; print(type(cache._connections['default']).__name__, cache.get('x', 'no'))"
    )
    env = {"DJANGO_SETTINGS_MODULE": "ops.settings", "REDIS_URL": "redis://127.0.0.1:9/0", "DATA_DIR": str(tmp_path)}

    said = subprocess.run([sys.executable, "-c", ask], cwd=ROOT, env=env, capture_output=True, text=True, check=True)

    assert said.stdout.split() == ["ForgivingRedisCache", "no"]


@pytest.mark.services
def test_with_redis_it_is_the_cache_it_always_was(redis_server, settings, monkeypatch):
    monkeypatch.setattr(redis_cache.ForgivingClient, "_asked_again_at", 0.0)
    settings.CACHES = {"default": {"BACKEND": PATH, "LOCATION": f"{redis_server.url}/7"}}
    cache.clear()

    assert (cache.add("name", 1), cache.add("name", 1)) == (True, False)
    assert cache.incr("name", 2) == 3
    with pytest.raises(ValueError, match="not found"):
        cache.incr("other")
    cache.set("list", [1, "two"], 60)
    assert cache.get_many(["list", "name", "other"]) == {"list": [1, "two"], "name": 3}
