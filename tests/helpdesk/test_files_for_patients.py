"""Files from the office to a patient and back (PC-59): sent, found, opened, taken back; nobody else gets at them."""

import datetime as dt

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from helpdesk.access import ticket_token
from helpdesk.actions import received_files, sent_files, tickets
from helpdesk.enums import FileSender, FileState, TicketState
from helpdesk.errors import FileClosed, FilesNeedPatient, FilesRefused, NotOurFile
from helpdesk.models import Attachment, Ticket, TicketMessage, TicketUndo
from helpdesk.rules.enclosed import Enclosed
from helpdesk.rules.file_words import kind_words
from portal_core.kernel.models import AuditEvent
from portal_core.notify.models import Delivery
from tests.cast import make_user
from tests.helpdesk.factories import AttachmentFactory, TicketFactory, TicketMessageFactory, refresh
from tests.helpdesk.mails import PDF

pytestmark = pytest.mark.django_db
NOON = dt.datetime(2026, 11, 16, 18, 0, tzinfo=dt.UTC)
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 20
LONG = "Laboratory-report-of-November-with-a-name-that-does-not-want-to-end-anywhere-on-a-small-screen.pdf"


@pytest.fixture
def ticket(cast):
    return TicketFactory(office=cast.north, patient=cast.pat)


@pytest.fixture
def sent(cast, ticket):
    """`sent("a.pdf")`: Olivia answers with these files, and the answer has left."""

    def send(*names, data=PDF, **fields):
        files = tuple(Enclosed(name, "", data) for name in names)
        message = tickets.reply(ticket=ticket, body="Here you are.", files=files, by=cast.olivia.actor)
        if fields:
            Attachment.objects.filter(message=message).update(**fields)
        return list(Attachment.objects.filter(message=message).order_by("id"))

    return send


def upload(name="report.pdf", data=PDF):
    return SimpleUploadedFile(name, data)


def answer_of(browser, ticket, **more):
    values = {"body": "Here you are.", "idempotency_key": "one", **more}
    return browser.post(f"/triage/office/tickets/{ticket.public_id}/reply/", values)


# --- the desk sends ---------------------------------------------------------------------------------------------------
def test_an_answer_carries_files_once_however_often_it_is_pressed(cast, ticket, staff_client, drain):
    """PC-59: the way through the pages, from the desk into the patient's portal."""
    browser = staff_client(cast.olivia)
    with time_machine.travel(NOON, tick=False):
        for _ in range(2):
            answer = answer_of(browser, ticket, files=[upload(), upload("scan.png", PNG)])
            assert answer.status_code == 302

    assert TicketMessage.objects.count() == 1
    rows = Attachment.objects.order_by("id").values_list("name", "kind", "sender", "patient", "state", "size")
    assert list(rows) == [
        ("report.pdf", "application/pdf", "office", cast.pat.pk, "unchecked", len(PDF)),
        ("scan.png", "image/png", "office", cast.pat.pk, "unchecked", len(PNG)),
    ]
    assert AuditEvent.objects.get(action="ticket:reply").facts["files"] == 2
    with time_machine.travel(NOON + dt.timedelta(seconds=11), tick=False):
        drain()
    letter = Delivery.objects.get().message
    assert "2 files wait for you in the portal" in letter.text
    assert "/portal/files/" in letter.text
    assert "report" not in letter.text + letter.subject


def test_until_it_leaves_the_patient_has_no_file_and_undo_takes_it_away(cast, ticket, staff_client, patient_client):
    browser, pat = staff_client(cast.olivia), patient_client(cast.pat)
    with time_machine.travel(NOON, tick=False):
        answer_of(browser, ticket, files=[upload()])
        file = Attachment.objects.get()

        assert pat.get(f"/portal/files/{file.public_id}/").status_code == 404
        assert "report.pdf" not in pat.get("/portal/files/").content.decode()
        tickets.undo(undo_id=TicketUndo.objects.get().public_id, by=cast.olivia.actor)

    assert not Attachment.objects.exists()


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("run.exe", b"MZ" + b"0" * 50, "A program."),
        ("page.pdf", b"<html><script>1</script>", "A web page"),
        ("letter.docm", b"\xd0\xcf\x11\xe0" + b"0" * 50, "An old Office file."),
        ("empty.pdf", b"", "The file is empty."),
    ],
)
def test_what_cannot_be_sent_is_named_and_the_words_stay(cast, ticket, staff_client, name, data, why):
    answer = answer_of(staff_client(cast.olivia), ticket, body="My long text.", files=[upload(), upload(name, data)])

    page = answer.content.decode()
    assert answer.status_code == 422
    assert f"“{name}”: {why}" in page.replace("&quot;", '"')
    assert "My long text." in page
    assert not Attachment.objects.exists()
    assert not TicketMessage.objects.exists()


