"""Speaks enough of Twilio's REST API for the official SDK: Messages.json and Calls.json with Basic authentication."""

import base64
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

PATH = re.compile(r"/2010-04-01/Accounts/(?P<account>\w+)/(?P<what>Messages|Calls)\.json")


@dataclass
class TwilioDouble:
    """`failures` maps a phone number to (HTTP status, Twilio code); `outage` answers everything with that status."""

    account: str = "AC00000000000000000000000000000001"
    token: str = "secret-token"
    messages: list[dict[str, str]] = field(default_factory=list)
    calls: list[dict[str, str]] = field(default_factory=list)
    failures: dict[str, tuple[int, int]] = field(default_factory=dict)
    outage: int = 0
    url: str = ""

    def answer(self, path: str, authorization: str, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        match = PATH.fullmatch(path)
        if match is None or match["account"] != self.account:
            return 404, {"code": 20404, "message": "not found", "status": 404}
        if self.outage:
            return self.outage, {"code": 20500, "message": "down", "status": self.outage}
        expected = base64.b64encode(f"{self.account}:{self.token}".encode()).decode()
        if authorization != f"Basic {expected}":
            return 401, {"code": 20003, "message": "Authenticate", "status": 401}
        if form["To"] in self.failures:
            status, code = self.failures[form["To"]]
            return status, {"code": code, "message": f"refused {form['To']}", "status": status}
        box, prefix = (self.messages, "SM") if match["what"] == "Messages" else (self.calls, "CA")
        form["sid"] = f"{prefix}{len(box) + 1:032x}"
        box.append(form)
        return 201, {"sid": form["sid"], "status": "queued", "to": form["To"], "from": form["From"]}


@contextmanager
def twilio_double() -> Iterator[TwilioDouble]:
    double = TwilioDouble()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            status, value = double.answer(self.path, self.headers.get("Authorization", ""), form)
            data = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *args: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    double.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield double
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
