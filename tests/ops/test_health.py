"""Probes and the API's own pages."""

import json

import pytest
from django.core.management import call_command

from ops import health

pytestmark = pytest.mark.django_db


def test_liveness_touches_no_database(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        answer = client.get("/healthz")

    assert (answer.status_code, answer.content) == (200, b"ok\n")
    assert answer.cookies == {}


def test_readiness_names_every_dependency(client):
    answer = client.get("/readyz")

    assert answer.status_code == 200
    assert answer.json()["ready"] is True
    assert set(answer.json()["checks"]) == {"database", "migrations", "cache", "channel_layer", "queue"}


def test_readiness_names_the_one_that_fails_and_quotes_nothing(client, monkeypatch):
    def broken() -> None:
        raise ConnectionError("password authentication failed for user postgres")

    monkeypatch.setitem(health.CHECKS, "queue", broken)

    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["ready"] is False
    assert answer.json()["checks"]["queue"]["ok"] is False
    assert answer.json()["checks"]["queue"]["error"] == "ConnectionError"
    assert answer.json()["checks"]["database"]["ok"] is True
    assert "postgres" not in answer.content.decode()


STRANGERS = (
    {"REMOTE_ADDR": "203.0.113.9"},
    {"REMOTE_ADDR": ""},
    {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "203.0.113.9"},  # a proxy on this machine
    {"REMOTE_ADDR": "127.0.0.1", "HTTP_FORWARDED": "for=203.0.113.9"},
    {"REMOTE_ADDR": "203.0.113.9", "HTTP_AUTHORIZATION": "Bearer wrong"},
    {"REMOTE_ADDR": "203.0.113.9", "HTTP_AUTHORIZATION": "Bearer "},
    {"REMOTE_ADDR": "127.0.0.1", "HTTP_AUTHORIZATION": "Bearer wrong"},
)


@pytest.mark.parametrize("caller", STRANGERS, ids=lambda caller: " ".join(caller.values()))
def test_strangers_learn_whether_it_is_ready_and_nothing_else(client, settings, caller):
    settings.METRICS_TOKEN = "a-long-secret"

    assert client.get("/readyz", **caller).json() == {"ready": True}
    refused = client.get("/metrics", **caller)
    assert refused.status_code == 404
    assert "lantern_" not in refused.content.decode()
    assert client.get("/healthz", **caller).status_code == 200


def test_without_a_token_an_empty_one_opens_nothing(client, settings):
    settings.METRICS_TOKEN = ""

    for words in ("Bearer ", "Bearer", ""):
        assert client.get("/metrics", REMOTE_ADDR="203.0.113.9", HTTP_AUTHORIZATION=words).status_code == 404


def test_the_token_opens_metrics_and_details_from_anywhere(client, settings):
    settings.METRICS_TOKEN = "a-long-secret"
    caller = {"REMOTE_ADDR": "203.0.113.9", "HTTP_AUTHORIZATION": "Bearer a-long-secret"}

    assert "lantern_outbox_messages" in client.get("/metrics", **caller).content.decode()
    assert set(client.get("/readyz", **caller).json()["checks"]) == set(health.CHECKS)


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_probes_can_only_be_read(client, path):
    assert client.post(path).status_code == 405


def test_metrics_count_what_waits(client):
    page = client.get("/metrics").content.decode()

    assert 'lantern_outbox_messages{state="waiting"} 0.0' in page
    assert 'lantern_outbox_messages{state="dead"} 0.0' in page


def test_the_schema_is_public_openapi_3_1(client):
    answer = client.get("/api/v1/schema/", headers={"Accept": "application/vnd.oai.openapi+json"})

    assert answer.status_code == 200
    assert json.loads(answer.content)["openapi"] == "3.1.0"


def test_the_schema_is_built_without_a_warning(tmp_path):
    page = tmp_path / "schema.yaml"

    call_command("spectacular", file=str(page), validate=True, fail_on_warn=True)

    assert page.read_text().startswith("openapi: 3.1.0")


def test_the_api_page_has_nothing_inline(client):
    page = client.get("/api/v1/docs/").content.decode()
    script = client.get("/api/v1/docs/?script=")

    assert "https://" not in page, "the policy of our pages loads nothing from other hosts"
    assert "/static/drf_spectacular_sidecar/swagger-ui-dist/swagger-ui-bundle" in page
    assert "<style" not in page
    assert "<script>" not in page
    assert 'style="' not in page
    assert script["Content-Type"] == "application/javascript"
    assert b"/api/v1/schema/" in script.content
