"""The one-hop handler answers like Django's own and keeps its threads and database connections."""

import asyncio
import contextlib
import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import psycopg
import pytest
from asgiref.testing import ApplicationCommunicator
from django.core.handlers.asgi import ASGIHandler

from ops.runtime.one_hop import THREADS, OneHopHandler
from tests.ops.conftest import StageServer


def scope(method: str, address: str, *headers: tuple[bytes, bytes]) -> dict[str, Any]:
    path, _, query = address.partition("?")
    return {
        "type": "http", "http_version": "1.1", "method": method, "path": path, "raw_path": path.encode(),
        "query_string": query.encode(), "headers": [(b"host", b"testserver"), *headers], "client": ("127.0.0.1", 9),
        "server": ("testserver", 80), "scheme": "http", "asgi": {"version": "3.0"},
    }  # fmt: skip


async def ask(handler: Any, method: str, address: str, body: bytes = b"") -> tuple[int, list[Any], bytes]:
    """Status, headers and cookies, body; without the request's id, which is new each time."""
    conversation = ApplicationCommunicator(handler, scope(method, address, (b"content-type", b"text/plain")))
    half = len(body) // 2
    await conversation.send_input({"type": "http.request", "body": body[:half], "more_body": True})
    await conversation.send_input({"type": "http.request", "body": body[half:]})
    start = await conversation.receive_output(5)
    content, more = b"", True
    while more:
        part = await conversation.receive_output(5)
        content, more = content + part.get("body", b""), part.get("more_body", False)
    await conversation.wait(5)
    headers = {name.lower(): value for name, value in start["headers"] if name.lower() != b"set-cookie"}
    cookies = [value for name, value in start["headers"] if name.lower() == b"set-cookie"]
    request_id = headers.pop(b"x-request-id")
    return start["status"], [headers, cookies], content.replace(request_id, b"ID")


@pytest.mark.urls("tests.ops.stage")
@pytest.mark.django_db(transaction=True)
@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume synchronous iterators")  # the stock handler's
@pytest.mark.parametrize(
    ("method", "address", "body"),
    [
        ("GET", "/echo?text=h%C3%A9", b""),
        ("POST", "/echo", b"x" * 3_000),
        ("HEAD", "/echo?text=x", b""),
        ("GET", "/async?text=hello", b""),
        ("GET", "/parts", b""),
        ("GET", "/async-parts", b""),
        ("GET", "/file", b""),
        ("GET", "/healthz", b""),
        ("POST", "/nowhere", b""),
    ],
)
async def test_it_answers_as_djangos_own_handler_does(method, address, body):
    mine = await ask(OneHopHandler(), method, address, body)
    stock = await ask(ASGIHandler(), method, address, body)

    assert mine == stock


@pytest.mark.urls("tests.ops.stage")
async def test_it_serves_http_only():
    with pytest.raises(ValueError, match="HTTP only"):
        await OneHopHandler()({"type": "lifespan"}, None, None)


@pytest.mark.urls("tests.ops.stage")
@pytest.mark.django_db(transaction=True)
async def test_a_sender_who_leaves_in_the_middle_of_a_form_gets_no_answer():
    conversation = ApplicationCommunicator(OneHopHandler(), scope("POST", "/echo"))
    await conversation.send_input({"type": "http.request", "body": b"half", "more_body": True})
    await conversation.send_input({"type": "http.disconnect"})
    await conversation.wait(5)

    assert conversation.output_queue.empty()


def crowd(stage: StageServer, path: str, count: int) -> list[tuple[int, str]]:
    with ThreadPoolExecutor(8) as visitors:
        return list(visitors.map(lambda _: stage.get(path), range(count)))


def test_requests_share_a_few_threads_that_keep_their_connections(stage):
    answers = crowd(stage, "/where", 60)

    assert {status for status, _ in answers} == {200}
    places = {body for _, body in answers}
    assert 1 <= len(places) <= THREADS  # each thread one connection, the same every time
    assert places >= {body for _, body in crowd(stage, "/where", 60)} or len(places) < THREADS


@pytest.mark.services
def test_no_request_opens_a_database_connection(scaled_stage):
    crowd(scaled_stage, "/where", 60)

    def sessions() -> int:
        address = scaled_stage.env["DATABASE_URL"]
        with psycopg.connect(address.rpartition("/")[0] + "/postgres") as connection:
            row = connection.execute(
                "SELECT sessions FROM pg_stat_database WHERE datname = %s", [address.rpartition("/")[2]]
            ).fetchone()
        assert row is not None
        count: int = row[0]
        return count

    before = sessions()
    crowd(scaled_stage, "/where", 100)

    assert sessions() - before == 0


