"""Error reports and log lines say where it broke and never what anybody typed."""

import gzip
import http.server
import json
import logging
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, OperationalError

from ops.logging import LineFormatter
from tests.product import ROOT

SECRETS = ("Pat Example", "1980-02-29", "chest pain", "hunter2hunter2", "tok3n", "203.0.113.9")
KEY = "a-signed-link-that-opens-something"

SCRIPT = """
import django
django.setup()
from asgiref.testing import ApplicationCommunicator
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from ops import sentry
from ops.runtime.one_hop import OneHopHandler
from portal_core.directory.guards import public_page
import asyncio, logging, sys, types
from urllib.parse import urlencode

@csrf_exempt
@public_page
def take(request, token):
    typed = request.POST["complaint"]
    logging.getLogger("ops").error("could not save %s", typed, extra={"who": "Pat Example"})
    raise ValueError(f"cannot save {typed}")

urls = types.ModuleType("leaky_urls")
urls.urlpatterns = [path("contact/<token>", take)]
sys.modules["leaky_urls"] = urls
from django.conf import settings
settings.ROOT_URLCONF = "leaky_urls"
sentry.start()
form = urlencode({"complaint": "chest pain", "name": "Pat Example", "password": "hunter2hunter2"})
scope = {
    "type": "http", "http_version": "1.1", "method": "POST", "scheme": "http",
    "path": "/contact/a-signed-link-that-opens-something", "query_string": b"born=1980-02-29",
    "server": ("testserver", 80), "client": ("203.0.113.9", 1),
    "headers": [
        (b"host", b"testserver"), (b"content-type", b"application/x-www-form-urlencoded"),
        (b"cookie", b"patient_session=tok3n"), (b"authorization", b"Bearer tok3n"),
    ],
}

async def post():
    conversation = ApplicationCommunicator(sentry.around(OneHopHandler()), scope)
    await conversation.send_input({"type": "http.request", "body": form.encode()})
    start = await conversation.receive_output(10)
    assert start["status"] == 500, start
    await conversation.wait(5)

asyncio.run(post())
import sentry_sdk
sentry_sdk.flush(10)
"""


class Sink(http.server.BaseHTTPRequestHandler):
    received: list[str]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        self.received.append(body.decode())
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def sink() -> Iterator[tuple[int, list[str]]]:
    received: list[str] = []
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Sink,), {"received": received}))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_address[1], received
    server.shutdown()
    thread.join()
    server.server_close()


def test_sentry_hears_where_it_broke_and_nothing_that_was_typed(sink, tmp_path):
    port, received = sink
    env = {
        "DJANGO_SETTINGS_MODULE": "ops.settings", "DATA_DIR": str(tmp_path), "PATH": "/usr/bin:/bin",
        "SENTRY_DSN": f"http://key@127.0.0.1:{port}/1", "ALLOWED_HOSTS": "testserver",
    }  # fmt: skip
    done = subprocess.run([sys.executable, "-c", SCRIPT], cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr

    said = "\n".join(received)
    events = [json.loads(line) for body in received for line in body.splitlines() if '"exception"' in line]
    assert len(events) >= 1
    assert events[-1]["exception"]["values"][-1]["type"] == "ValueError"
    assert any(frame["function"] == "take" for frame in events[-1]["exception"]["values"][-1]["stacktrace"]["frames"])
    assert events[-1]["request"] == {"method": "POST", "url": "http://testserver/contact/[...]"}
    for secret in (*SECRETS, KEY):
        assert secret not in said


def test_without_an_address_nothing_is_sent(settings):
    from ops import sentry

    settings.SENTRY_DSN = ""
    sentry.start()

    import sentry_sdk

    assert not sentry_sdk.get_client().is_active()


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (IntegrityError("Key (email)=(pat@example.org) already exists."), "django.db.utils.IntegrityError"),
        (ValidationError("Pat Example is too long"), "django.core.exceptions.ValidationError"),
        (ValueError("Pat Example"), "builtins.ValueError"),
        (ConnectionRefusedError("port 6379"), "builtins.ConnectionRefusedError: port 6379"),
        (OperationalError("server is away"), "django.db.utils.OperationalError: server is away"),
    ],
)
def test_a_log_line_quotes_no_row(error, text):
    formatter = LineFormatter("{levelname} {request_id} {message}", style="{")
    try:
        raise error
    except Exception:  # noqa: BLE001 - whichever of them it is
        record = logging.makeLogRecord({"msg": "it broke", "levelname": "ERROR", "exc_info": sys.exc_info()})

    lines = formatter.format(record).splitlines()

    assert lines[0] == "ERROR - it broke"
    assert "test_a_log_line_quotes_no_row" in lines[1]
    assert lines[-1] == text


def test_causes_are_named_too():
    formatter, typed = LineFormatter("{message}", style="{"), "Pat Example"
    try:
        try:
            raise ValueError(typed)
        except ValueError as first:
            raise LookupError(typed) from first
    except LookupError:
        record = logging.makeLogRecord({"msg": "it broke", "exc_info": sys.exc_info()})

    said = formatter.format(record)

    assert said.index("builtins.ValueError") < said.index("which led to") < said.index("builtins.LookupError")
    assert typed not in said


@pytest.mark.parametrize(
    "path",
    [
        "/portal/set-password/{}/",
        "/help/tickets/01abc.{}/reply/",
        "/telehealth/join/{}:1w:x/room/",
        "/status/subscriptions/{}/confirm/",
    ],
)
def test_a_log_line_holds_no_link_that_opens_something(path):
    """Django warns of every 4xx with its path; a mistyped new password must not leave its live link in the log."""
    key, formatter = "Zm9yZ290dGVuLXBhc3N3b3JkLWxpbmst", LineFormatter("{message}", style="{")
    record = logging.makeLogRecord({"msg": "%s: %s", "args": ("Unprocessable Entity", path.format(key))})

    said = formatter.format(record)

    assert key[:8] not in said
    assert said.startswith(f"Unprocessable Entity: /{path.split('/')[1]}/")


def test_public_ids_stay_readable_in_a_log_line():
    path = "/desk/patients/0123456789abcdefghjk/edit/"
    record = logging.makeLogRecord({"msg": "%s: %s", "args": ("Not Found", path)})

    assert LineFormatter("{message}", style="{").format(record) == f"Not Found: {path}"