def test_how_many_and_how_much(settings):
    with pytest.raises(FilesRefused) as refusal:
        received_files.uploaded([upload(f"{n}.pdf") for n in range(11)])
    assert str(refusal.value) == "Send at most 10 files with one message."

    big = upload("big.pdf", PDF)
    big.size = 21 * 1024 * 1024
    with pytest.raises(FilesRefused) as refusal:
        received_files.uploaded([big, big])
    assert str(refusal.value).startswith("Together these files are larger than 40 MB.")


def test_without_a_patient_no_file_leaves(cast):
    """Whoever holds the link of a request is not known: a file goes to the portal of the patient or nowhere."""
    ticket = TicketFactory(office=cast.north)

    with pytest.raises(FilesNeedPatient):
        tickets.reply(ticket=ticket, body="Here.", files=(Enclosed("a.pdf", "", PDF),), by=cast.olivia.actor)

    assert not TicketMessage.objects.exists()


def test_a_caller_without_an_address_hears_of_files_at_the_address_on_file(cast, ticket, sent, drain):
    ticket.requester_email = ""
    ticket.save(update_fields=["requester_email"])
    sent("a.pdf")
    drain()

    row = Delivery.objects.get()
    assert (row.address, row.message.template) == (cast.pat.email, "helpdesk/files")
    assert f"{cast.practice.name} sent you a file. It waits in the Patient Portal." in row.message.text


# --- the patient finds and opens --------------------------------------------------------------------------------------
def test_the_patient_finds_the_file_under_its_message_and_opens_it(cast, ticket, sent, patient_client):
    (file,) = sent(LONG)
    pat = patient_client(cast.pat)

    page = pat.get(f"/portal/requests/{ticket.public_id}/").content.decode()
    assert LONG in page
    assert "PDF document" in page
    assert f'href="/portal/files/{file.public_id}/"' in page
    assert "/help/for/files/" in page
    shown = pat.get(f"/portal/files/{file.public_id}/")
    saved = pat.get(f"/portal/files/{file.public_id}/save/")

    assert (shown.content, shown["Content-Type"]) == (PDF, "application/pdf")
    assert shown["Content-Disposition"] == f'inline; filename="{LONG}"'
    assert saved["Content-Disposition"] == f'attachment; filename="{LONG}"'
    assert saved["Content-Type"] == "application/octet-stream"
    for answer in (shown, saved):
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Content-Security-Policy"].startswith("default-src 'none'")
        assert "no-store" in answer["Cache-Control"]
    assert "sandbox" in saved["Content-Security-Policy"]
    lines = AuditEvent.objects.filter(action="file:open").order_by("id")
    assert [(line.actor_id, line.facts["saved"]) for line in lines] == [
        (cast.pat.public_id, False), (cast.pat.public_id, True),
    ]  # fmt: skip
    assert refresh(file).opened_at is not None


def test_only_what_browsers_show_safely_is_shown(cast, sent, patient_client):
    pat = patient_client(cast.pat)
    (picture,) = sent("a.png", data=PNG)
    (words,) = sent("a.txt", data=b"Plain words.")
    (photo,) = sent("a.heic", data=b"0000ftypheic" + b"0" * 30)

    picture, words, photo = (pat.get(f"/portal/files/{one.public_id}/") for one in (picture, words, photo))

    assert picture["Content-Type"] == "image/png"
    assert words["Content-Type"] == "text/plain; charset=utf-8"
    assert "sandbox" in picture["Content-Security-Policy"]
    assert "sandbox" in words["Content-Security-Policy"]
    assert photo["Content-Disposition"].startswith("attachment")


