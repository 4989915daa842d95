"""SP-07: the page is written at every publication, survives crashes, and is served without the database."""

import gzip
import json
import os

import pytest
import time_machine

from portal_core.kernel import clock
from statuspage.actions import incidents, snapshots
from statuspage.models import Snapshot
from statuspage.snapshot import memory, shared, store
from statuspage.snapshot_asgi import SnapshotApp
from tests.statuspage.conftest import OMAR
from tests.statuspage.factories import declare


class Answer:
    def __init__(self, sent: list[dict]) -> None:
        self.status = sent[0]["status"]
        self.headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        self.body = b"".join(message["body"] for message in sent[1:])


async def inner(scope, receive, send) -> None:
    await send({"type": "http.response.start", "status": 299, "headers": []})
    await send({"type": "http.response.body", "body": scope["path"].encode()})


async def ask(path: str, method: str = "GET", **headers: str) -> Answer:
    sent: list[dict] = []
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]

    async def send(message: dict) -> None:
        sent.append(message)

    scope = {"type": "http", "method": method, "path": path, "headers": raw, "query_string": b""}
    await SnapshotApp(inner)(scope, None, send)
    return Answer(sent)


FILES = {
    "status/index.html": (b"<p>All well</p>", "text/html; charset=utf-8"),
    "status/incidents/abc/index.html": (b"<p>One</p>", "text/html; charset=utf-8"),
    "api/v2/summary.json": (b'{"status": "x"}', "application/json; charset=utf-8"),
    "history.atom": (b"<feed/>", "application/atom+xml; charset=utf-8"),
}


def write(number: int = 7, files: dict | None = None) -> str:
    name = store.write(
        files or FILES, snapshot=number, written_at=clock.now(), summary={"indicator": "none", "incidents": []}
    )
    memory.invalidate()
    return name


# None of these has the `db` fixture: pytest-django refuses any query they would make.
async def test_the_page_is_served_with_the_database_gone():
    """SP-07"""
    write()

    answer = await ask("/status/")

    assert (answer.status, answer.body) == (200, b"<p>All well</p>")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert (await ask("/status/incidents/abc/")).body == b"<p>One</p>"
    assert (await ask("/api/v2/summary.json")).body == b'{"status": "x"}'


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("/status/subscribe/", "GET"),
        ("/status/incidents/other/", "GET"),
        ("/status", "GET"),
        ("/status/../secret.key", "GET"),
        ("/status/index.html", "GET"),
        ("/manifest.json", "GET"),
        ("/api/v2/nothing.json", "GET"),
        ("/status/", "POST"),
        ("/", "GET"),
    ],
)
async def test_everything_else_goes_to_the_product(path, method):
    write()

    answer = await ask(path, method)

    assert (answer.status, answer.body) == (299, path.encode())


async def test_before_the_first_snapshot_the_product_answers():
    memory.invalidate()

    assert (await ask("/status/")).status == 299


async def test_head_has_the_headers_and_no_body():
    write()
    get, head = await ask("/status/"), await ask("/status/", "HEAD")

    assert (head.status, head.headers, head.body) == (200, get.headers, b"")
    assert head.headers["content-length"] == "15"


async def test_gzip_is_sent_to_those_who_take_it():
    write()
    answer = await ask("/status/", accept_encoding="br, gzip;q=0.8")

    assert answer.headers["content-encoding"] == "gzip"
    assert gzip.decompress(answer.body) == b"<p>All well</p>"
    assert answer.headers["vary"] == "Accept-Encoding"
    assert int(answer.headers["content-length"]) == len(answer.body)
    assert "content-encoding" not in (await ask("/status/", accept_encoding="gzip;q=0, identity")).headers


async def test_a_known_etag_is_answered_with_304():
    write()
    plain, packed = await ask("/status/"), await ask("/status/", accept_encoding="gzip")

    assert plain.headers["etag"] != packed.headers["etag"]
    for tag in (plain.headers["etag"], packed.headers["etag"], f'"x", W/{plain.headers["etag"]}', "*"):
        answer = await ask("/status/", if_none_match=tag)
        assert (answer.status, answer.body) == (304, b"")
        assert "etag" in answer.headers
        assert "content-length" not in answer.headers
    assert (await ask("/status/", if_none_match='"other"')).status == 200


