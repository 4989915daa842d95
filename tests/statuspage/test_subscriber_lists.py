"""SP-02: taking lists over and handing them out; changing the key they are sealed with."""

import csv
import datetime as dt
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command

from portal_core.kernel import clock
from portal_core.kernel.models import AuditEvent
from portal_core.notify.models import Delivery
from statuspage import access
from statuspage.actions import subscribers
from statuspage.actions.subscribers import importing
from statuspage.errors import FileUnusable, ImportMoved, ImportNotFound
from statuspage.models import ComponentGroup, Incident, Subscriber, SubscriberImport, SubscriberImportPart, vault
from statuspage.queries import subscribers as queries
from tests.statuspage.conftest import OMAR
from tests.statuspage.factories import declare, mails, subscriber

FILE = """\ufeffEmail,Way,Components,Language,Time_zone,Minimum_impact,Consent
ann@example.test,,telehealth;ehr,es,America/Denver,major,web form 2025
'+12024561111,sms,,,,,
known@example.test,,,,,,
ANN@example.test,,,,,,
nonsense,,,,,,
bo@example.test,pigeon,,,,,
cy@example.test,,no-such-part,,,,
di@example.test,,,xx,,,
ed@example.test,,,,Mars/Base,,
flo@example.test,,,,,dreadful,
left@example.test,,,,,,
"""


def preview(text: str = FILE) -> SubscriberImport:
    file = io.BytesIO(text.encode())
    return SubscriberImport.objects.get(public_id=subscribers.preview_import(file=file, consent="paper forms", by=OMAR))


def test_a_file_is_looked_at_before_anybody_is_added(page):
    subscriber("known@example.test")
    subscriber("left@example.test", unsubscribed_at=clock.now())

    row = preview()

    assert (row.lines, row.usable, row.known, row.repeated, row.faulty) == (11, 4, 2, 1, 6)
    assert row.faults == [
        [6, "email"], [7, "way"], [8, "component"], [9, "language"], [10, "time_zone"], [11, "impact"],
    ]  # fmt: skip
    assert (row.state, Subscriber.objects.count()) == ("previewed", 2)
    stored = "".join(part.rows_cipher for part in row.parts.all()) + str(row.faults)
    assert "ann@" not in stored  # no sign of base64, which by chance says "ann"


def test_an_import_takes_over_choices_and_consent_and_writes_to_nobody(page, drain):
    left = subscriber("left@example.test", unsubscribed_at=clock.now())
    row = preview()

    for _ in range(2):
        subscribers.start_import(import_id=row.public_id, by=OMAR)
    assert subscribers.import_due() == 4
    assert subscribers.import_due() == 0
    drain()

    row.refresh_from_db()
    assert (row.state, row.done, row.added, row.parts.count()) == ("done", 4, 3, 0)
    ann = Subscriber.objects.of_address("email", "ann@example.test").get()
    assert sorted(member.slug for member in ann.components.all()) == ["ehr", "telehealth"]
    assert (ann.language, ann.time_zone, ann.minimum_impact) == ("es", "America/Denver", "major")
    assert (ann.consent, ann.is_active) == ("web form 2025", True)
    phone = Subscriber.objects.get(way="sms")
    assert (phone.address, phone.consent) == ("+12024561111", "paper forms")
    left.refresh_from_db()
    assert not left.is_active  # who left stays away, whatever a list says
    assert mails() == []
    started = AuditEvent.objects.filter(action="subscriber:import")
    assert [line.facts for line in started] == [{"usable": 4, "consent": "paper forms"}]
    ended = AuditEvent.objects.filter(action="subscriber:import_done")
    assert [(line.target_id, line.facts) for line in ended] == [(row.public_id, {"added": 3})]


def test_the_same_file_twice_adds_nobody_twice(page):
    for expected in (4, 0):
        row = preview()
        subscribers.start_import(import_id=row.public_id, by=OMAR)
        subscribers.import_due()
        row.refresh_from_db()
        assert row.added == expected
    assert Subscriber.objects.count() == 4


