"""The API of portal access: who may enter, what it is described as, and what it costs. TR-01."""

import jsonschema
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from portal_core.access import urls
from portal_core.access.actions import onboarding
from portal_core.access.models import (
    AccessToken,
    PortalAccess,
    ProxyGrant,
)
from portal_core.access.queries import portal_status
from portal_core.notify.models import Delivery
from tests.access.factories import RegistrationFactory, set_access
from tests.access.programs import at, post, program, proxy_body, send
from tests.cast import make_patient, signed_in
from tests.notify.factories import DeliveryFactory, MessageFactory

METHODS = ("get", "post", "put", "patch", "delete")


@pytest.fixture
def olivia(cast):
    return program(cast.olivia)


@pytest.fixture
def things(cast, check):
    """Something behind every address: URL name of the kind → the ids in its address."""
    set_access(cast.paula)
    run = onboarding.begin(staff=cast.olivia, patient_ids=[cast.paula.public_id], key="", by=cast.olivia.actor)
    assert post(program(cast.olivia), at(cast.pat, "proxies/"), proxy_body()).status_code == 201
    grant = ProxyGrant.objects.get().public_id
    registration = RegistrationFactory(office=cast.north, patient=cast.paula).public_id

    def of(route) -> dict[str, str]:
        ids = {"api-run": run, "onboarding-run": run}
        ids |= dict.fromkeys(("api-registration-checked", "registration-checked"), registration)
        found = {"public_id": ids.get(route.name, cast.pat.public_id), "grant_id": grant}
        return {name: value for name, value in found.items() if f":{name}>" in str(route.pattern)}

    return of


ROUTES = [route for route in urls.urlpatterns if str(route.pattern).startswith("api/v1/")]


def methods_of(route) -> list[str]:
    return [method for method in METHODS if hasattr(route.callback.cls, method)]


@pytest.mark.parametrize(
    ("who", "status"), [("oscar", 404), ("charlie", 404), ("ian", 403), ("carla", 403), ("ana", 403)]
)
def test_no_stranger_gets_at_anything(cast, things, who, status):
    """Another office and another practice find nothing, IT (TR-01) and those who manage no access are refused; every
    address with an id is tried, found in the URL map."""
    stranger, tried = program(getattr(cast, who)), 0
    before = (AccessToken.objects.count(), Delivery.objects.count(), PortalAccess.objects.filter(level="none").count())
    for route in ROUTES:
        if not (ids := things(route)):
            continue
        for method in methods_of(route):
            answer = send(stranger, method, reverse(f"access:{route.name}", kwargs=ids))
            assert answer.status_code == status, (route.name, method)
            tried += 1
    assert tried == 19
    after = (AccessToken.objects.count(), Delivery.objects.count(), PortalAccess.objects.filter(level="none").count())
    assert after == before
    assert ProxyGrant.objects.get().ended_at is None


@pytest.mark.parametrize(("who", "status"), [("oscar", 404), ("charlie", 404), ("ian", 403), ("carla", 403)])
def test_no_stranger_gets_at_a_page(cast, things, who, status):
    """The same for the pages that the API does the same as; each one answers to one method at least."""
    stranger, before = signed_in(getattr(cast, who)), (AccessToken.objects.count(), Delivery.objects.count())
    tried = 0
    for route in urls.urlpatterns:
        if not str(route.pattern).startswith("desk/") or not (ids := things(route)):
            continue
        path = reverse(f"access:{route.name}", kwargs=ids)
        found = {getattr(stranger, method)(path).status_code for method in ("get", "post")}
        assert found - {405} == {status}, route.name
        tried += 1
    assert tried == 16
    assert (AccessToken.objects.count(), Delivery.objects.count()) == before
    assert ProxyGrant.objects.get().ended_at is None


def test_nobody_and_no_patient_enters(cast, things):
    for client in (Client(), signed_in(cast.pat)):
        for route in ROUTES:
            for method in methods_of(route):
                answer = send(client, method, reverse(f"access:{route.name}", kwargs=things(route)))
                assert answer.status_code == 401, (route.name, method)


def test_ids_of_nothing_are_not_found(cast, olivia, things):
    for route in ROUTES:
        if ids := things(route):
            for method in methods_of(route):
                path = reverse(f"access:{route.name}", kwargs=dict.fromkeys(ids, "0" * 20))
                assert send(olivia, method, path).status_code == 404, (route.name, method)


def test_a_session_needs_its_csrf_token(cast):
    client = signed_in(cast.olivia, client=Client(enforce_csrf_checks=True))
    assert client.get(at(cast.pat)).status_code == 200
    assert send(client, "put", at(cast.pat, "portal/level/"), {"level": "none"}).status_code == 403
    assert portal_status(cast.pat).enabled


def test_too_many_are_told_to_wait(cast, olivia, monkeypatch):
    monkeypatch.setattr("portal_core.directory.api.PER_MINUTE", 1)
    assert [olivia.get(at(cast.pat)).status_code for _ in range(2)] == [200, 429]


def test_answers_are_as_described(cast, olivia, things):
    schema = olivia.get("/api/v1/schema/?format=json").json()
    for route in ROUTES:
        described = schema["paths"]["/" + str(route.pattern).replace("<str:", "{").replace(">", "}")]
        assert set(described) == set(methods_of(route)), route.name
        for method, operation in described.items():
            assert {"401", "403", "429"} <= set(operation["responses"]), (route.name, method)
        if "get" in described:
            shape = described["get"]["responses"]["200"]["content"]["application/json"]["schema"]
            told = olivia.get(reverse(f"access:{route.name}", kwargs=things(route)))
            validator = jsonschema.Draft202012Validator({**shape, "components": schema["components"]})
            validator.validate(told.json())


def test_more_rows_cost_no_more_queries(cast, olivia, things):
    def more() -> None:
        for number in range(2):
            name = f"Extra{PortalAccess.objects.count()}{number}"
            patient = make_patient(name, cast.north, name, email=cast.pat.email)
            set_access(patient)
            RegistrationFactory(office=cast.north, patient=patient, resembles=cast.paula)
            message = MessageFactory(template="access/invite")
            DeliveryFactory(message=message, recipient_key=f"patient:{cast.pat.public_id}", urgency=0)
            assert post(olivia, at(cast.pat, "proxies/"), proxy_body(email=f"{name}@p.example")).status_code == 201

    def costs() -> dict[str, int]:
        found = {}
        for route in ROUTES:
            if "get" in methods_of(route) or route.name == "api-search":
                method = "get" if "get" in methods_of(route) else "post"
                with CaptureQueriesContext(connection) as asked:
                    assert (
                        send(olivia, method, reverse(f"access:{route.name}", kwargs=things(route))).status_code == 200
                    )
                found[route.name] = len(asked)
        return found

    more()
    few = costs()
    more()
    assert costs() == few
    assert max(few.values()) <= 16
