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

    assert "<style" not in page
    assert "<script>" not in page
    assert 'style="' not in page
    assert script["Content-Type"] == "application/javascript"
    assert b"/api/v1/schema/" in script.content