def test_an_import_that_dies_half_way_goes_on_where_it_was(page, monkeypatch):
    """Each part and the mark that it is done are one transaction."""
    monkeypatch.setattr(importing, "PART", 2)
    row = preview("address\n" + "".join(f"reader{number}@example.test\n" for number in range(7)))
    subscribers.start_import(import_id=row.public_id, by=OMAR)
    real, calls = importing._take_over, []

    def dies_in_the_third(*args, **kwargs):
        calls.append(1)
        added = real(*args, **kwargs)
        if len(calls) == 3:
            raise ConnectionError
        return added

    monkeypatch.setattr(importing, "_take_over", dies_in_the_third)
    with pytest.raises(ConnectionError):
        subscribers.import_due()
    row.refresh_from_db()
    assert (row.done, Subscriber.objects.count()) == (4, 4)

    assert subscribers.import_due() == 3

    row.refresh_from_db()
    assert (row.state, row.done, row.added, Subscriber.objects.count()) == ("done", 7, 7, 7)


@pytest.mark.parametrize("text", ["", "name\nAnn\n", "\x00\xff", 'address\n"ann@example.test\n'])
def test_a_file_that_is_no_list_is_refused_whole(page, text):
    with pytest.raises(FileUnusable):
        subscribers.preview_import(file=io.BytesIO(text.encode("latin-1")), consent="x", by=OMAR)
    assert SubscriberImport.objects.count() == SubscriberImportPart.objects.count() == 0


def test_a_file_thrown_away_is_gone_and_cannot_be_taken_over(page):
    row = preview()
    subscribers.discard_import(import_id=row.public_id, by=OMAR)
    assert SubscriberImportPart.objects.count() == 0
    with pytest.raises(ImportMoved):
        subscribers.start_import(import_id=row.public_id, by=OMAR)
    with pytest.raises(ImportMoved):
        subscribers.discard_import(import_id=row.public_id, by=OMAR)
    with pytest.raises(ImportNotFound):
        subscribers.start_import(import_id="nothing", by=OMAR)


def test_a_file_nobody_took_over_is_forgotten_after_a_week(page):
    import time_machine

    with time_machine.travel("2026-11-01 10:00:00Z", tick=False) as moving:
        row = preview()
        moving.move_to("2026-11-08 10:00:00Z")
        subscribers.purge_due()
    row.refresh_from_db()
    assert (row.state, row.parts.count()) == ("discarded", 0)


def test_a_file_that_is_still_being_read_cannot_be_taken_over_and_is_forgotten(page):
    """The process died in the middle of it."""
    row = preview()
    SubscriberImport.objects.update(state="reading", created_at=clock.now() - dt.timedelta(days=7))
    with pytest.raises(ImportMoved):
        subscribers.start_import(import_id=row.public_id, by=OMAR)
    subscribers.purge_due()
    row.refresh_from_db()
    assert (row.state, SubscriberImportPart.objects.count(), Subscriber.objects.count()) == ("discarded", 0, 0)


def test_the_pages_of_an_import(page, cast, staff_client):
    omar = staff_client(cast.omar)
    url = "/desk/status/subscribers/import/"
    file = SimpleUploadedFile("list.csv", FILE.encode(), content_type="text/csv")

    assert omar.get(url).status_code == 200
    assert omar.post(url, {"consent": "x"}).status_code == 422
    bad = omar.post(url, {"file": SimpleUploadedFile("x.csv", b"name\nAnn\n"), "consent": "x"})
    assert (bad.status_code, list(bad.context["form"].errors)) == (422, ["file"])
    answer = omar.post(url, {"file": file, "consent": "paper forms"})
    shown = omar.get(answer["Location"]).content.decode()
    assert "Take over 4 addresses" in shown
    assert "not an e-mail address" in shown
    assert "nonsense" not in shown

    assert omar.post(answer["Location"], {"act": "start"}).status_code == 302
    assert "0 of 4 taken over" in omar.get(answer["Location"]).content.decode()
    subscribers.import_due()
    assert "Done" in omar.get(answer["Location"]).content.decode()
    assert omar.get(f"{url}nothing/").status_code == 404