async def test_the_api_and_feeds_may_be_read_by_other_sites_and_the_page_may_not():
    write()

    for path in ("/api/v2/summary.json", "/history.atom"):
        assert (await ask(path)).headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-origin" not in (await ask("/status/")).headers
    preflight = await ask("/api/v2/summary.json", "OPTIONS")
    assert (preflight.status, preflight.headers["access-control-allow-methods"]) == (204, "GET, HEAD, OPTIONS")


async def test_the_security_headers_are_the_sites(settings):
    from csp.utils import build_policy

    write()
    headers = (await ask("/status/")).headers

    assert sorted(headers["content-security-policy"].split("; ")) == sorted(build_policy().split("; "))
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "same-origin"


async def test_a_new_snapshot_is_seen_and_a_broken_one_is_not(caplog):
    write(1)
    assert (await ask("/status/")).body == b"<p>All well</p>"

    write(2, {**FILES, "status/index.html": (b"<p>Trouble</p>", "text/html")})
    assert (await ask("/status/")).body == b"<p>Trouble</p>"

    (store.root() / "half").mkdir()
    (store.root() / "half" / "manifest.json").write_text("{")
    store._flip(store.root(), "half")
    memory.invalidate()
    assert (await ask("/status/")).body == b"<p>Trouble</p>"
    assert "last good one stays" in caplog.text


def test_the_pointer_is_looked_at_only_now_and_then(monkeypatch):
    monkeypatch.setattr(memory, "CHECK_SECONDS", 60)
    write(1)
    held = memory.Memory()
    assert held.current().snapshot == 1
    (store.root() / store.POINTER).unlink()
    assert held.current().snapshot == 1
    held.invalidate()
    assert held.current() is None


def test_the_same_words_are_written_once_and_old_snapshots_go():
    first = write(1)
    before = (store.root() / first).stat().st_mtime_ns
    assert write(1) == first
    assert (store.root() / first).stat().st_mtime_ns == before

    names = [write(number) for number in range(2, 16)]
    store.prune()
    left = {entry.name for entry in store.root().iterdir() if entry.is_dir() and not entry.is_symlink()}
    assert len(left) == store.KEEP
    assert names[-1] in left
    assert store.current_name() == names[-1]
    assert not [entry for entry in store.root().iterdir() if entry.name.startswith(".")]


def test_files_are_where_a_plain_web_server_would_look():
    write()
    base = store.root() / store.POINTER

    assert (base / "status" / "index.html").read_bytes() == b"<p>All well</p>"
    assert gzip.decompress((base / "api" / "v2" / "summary.json.gz").read_bytes()) == b'{"status": "x"}'
    assert os.readlink(base) == store.current_name()


# --- with the database -----------------------------------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
def test_publishing_writes_the_snapshot_right_after_commit(page):
    summary = declare("Mail is late")

    loaded = store.load(store.current_name())
    newest = Snapshot.objects.order_by("-pk").first()
    assert (loaded.snapshot, newest.written_at is not None) == (newest.pk, True)
    assert newest.cause == f"incident-update:{summary.update_id}"
    assert [row["name"] for row in loaded.summary["incidents"]] == ["Mail is late"]
    assert b"Mail is late" in loaded.documents["status/index.html"].body
    assert f"status/incidents/{summary.id}/index.html" in loaded.documents
    api = json.loads(loaded.documents["api/v2/summary.json"].body)
    assert api["incidents"][0]["name"] == "Mail is late"


def test_a_crash_right_after_commit_is_repaired_by_the_outbox(page, drain):
    """In a plain test nothing runs on commit: this is the crash."""
    declare("Mail is late")
    assert store.current_name() is None
    assert Snapshot.objects.filter(written_at=None).exists()

    drain()

    assert [row["name"] for row in store.load(store.current_name()).summary["incidents"]] == ["Mail is late"]
    assert not Snapshot.objects.filter(written_at=None).exists()
    assert snapshots.write_pending() is False