@pytest.mark.parametrize(
    ("state", "finding", "words"),
    [
        ("waiting", "", "We are checking this file for viruses."),
        ("infected", "Eicar", "Something harmful was found in this file"),
        ("blocked", "A program.", "This kind of file cannot be opened here."),
    ],
)
def test_a_file_that_does_not_open_says_why(cast, ticket, sent, patient_client, state, finding, words):
    (file,) = sent("a.pdf", state=state, finding=finding)
    pat = patient_client(cast.pat)

    assert words in pat.get("/portal/files/").content.decode()
    assert words in pat.get(f"/portal/requests/{ticket.public_id}/").content.decode()
    assert pat.get(f"/portal/files/{file.public_id}/").status_code == 409
    assert not AuditEvent.objects.filter(action="file:open").exists()


@pytest.mark.parametrize("path", ["{}/", "{}/save/"])
def test_nobody_else_gets_a_file(cast, sent, patient_client, staff_client, client, path):
    """TR-01: another patient, also of the same practice, learns nothing, not even that it is there."""
    (file,) = sent("a.pdf")
    cast.paula.user = make_user("paula", cast.pat.user.realm)
    cast.paula.save(update_fields=["user"])
    url = f"/portal/files/{path.format(file.public_id)}"

    assert patient_client(cast.paula).get(url).status_code == 404
    assert patient_client(cast.charlie_patient).get(url).status_code == 404
    assert client.get(url).status_code == 302
    assert staff_client(cast.olivia).get(url).status_code == 302
    assert "a.pdf" not in patient_client(cast.paula).get("/portal/files/").content.decode()


def test_a_request_matched_with_somebody_else_later_shows_them_no_file(cast, ticket, sent, patient_client):
    (file,) = sent("a.pdf")
    cast.paula.user = make_user("paula", cast.pat.user.realm)
    cast.paula.save(update_fields=["user"])

    tickets.match_patient(ticket=ticket, patient=cast.paula, again=True, by=cast.olivia.actor)

    paula = patient_client(cast.paula)
    assert "a.pdf" not in paula.get(f"/portal/requests/{ticket.public_id}/").content.decode()
    assert paula.get(f"/portal/files/{file.public_id}/").status_code == 404
    assert patient_client(cast.pat).get(f"/portal/files/{file.public_id}/").status_code == 200


def test_the_link_of_a_request_says_how_many_and_opens_none(ticket, sent, client):
    sent("secret-name.pdf", "b.pdf")

    page = client.get(f"/help/tickets/{ticket_token(ticket)}/").content.decode()

    assert "2 files came with this." in page
    assert "secret-name" not in page
    assert f"/portal/requests/{ticket.public_id}/" in page


# --- your files -------------------------------------------------------------------------------------------------------
def test_your_files_of_all_requests_newest_first_paged_and_found_by_name(cast, ticket, patient_client):
    other = TicketFactory(office=cast.north, patient=cast.pat, state=TicketState.CLOSED)
    pat = patient_client(cast.pat)
    assert "No files yet" in pat.get("/portal/files/").content.decode()
    for number in range(21):
        place = ticket if number % 2 else other
        AttachmentFactory(
            ticket=place, message=TicketMessageFactory(ticket=place, author_kind="office"), sender="office",
            patient=cast.pat, name=f"Letter {number:02}.pdf", created_at=NOON + dt.timedelta(minutes=number),
        )  # fmt: skip

    first, second = pat.get("/portal/files/"), pat.get("/portal/files/?page=2")
    found = pat.post("/portal/files/", {"q": "letter 1"})

    assert [one.name for one in first.context["files"]] == [f"Letter {n:02}.pdf" for n in range(20, 0, -1)]
    assert [one.name for one in second.context["files"]] == ["Letter 00.pdf"]
    assert [one.name for one in found.context["files"]] == [f"Letter {n}.pdf" for n in range(19, 9, -1)]
    assert "No file has that in its name" in pat.post("/portal/files/", {"q": "%_"}).content.decode()
    page = first.content.decode()
    assert "/portal/requests/new/?about=ATTACH_MISSING" in page
    assert "Letter 20.pdf" in pat.get("/portal/").content.decode()
    line = AuditEvent.objects.filter(action="file:list").order_by("id")[1]
    assert line.facts["shown"] == 20


def test_what_a_patient_sent_is_not_among_the_files_of_the_office(cast, ticket, patient_client):
    pat = patient_client(cast.pat)
    pat.post(f"/portal/requests/{ticket.public_id}/reply/", {"body": "My card.", "files": [upload("card.png", PNG)]})

    assert "card.png" not in pat.get("/portal/files/").content.decode()
    assert "card.png" in pat.get(f"/portal/requests/{ticket.public_id}/").content.decode()