# --- export -----------------------------------------------------------------------------------------------------------
def test_an_export_is_streamed_harmless_audited_and_can_be_taken_over_again(page, cast, staff_client):
    subscriber("ann@example.test", only=("ehr",), consent='=HYPERLINK("http://evil.example")')
    subscriber("+12024561111", way="sms")
    subscriber("left@example.test", unsubscribed_at=clock.now())
    omar = staff_client(cast.omar)

    answer = omar.post("/desk/status/subscribers/export/", {"state": "active"})
    text = b"".join(answer.streaming_content).decode()
    rows = list(csv.DictReader(io.StringIO(text)))

    assert [row["address"] for row in rows] == ["ann@example.test", "'+12024561111"]
    assert rows[0]["consent"] == """'=HYPERLINK("http://evil.example")"""
    assert rows[0]["components"] == "ehr"
    assert "attachment" in answer["Content-Disposition"]
    line = AuditEvent.objects.get(action="subscriber:export")
    assert (line.actor_id, line.facts) == (cast.omar.public_id, {"way": "", "state": "active", "rows": 2})
    assert omar.get("/desk/status/subscribers/export/").status_code == 405

    Subscriber.objects.all().delete()
    row = preview(text)
    assert (row.usable, row.faulty) == (2, 0)


def test_what_was_exported_and_taken_over_again_hears_exactly_what_it_chose(page):
    """SP-02: nobody comes back as a subscriber to everything."""
    event = declare(ehr="major_outage")
    first, second = ComponentGroup.objects.all()
    odd = ComponentGroup.objects.create(
        page=page, name="Rooms; phones", created_at=clock.now(), updated_at=clock.now(), position=9
    )
    ComponentGroup.objects.filter(pk=second.pk).update(name="=Sum")
    chosen = subscriber("ann@example.test", only=("ehr",), minimum_impact="major", language="es", consent="-paper")
    chosen.groups.set([first, second, odd])
    subscriber(
        "bo@example.test", wants_incidents=False, time_zone="America/Denver", quiet_from=dt.time(22),
        quiet_until=dt.time(6, 30), quiet_bypass=False,
    )  # fmt: skip
    subscriber("cy@example.test", incident=Incident.objects.get(public_id=event.id), wants_maintenances=False)
    subscriber("+12024561111", way="sms")
    exported = list(csv.DictReader(io.StringIO("".join(subscribers.export_rows(by=OMAR)))))
    before = {row.address: queries.wish_of(row) for row in Subscriber.objects.all()}
    text = "".join(subscribers.export_rows(by=OMAR))

    Subscriber.objects.all().delete()
    row = preview(text)
    subscribers.start_import(import_id=row.public_id, by=OMAR)
    subscribers.import_due()

    assert (row.usable, row.faulty) == (4, 0)
    assert {row.address: queries.wish_of(row) for row in Subscriber.objects.all()} == before
    again = list(csv.DictReader(io.StringIO("".join(subscribers.export_rows(by=OMAR)))))
    kept = [name for name in exported[0] if name not in ("created_at", "confirmed_at", "consent")]
    assert [{name: row[name] for name in kept} for row in again] == [
        {name: row[name] for name in kept} for row in exported
    ]
    assert {row["consent"] for row in again} == {"'-paper", "paper forms"}


def test_lines_that_would_tell_somebody_more_than_they_chose_are_refused(page):
    """SP-02"""
    row = preview(
        "address,groups,incident,kinds,quiet_from,quiet_until,quiet_bypass\n"
        "a@example.test,No such group,,,,,\n"
        "b@example.test,,gone,,,,\n"
        "c@example.test,,,incidents;gossip,,,\n"
        "d@example.test,,,,22:00,,\n"
        "e@example.test,,,,22:00,late,\n"
        "f@example.test,,,,22:00,06:00,perhaps\n"
    )

    assert row.faults == [[2, "group"], [3, "incident"], [4, "kinds"], [5, "quiet"], [6, "quiet"], [7, "quiet"]]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_begins_like_a_formula(start):
    from statuspage.actions.subscribers.exporting import harmless

    assert harmless(f"{start}1") == f"'{start}1"
    assert harmless("a=1") == "a=1"