def test_a_crash_is_repaired_by_the_periodic_task_too(page):
    from statuspage.tasks import refresh_snapshot

    declare("Mail is late")

    assert refresh_snapshot() is True
    assert [row["name"] for row in store.load(store.current_name()).summary["incidents"]] == ["Mail is late"]
    assert refresh_snapshot() is False


def test_a_new_installation_gets_its_page_by_itself(db, client):
    assert client.get("/status/").status_code == 503

    assert snapshots.refresh() is True

    assert b"No ongoing issues" in store.load(store.current_name()).documents["status/index.html"].body
    assert client.get("/api/v2/summary.json").json()["page"]["name"] == "Service status"


def test_a_lost_directory_is_written_again(page, drain):
    import shutil

    declare()
    drain()
    shutil.rmtree(store.root())

    assert snapshots.write_pending() is True
    assert store.current_name() is not None


def test_the_page_says_when_it_was_confirmed_and_that_stays_fresh(page):
    with time_machine.travel("2026-11-22 19:05:07Z", tick=False) as now:
        snapshots.refresh()
        now.move_to("2026-11-22 19:06:06Z")
        assert snapshots.refresh() is False
        now.move_to("2026-11-22 19:06:08Z")
        assert snapshots.refresh() is True

    body = store.load(store.current_name()).documents["status/index.html"].body.decode()
    assert (
        'Last confirmed <time datetime="2026-11-22T14:06:08-05:00" data-local=""'
        ' title="Nov 22, 14:06 EST (America/New_York)">Nov 22, 14:06 EST</time>'
    ) in body


def test_a_snapshot_with_a_number_from_before_a_restored_backup_is_replaced(page, drain):
    write(99_999)
    declare("Mail is late")
    drain()

    assert [row["name"] for row in store.load(store.current_name()).summary["incidents"]] == ["Mail is late"]


def test_old_promises_are_forgotten(page, monkeypatch):
    monkeypatch.setattr(snapshots, "KEEP_ROWS", 3)
    for _ in range(6):
        summary = declare()
        incidents.resolve(incident_id=summary.id, body="Done.", by=OMAR)
        snapshots.write_pending()

    assert Snapshot.objects.count() == 3


def test_no_subscriber_is_in_any_file(page, drain):
    """Being on the list is itself sensitive."""
    from statuspage.models import Subscriber
    from tests.statuspage.factories import subscriber

    subscriber("secret.reader@example.test")
    declare()
    drain()

    everything = b"".join(document.body for document in store.load(store.current_name()).documents.values())
    assert b"secret" not in everything
    assert Subscriber.objects.get().public_id.encode() not in everything


def test_a_process_with_a_directory_of_its_own_says_so(settings, tmp_path):
    """SP-07: several web processes share DATA_DIR/status; one that does not would show an old page for ever."""
    assert shared.complaint() == ""  # nobody has written anything yet
    shared.announce()
    assert shared.complaint() == ""

    settings.DATA_DIR = tmp_path

    assert str(tmp_path / "status") in shared.complaint()


@pytest.mark.parametrize("lost", ["manifest.json", "status/index.html", "history.atom.gz"])
def test_after_a_power_cut_the_one_before_is_shown(lost):
    """SP-07: the pointer was flipped, a file behind it never reached the disk, and nothing is in memory."""
    write(1)
    name = write(2, {**FILES, "status/index.html": (b"<p>Trouble</p>", "text/html")})
    (store.root() / name / lost).write_bytes(b"")

    fresh = memory.Memory()

    assert fresh.current().snapshot == 1
    write(3)
    fresh.invalidate()
    assert fresh.current().snapshot == 3


def test_after_a_power_cut_the_facts_are_those_of_the_one_before():
    store.write(FILES, snapshot=1, written_at=clock.now(), summary={}, facts="{1}")
    name = store.write(FILES, snapshot=2, written_at=clock.now(), summary={}, facts="{2}")
    assert store.facts_text() == "{2}"

    (store.root() / name / "facts.json").write_bytes(b"")

    assert store.facts_text() == "{1}"
