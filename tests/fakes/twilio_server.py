"""Speaks enough of Twilio's REST API for the official SDK: Messages.json and Calls.json with Basic authentication."""

import base64
import datetime as dt
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

RECORDING = re.compile(r"/2010-04-01/Accounts/(?P<account>\w+)/Recordings/(?P<sid>\w+)\.(?P<ending>mp3|json)")
MEDIA = re.compile(r"/2010-04-01/Accounts/(?P<account>\w+)/Messages/\w+/Media/(?P<sid>\w+)(?P<ending>\.json)?")
PATH = re.compile(r"/2010-04-01/Accounts/(?P<account>\w+)/(?P<what>Messages|Calls)\.json")


@dataclass
class TwilioDouble:
    """`failures` maps a phone number to (HTTP status, Twilio code); `outage` answers everything with that status;
    `silent`: as many posts are taken and never answered, which is what a time-out looks like."""

    account: str = "AC00000000000000000000000000000001"
    token: str = "secret-token"
    messages: list[dict[str, str]] = field(default_factory=list)
    calls: list[dict[str, str]] = field(default_factory=list)
    failures: dict[str, tuple[int, int]] = field(default_factory=dict)
    outage: int = 0
    silent: int = 0
    made_at: str = ""  # RFC 2822; when messages say they were made, empty: now
    made: dict[str, str] = field(default_factory=dict)
    lookups: list[dict[str, str]] = field(default_factory=list)
    recordings: dict[str, bytes] = field(default_factory=dict)  # sid → sound
    media: dict[str, bytes] = field(default_factory=dict)  # sid → file of a text
    elsewhere: dict[str, str] = field(default_factory=dict)  # sid → where its store is
    deleted: list[str] = field(default_factory=list)
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
        form_made = self.made_at or format_datetime(dt.datetime.now(dt.UTC))
        self.made[form["sid"]] = form_made
        box.append(form)
        return 201, {"sid": form["sid"], "status": "queued", "to": form["To"], "from": form["From"]}

    def recording(self, path: str, authorization: str, *, delete: bool = False) -> tuple[int, bytes]:
        """The sound of a recording, or its deletion."""
        match = RECORDING.fullmatch(path)
        expected = base64.b64encode(f"{self.account}:{self.token}".encode()).decode()
        if match is None or match["account"] != self.account or authorization != f"Basic {expected}":
            return 401, b""
        if self.outage:
            return self.outage, b""
        if match["sid"] not in self.recordings:
            return 404, b""
        if not delete:
            return 200, self.recordings[match["sid"]]
        self.deleted.append(match["sid"])
        del self.recordings[match["sid"]]
        return 204, b""

    def file(self, path: str, authorization: str, *, delete: bool = False) -> tuple[int, bytes]:
        """A file of a text, or its deletion."""
        match = MEDIA.fullmatch(path)
        expected = base64.b64encode(f"{self.account}:{self.token}".encode()).decode()
        if match is None or match["account"] != self.account or authorization != f"Basic {expected}":
            return 401, b""
        if self.outage:
            return self.outage, b""
        if match["sid"] in self.elsewhere:
            return 302, self.elsewhere[match["sid"]].encode()
        if match["sid"] not in self.media:
            return 404, b""
        if not delete:
            return 200, self.media[match["sid"]]
        self.deleted.append(match["sid"])
        del self.media[match["sid"]]
        return 204, b""

    def find(self, query: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """What was taken for a number, newest first, as a page of Twilio's list."""
        self.lookups.append(query)
        if self.outage:
            return self.outage, {"code": 20500, "message": "down", "status": self.outage}
        found = [
            {"sid": one["sid"], "to": one["To"], "body": one["Body"], "date_created": self.made[one["sid"]]}
            for one in reversed(self.messages)
            if one["To"] == query["To"]
        ]
        return 200, {"messages": found, "next_page_uri": None, "page": 0, "page_size": 50}


@contextmanager
def twilio_double() -> Iterator[TwilioDouble]:
    double, done = TwilioDouble(), threading.Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            status, value = double.answer(self.path, self.headers.get("Authorization", ""), form)
            if double.silent and status == 201:
                double.silent -= 1
                done.wait(30)
                self.close_connection = True
                return
            self._say(status, value)

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if "/Recordings/" in parts.path:
                self._send(*double.recording(parts.path, self.headers.get("Authorization", "")))
                return
            if "/Media/" in parts.path:
                self._send(*double.file(parts.path, self.headers.get("Authorization", "")))
                return
            self._say(*double.find({name: values[0] for name, values in parse_qs(parts.query).items()}))

        def do_DELETE(self) -> None:
            if "/Media/" in self.path:
                self._send(*double.file(self.path, self.headers.get("Authorization", ""), delete=True))
                return
            self._send(*double.recording(self.path, self.headers.get("Authorization", ""), delete=True))

        def _send(self, status: int, data: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "audio/mpeg")
            if status == 302:
                self.send_header("Location", data.decode())
            if status != 204:
                self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def _say(self, status: int, value: dict[str, Any]) -> None:
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
        done.set()
        server.shutdown()
        server.server_close()
        thread.join(5)
