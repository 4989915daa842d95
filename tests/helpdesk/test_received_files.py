"""Files out of quarantine and e-mails as they came: for the desk of their ticket, on the ledger, never shown."""

import datetime as dt
import socketserver
import struct
import threading

import pytest

from helpdesk import tasks
from helpdesk.actions import inbound_mail
from helpdesk.models import Attachment, InboundMail, Ticket
from portal_core.kernel import outbox
from portal_core.kernel.models import AuditEvent
from tests.helpdesk.factories import refresh
from tests.helpdesk.mails import PDF, mail

pytestmark = pytest.mark.django_db
EICAR = "Eicar-Test-Signature"


@pytest.fixture(autouse=True)
def _domain(settings):
    settings.INBOUND_MAIL_DOMAIN = "help.example"


@pytest.fixture
def arrived(cast):
    def arrive(*files, **headers):
        raw = mail(files=tuple((name, "application/pdf", data) for name, data in files), **headers)
        row = inbound_mail.receive(raw=raw, envelope_sender="pat@x.example", recipients=["larkfield@help.example"])
        outbox.drain()
        return refresh(row)

    return arrive


class Clamd(socketserver.BaseRequestHandler):
    """Answers as the scanner does: finds what contains "virus", refuses what contains "too large"."""

    def handle(self):
        data = b""
        assert self.request.recv(10) == b"zINSTREAM\x00"
        while size := struct.unpack("!I", self._exactly(4))[0]:
            data += self._exactly(size)
        if b"too large" in data:
            self.request.sendall(b"INSTREAM size limit exceeded. ERROR\x00")
        else:
            self.request.sendall(f"stream: {EICAR + ' FOUND' if b'virus' in data else 'OK'}\x00".encode())

    def _exactly(self, size):
        data = b""
        while len(data) < size:
            data += self.request.recv(size - len(data))
        return data


@pytest.fixture
def clamd(settings):
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Clamd) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        settings.CLAMD_URL = f"tcp://127.0.0.1:{server.server_address[1]}"
        yield
        server.shutdown()
        thread.join()


# --- the scanner ------------------------------------------------------------------------------------------------------
def test_files_wait_for_the_scanner(clamd, arrived, cast, staff_client):
    arrived(("good.pdf", PDF), ("bad.pdf", PDF + b"virus"), ("big.pdf", PDF + b"too large"), ("x.exe", b"MZ"))
    browser = staff_client(cast.olivia)
    good = Attachment.objects.get(name="good.pdf")
    assert good.state == "waiting"
    assert browser.post(f"/desk/files/{good.public_id}/", {"knowingly": "1"}).status_code == 409

    assert tasks.scan_files() == 2

    assert dict(Attachment.objects.values_list("name", "state")) == {
        "good.pdf": "clean", "bad.pdf": "infected", "big.pdf": "waiting", "x.exe": "blocked",
    }  # fmt: skip
    assert Attachment.objects.get(name="bad.pdf").finding == EICAR
    answer = browser.post(f"/desk/files/{good.public_id}/")
    assert (answer.status_code, answer.content) == (200, PDF)
    bad = Attachment.objects.get(name="bad.pdf")
    assert browser.post(f"/desk/files/{bad.public_id}/", {"knowingly": "1"}).status_code == 409


def test_files_the_scanner_does_not_take_hold_up_nobody(clamd, arrived):
    """Three of them, newer than the good one: the run gives up, and the next one begins with whom it has not asked."""
    arrived(("good.pdf", PDF))
    arrived(*((f"big-{number}.pdf", PDF + b"too large") for number in range(3)))

    assert (tasks.scan_files(), tasks.scan_files()) == (0, 1)

    assert Attachment.objects.get(name="good.pdf").state == "clean"


def test_a_scanner_that_is_down_lets_nothing_through(arrived, settings, caplog):
    settings.CLAMD_URL = "tcp://127.0.0.1:9"
    arrived(("good.pdf", PDF))

    assert tasks.scan_files() == 0

    assert Attachment.objects.get().state == "waiting"
    assert "did not answer about a file" in caplog.text


def test_without_a_scanner_nothing_is_asked(arrived):
    arrived(("good.pdf", PDF))

    assert tasks.scan_files() == 0


# --- the download -----------------------------------------------------------------------------------------------------
def test_an_unchecked_file_is_saved_knowingly_and_never_shown(arrived, cast, staff_client):
    arrived(("../let\u202eter.pdf", PDF))
    file, browser = Attachment.objects.get(), staff_client(cast.olivia)

    assert browser.post(f"/desk/files/{file.public_id}/").status_code == 409
    answer = browser.post(f"/desk/files/{file.public_id}/", {"knowingly": "1"})

    assert answer.content == PDF
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"] == 'attachment; filename="letter.pdf"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"]
    assert "no-store" in answer["Cache-Control"]
    line = AuditEvent.objects.get(action="file:download")
    assert (line.actor_id, line.facts["checked"]) == (cast.olivia.public_id, False)


