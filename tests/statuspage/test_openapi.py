"""The OpenAPI document is true of what we publish, and nothing a program sends makes us fall over."""

import contextlib
import datetime as dt
import itertools
import json
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import jsonschema
import pytest
import schemathesis
from django.conf import settings
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode

from statuspage.actions import incidents, maintenances
from statuspage.models import EntryPoint
from statuspage.rules import openapi
from statuspage.urls import DOCUMENTS
from tests.statuspage.conftest import OMAR
from tests.statuspage.factories import component, declare

HOST = "http://testserver/status/"
READ = [name for name in DOCUMENTS if name.startswith("api/v2/") and name != "api/v2/openapi.json"]


@pytest.fixture
def busy(page):
    """One of everything the documents can show."""
    resolved = declare("Late mail", telehealth="major_outage")
    incidents.post_update(incident_id=resolved.id, status="monitoring", body="Watching.", components={}, by=OMAR)
    incidents.resolve(incident_id=resolved.id, body="Done.", by=OMAR)
    EntryPoint.objects.create(component=component("ehr"), kind="link", title="Read-only copy", target="https://e.test/")
    declare("Phones", ehr="partial_outage")
    incidents.declare(name="No part", body="x", components={}, by=OMAR, key="n")
    soon = dt.datetime.now(dt.UTC) + dt.timedelta(hours=3)
    for key, parts in (("a", [component("ehr").public_id]), ("b", []), ("c", []), ("d", [])):
        done = maintenances.schedule(
            name=f"Work {key}", body="x", component_ids=parts, scheduled_for=soon,
            scheduled_until=soon + dt.timedelta(hours=1), by=OMAR, key=key,
        )  # fmt: skip
        if key == "b":
            maintenances.cancel(incident_id=done.id, body="x", by=OMAR, key="x")
        if key == "c":
            maintenances.post_update(incident_id=done.id, status="in_progress", body="x", by=OMAR)
    return page


@pytest.mark.parametrize("name", READ)
def test_every_document_is_as_the_openapi_document_says(busy, client, name):
    described = client.get("/api/v2/openapi.json").json()
    schema = described["paths"][f"/{name}"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    validator = jsonschema.Draft202012Validator(
        {**schema, "components": described["components"]}, format_checker=jsonschema.FormatChecker()
    )

    assert [error.message for error in validator.iter_errors(client.get(f"/{name}").json())] == []


def test_every_address_of_the_api_is_described(page):
    described = openapi.document(HOST)

    assert {path.lstrip("/") for path in described["paths"]} == {
        *READ,
        "api/v2/subscribers.json",
        "api/v2/subscribers/{id}.json",
        "api/v2/subscriptions/{id}/resend_confirmation",
    }
    assert json.loads(json.dumps(described)) == described


def test_the_description_notices_a_wrong_document(busy, client):
    """Else the test above could not fail."""
    described = openapi.document(HOST)
    schema = {**described["components"]["schemas"]["Status"], "components": described["components"]}

    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"indicator": "red", "description": "x"}, schema)


FEW = hypothesis_settings(
    max_examples=8, deadline=None, derandomize=True, phases=[Phase.explicit, Phase.generate], database=None,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip


ONCE = hypothesis_settings(FEW, max_examples=1)  # there is nothing to vary
TOKEN = "a" * 32


@pytest.fixture
def everybody_calls() -> Iterator[Callable[..., Any]]:
    """The product as a WSGI application, each call from an address of its own (limits are tested elsewhere) and with
    the page's CSRF token."""
    product, numbers = get_wsgi_application(), itertools.count(1)

    def application(environ: dict[str, Any], start_response: Any) -> Any:
        number = next(numbers)
        caller = {
            "REMOTE_ADDR": f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}",
            "HTTP_COOKIE": f"{settings.CSRF_COOKIE_NAME}={TOKEN}", "HTTP_X_CSRFTOKEN": TOKEN,
        }  # fmt: skip
        return product({**environ, **caller}, start_response)

    # Else every request ends the test's own connection to the database.
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield application
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


FORMS = {
    "openapi": "3.1.0",
    "info": {"title": "Forms of subscribers", "version": "1"},
    "servers": [{"url": "http://testserver"}],
    "paths": {
        "/status/subscribe/": {
            "post": {
                "requestBody": {
                    "content": {
                        "application/x-www-form-urlencoded": {
                            "schema": {
                                "type": "object",
                                "properties": {
                                    "way": {"type": "string"}, "email": {"type": "string"},
                                    "address": {"type": "string"}, "phone": {"type": "string"},
                                    "endpoint": {"type": "string"}, "contact": {"type": "string"},
                                    "components": {"type": "array", "items": {"type": "string"}},
                                    "groups": {"type": "array", "items": {"type": "string"}},
                                    "minimum_impact": {"type": "string"}, "quiet_from": {"type": "string"},
                                    "quiet_until": {"type": "string"}, "language": {"type": "string"},
                                    "time_zone": {"type": "string"},
                                },
                            }
                        }
                    }
                },
                "responses": {"200": {"description": "x"}},
            }
        },
        **{
            f"/status/{verb}/{{token}}/": {
                method: {
                    "parameters": [{"name": "token", "in": "path", "required": True, "schema": {"type": "string"}}],
                    "responses": {"200": {"description": "x"}},
                }
                for method in ("get", "post")
            }
            for verb in ("confirm", "manage", "unsubscribe")
        },
    },
}  # fmt: skip


API = openapi.document(HOST)


@pytest.mark.parametrize(
    ("raw", "mode"),
    [(API, GenerationMode.POSITIVE), (API, GenerationMode.NEGATIVE), (FORMS, GenerationMode.POSITIVE)],
    ids=["api", "api-wrong", "forms"],
)
def test_nothing_a_program_sends_makes_us_fall_over(busy, everybody_calls, raw, mode):
    """No answer is a 5xx, whatever is sent to the API and to the subscribers' forms."""
    schema = schemathesis.openapi.from_dict(raw)
    schema.app = everybody_calls
    answers: Counter[int] = Counter()
    for found in schema.get_all_operations():
        operation = found.ok()

        varied = bool(operation.body) or any(operation.iter_parameters())

        @(FEW if varied else ONCE)
        @given(case=operation.as_strategy(generation_mode=mode))
        def ask(case: schemathesis.Case) -> None:
            answer = case.call()
            answers[answer.status_code] += 1
            assert answer.status_code < 500, case.as_curl_command()

        with contextlib.suppress(Unsatisfiable):  # what takes nothing cannot be sent anything wrong
            ask()
    assert answers.total() >= FEW.max_examples
    assert 403 not in answers