# --- the patient sends ------------------------------------------------------------------------------------------------
def test_a_patient_answers_with_files_once(cast, ticket, patient_client, staff_client):
    pat, values = patient_client(cast.pat), {"body": "My card.", "idempotency_key": "k"}
    for _ in range(2):
        answer = pat.post(
            f"/portal/requests/{ticket.public_id}/reply/", {**values, "files": [upload("card.png", PNG)]}
        )  # fmt: skip
        assert (answer.status_code, answer["Location"]) == (302, f"/portal/requests/{ticket.public_id}/")

    file = Attachment.objects.get()
    assert (file.sender, file.patient, file.message.body) == (FileSender.REQUESTER, cast.pat, "My card.")
    assert pat.get(f"/portal/files/{file.public_id}/").content == PNG
    page = staff_client(cast.olivia).get(f"/triage/office/tickets/{ticket.public_id}/").content.decode()
    assert "card.png" in page
    assert refresh(file).opened_at is None, "their own file: nothing to report to the desk"


def test_a_request_from_the_portal_brings_its_files_once(cast, patient_client):
    """It lands at the patient's home office, and who they are is known."""
    pat = patient_client(cast.pat)
    page = pat.get("/portal/requests/new/?about=ATTACH_MISSING").content.decode()
    assert "I cannot find a file that you sent me." in page
    for _ in range(2):
        typed = {"category": "ATTACH_MISSING", "body": "The letter.", "idempotency_key": "k"}
        answer = pat.post("/portal/requests/new/", {**typed, "files": [upload("page.png", PNG)]})

    ticket = Ticket.objects.get()
    assert answer["Location"] == f"/portal/requests/{ticket.public_id}/"
    assert (ticket.patient, ticket.office, ticket.channel, ticket.side, ticket.category) == (
        cast.pat, cast.north, "portal", "office", "ATTACH_MISSING",
    )  # fmt: skip
    assert [(file.name, file.patient) for file in Attachment.objects.all()] == [("page.png", cast.pat)]
    refused = pat.post("/portal/requests/new/", {"category": "OTHER", "body": "Mine.", "files": [upload("a", b"MZ1")]})
    assert (refused.status_code, "Mine." in refused.content.decode()) == (422, True)
    assert Ticket.objects.count() == 1


def test_what_is_written_about_a_closed_request_keeps_its_files(cast, patient_client):
    old = TicketFactory(office=cast.north, patient=cast.pat, state=TicketState.CLOSED)

    answer = patient_client(cast.pat).post(
        f"/portal/requests/{old.public_id}/reply/", {"body": "Once more.", "files": [upload("card.png", PNG)]}
    )

    file = Attachment.objects.select_related("ticket").get()
    assert file.ticket != old
    assert answer["Location"] == f"/portal/requests/{file.ticket.public_id}/"
    assert (file.patient, file.message.body) == (cast.pat, "Once more.")


def test_a_refused_file_of_a_patient_keeps_the_words(cast, ticket, patient_client):
    answer = patient_client(cast.pat).post(
        f"/portal/requests/{ticket.public_id}/reply/", {"body": "My words.", "files": [upload("x.exe", b"MZ1")]}
    )

    assert answer.status_code == 422
    assert "“x.exe”: A program." in answer.content.decode()
    assert "My words." in answer.content.decode()
    assert "Choose the files again" in answer.content.decode()
    assert not Attachment.objects.exists()


def test_a_missing_file_begins_an_answer(cast, ticket, patient_client):
    page = patient_client(cast.pat).get(f"/portal/requests/{ticket.public_id}/?missing=1").content.decode()

    assert "I cannot find a file that you sent me." in page


def test_a_stranger_finds_no_request(cast, ticket, patient_client):
    browser = patient_client(cast.charlie_patient)

    assert browser.get(f"/portal/requests/{ticket.public_id}/").status_code == 404
    assert browser.post(f"/portal/requests/{ticket.public_id}/reply/", {"body": "x"}).status_code == 404
    assert not TicketMessage.objects.exists()