def test_a_slow_page_does_not_hold_up_a_quick_one(embedded_stage):
    with ThreadPoolExecutor(2) as visitors:
        slow = visitors.submit(embedded_stage.get, "/nap?seconds=1.0")
        begun = time.monotonic()
        while not slow.done():
            assert embedded_stage.get("/healthz")[0] == 200
            assert time.monotonic() - begun < 5
        assert slow.result() == (200, "rested")


def test_a_fault_is_answered_and_the_thread_serves_on(embedded_stage):
    for status, _ in crowd(embedded_stage, "/boom", 3 * THREADS):
        assert status == 500

    assert {status for status, _ in crowd(embedded_stage, "/where", 3 * THREADS)} == {200}


def test_readers_who_leave_do_not_use_up_the_threads(embedded_stage):
    for _ in range(3 * THREADS):
        visitor = HTTPConnection("127.0.0.1", embedded_stage.port, timeout=5)
        visitor.request("GET", "/nap?seconds=0.05")
        visitor.close()

    assert {status for status, _ in crowd(embedded_stage, "/where", 3 * THREADS)} == {200}


async def test_an_endless_stream_ends_when_its_reader_leaves(embedded_stage, tmp_path):
    notes = [tmp_path / f"{number}" for number in range(THREADS + 2)]  # more readers than threads: none is held
    visitors = []
    for note in notes:
        visitor = HTTPConnection("127.0.0.1", embedded_stage.port, timeout=5)
        await asyncio.to_thread(visitor.request, "GET", f"/endless?file={note}")
        answer = await asyncio.to_thread(visitor.getresponse)
        assert await asyncio.to_thread(answer.read, 5) == b"tick\n"
        visitors.append((visitor, answer))
    assert (await asyncio.to_thread(embedded_stage.get, "/where"))[0] == 200
    for visitor, answer in visitors:
        answer.close()
        visitor.close()

    await asyncio.wait_for(written(notes, "reader left"), 5)


async def written(files: list[Path], text: str) -> None:
    while not all(file.exists() and file.read_text() == text for file in files):
        await asyncio.sleep(0.02)


MEGABYTE = 1024 * 1024


def sent(port: int, head: bytes, *parts: bytes, to: bytes = b"/echo") -> bytes:
    """What comes back to a sender who keeps to no rule; b"" where the line was cut."""
    cut = contextlib.suppress(BrokenPipeError, ConnectionResetError)
    with socket.create_connection(("127.0.0.1", port), timeout=5) as line, cut:
        line.sendall(b"POST " + to + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n" + head + b"\r\n\r\n")
        for part in parts:
            line.sendall(part)
        return line.recv(65536)
    return b""


def test_a_body_over_the_limit_is_refused_before_it_is_kept(embedded_stage):
    chunk = b"100000\r\n" + b"x" * MEGABYTE + b"\r\n"
    announced = sent(embedded_stage.port, b"Content-Length: 5000000000")
    counted = sent(embedded_stage.port, b"Transfer-Encoding: chunked", *[chunk] * 17)
    endless = sent(embedded_stage.port, b"Content-Length: 5000000000", *[b"x" * MEGABYTE] * 80)

    for answer in (announced, counted):
        assert answer.startswith(b"HTTP/1.1 413 Content Too Large\r\n")
        assert b"\r\nX-Content-Type-Options: nosniff\r\n" in answer
        assert b"Nothing was sent. Go back in your browser" in answer
    assert endless == b"" or endless.startswith(b"HTTP/1.1 413 ")
    small = sent(embedded_stage.port, b"Content-Length: 3\r\nContent-Type: text/plain", b"abc")
    assert small.startswith(b"HTTP/1.1 201 ")
    assert small.endswith(b"\r\n\r\nabc")


def test_where_files_are_sent_more_may_come_and_programs_are_told_in_their_own_words(embedded_stage):
    """A letter with files of 17 MB is what the pages promise to take; a refusal says what to do."""
    port = embedded_stage.port
    letter = sent(port, b"Content-Length: %d" % (17 * MEGABYTE), *[b"x" * MEGABYTE] * 17, to=b"/portal/none/")
    page = sent(port, b"Content-Length: %d" % (57 * MEGABYTE), to=b"/desk/none/")
    program = sent(port, b"Content-Length: %d" % (17 * MEGABYTE), to=b"/api/v1/tickets/")

    assert letter.startswith(b"HTTP/1.1 404 ")
    assert page.startswith(b"HTTP/1.1 413 ")
    assert b"\r\nContent-Type: text/html; charset=utf-8\r\n" in page
    head, _, body = program.partition(b"\r\n\r\n")
    assert b"\r\nContent-Type: application/json\r\n" in head
    error = json.loads(body)["error"]
    assert (error["code"], error["message"]) == (
        "too_large", "Nothing was done: a body may have 16 MB. Send less in one go.",
    )  # fmt: skip
    assert f"X-Request-ID: {error['request_id']}".encode() in head