def test_a_get_takes_nothing_out(arrived, cast, staff_client):
    arrived(("a.pdf", PDF))
    assert staff_client(cast.olivia).get(f"/desk/files/{Attachment.objects.get().public_id}/").status_code == 405


@pytest.mark.parametrize("who", ["oscar", "ian", "carla", "charlie"])
def test_other_offices_it_and_strangers_get_nothing(arrived, cast, staff_client, who):
    """Oscar is at another office, Ian at IT, Charlie at another practice."""
    row = arrived(("a.pdf", PDF))
    browser = staff_client(getattr(cast, who))

    for path in (f"/desk/files/{Attachment.objects.get().public_id}/", f"/desk/mail/{row.public_id}/ticket/"):
        assert browser.post(path, {"knowingly": "1"}).status_code in (403, 404)
    assert browser.get(f"/desk/mail/{row.public_id}/").status_code in (403, 404)
    assert not AuditEvent.objects.filter(action__in=["file:download", "mail:read"]).exists()


# --- the pages --------------------------------------------------------------------------------------------------------
def test_the_ticket_shows_its_files_and_the_mail_as_it_came(arrived, cast, staff_client):
    row = arrived(("a.pdf", PDF), ("b.exe", b"MZ"))
    page = staff_client(cast.olivia).get(f"/triage/office/tickets/{row.ticket.public_id}/").content.decode()

    assert "a.pdf" in page
    assert "Not checked: no virus scanner is set up" in page
    assert "This kind of file is not handed out" in page
    assert f"/desk/mail/{row.public_id}/" in page


def test_it_sees_the_files_of_its_own_tickets(arrived, cast, staff_client):
    cast.oscar.email = "oscar@larkfield.example"
    cast.oscar.save()
    row = arrived(("a.pdf", PDF), sender="oscar@larkfield.example")
    browser = staff_client(cast.ian)

    assert "a.pdf" in browser.get(f"/triage/it/tickets/{row.ticket.public_id}/").content.decode()
    file = Attachment.objects.get()
    assert browser.post(f"/desk/files/{file.public_id}/", {"knowingly": "1"}).content == PDF


def test_the_original_is_shown_without_anything_that_runs(arrived, cast, staff_client):
    row = arrived(html="<p onclick='x'>Hi <b>you</b></p><script>alert(1)</script><img src='https://t.example/1.gif'>")

    page = staff_client(cast.olivia).get(f"/desk/mail/{row.public_id}/").content.decode()

    assert "<p>Hi <b>you</b></p>" in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page  # in the source, as text
    assert "<script>alert(1)" not in page
    assert AuditEvent.objects.filter(action="mail:read").count() == 1


def test_held_mail_is_decided_on_its_page(arrived, cast, staff_client):
    first = arrived(Auto_Submitted="auto-generated", subject="Fax received", header_id="<1@x>")
    second = arrived(Precedence="bulk", subject="Offers", header_id="<2@x>")
    browser = staff_client(cast.olivia)

    page = browser.get("/desk/mail/").content.decode()
    assert page.index("Offers") < page.index("Fax received")
    assert "larkfield+south@help.example" in page
    for _ in range(2):  # a double click
        browser.post(f"/desk/mail/{first.public_id}/ticket/")
        browser.post(f"/desk/mail/{second.public_id}/set-aside/")

    assert [one.state for one in InboundMail.objects.order_by("id")] == ["ticketed", "set_aside"]
    assert Ticket.objects.count() == 1
    assert "Nothing waits" in browser.get("/desk/mail/").content.decode()
    assert browser.post(f"/desk/mail/{first.public_id}/set-aside/").status_code == 409


def test_held_mail_of_other_offices_is_not_shown(arrived, cast, staff_client):
    arrived(Precedence="bulk", subject="Offers")

    assert "Offers" not in staff_client(cast.oscar).get("/desk/mail/").content.decode()
    assert staff_client(cast.ian).get("/desk/mail/").status_code == 403


def test_a_mail_that_could_not_be_read_is_shown_to_its_own_practice(cast, staff_client):
    """Reading failed for good: after ten minutes somebody makes a ticket of it by hand."""
    row = inbound_mail.receive(raw=mail(), envelope_sender="p@x.example", recipients=["larkfield@help.example"])
    browser = staff_client(cast.olivia)
    assert "It could not be read" not in browser.get("/desk/mail/").content.decode()

    InboundMail.objects.update(received_at=row.received_at - dt.timedelta(minutes=11))

    assert "It could not be read" in browser.get("/desk/mail/").content.decode()
    assert "It could not be read" not in staff_client(cast.charlie).get("/desk/mail/").content.decode()
    assert browser.get(f"/desk/mail/{row.public_id}/").status_code == 200
    browser.post(f"/desk/mail/{row.public_id}/ticket/")
    outbox.drain()
    assert (refresh(row).state, Ticket.objects.count()) == ("ticketed", 1)