# --- taken back -------------------------------------------------------------------------------------------------------
def test_the_wrong_file_is_taken_back(cast, ticket, sent, staff_client, patient_client):
    """PC-59: its name may be somebody else's, so the patient does not read it any more either."""
    (file,) = sent("Report of somebody else.pdf")
    olivia, pat = staff_client(cast.olivia), patient_client(cast.pat)
    pat.get(f"/portal/files/{file.public_id}/")
    desk = f"/triage/office/tickets/{ticket.public_id}/"
    assert "Opened by the patient" in olivia.get(desk).content.decode()

    for _ in range(2):
        answer = olivia.post(f"/desk/files/{file.public_id}/take-back/")
        assert (answer.status_code, answer["Location"]) == (302, desk)

    file = refresh(file)
    assert (file.state, file.withdrawn_by) == (FileState.WITHDRAWN, cast.olivia.actor.label)
    line = AuditEvent.objects.get(action="file:take_back")
    assert (line.actor_id, line.facts["was_opened"]) == (cast.olivia.public_id, True)
    for url in (f"/portal/files/{file.public_id}/", f"/portal/files/{file.public_id}/save/"):
        assert pat.get(url).status_code == 409
    for url in ("/portal/files/", f"/portal/requests/{ticket.public_id}/"):
        page = pat.get(url).content.decode()
        assert "Taken back by the office." in page
        assert "somebody else" not in page
    assert "somebody else" not in pat.get("/portal/").content.decode()
    assert not pat.post("/portal/files/", {"q": "somebody"}).context["files"]
    assert olivia.post(f"/desk/files/{file.public_id}/", {"knowingly": "1"}).status_code == 409
    assert "Taken back" in olivia.get(desk).content.decode()


def test_only_the_desk_of_the_ticket_takes_back_and_only_what_it_sent(cast, ticket, sent, staff_client):
    (file,) = sent("a.pdf")
    for who in (cast.oscar, cast.ian, cast.charlie, cast.carla):
        assert staff_client(who).post(f"/desk/files/{file.public_id}/take-back/").status_code in (403, 404)
    theirs = AttachmentFactory(ticket=ticket)

    with pytest.raises(NotOurFile):
        sent_files.take_back(attachment=theirs, by=cast.olivia.actor)

    assert (refresh(file).state, refresh(theirs).state) == (FileState.UNCHECKED, FileState.UNCHECKED)


def test_a_file_taken_back_while_the_scanner_looks_stays_taken_back(cast, sent):
    (file,) = sent("a.pdf", state=FileState.WAITING)
    sent_files.take_back(attachment=file, by=cast.olivia.actor)

    class Scanner:
        def scan(self, data):
            return ""

    assert received_files.scan(attachment_id=file.pk, scanner=Scanner()) == FileState.WITHDRAWN
    with pytest.raises(FileClosed):
        sent_files.open_file(attachment=file, saved=False, by=cast.pat.actor)


def test_a_harmful_file_that_we_sent_is_told_to_the_desk_once(cast, ticket, sent, drain):
    (ours,) = sent("ours.pdf", state=FileState.WAITING)
    theirs = AttachmentFactory(ticket=ticket, state=FileState.WAITING)

    class Scanner:
        def scan(self, data):
            return "Eicar-Test-Signature"

    for file in (ours, theirs, ours):
        received_files.scan(attachment_id=file.pk, scanner=Scanner())
    drain()

    notes = TicketMessage.objects.filter(visibility="internal")
    assert [note.body.partition(", which")[0] for note in notes] == [
        "The virus scanner found Eicar-Test-Signature in “ours.pdf”"
    ]


# --- pages ------------------------------------------------------------------------------------------------------------
def test_pages_ask_as_often_for_one_file_as_for_five(cast, ticket, sent, patient_client):
    pat, paths = patient_client(cast.pat), ["/portal/", "/portal/files/", f"/portal/requests/{ticket.public_id}/"]

    def costs():
        found = []
        for path in paths:
            pat.get(path)
            with CaptureQueriesContext(connection) as asked:
                pat.get(path)
            found.append(len(asked))
        return found

    with time_machine.travel(NOON, tick=False):
        sent("a.pdf")
        few = costs()
        for number in range(5):
            sent(f"{number}.pdf", "more.pdf")
        assert costs() == few


@pytest.mark.parametrize(
    ("kind", "words"),
    [("application/pdf", "PDF document"), ("image/heic", "Picture"), ("text/csv", "Table"), ("x/y", "File")],
)
def test_kinds_in_plain_words(kind, words):
    assert str(kind_words(kind)) == words
