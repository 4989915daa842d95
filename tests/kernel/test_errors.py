"""Refusals: one JSON shape for programs, one page with the request id for people."""

from typing import Any

import pytest
from channels.routing import URLRouter
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import DataError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.test import Client
from django.urls import include, path
from django.utils.html import escape

from ops.asgi import websocket_urlpatterns
from portal_core.directory.guards import public_page
from portal_core.kernel.errors import Conflict, Invalid, TooMany, Unavailable
from portal_core.kernel.http import errors

RAISED = {
    "conflict": Conflict(),
    "invalid": Invalid(fields={"name": ["Too long"]}),
    "too-many": TooMany(retry_after=17),
    "unavailable": Unavailable(),
    "404": Http404(),
    "403": PermissionDenied(),
    "big": RequestDataTooBig(),
    "bug": ZeroDivisionError("Pat Example"),
}


@public_page
def fail(request: HttpRequest, name: str) -> HttpResponse:
    raise RAISED[name]


@public_page
def take(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.POST.get("a", ""))


urlpatterns = [
    path("fail/<name>", fail),
    path("api/v1/fail/<name>", fail),
    path("take", take),
    path("", include("ops.urls")),
]
handler400 = "portal_core.kernel.http.errors.bad_request"
handler403 = "portal_core.kernel.http.errors.permission_denied"
handler404 = "portal_core.kernel.http.errors.page_not_found"
handler500 = "portal_core.kernel.http.errors.server_error"

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


@pytest.fixture
def client() -> Client:
    return Client(raise_request_exception=False)


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("conflict", 409, "conflict"),
        ("invalid", 422, "invalid"),
        ("too-many", 429, "too_many"),
        ("unavailable", 503, "unavailable"),
        ("404", 404, "not_found"),
        ("403", 403, "forbidden"),
        ("big", 413, "too_large"),
        ("bug", 500, "server_fault"),
    ],
)
def test_programs_get_one_shape(client, name, status, code):
    answer = client.get(f"/api/v1/fail/{name}")

    assert answer.status_code == status
    error = answer.json()["error"]
    assert error["code"] == code
    assert error["request_id"] == answer["X-Request-Id"]
    assert len(error["request_id"]) == 12
    assert error["message"]
    assert "Pat Example" not in answer.content.decode()


def test_facts_of_a_refusal_are_told(client):
    assert client.get("/api/v1/fail/invalid").json()["error"]["fields"] == {"name": ["Too long"]}


def test_whoever_asks_too_often_is_told_when_to_come_back(client):
    assert client.get("/fail/too-many")["Retry-After"] == "17"


@pytest.mark.parametrize("name", ["conflict", "404", "bug"])
def test_people_get_a_page_with_the_request_id(client, name):
    answer = client.get(f"/fail/{name}")

    assert answer["Content-Type"] == "text/html; charset=utf-8"
    assert answer["X-Request-Id"] in answer.content.decode()
    assert "<h1" in answer.content.decode()
    assert "Pat Example" not in answer.content.decode()


def test_json_for_whoever_asks_for_json(client):
    answer = client.get("/fail/conflict", headers={"Accept": "application/json"})

    assert answer.json()["error"]["code"] == "conflict"


def test_an_unknown_address_has_the_same_page(client):
    answer = client.get("/no/such/page")

    assert answer.status_code == 404
    assert answer["X-Request-Id"] in answer.content.decode()


def test_a_page_that_cannot_be_drawn_still_gets_an_answer(client, monkeypatch):
    def lost(*args, **kwargs) -> HttpResponse:
        raise OperationalError("connection lost")

    monkeypatch.setattr(errors, "render", lost)

    answer = client.get("/fail/bug")

    assert answer.status_code == 500
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert "This is our fault and has been recorded." in answer.content.decode()


def test_too_many_fields_are_refused_whole(client):
    answer = client.post("/take", {f"f{number}": "x" for number in range(500)})

    assert answer.status_code == 400
    assert answer["X-Request-Id"] in answer.content.decode()


def test_a_body_above_the_limit_is_refused(client):
    answer = client.post("/take", "a=" + "x" * 1_100_000, content_type="application/x-www-form-urlencoded")

    assert answer.status_code == 413


def test_a_form_without_its_token_says_what_to_do():
    answer = Client(enforce_csrf_checks=True).post("/take", {"a": "1"})

    assert answer.status_code == 403
    assert "Go back, reload, and send it again." in answer.content.decode()


def test_each_request_has_an_id_of_its_own(client):
    assert client.get("/healthz")["X-Request-Id"] != client.get("/healthz")["X-Request-Id"]


@pytest.mark.parametrize(
    "address",
    ["/status/incidents/%00/", "/portal/requests/a%00b/", "/desk/status/incidents/?q=a%00b", "/take?b=%00&a=1", "/%00"],
)
def test_a_zero_byte_is_refused_before_anything_is_looked_up(client, address, django_assert_num_queries):
    """PostgreSQL takes none into a text: these were answered 500 there, and 404 on SQLite."""
    with django_assert_num_queries(0):
        answer = client.get(address)

    assert answer.status_code == 400
    assert answer.content.decode() == f"This request cannot be read. ({answer['X-Request-Id']})\n"


def test_a_zero_byte_sent_by_a_program_or_in_a_cookie(client):
    answer = client.get("/api/v1/patients/%00/")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "unreadable")

    client.cookies["staff_session"] = "a\0b"
    assert client.get("/take").status_code == 400
    assert client.get("/take?a=100%2500").status_code == 400  # still the cookie
    client.cookies.clear()
    assert client.get("/take?a=100%2500").status_code == 200  # the text "%00" is a text


def test_a_zero_byte_that_only_the_database_finds_is_the_senders_fault_and_nothing_else_is():
    def answer(words: str) -> HttpResponse | None:
        return errors.AppErrorMiddleware(take).process_exception(HttpRequest(), DataError(words))

    refused = answer("PostgreSQL text fields cannot contain NUL (0x00) bytes")

    assert refused is not None
    assert refused.status_code == 400
    assert answer("value too long for type character varying(60)") is None


@pytest.mark.parametrize(
    ("site", "fields", "kept"),
    [
        ("same-origin", {"body": "My portal says <b>no</b> since Tuesday."}, True),
        ("same-origin", {"body": "  too short  "}, False),
        ("same-origin", {"new_password": "a long sentence as my password"}, False),
        ("cross-site", {"body": "My portal says <b>no</b> since Tuesday."}, False),
        ("", {"body": "My portal says <b>no</b> since Tuesday."}, False),
    ],
)
def test_words_of_a_form_that_was_open_too_long_can_be_copied(site, fields, kept):
    """Signing in in another tab makes an open form old. What somebody else's page sends is not shown on ours."""
    client = Client(enforce_csrf_checks=True)

    answer = client.post("/take", fields, headers={"Sec-Fetch-Site": site})

    page = answer.content.decode()
    assert answer.status_code == 403
    assert ("Copy it before you go on." in page) is kept
    (words,) = fields.values()
    assert (escape(words.strip()) in page) is kept


async def test_a_zero_byte_in_a_sockets_address_is_nobodys_address():
    answers: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: dict[str, Any]) -> None:
        answers.append(message)

    await URLRouter(websocket_urlpatterns)({"type": "websocket", "path": "/ws/portal/requests/a\0/"}, receive, send)

    assert answers == [{"type": "websocket.close", "code": 4404}]
