"""SP-07: copies of the page elsewhere, and a server for them that needs nothing of ours."""

import gzip
import json
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import timedelta
from http.client import HTTPConnection
from pathlib import Path

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.test import Client

from portal_core.kernel import clock
from statuspage import tasks
from statuspage.actions import snapshots
from statuspage.snapshot import assets, export, memory, standalone, store
from statuspage.snapshot.targets import Directory, TargetUnusable, open_target
from tests.cast import signed_in
from tests.statuspage.factories import declare

ROOT = Path(__file__).resolve().parents[2]
PAGE = b'<link href="/static/ui/css/base.css"><p>All well</p>'
FILES = {
    "status/index.html": (PAGE, "text/html; charset=utf-8"),
    "status/incidents/abc/index.html": (b"<p>One</p>" * 50, "text/html; charset=utf-8"),
    "api/v2/components.json": (b'{"components": []}', "application/json; charset=utf-8"),
    "api/v2/summary.json": (b'{"status": "x"}', "application/json; charset=utf-8"),
}


NAMES = {
    "page": "status/index.html", "components": "api/v2/components.json", "incident": "status/incidents/abc/index.html",
}  # fmt: skip


def write(number: int = 7, **changes: bytes | None) -> None:
    files = dict(FILES)
    for path, body in changes.items():
        name = NAMES[path]
        if body is None:
            del files[name]
        else:
            files[name] = (body, FILES[name][1])
    headers = {"content-security-policy": "default-src 'none'"}
    store.write(files, snapshot=number, written_at=clock.now(), summary={"incidents": []}, headers=headers)
    memory.invalidate()


def names(root: Path) -> set[str]:
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file() and path.suffix != ".gz"}


# --- the copy -----------------------------------------------------------------------------------
def test_a_copy_is_whole_with_the_style_sheets_it_names(tmp_path):
    write()
    report = export.to(str(tmp_path / "out"))

    found = names(tmp_path / "out")
    assert set(FILES) | {"manifest.json", "static/ui/css/base.css"} <= found
    assert report.written == len(found) - 1
    assert (tmp_path / "out/status/index.html").read_bytes() == PAGE
    packed = tmp_path / "out/status/incidents/abc/index.html.gz"
    assert gzip.decompress(packed.read_bytes()) == b"<p>One</p>" * 50
    assert not (tmp_path / "out/facts.json").exists()


def test_only_what_changed_is_written_and_what_is_gone_is_deleted(tmp_path):
    out = tmp_path / "out"
    write()
    export.to(str(out))
    (out / "robots.txt").write_text("ours")
    untouched = (out / "api/v2/summary.json").stat().st_mtime_ns

    write(8, page=b"<p>Trouble</p>", incident=None)
    report = export.to(str(out))

    assert (report.written, report.deleted) == (1, 2)  # the incident's page, and a style sheet nobody names any more
    assert (out / "status/index.html").read_bytes() == b"<p>Trouble</p>"
    assert not (out / "status/incidents").joinpath("abc").exists()
    assert (out / "api/v2/summary.json").stat().st_mtime_ns == untouched
    assert (out / "robots.txt").read_text() == "ours"


def test_the_page_is_written_last_and_a_break_leaves_the_old_one(tmp_path, monkeypatch):
    out = tmp_path / "out"
    write()
    export.to(str(out))
    write(8, page=b"<p>Trouble</p>", components=b"{}")
    order: list[str] = []
    put = Directory.write

    def breaks(self: Directory, path: str, *rest: object) -> None:
        order.append(path)
        if path == "status/index.html":
            raise TargetUnusable("the disk is full")
        put(self, path, *rest)

    with monkeypatch.context() as full:
        full.setattr(Directory, "write", breaks)
        with pytest.raises(TargetUnusable):
            export.to(str(out))
    assert order == ["api/v2/components.json", "status/index.html"]
    assert (out / "status/index.html").read_bytes() == PAGE

    assert export.to(str(out)).written == 2  # nothing counts as copied before the manifest says so


def test_a_manifest_that_names_files_outside_deletes_none_of_them(tmp_path):
    out, outside = tmp_path / "out", tmp_path / "precious.txt"
    outside.write_text("keep")
    write()
    export.to(str(out))
    manifest = json.loads((out / "manifest.json").read_text())
    manifest["digests"] |= {"../precious.txt": "x", str(outside): "x"}
    (out / "manifest.json").write_text(json.dumps(manifest))
    write(8, page=b"other")

    export.to(str(out))

    assert outside.read_text() == "keep"


