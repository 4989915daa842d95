"""The OpenAPI document is true of what we publish, and nothing a program sends makes us fall over."""

import contextlib
import datetime as dt
import itertools
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import jsonschema
import pytest
import schemathesis
from django.conf import settings
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from django.forms import Field, Form, MultipleChoiceField
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode

from portal_core.kernel import clock
from portal_core.notify.transports import push
from statuspage import access
from statuspage.actions import incidents, maintenances
from statuspage.forms.subscribers import ChoiceForm, CodeForm, SubscribeForm
from statuspage.models import EntryPoint, Subscriber, vault
from statuspage.rules import openapi
from statuspage.urls import DOCUMENTS
from tests.statuspage.conftest import OMAR
from tests.statuspage.factories import component, declare, subscriber

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


def _properties(form: Form) -> dict[str, Any]:
    """A form as JSON Schema: its own names, and its own choices beside whatever else a program may send."""
    return {name: _typed(field) for name, field in form.fields.items()}


def _typed(field: Field) -> dict[str, Any]:
    known = [str(value) for value, _label in getattr(field, "choices", ())]
    one = {"enum": known} if known else {"type": "string"}
    return {"type": "array", "items": one} if isinstance(field, MultipleChoiceField) else one


ADDRESSES = {
    "email": ["ann@example.test", "new@example.test"], "phone": ["+12024561111", "(202) 456-1414"],
    "url": ["https://hooks.example.org/x", "https://hooks.slack.com/services/T1/B1/x"],
    "subscription": [json.dumps({"endpoint": "https://push.example.org/x", "keys": {"p256dh": "x", "auth": "y"}})],
    "contact": ["dev@example.test"], "quiet_from": ["22:00", "06:30"], "quiet_until": ["06:00", ""],
}  # fmt: skip


def _post(properties: dict[str, Any]) -> dict[str, Any]:
    known = {name: {"enum": [*values, "", "no address"]} for name, values in ADDRESSES.items()}
    schema = {"type": "object", "properties": {**properties, **{n: v for n, v in known.items() if n in properties}}}
    return {"requestBody": {"required": True, "content": {"application/x-www-form-urlencoded": {"schema": schema}}}}


def _operation(*, post: dict[str, Any] | None = None, **known: list[str]) -> dict[str, Any]:
    """One way to call an address, with the tokens that open it."""
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "enum": tokens}}
        for name, tokens in known.items()
    ]
    return {"parameters": parameters, "responses": {"200": {"description": "x"}}, **(_post(post) if post else {})}


def _people() -> list[Subscriber]:
    """Somebody in every state, by every way that has pages of its own."""
    sealed = vault().seal("dev@example.test")
    hook = {"way": "webhook", "contact_cipher": sealed, "contact_confirmed_at": clock.now()}
    return [
        subscriber("new@example.test", confirmed_at=None), subscriber("ann@example.test", only=("ehr",)),
        subscriber("left@example.test", unsubscribed_at=clock.now()), subscriber("+12024561111", way="sms"),
        subscriber("+12024561414", way="voice", confirmed_at=None),
        subscriber("https://a.example.org/x", **hook, confirmed_at=None),
        subscriber("https://b.example.org/x", **hook, secret_cipher=vault().seal("secret")),
    ]  # fmt: skip


def forms() -> dict[str, Any]:
    """The pages of subscribers, described from their own form classes."""
    rows = _people()
    own = {"token": [access.manage_token(row) for row in rows]}
    confirms = {"token": [access.confirm_token(row) for row in rows]}
    codes = {"handle": [access.handle_of(row.way, row.address) for row in rows if row.way in ("sms", "voice")]}
    calendars = {"token": [access.calendar_token(row) for row in rows if row.is_active]}
    ways = {"way": {"enum": [str(way) for way in access.ways_open()]}}
    fields: dict[str, Any] = {}
    for way in access.ways_open():
        fields |= _properties(SubscribeForm(way=way))
    links = {name: fields[name] for name in ("email", "phone", "url", "region")}
    choices = _properties(ChoiceForm(way="webhook"))
    one_click = {"List-Unsubscribe": {"enum": ["One-Click", "x"]}}
    paths: dict[str, Any] = {
        "subscribe/": {"get": _operation(), "post": _operation(post={**ways, **fields})},
        "subscribe/code/{handle}/": {
            "get": _operation(**codes), "post": _operation(post=_properties(CodeForm()), **codes),
        },
        "confirm/{token}/": {"get": _operation(**confirms), "post": _operation(**confirms)},
        "manage/": {"get": _operation(), "post": _operation(post={**ways, **links})},
        "manage/{token}/": {"get": _operation(**own), "post": _operation(post=choices, **own)},
        "manage/{token}/secret/": {"post": _operation(post={"new": {"enum": ["", "1"]}}, **own)},
        "manage/{token}/challenge/": {"post": _operation(**own)},
        "manage/{token}/again/": {"post": _operation(**own)},
        "unsubscribe/{token}/": {"get": _operation(**own), "post": _operation(post=one_click, **own)},
        "calendar/{token}/maintenance.ics": {"get": _operation(**calendars)},
    }  # fmt: skip
    return {
        "openapi": "3.1.0", "info": {"title": "Forms of subscribers", "version": "1"},
        "servers": [{"url": "http://testserver"}], "paths": {f"/status/{path}": row for path, row in paths.items()},
    }  # fmt: skip


def api() -> dict[str, Any]:
    """The API as we describe it, with ids that lead to somebody."""
    described = json.loads(json.dumps(openapi.document(HOST)))
    handles = [access.handle_of(row.way, row.address) for row in _people()]
    for path in described["paths"].values():
        for operation in path.values():
            for parameter in operation.get("parameters", ()):
                if parameter["name"] == "id":
                    parameter["schema"] = {"type": "string", "enum": handles}
    return described


@pytest.mark.parametrize(
    ("describe", "mode"),
    [
        (api, GenerationMode.POSITIVE), (api, GenerationMode.NEGATIVE), (forms, GenerationMode.POSITIVE),
        (forms, GenerationMode.NEGATIVE),
    ],
    ids=["api", "api-wrong", "forms", "forms-wrong"],
)  # fmt: skip
def test_nothing_a_program_sends_makes_us_fall_over(busy, everybody_calls, settings, describe, mode):
    """No answer is a 5xx, whatever is sent to the API and to the subscribers' forms."""
    settings.TWILIO_ACCOUNT_SID, settings.OUTBOUND_POSTS = "AC1", True
    settings.VAPID_PRIVATE_KEY = push.new_private_key()
    schema = schemathesis.openapi.from_dict(describe())
    schema.app = everybody_calls
    answers: dict[str, Counter[int]] = defaultdict(Counter)
    for found in schema.get_all_operations():
        operation = found.ok()

        varied = bool(operation.body) or any(operation.iter_parameters())

        @(FEW if varied else ONCE)
        @given(case=operation.as_strategy(generation_mode=mode))
        def ask(case: schemathesis.Case) -> None:
            answer = case.call()
            answers[case.operation.label][answer.status_code] += 1
            assert answer.status_code < 500, case.as_curl_command()

        with contextlib.suppress(Unsatisfiable):  # what takes nothing cannot be sent anything wrong
            ask()
    total = sum(answers.values(), Counter())
    assert total.total() >= FEW.max_examples
    assert 403 not in total
    if mode is GenerationMode.POSITIVE:
        in_vain = {label for label, codes in answers.items() if not set(codes) - {404}}
        assert in_vain == set()  # every address was reached beyond its door