def test_an_export_reads_in_steps(page, django_assert_num_queries):
    for _ in range(5):
        subscriber(only=("ehr",))
    rows = subscribers.export_rows(by=OMAR)
    with django_assert_num_queries(4):  # the rows, their components, their groups, how groups are called
        assert len(list(rows)) == 6


# --- another key ------------------------------------------------------------------------------------------------------
@pytest.fixture
def new_key(settings):
    def change() -> None:
        settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
        settings.SECRET_KEY = settings.SECRET_KEY + "-next"

    return change


def test_while_the_key_changes_everybody_is_found_once(page, client, drain, new_key):
    """Between the new key and the sealing anew: no double row, links and codes work, news arrive."""
    row = subscriber("ann@example.test")
    old_link = f"/status/manage/{access.manage_token(row)}/"
    new_key()

    client.post("/status/subscribe/", {"email": "ANN@example.test"})
    subscribers.import_rows(rows=[{"address": "ann@example.test"}], consent="again", by=OMAR)
    declare(ehr="major_outage")
    drain()

    assert Subscriber.objects.get().pk == row.pk
    assert client.get(old_link).status_code == 200
    told = {template for _address, template, _state in mails()}
    assert told == {"subscription_known", "incident_created"}


def test_sealing_anew_makes_the_old_key_needless(page, settings, new_key, capsys):
    from statuspage.rules.addresses import Vault

    row = subscriber(
        "ann@example.test", contact_cipher=vault().seal("dev@example.test"), secret_cipher=vault().seal("s")
    )
    imported = preview("address\nbo@example.test\n")
    subscribers.subscribe(way="webhook", address="https://h.example.org/x", contact="ops@example.test", by=OMAR)
    new_key()
    assert Subscriber.objects.of_address("email", "ann@example.test").get() == row

    call_command("statuspage_reseal")
    assert "2 sealed anew, 0 merged, 0 unreadable." in capsys.readouterr().out
    call_command("statuspage_reseal")

    only_new = Vault([settings.SECRET_KEY])
    row.refresh_from_db()
    assert row.address_index == only_new.index("ann@example.test")
    opened = [only_new.open(text) for text in (row.address_cipher, row.contact_cipher, row.secret_cipher)]
    assert opened == ["ann@example.test", "dev@example.test", "s"]
    hook = Subscriber.objects.get(way="webhook")
    assert only_new.open(hook.asked["contact"]) == "ops@example.test"
    settings.SECRET_KEY_FALLBACKS = []
    subscribers.start_import(import_id=imported.public_id, by=OMAR)
    assert subscribers.import_due() == 1
    assert hook.address == "https://h.example.org/x"


def test_what_no_key_opens_is_said_and_left(page, settings):
    from statuspage.rules.addresses import Vault

    lost = Vault(["some other key"])
    subscriber("ann@example.test")
    Subscriber.objects.update(address_cipher=lost.seal("ann@example.test"))
    with pytest.raises(CommandError):
        call_command("statuspage_reseal")
    assert Subscriber.objects.count() == 1


def test_two_rows_of_one_address_become_one_and_the_confirmed_one_stays(page, settings, new_key):
    old = subscriber("ann@example.test")
    new_key()
    subscriber("ann@example.test", confirmed_at=None)  # made behind our back, under the new index

    result = subscribers.reseal(by=OMAR)

    assert (result.merged, Subscriber.objects.get().pk) == (1, old.pk)


def test_with_a_wrong_key_promises_wait_for_the_right_one(page, drain, settings):
    """A deployment that lost its key must not cost subscribers what they were promised."""
    subscriber("ann@example.test")
    declare(ehr="major_outage")
    right, settings.SECRET_KEY = settings.SECRET_KEY, "a wrong key, with which nothing was ever sealed"
    drain()
    row = Delivery.objects.get()
    assert (row.state, row.last_error, row.attempts) == ("waiting", "address_unreadable", 1)

    settings.SECRET_KEY = right
    Delivery.objects.update(available_at=row.created_at)
    drain()

    assert mails() == [("ann@example.test", "incident_created", "sent")]