def test_what_pages_name_is_followed_through_style_sheets_and_scripts():
    page = b'<script src="/static/ui/main.js"></script><a href="/status/"></a><img src="/static/no.png">'
    found = assets.named_by([page])

    assert "static/ui/main.js" in found
    assert len(found) > 1  # its imports
    assert "static/no.png" not in found
    assert all(path.startswith("static/") for path in found)


def test_the_command_says_what_it_did_and_refuses_in_words(tmp_path, capsys):
    with pytest.raises(CommandError, match="Nothing was ever published"):
        call_command("statuspage_export", str(tmp_path))
    write()
    call_command("statuspage_export", str(tmp_path / "out"))
    assert "Snapshot 7: 5 written, 0 unchanged, 0 deleted." in capsys.readouterr().out
    (tmp_path / "file").write_text("")
    with pytest.raises(CommandError, match="Not a directory"):
        call_command("statuspage_export", str(tmp_path / "file"))
    with pytest.raises(CommandError, match="needs a bucket"):
        call_command("statuspage_export", "s3://")


# --- by itself ----------------------------------------------------------------------------------
def test_the_copy_follows_each_publication_and_renews_a_calm_page_every_five_minutes(tmp_path, settings):
    settings.STATUS_EXPORT = str(tmp_path / "out")
    with time_machine.travel("2026-11-22T10:00:00Z", tick=False) as at:
        write()
        assert tasks.export_snapshot() is True
        assert tasks.export_snapshot() is False  # the same snapshot
        at.shift(timedelta(seconds=60))
        write(8, page=b"a minute later")
        assert tasks.export_snapshot() is False
        write(9, page=b"trouble", components=b'{"components": ["trouble"]}')
        assert tasks.export_snapshot() is True
        at.shift(timedelta(seconds=300))
        write(10, page=b"calm", components=b'{"components": ["trouble"]}')
        assert tasks.export_snapshot() is True
    assert (tmp_path / "out/status/index.html").read_bytes() == b"calm"


def test_a_copy_that_fails_is_counted_shown_and_tried_again(tmp_path, settings):
    blocked = tmp_path / "out"
    blocked.write_text("in the way")
    settings.STATUS_EXPORT = str(blocked)
    write()
    assert [tasks.export_snapshot() for _ in range(2)] == [False, False]
    assert (export.state().failures, export.state().error) == (2, f"{blocked}: Not a directory")

    blocked.unlink()
    assert tasks.export_snapshot() is True
    assert (export.state().failures, export.state().error, export.state().name) == (0, "", store.current_name())


def test_operators_see_it_after_three_failures_and_monitors_at_once(tmp_path, settings, page, cast):
    blocked = tmp_path / "out"
    blocked.write_text("in the way")
    settings.STATUS_EXPORT = str(blocked)
    write()
    words = "The copy of the status page is not being renewed."
    operator, office = signed_in(cast.omar), signed_in(cast.olivia)
    seen = []
    for _ in range(3):
        tasks.export_snapshot()
        seen.append(words in operator.get("/desk/status/inside/").content.decode())
    assert seen == [False, False, True]
    assert words not in office.get("/desk/status/inside/").content.decode()
    figures = Client().get("/metrics").content.decode()
    assert "lantern_status_export_failures 3.0" in figures
    assert 'lantern_status_journal_entries{state="waiting"} 0.0' in figures


def test_without_the_setting_nothing_is_copied(settings):
    settings.STATUS_EXPORT = ""
    write()
    assert tasks.export_snapshot() is False
    assert export.state() == export.State()


def test_the_real_page_is_exported_with_everything_it_names(page, tmp_path):
    declare("Video visits do not start", telehealth="major_outage")
    snapshots.write_pending()
    export.to(str(tmp_path))

    html = (tmp_path / "status/index.html").read_text()
    assert "Video visits do not start" in html
    named = {name for name in names(tmp_path) if name.startswith("static/")}
    assert {"static/statuspage/status.js", "static/statuspage/statuspage.css"} <= named


# --- to a bucket --------------------------------------------------------------------------------
@pytest.fixture
def bucket(monkeypatch) -> Iterator[object]:
    """A local server that speaks S3, and the official client."""
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    for name, value in {
        "AWS_ENDPOINT_URL_S3": f"http://{host}:{port}", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    client = boto3.client("s3")
    client.create_bucket(Bucket="status")
    yield client
    client.close()
    server.stop()


def test_a_bucket_gets_types_cache_headers_and_loses_what_is_stale(bucket):
    write()
    export.to("s3://status/copy")
    page = bucket.get_object(Bucket="status", Key="copy/status/index.html")
    assert (page["Body"].read(), page["ContentType"]) == (PAGE, "text/html; charset=utf-8")
    assert page["CacheControl"] == "public, max-age=0, stale-if-error=86400"
    sheet = bucket.get_object(Bucket="status", Key="copy/static/ui/css/base.css")
    assert (sheet["ContentType"], sheet["CacheControl"]) == (
        "text/css; charset=utf-8", "public, max-age=31536000, immutable",
    )  # fmt: skip

    write(8, incident=None)
    report = export.to("s3://status/copy")

    assert (report.written, report.deleted) == (0, 1)
    keys = {row["Key"] for row in bucket.list_objects_v2(Bucket="status")["Contents"]}
    assert "copy/status/incidents/abc/index.html" not in keys
    assert "copy/manifest.json" in keys
    with pytest.raises(TargetUnusable, match="s3://nobodys: NoSuchBucket"):
        export.to("s3://nobodys/x")


def test_a_bucket_that_is_away_is_said_in_words(monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    target = open_target("s3://status/")
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    with pytest.raises(TargetUnusable, match="s3://status: EndpointConnectionError"):
        target.read("x")


# --- the server that needs nothing --------------------------------------------------------------
@pytest.fixture
def served(tmp_path) -> Iterator[str]:
    write()
    export.to(str(tmp_path / "out"))
    server = standalone.serve(tmp_path / "out", host="127.0.0.1", port=0)
    runner = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    runner.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    runner.join()
    server.server_close()


def get(url: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
    connection = HTTPConnection(url.removeprefix("http://").partition("/")[0], timeout=5)
    connection.request(method, "/" + url.removeprefix("http://").partition("/")[2], headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, body


def test_the_small_server_answers_what_the_big_one_would(served):
    """SP-07"""
    status, headers, body = get(f"{served}/status/")
    assert (status, body) == (200, PAGE)
    assert "default-src 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["last-modified"].endswith("GMT")
    assert get(f"{served}/status/", **{"If-None-Match": headers["etag"]})[0] == 304
    assert get(f"{served}/status/", "HEAD")[::2] == (200, b"")
    packed = get(f"{served}/status/incidents/abc/", **{"Accept-Encoding": "gzip"})
    assert (packed[1]["content-encoding"], gzip.decompress(packed[2])) == ("gzip", b"<p>One</p>" * 50)
    assert get(f"{served}/api/v2/summary.json")[1]["access-control-allow-origin"] == "*"
    assert get(f"{served}/static/ui/css/base.css")[1]["content-type"] == "text/css; charset=utf-8"
    assert (get(f"{served}/")[0], get(f"{served}/")[1]["location"]) == (302, "/status/")


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [
        ("/manifest.json", "GET", 404),
        ("/status/../manifest.json", "GET", 404),
        ("/static/../manifest.json", "GET", 404),
        ("/desk/", "GET", 404),
        ("/status/", "POST", 405),
        ("/status/", "DELETE", 405),
        ("/api/v2/summary.json", "OPTIONS", 204),
    ],
)
def test_the_small_server_hands_out_nothing_else(served, path, method, status):
    assert get(served + path, method)[0] == status


def test_the_small_server_sees_a_newer_copy_and_keeps_the_old_one_when_it_is_broken(tmp_path):
    write()
    export.to(str(tmp_path))
    site = standalone.Site(tmp_path)
    assert site.find("/status/").body == PAGE
    write(8, page=b"<p>Trouble</p>")
    export.to(str(tmp_path))
    site._looked = 0.0
    assert site.find("/status/").body == b"<p>Trouble</p>"

    (tmp_path / "manifest.json").write_text("{")
    site._looked = 0.0

    assert site.find("/status/").body == b"<p>Trouble</p>"


def test_it_starts_with_bare_python_on_a_running_installations_directory(tmp_path):
    """No Django, no settings, no site packages: a second host has Python and a directory."""
    write()
    script = ROOT / "statuspage" / "snapshot" / "standalone.py"
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", str(script), str(store.root()), "--port", "0"],
        cwd=tmp_path, env={"PATH": "/usr/bin:/bin"}, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        address = process.stdout.readline().split()[-1]
        assert get(address)[2] == PAGE
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(address.replace("/status/", "/facts.json"))
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()
